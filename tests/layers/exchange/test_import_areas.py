"""Boundaries from files: any format and CRS; what does not fit is refused with its places, or repaired on request.

The town starts empty; villages A, B and the grids A1, A2 of A are squares of 0.01 degree:

    30.42  +------+------+
           |  A2  |      |
    30.41  +------+  B   |
           |  A1  |      |
    30.40  +------+------+
         120.88  120.89 120.90
"""

from __future__ import annotations

import json

import geopandas as gpd
import pyogrio
import pytest
import shapely
from sqlalchemy import text

from data.errors import Invalid
from data.scope import Scope
from data.session import Database
from layers.area import index, service
from layers.exchange import export, town
from layers.exchange.importing import Options, import_file
from layers.exchange.importing.areas import AreasRefused

VILLAGES = {"A": shapely.box(120.88, 30.40, 120.89, 30.42), "B": shapely.box(120.89, 30.40, 120.90, 30.42)}
GRIDS = {"A1": shapely.box(120.88, 30.40, 120.89, 30.41), "A2": shapely.box(120.88, 30.41, 120.89, 30.42)}


def _frame(shapes, **columns):
    return gpd.GeoDataFrame({"编码": list(shapes), **columns}, geometry=list(shapes.values()), crs=4490)


@pytest.fixture
def app(empty_databases):
    owner = Database(empty_databases.owner_url)
    with owner.transaction(Scope.system(None)) as session:
        town.add(session, "T1", "试镇", "EPSG:4549")
    owner.close()
    opened = Database(empty_databases.app_url)
    yield opened
    opened.close()


def _import(app, path, **options):
    with app.transaction(Scope.system(1)) as session:
        return import_file(session, "areas", path, Options(**options))


def _villages(app, tmp_path):
    _frame(VILLAGES, 名称=["甲村", "乙村"]).to_file(tmp_path / "v.geojson", driver="GeoJSON")
    return _import(app, tmp_path / "v.geojson", level="village")


def _codes(app, column="code"):
    with app.transaction(Scope.system(1)) as session:
        return [row[column] for row in service.list_areas(session)]


def test_villages_from_a_projected_gbk_shapefile_make_a_town(app, tmp_path):
    moved = _frame(VILLAGES, 名称=["甲村", "乙村"], 类型=["行政村", "社区"]).to_crs(4549)
    pyogrio.write_dataframe(moved, tmp_path / "村界.shp", encoding="GBK")
    done = _import(app, tmp_path / "村界.shp", level="village")
    assert (done.added, done.rejected, done.mapping) == (2, 0, {"code": "编码", "name": "名称", "kind": "类型"})
    with app.transaction(Scope.system(1)) as session:
        assert [(a["code"], a["name"], a["kind"]) for a in service.list_areas(session)] == [
            ("T1", "试镇", "town"), ("A", "甲村", "village"), ("B", "乙村", "community"),
        ]  # fmt: skip
        shapes = index.current(session).frame.set_index("code").geometry
        assert shapes["T1"].equals(shapes["A"].union(shapes["B"]))
        assert shapes["A"].hausdorff_distance(VILLAGES["A"]) < 2e-7
        assert session.execute(text("select map->'center' from town")).scalar_one() == [120.89, 30.41]


def test_grids_find_the_village_they_lie_in(app, tmp_path):
    _villages(app, tmp_path)
    _frame(GRIDS).to_file(tmp_path / "g.gpkg")
    done = _import(app, tmp_path / "g.gpkg", level="grid")
    assert (done.added, done.notes) == (2, ["borders rebuilt with them: A, B, T1"])
    with app.transaction(Scope.system(1)) as session:
        assert {a["code"]: a["parent"] for a in service.list_areas(session, "grid")} == {"A1": "A", "A2": "A"}
        assert index.current(session).leaf(120.895, 30.41).code == "B"


