"""Drawings of CAD: which lines, which writing, in which encoding; and what is refused."""

from pathlib import Path

import pytest

from gis.formats import FormatError, coordinates, read
from tests.plan_files import dxf

RING = [(120.0, 30.0), (121.0, 30.0), (121.0, 31.0)]
LINES = [("网格", True, RING), ("road", False, [(120.0, 30.0), (121.0, 31.0)])]
TEXTS = [("注记", "六里 04", (120.5, 30.3))]


def written(folder: Path, content: bytes, name: str = "drawing.dxf") -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(("encoding", "page"), [("gbk", "ANSI_936"), ("utf-8", "ANSI_936"), ("gbk", "ANSI_1252")])
def test_chinese_writing_comes_in_whatever_the_header_says(tmp_path, encoding, page):
    source = read(written(tmp_path, dxf(LINES, TEXTS, encoding, page)), "cgcs2000", "网格")
    assert (source.kind, source.layer) == ("dxf", "网格")
    rows = [(row.layer, row.text, row.geometry.wkt) for row in source.frame.itertuples()]
    assert rows == [
        ("网格", None, "LINESTRING (120 30, 121 30, 121 31, 120 30)"),
        ("注记", "六里 04", "POINT (120.5 30.3)"),
    ]


def test_of_several_layers_with_lines_one_must_be_named(tmp_path):
    path = written(tmp_path, dxf(LINES, TEXTS))
    for layer in (None, "nothing"):
        with pytest.raises(FormatError) as refused:
            read(path, "cgcs2000", layer)
        assert (refused.value.code, refused.value.detail["layers"]) == ("file.layer_unknown", ["road", "网格"])
    assert read(written(tmp_path, dxf(LINES[:1], TEXTS)), "cgcs2000").layer == "网格"


def test_a_drawing_says_no_coordinate_system_but_its_numbers_can_be_had(tmp_path):
    path = written(tmp_path, dxf(LINES[:1]))
    with pytest.raises(FormatError) as refused:
        read(path)
    assert refused.value.code == "file.crs_unknown"
    assert coordinates(path).tolist() == [list(point) for point in [*RING, RING[0]]]


@pytest.mark.parametrize(
    ("content", "name", "code"),
    [
        (b"AutoCAD Binary DXF\r\n\x1a\x00" + b"\x00" * 50, "binary.dxf", "file.kind_unknown"),
        (b"AC1032" + b"\x00" * 50, "drawing.dwg", "file.kind_unknown"),
        (b"0\r\nSECTION\r\nnonsense", "broken.dxf", "file.broken"),
        (dxf([], TEXTS), "only-text.dxf", "file.empty"),
        (b"", "empty.dxf", "file.empty"),
    ],
)
def test_what_is_no_drawing_is_refused_with_what_to_do(tmp_path, content, name, code):
    with pytest.raises(FormatError) as refused:
        read(written(tmp_path, content, name))
    assert refused.value.code == code
    if name.endswith(".dwg"):
        assert "save it as .dxf" in refused.value.message
