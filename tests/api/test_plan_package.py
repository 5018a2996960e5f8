"""A plan out as a GeoPackage that QGIS opens in its style, and back without a change."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from xml.etree import ElementTree

import geopandas as gpd
import pyogrio
import pytest
import shapely

from tests.api.test_plan import LOWER, cut, done, draw, opened, shapes_of
from tests.plan_files import sent
from tests.small_town import GRIDS, TOWN, VILLAGES

A1, A2, B1, B2 = GRIDS
LAYERS = ("areas", "borders", "handed_over", "borders_today")
ACROSS = cut(B2, (120.89, 30.416), (120.90, 30.416), values={"name": "北格"})


@pytest.fixture(scope="module")
def planner(shared_web):
    return shared_web.browser("planner")


@pytest.fixture(scope="module")
def plan(planner):
    made = opened(planner, "两处")
    done(draw(planner, made, 0, LOWER))
    done(draw(planner, made, 1, ACROSS))
    return made


@pytest.fixture(scope="module")
def file(planner, plan, tmp_path_factory) -> Path:
    answer = planner.get(f"/api/v1/plans/{plan}/file.gpkg")
    assert (answer.status_code, answer.mimetype) == (200, "application/geopackage+sqlite3")
    assert answer.headers["Content-Disposition"] == f'attachment; filename="plan-{plan[:8]}-2.gpkg"'
    path = tmp_path_factory.mktemp("out") / "plan.gpkg"
    path.write_bytes(answer.data)
    return path


def test_it_holds_areas_with_their_figures_borders_and_what_changes_hands(planner, plan, file):
    layers = {name: gpd.read_file(file, layer=name) for name in LAYERS}
    assert {str(frame.crs) for frame in layers.values()} == {"EPSG:4490"}
    areas = layers["areas"].set_index("code")
    assert set(areas.index) == {TOWN, *VILLAGES, *GRIDS, f"{TOWN}901901", f"{VILLAGES[1]}003"}
    told = {one["code"]: one for one in done(planner.get(f"/api/v1/plans/{plan}/effects"))["areas"]}
    for code in (A1, B2, f"{VILLAGES[1]}003"):
        today, draft = told[code]["area_m2"]
        assert areas.loc[code, "area_m2"] == draft
        assert areas.loc[code, "area_m2_today"] == today or (today is None and areas.isna().loc[code, "area_m2_today"])
    assert areas["is_new"].sum() == 1
    borders = layers["borders"]
    assert set(borders["rank"]) == {"town", "village", "grid"}
    assert (~borders["is_today"]).sum() == 2
    # the triangle that goes from B-1 to A-1, and the north of B-2
    handed = layers["handed_over"].set_index(["from_code", "to_code"])
    assert set(handed.index) == {(B1, A1), (B2, f"{VILLAGES[1]}003")}
    assert handed.to_crs(4549).area.to_numpy() == pytest.approx(handed["area_m2"].to_numpy(), rel=1e-4)
    assert len(layers["borders_today"]) == len(done(planner.get(f"/api/v1/plans/{plan}/today"))["borders"]["features"])


def test_every_layer_has_the_style_that_qgis_takes_by_itself(file):
    with closing(sqlite3.connect(file)) as database:
        rows = database.execute(
            "select f_table_catalog, f_table_schema, f_table_name, f_geometry_column, styleQML, useAsDefault from layer_styles"
        ).fetchall()
        columns = dict(database.execute("select table_name, column_name from gpkg_geometry_columns").fetchall())
        listed = database.execute("select data_type from gpkg_contents where table_name = 'layer_styles'").fetchall()
        assert listed == [("attributes",)]
        assert sorted(row[:4] for row in rows) == sorted(("", "", name, columns[name]) for name in LAYERS)
        assert {row[5] for row in rows} == {1}
        for *_, name, _, qml, _ in rows:
            _check_style(database, name, qml)
    assert "layer_styles" in {str(row[0]) for row in pyogrio.list_layers(file)}


def _check_style(database: sqlite3.Connection, layer: str, qml: str) -> None:
    """Its expressions are run as SQL, which they are too: every feature is drawn by exactly one rule."""
    assert qml.startswith("<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>")
    root = ElementTree.fromstring(qml)
    assert (root.tag, root.attrib["styleCategories"]) == ("qgis", "Symbology|Labeling")
    renderer = root.find("renderer-v2")
    assert renderer is not None
    assert renderer.attrib["type"] == "RuleRenderer"
    symbols = {symbol.attrib["name"]: symbol for symbol in renderer.findall("symbols/symbol")}
    rules = renderer.findall("rules/rule")
    assert [rule.attrib["symbol"] for rule in rules] == list(symbols)
    assert len({rule.attrib["key"] for rule in rules}) == len(rules)
    count = "select count(*) from {} where {}"
    total = database.execute(count.format(layer, "true")).fetchone()[0]
    hits = [database.execute(count.format(layer, rule.attrib.get("filter", "true"))).fetchone()[0] for rule in rules]
    assert sum(hits) == total
    line = layer.startswith("borders")
    for symbol in symbols.values():
        assert symbol.attrib["type"] == ("line" if line else "fill")
        for part in symbol.findall("layer"):
            assert part.attrib["class"] in ("SimpleLine", "SimpleFill", "LinePatternFill")
            options = {o.attrib["name"]: o.attrib["value"] for o in part.findall("Option/Option")}
            assert options == {prop.attrib["k"]: prop.attrib["v"] for prop in part.findall("prop")}
    text = root.find("labeling/settings/text-style")
    assert (text is not None) == (layer == "areas")
    if text is not None:
        words = database.execute(f"select {text.attrib['fieldName']} from areas where is_new").fetchone()[0]
        assert words.startswith("北格")
        assert words.endswith("0 户")


def test_taken_back_it_changes_nothing_and_in_a_new_draft_it_makes_the_same_bytes(planner, plan, file):
    content = file.read_bytes()
    told = done(sent(planner, plan, content))
    assert (told["layer"], told["faults"], told["areas"]["unchanged"], told["can_apply"]) == ("areas", [], 6, False)
    same = sent(planner, plan, content, version=2, apply=True)
    assert (same.status_code, same.json["code"]) == (422, "partition.no_change")
    other = opened(planner, "照搬")
    told = done(sent(planner, other, content))
    # the code of the new grid is known to no other draft; it is found to be new, and gets the same number
    assert [one["kind"] for one in told["faults"]] == ["unknown_code"]
    done(sent(planner, other, content, version=0, apply=True, width_m=0.01))
    first, second = (shapes_of(done(planner.get(f"/api/v1/plans/{one}/areas"))) for one in (plan, other))
    assert {code: shapely.to_wkb(shape) for code, shape in first.items()} == {
        code: shapely.to_wkb(shape) for code, shape in second.items()
    }


def test_who_may_take_it_out(shared_web, plan):
    for who in ("worker-a1", "command", "leader"):
        assert shared_web.browser(who).get(f"/api/v1/plans/{plan}/file.gpkg").status_code == 403
    assert shared_web.browser("planner2").get(f"/api/v1/plans/{plan}/file.gpkg").status_code == 200