@pytest.mark.parametrize(
    ("grid", "kind"),
    [
        (shapely.box(120.88, 30.40, 120.89, 30.40999), "gap"),
        (shapely.box(120.88, 30.40, 120.89, 30.41001), "overlap"),
        (shapely.box(120.87999, 30.40, 120.89, 30.41), "leaves_parent"),
    ],
)
def test_faults_are_refused_as_geojson_or_repaired_up_to_a_width(app, tmp_path, grid, kind):
    """Each fault is about a metre wide."""
    _villages(app, tmp_path)
    path = tmp_path / "g.geojson"
    _frame({**GRIDS, "A1": grid}).to_file(path, driver="GeoJSON")
    with pytest.raises(AreasRefused, match="--repair 1") as caught:
        _import(app, path, level="grid")
    places = json.loads(caught.value.write().read_text())
    assert {feature["properties"]["kind"] for feature in places["features"]} == {kind}
    with pytest.raises(AreasRefused):
        _import(app, path, level="grid", repair_m=0.5)
    assert _codes(app) == ["T1", "A", "B"]
    done = _import(app, path, level="grid", repair_m=1.5)
    assert done.added == 2
    assert 0.9 < max(change["width_m"] for change in done.changes) < 1.5
    with app.transaction(Scope.system(1)) as session:
        shapes = index.current(session).frame.set_index("code").geometry
        assert shapes["A"].equals(shapes["A1"].union(shapes["A2"]))


def test_areas_in_another_coordinate_system_are_doubted_not_repaired(app, tmp_path):
    """Read as GCJ-02, what is CGCS2000 moves by 490 m; read in the wrong zone, by hundreds of kilometres."""
    _villages(app, tmp_path)
    path = tmp_path / "g.geojson"
    _frame(GRIDS).to_file(path, driver="GeoJSON")
    for options in ({}, {"repair_m": 600.0}):
        with pytest.raises(AreasRefused, match=r"looks wrong \(it was read as gcj02\)") as caught:
            _import(app, path, level="grid", crs="gcj02", **options)
        assert "--repair" not in caught.value.message
    zone = tmp_path / "zone.shp"
    _frame(GRIDS).to_crs(4549).to_file(zone, encoding="utf-8")
    with pytest.raises(Invalid, match=r"outside the town, around 1.*looks wrong") as elsewhere:
        _import(app, zone, level="grid", crs="EPSG:4547")
    assert elsewhere.value.code == "import.elsewhere"
    assert _import(app, path, level="grid").added == 2


def test_one_area_drawn_wrongly_is_no_matter_of_the_coordinate_system(app, tmp_path):
    _villages(app, tmp_path)
    path = tmp_path / "g.geojson"
    _frame({**GRIDS, "A2": shapely.box(120.88, 30.41, 120.89, 30.425)}).to_file(path, driver="GeoJSON")
    with pytest.raises(AreasRefused) as caught:
        _import(app, path, level="grid")
    assert "looks wrong" not in caught.value.message
    assert "--repair" not in caught.value.message


def test_dry_run_keeps_nothing(app, tmp_path):
    _frame(VILLAGES).to_file(tmp_path / "v.geojson", driver="GeoJSON")
    with app.transaction(Scope.system(1)) as session:
        assert import_file(session, "areas", tmp_path / "v.geojson", Options(level="village", dry_run=True)).added == 2
        session.rollback()
    assert _codes(app) == []


