"""Files as towns have them: each format comes in with its rows, and a bad file says what is wrong and what to do."""

from __future__ import annotations

import bz2
import gzip
import json
import shutil
import zipfile
from pathlib import Path

import geopandas as gpd
import numpy as np
import openpyxl
import pandas as pd
import pytest
import shapely

from gis.crs import from_cgcs2000
from gis.formats import FormatError, pieces, read, write

NAMES = ["六里村", "澉东村", "老街桥"]
POINTS = [(120.88, 30.39), (120.89, 30.40), (120.90, 30.41)]


@pytest.fixture
def squares() -> gpd.GeoDataFrame:
    """Three unit squares of 0.01 degree in a row, with Chinese names and codes."""
    shapes = [shapely.box(lon, lat, lon + 0.01, lat + 0.01) for lon, lat in POINTS]
    return gpd.GeoDataFrame({"code": ["001", "002", "003"], "name": NAMES}, geometry=shapes, crs=4490)


def _same_places(found: gpd.GeoDataFrame, wanted: gpd.GeoDataFrame, tolerance_deg: float = 1e-7) -> bool:
    return bool(
        np.all(
            [
                shapely.hausdorff_distance(a, b) < tolerance_deg
                for a, b in zip(found.geometry, wanted.geometry, strict=True)
            ]
        )
    )


@pytest.mark.parametrize("suffix", [".geojson", ".gpkg", ".shp", ".parquet"])
def test_map_file_comes_back_as_it_was_written(squares, tmp_path, suffix):
    source = read(write(squares, tmp_path / f"squares{suffix}"))
    assert source.frame["name"].tolist() == NAMES
    assert source.frame["code"].tolist() == ["001", "002", "003"]
    assert source.frame.index.tolist() == [1, 2, 3]
    assert source.frame.crs.to_epsg() == 4490
    assert _same_places(source.frame, squares)


@pytest.mark.parametrize("epsg", [4549, 32651, 3857, 4326, 2437])
def test_any_declared_crs_ends_in_4490(squares, tmp_path, epsg):
    squares.to_crs(epsg).to_file(tmp_path / "moved.gpkg")
    assert _same_places(read(tmp_path / "moved.gpkg").frame, squares, 1e-5 if epsg == 2437 else 1e-8)


@pytest.mark.parametrize("system", ["gcj02", "bd09"])
def test_offset_system_is_undone_when_it_is_named(squares, tmp_path, system):
    moved = shapely.transform(
        squares.geometry.to_numpy(), lambda p: np.column_stack(from_cgcs2000(p[:, 0], p[:, 1], system))
    )
    write(squares.set_geometry(gpd.GeoSeries(moved, crs=4490)), tmp_path / "offset.geojson")
    assert _same_places(read(tmp_path / "offset.geojson", crs=system).frame, squares)
    assert not _same_places(read(tmp_path / "offset.geojson").frame, squares, 1e-3)


def test_given_crs_overrules_the_file_and_is_noted(squares, tmp_path):
    squares.to_crs(4549).set_crs(4326, allow_override=True).to_file(tmp_path / "lies.gpkg")
    source = read(tmp_path / "lies.gpkg", crs="EPSG:4549")
    assert _same_places(source.frame, squares)
    assert "EPSG:4326" in source.notes[0]


def test_wrongly_declared_crs_is_refused_by_its_numbers(squares, tmp_path):
    squares.to_crs(4549).set_crs(4326, allow_override=True).to_file(tmp_path / "lies.gpkg")
    with pytest.raises(FormatError, match="--crs") as caught:
        read(tmp_path / "lies.gpkg")
    assert caught.value.code == "file.crs_unknown"


@pytest.mark.parametrize("cpg", [None, "GBK", "936", ""])
def test_shapefile_in_gbk_is_read_with_and_without_cpg(squares, tmp_path, cpg):
    import pyogrio

    pyogrio.write_dataframe(squares, tmp_path / "old.shp", encoding="GBK")
    (tmp_path / "old.cpg").unlink()
    if cpg is not None:
        (tmp_path / "old.cpg").write_text(cpg)
    source = read(tmp_path / "old.shp")
    assert source.frame["name"].tolist() == NAMES
    assert source.encoding == "gb18030"


