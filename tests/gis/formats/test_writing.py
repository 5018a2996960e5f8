"""Exports: whole or not at all, and harmless in a spreadsheet."""

from __future__ import annotations

import geopandas as gpd
import openpyxl
import pandas as pd
import pytest
import shapely

from gis.formats import FormatError, read, write

DANGEROUS = ['=HYPERLINK("http://x")', "+1+1", "-1+1", "@SUM(A1)", "\t=1"]


@pytest.fixture
def points() -> gpd.GeoDataFrame:
    """Five points with formulas for names, a list column and a time."""
    return gpd.GeoDataFrame(
        {
            "name": DANGEROUS,
            "shares": [[{"code": "1", "share": 0.5}]] * 5,
            "at": pd.to_datetime(["2026-03-17T14:32:00+08:00"] * 5),
            "count": [-1, 0, 1, 2, 3],
        },
        geometry=shapely.points([(120.8 + i / 100, 30.4) for i in range(5)]),
        crs=4490,
    )


def test_formulas_are_text_in_csv_and_excel(points, tmp_path):
    write(points, tmp_path / "t.csv")
    frame = pd.read_csv(tmp_path / "t.csv")
    assert not frame["name"].str.startswith(("=", "+", "-", "@", "\t")).any()
    assert frame["count"].tolist() == [-1, 0, 1, 2, 3]
    write(points, tmp_path / "t.xlsx")
    cells = [cell for row in openpyxl.load_workbook(tmp_path / "t.xlsx").active.iter_rows() for cell in row]
    assert not any(cell.data_type == "f" for cell in cells)
    assert not any(isinstance(cell.value, str) and cell.value.startswith(("=", "+", "-", "@")) for cell in cells)


@pytest.mark.parametrize("suffix", [".csv", ".xlsx"])
def test_text_survives_a_round_trip_through_a_table(points, tmp_path, suffix):
    frame = read(write(points, tmp_path / f"t{suffix}")).frame
    assert frame["name"].tolist()[:4] == DANGEROUS[:4]
    assert frame["lon"].astype(float).tolist() == pytest.approx([120.8, 120.81, 120.82, 120.83, 120.84])
    assert frame["shares"].iloc[0] == '[{"code": "1", "share": 0.5}]'


@pytest.mark.parametrize("suffix", [".geojson", ".gpkg", ".shp", ".parquet"])
def test_map_formats_take_lists_times_and_formulas(points, tmp_path, suffix):
    frame = read(write(points, tmp_path / f"t{suffix}")).frame
    assert frame["name"].tolist()[0] == DANGEROUS[0]
    assert len(frame) == 5
    assert frame.geometry.x.tolist() == pytest.approx([120.8, 120.81, 120.82, 120.83, 120.84])


def test_csv_opens_in_a_chinese_spreadsheet(tmp_path):
    write(pd.DataFrame({"name": ["六里村"]}), tmp_path / "t.csv", titles={"name": "名称"})
    assert (tmp_path / "t.csv").read_bytes() == "\ufeff名称\r\n六里村\r\n".encode()


def test_failed_export_leaves_the_old_file_and_no_other(points, tmp_path, monkeypatch):
    write(points, tmp_path / "t.gpkg")
    before = (tmp_path / "t.gpkg").read_bytes()

    def refuse(*_args, **_kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("gis.formats.writing.pyogrio.write_dataframe", refuse)
    with pytest.raises(FormatError, match="No space"):
        write(points, tmp_path / "t.gpkg")
    assert (tmp_path / "t.gpkg").read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["t.gpkg"]


def test_export_refuses_what_it_cannot_write(points, tmp_path):
    with pytest.raises(FormatError, match="cannot write"):
        write(points, tmp_path / "t.doc")
    with pytest.raises(FormatError, match="no folder"):
        write(points, tmp_path / "no" / "t.csv")
    with pytest.raises(FormatError, match="no geometry"):
        write(pd.DataFrame({"a": [1]}), tmp_path / "t.gpkg")


def test_empty_table_can_be_exported(points, tmp_path):
    for suffix in (".geojson", ".gpkg", ".csv", ".xlsx", ".parquet", ".shp"):
        assert write(points.iloc[:0], tmp_path / f"none{suffix}").exists()