def test_exported_geopackage_comes_back_edited(app, tmp_path):
    _villages(app, tmp_path)
    _frame(GRIDS).to_file(tmp_path / "g.geojson", driver="GeoJSON")
    _import(app, tmp_path / "g.geojson", level="grid")
    with app.transaction(Scope.system(1)) as session:
        assert export.export(session, "grid", tmp_path / "out.gpkg") == 2
    edited = gpd.read_file(tmp_path / "out.gpkg").set_index("code")
    step = shapely.box(120.88, 30.41, 120.885, 30.412)
    edited.loc["A1", "geometry"] = edited.geometry["A1"].union(step)
    edited.loc["A2", "geometry"] = edited.geometry["A2"].difference(step)
    edited.loc["A2", "name"] = "上网格"
    edited.reset_index().to_file(tmp_path / "out.gpkg", layer="grid")
    done = _import(app, tmp_path / "out.gpkg", level="grid")
    assert (done.added, done.changed, done.rejected) == (0, 2, 0)
    with app.transaction(Scope.system(1)) as session:
        assert index.current(session).leaf(120.882, 30.411).code == "A1"
        assert service.get_area(session, "A2")["name"] == "上网格"


@pytest.mark.parametrize("name", ["out.csv", "out.xlsx"])
def test_exported_table_comes_back_as_what_is_there(app, tmp_path, name):
    _villages(app, tmp_path)
    _frame(GRIDS).to_file(tmp_path / "g.geojson", driver="GeoJSON")
    _import(app, tmp_path / "g.geojson", level="grid")
    with app.transaction(Scope.system(1)) as session:
        assert export.export(session, "grid", tmp_path / name) == 2
    done = _import(app, tmp_path / name, level="grid")
    assert (done.added, done.changed, done.unchanged, done.rejected) == (0, 0, 2, 0)


def test_shape_that_is_cut_off_in_a_table_is_told_by_row(app, tmp_path):
    rows = [f'{code},"{shape.wkt}"' for code, shape in VILLAGES.items()]
    (tmp_path / "v.csv").write_text("\n".join(["code,wkt", *rows, 'C,"POLYGON((120.9 30.4, 120.91"', ""]))
    done = _import(app, tmp_path / "v.csv", level="village")
    assert (done.added, [reject.row for reject in done.rejects]) == (2, [4])
    assert "wkt" in done.rejects[0].reason


def test_village_that_is_gone_from_the_file_ends_only_when_asked(app, tmp_path):
    _villages(app, tmp_path)
    _frame({"A": VILLAGES["A"].union(VILLAGES["B"])}).to_file(tmp_path / "one.geojson", driver="GeoJSON")
    with pytest.raises(AreasRefused):
        _import(app, tmp_path / "one.geojson", level="village")
    done = _import(app, tmp_path / "one.geojson", level="village", replace=True)
    assert (done.changed, done.ended) == (1, 1)
    assert _codes(app) == ["T1", "A"]


def test_parts_of_one_code_are_one_area(app, tmp_path):
    """B lies in two parts, A between them."""
    parts = gpd.GeoDataFrame(
        {"code": ["B", "A", "B"]},
        geometry=[shapely.box(x, 30.40, x + 0.01, 30.42) for x in (120.87, 120.88, 120.89)],
        crs=4490,
    )
    parts.to_file(tmp_path / "v.geojson", driver="GeoJSON")
    assert _import(app, tmp_path / "v.geojson", level="village").added == 2
    with app.transaction(Scope.system(1)) as session:
        assert len(index.current(session).frame.set_index("code").geometry["B"].geoms) == 2


def test_file_without_areas_of_use_is_refused_with_the_reason(app, tmp_path):
    gpd.GeoDataFrame({"code": ["a b", ""]}, geometry=[VILLAGES["A"], VILLAGES["B"]], crs=4490).to_file(
        tmp_path / "bad.geojson", driver="GeoJSON"
    )
    with pytest.raises(Invalid, match="no area"):
        _import(app, tmp_path / "bad.geojson", level="village")
    (tmp_path / "t.csv").write_text("code\nA\n")
    with pytest.raises(Invalid, match="no polygons"):
        _import(app, tmp_path / "t.csv", level="village")
    _frame(VILLAGES).to_file(tmp_path / "v.geojson", driver="GeoJSON")
    with pytest.raises(Invalid, match="no column NAME"):
        _import(app, tmp_path / "v.geojson", level="village", mapping={"code": "NAME"})