def test_shapefile_without_prj_asks_for_the_crs(squares, tmp_path):
    write(squares, tmp_path / "bare.shp")
    (tmp_path / "bare.prj").unlink()
    with pytest.raises(FormatError, match="--crs"):
        read(tmp_path / "bare.shp")
    assert len(read(tmp_path / "bare.shp", crs="cgcs2000").frame) == 3


@pytest.mark.parametrize("missing", [".shx", ".dbf"])
def test_shapefile_without_a_part_names_the_part(squares, tmp_path, missing):
    write(squares, tmp_path / "part.shp")
    (tmp_path / f"part{missing}").unlink()
    with pytest.raises(FormatError, match=missing) as caught:
        read(tmp_path / "part.shp")
    assert caught.value.code == "file.incomplete"


def test_zipped_shapefile_comes_in(squares, tmp_path):
    write(squares, tmp_path / "村界.shp")
    with zipfile.ZipFile(tmp_path / "areas.zip", "w") as archive:
        for part in tmp_path.glob("村界.*"):
            archive.write(part, f"data/{part.name}")
    assert read(tmp_path / "areas.zip").frame["name"].tolist() == NAMES


def test_zip_bomb_and_climbing_names_are_refused_or_tamed(squares, tmp_path):
    write(squares, tmp_path / "inner.geojson")
    with zipfile.ZipFile(tmp_path / "climb.zip", "w") as archive:
        archive.write(tmp_path / "inner.geojson", "../../climbed.geojson")
    assert len(read(tmp_path / "climb.zip").frame) == 3
    assert not (tmp_path.parent.parent / "climbed.geojson").exists()
    with zipfile.ZipFile(tmp_path / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.geojson", b" " * 10_000_000)
    with pytest.raises(FormatError, match="unpacks to") as caught:
        read(tmp_path / "bomb.zip", max_bytes=1_000_000)
    assert caught.value.code == "file.too_large"


def test_geopackage_with_two_layers_asks_which(squares, tmp_path):
    squares.to_file(tmp_path / "two.gpkg", layer="villages")
    squares.iloc[:1].to_file(tmp_path / "two.gpkg", layer="grids")
    with pytest.raises(FormatError, match="villages"):
        read(tmp_path / "two.gpkg")
    assert len(read(tmp_path / "two.gpkg", layer="grids").frame) == 1


OSM = """<?xml version='1.0' encoding='UTF-8'?>
<osm version="0.6">
 <node id="1" lat="43.73" lon="7.41"/><node id="2" lat="43.74" lon="7.42"/><node id="4" lat="43.74" lon="7.41"/>
 <node id="3" lat="43.735" lon="7.415"><tag k="addr:housenumber" v="25"/>
  <tag k="addr:street" v="Avenue Albert II"/></node>
 <way id="9"><nd ref="1"/><nd ref="2"/><tag k="highway" v="residential"/><tag k="name" v="Rue du Gabian"/></way>
 <way id="10"><nd ref="1"/><nd ref="2"/><nd ref="4"/><nd ref="1"/>
  <tag k="building" v="yes"/><tag k="addr:housenumber" v="7"/></way>
 <way id="11"><nd ref="1"/><nd ref="99"/><tag k="highway" v="path"/></way>
</osm>
"""


@pytest.mark.parametrize(
    "pack", [(".osm", bytes), (".osm.gz", gzip.compress), (".osm.bz2", bz2.compress)], ids=lambda p: p[0]
)
def test_openstreetmap_gives_roads_and_addresses(tmp_path, pack):
    suffix, compress = pack
    path = tmp_path / f"town{suffix}"
    path.write_bytes(compress(OSM.encode()))
    roads = read(path, layer="roads").frame
    assert roads["external_ref"].tolist() == ["way/9"]
    assert roads.geometry.iloc[0].equals(shapely.LineString([(7.41, 43.73), (7.42, 43.74)]))
    addresses = read(path, layer="addresses").frame
    assert sorted(addresses["external_ref"]) == ["node/3", "way/10"]
    building = read(path, layer="buildings").frame.geometry.iloc[0]
    assert building.covers(addresses.set_index("external_ref").geometry["way/10"])


def test_openstreetmap_pbf_equals_xml(tmp_path):
    import osmium

    xml, pbf = tmp_path / "town.osm", tmp_path / "town.osm.pbf"
    xml.write_text(OSM)
    with osmium.SimpleWriter(str(pbf)) as writer:
        for item in osmium.FileProcessor(str(xml)):
            writer.add(item)
    assert read(pbf, layer="roads").frame.equals(read(xml, layer="roads").frame)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("mark", [",", ";", "\t"])
def test_csv_is_read_in_every_encoding_and_delimiter(tmp_path, encoding, mark):
    rows = [["name", "lon", "note"], *[[name, "120.5", "一、二"] for name in NAMES]]
    (tmp_path / "t.csv").write_text("\n".join(mark.join(row) for row in rows), encoding=encoding)
    source = read(tmp_path / "t.csv")
    assert source.frame["name"].tolist() == NAMES
    assert source.frame.index.tolist() == [2, 3, 4]


def test_csv_keeps_codes_and_formulas_as_text_and_names_bad_rows(tmp_path):
    (tmp_path / "t.csv").write_text('code,name\n007,=1+1\n1\n\n"a\nb",c,d\n3,ok\n', encoding="utf-8")
    source = read(tmp_path / "t.csv")
    assert source.frame["code"].tolist() == ["007", "3"]
    assert source.frame["name"].tolist() == ["=1+1", "ok"]
    assert [row for row, _ in source.broken] == [3, 5]


def test_csv_comes_in_pieces_with_the_rows_of_the_whole(tmp_path):
    pd.DataFrame({"n": range(1050)}).to_csv(tmp_path / "long.csv", index=False)
    frames = [source.frame for source in pieces(tmp_path / "long.csv", rows=100)]
    assert [len(frame) for frame in frames] == [100] * 10 + [50]
    assert pd.concat(frames).equals(read(tmp_path / "long.csv").frame)


def test_excel_cells_come_as_text_without_running(tmp_path):
    book = openpyxl.Workbook()
    book.active.append(["code", "when", "share", "formula"])
    book.active.append([330424105200, pd.Timestamp("2026-03-17 14:32").to_pydatetime(), 0.5, "=A2*2"])
    book.active.append([])
    book.active.append(["0071", pd.Timestamp("2026-03-17").date(), 3.0, None])
    book.save(tmp_path / "t.xlsx")
    frame = read(tmp_path / "t.xlsx").frame
    assert frame["code"].tolist() == ["330424105200", "0071"]
    assert frame["when"].tolist() == ["2026-03-17T14:32:00", "2026-03-17"]
    assert frame["share"].tolist() == ["0.5", "3"]
    assert frame["formula"].tolist() == ["=A2*2", ""]
    assert frame.index.tolist() == [2, 4]


def _truncated(path: Path, share: float = 0.5) -> Path:
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])
    return path


@pytest.mark.parametrize("suffix", [".geojson", ".gpkg", ".parquet", ".xlsx", ".zip", ".osm.gz"])
def test_cut_off_file_is_broken_not_half_read(squares, tmp_path, suffix):
    path = tmp_path / f"cut{suffix}"
    if suffix == ".osm.gz":
        path.write_bytes(gzip.compress((OSM + "<!-- " + "x y z " * 99 + "-->").encode()))
    elif suffix == ".zip":
        shutil.make_archive(str(tmp_path / "cut"), "zip", write(squares, tmp_path / "a.geojson").parent)
    else:
        write(squares if suffix != ".xlsx" else pd.DataFrame({"a": range(500)}), path)
    with pytest.raises(FormatError) as caught:
        read(_truncated(path))
    assert caught.value.code == "file.broken"


@pytest.mark.parametrize("share", [0.0001, 0.001, 0.1, 0.5, 0.999])
def test_cut_off_geopackage_is_told_in_words_for_people(squares, tmp_path, share):
    with pytest.raises(FormatError, match=r"is cut off.*copy it again") as caught:
        read(_truncated(write(squares, tmp_path / "cut.gpkg"), share))
    assert "sqlite" not in caught.value.message.lower()


def test_geopackage_damaged_inside_is_told_in_words_for_people(squares, tmp_path):
    path = write(squares, tmp_path / "t.gpkg")
    content = bytearray(path.read_bytes())
    content[100:4096] = bytes(3996)
    path.write_bytes(content)
    with pytest.raises(FormatError, match="is damaged inside; copy it again"):
        read(path)


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("nothing.csv", b"", "file.empty"),
        ("nothing.geojson", b"", "file.empty"),
        ("blank.csv", b"\n", "file.empty"),
        ("header.csv", b"a,b\n", "file.empty"),
        ("twice.csv", b"a,a\n1,2\n", "file.broken"),
        ("quote.csv", b'a,b\n"1,2\n', "file.broken"),
        ("binary.csv", b"\x00\x01\x02,\xff\xfe\xfd\n\xff\xff", "file.encoding"),
        ("broken.geojson", b'{"type":"FeatureCollection","features":[{]}', "file.broken"),
        ("other.json", b'{"a": 1}', "file.broken"),
        ("none.geojson", b'{"type":"FeatureCollection","features":[]}', "file.empty"),
        ("latin.geojson", '{"type":"Feature","n":"é"}'.encode("latin-1"), "file.encoding"),
        ("text.gpkg", b"not a database at all", "file.broken"),
        ("text.xlsx", b"not a zip", "file.broken"),
        ("photo.jpg", b"\xff\xd8\xff", "file.kind_unknown"),
        ("old.xls", b"\xd0\xcf", "file.kind_unknown"),
        ("text.osm", b"<osm><node", "file.broken"),
    ],
)
def test_bad_file_is_answered_by_code(tmp_path, name, content, code):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(FormatError) as caught:
        read(tmp_path / name)
    assert caught.value.code == code
    assert str(tmp_path) not in caught.value.message
    with pytest.raises(FormatError) as caught:
        list(pieces(tmp_path / name))
    assert caught.value.code == code


def test_missing_and_huge_files_are_refused(tmp_path):
    with pytest.raises(FormatError, match="not there"):
        read(tmp_path / "no.csv")
    with pytest.raises(FormatError, match="folder"):
        read(tmp_path)
    (tmp_path / "big.csv").write_text("a\n" + "1\n" * 1000)
    with pytest.raises(FormatError, match="split it"):
        read(tmp_path / "big.csv", max_bytes=100)


def test_exchanged_latitude_and_longitude_are_told(squares, tmp_path):
    flipped = shapely.transform(squares.geometry.to_numpy(), lambda points: points[:, ::-1])
    write(squares.set_geometry(gpd.GeoSeries(flipped, crs=4490)), tmp_path / "a.geojson")
    with pytest.raises(FormatError, match="exchanged"):
        read(tmp_path / "a.geojson")


def test_unknown_crs_name_is_refused(squares, tmp_path):
    write(squares, tmp_path / "a.geojson")
    with pytest.raises(ValueError, match="mars"):
        read(tmp_path / "a.geojson", crs="mars")


def test_geojson_from_windows_with_mark_is_read(squares, tmp_path):
    write(squares, tmp_path / "a.geojson")
    text = (tmp_path / "a.geojson").read_text()
    (tmp_path / "b.geojson").write_text(text, encoding="utf-8-sig")
    assert read(tmp_path / "b.geojson").frame["name"].tolist() == NAMES
    assert json.loads(text)["features"][0]["properties"] == {"code": "001", "name": "六里村"}
