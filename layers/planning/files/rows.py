"""The areas that a file draws: polygons with what their columns say, or meshes of lines with what is written in them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from data.errors import Invalid, TooLarge
from gis.formats import FormatError, Source, read
from gis.linework import areas_of
from gis.partition import Partition
from gis.partition.places import Measure
from layers.planning.files.faults import FileFault

MOST_FEATURES = 2_000
MOST_POINTS = 200_000
MAX_BYTES = 200 * 2**20  # unpacked
# What columns are called, in the order of preference; compared without case and blanks.
_COLUMNS = {
    "code": ("code", "编码", "代码", "网格编码", "编号"),
    "name": ("name", "名称", "网格名称"),
    "name_en": ("name_en", "英文名称"),
    "kind": ("kind", "类型"),
    "parent": ("parent", "上级编码", "村编码", "village", "parent_code"),
    "level": ("level", "级别"),
}
_KINDS = {"基础网格": "base", "专属网格": "exclusive", "base": "base", "exclusive": "exclusive"}
_ABOVE = ("village", "town", "村", "镇")
_OWN_LAYER = "areas"
_NUMBER = re.compile(r"^\d+\.0+$")


@dataclass(frozen=True)
class Feature:
    """An area of the file; ``shape`` in degrees (EPSG:4490), ``row`` from 1."""

    row: int
    shape: shapely.Geometry
    code: str | None = None
    name: str | None = None
    name_en: str | None = None
    kind: str | None = None
    parent: str | None = None


@dataclass
class Sheet:
    """What was read of a file."""

    source: Source
    features: list[Feature]
    faults: list[FileFault] = field(default_factory=list)


def opened(path: Path, crs: str | None, layer: str | None) -> Source:
    """Return the rows of a file; of a plan's own GeoPackage the layer of the areas.

    Raises
    ------
    Invalid
        ``file.<what>``: it cannot be read; ``plan.file_no_map``: a table without shapes.
    """
    try:
        source = read(path, crs, layer, max_bytes=MAX_BYTES)
    except FormatError as fault:
        if fault.code == "file.layer_unknown" and layer is None and _OWN_LAYER in fault.detail.get("layers", ()):
            return opened(path, crs, _OWN_LAYER)
        raise Invalid(fault.code, fault.message, **fault.detail) from fault
    if not isinstance(source.frame, gpd.GeoDataFrame):
        raise Invalid("plan.file_no_map", f"{path.name} is a table without shapes")
    return source


def drawn_in(source: Source, part: Partition, measure: Measure, width_m: float) -> Sheet:
    """Return the areas of a file, with the faults of single rows.

    Parameters
    ----------
    width_m : open lines of a drawing are closed up to so many metres.

    Raises
    ------
    TooLarge
        ``plan.file_too_large``: more than 2,000 areas or 200,000 points.
    Invalid
        ``plan.file_nothing``: it draws no area.
    """
    frame = source.frame
    shapes = shapely.force_2d(frame.geometry.to_numpy())
    if len(frame) > 10 * MOST_FEATURES or shapely.get_num_coordinates(shapes).sum() > MOST_POINTS:
        raise TooLarge("plan.file_too_large", "the file has too many shapes or points", points=MOST_POINTS)
    kinds = shapely.get_type_id(shapes)
    has_areas = bool(np.isin(kinds, (3, 6)).any())
    has_lines = bool(np.isin(kinds, (1, 2, 5)).any())
    sheet = (
        _of_polygons(source, shapes, part)
        if has_areas or not has_lines
        else _of_lines(source, shapes, part, measure, width_m)
    )
    if len(sheet.features) > MOST_FEATURES:
        raise TooLarge("plan.file_too_large", "the file has too many shapes or points", points=MOST_POINTS)
    if not sheet.features and not sheet.faults:
        raise Invalid("plan.file_nothing", f"{source.path.name} draws no area")
    return sheet


def _of_polygons(source: Source, shapes: Any, part: Partition) -> Sheet:
    sheet = Sheet(source, [])
    columns = _columns(source.frame)
    leaves = set(part.leaves) & set(part.rows) - set(part.children)
    for n, shape in enumerate(shapes):
        said = {name: _text(source.frame[column].iloc[n]) for name, column in columns.items()}
        row = n + 1
        if said.get("level") in _ABOVE:
            continue
        if said.get("code") in part.children:
            sheet.faults.append(FileFault("parent_area", (str(said["code"]),), (row,), place=shape))
            continue
        if shape is None or shape.is_empty or shape.geom_type not in ("Polygon", "MultiPolygon"):
            if shape is None or shape.is_empty:
                sheet.faults.append(FileFault("empty", _codes(said), (row,)))
            continue
        feature = _feature(row, shape, said)
        if feature.code is not None and feature.code not in leaves:
            sheet.faults.append(FileFault("unknown_code", (feature.code,), (row,), place=_spot(shape)))
            feature = replace(feature, code=None)
        sheet.features.append(_valid(feature, sheet.faults))
    return sheet


def _columns(frame: pd.DataFrame) -> dict[str, str]:
    """Return the file's column for each of ours that it has."""
    there = {str(name).strip().lower(): str(name) for name in frame.columns if name != "geometry"}
    found = {ours: next((there[name] for name in names if name in there), None) for ours, names in _COLUMNS.items()}
    return {ours: column for ours, column in found.items() if column is not None}


def _text(value: Any) -> str | None:
    """Return a cell as text; a code that became a number in another program loses its ``.0``."""
    if value is None or (pd.api.types.is_scalar(value) and pd.isna(value)):
        return None
    if isinstance(value, float | np.floating) and float(value).is_integer():
        return str(int(value))
    text = str(value).strip()
    return (text[: text.index(".")] if _NUMBER.match(text) else text)[:200] or None


def _codes(said: Mapping[str, str | None]) -> tuple[str, ...]:
    return (said["code"],) if said.get("code") else ()  # type: ignore[return-value]


def _feature(row: int, shape: shapely.Geometry, said: Mapping[str, str | None]) -> Feature:
    words = {name: said.get(name) for name in ("code", "name", "name_en", "parent")}
    return Feature(row, shape, kind=_KINDS.get(said.get("kind") or ""), **words)


def _spot(shape: shapely.Geometry) -> shapely.Point:
    return shapely.point_on_surface(shape) if not shape.is_empty else shapely.Point(shape.bounds[:2])


def _valid(feature: Feature, faults: list[FileFault]) -> Feature:
    """Return a feature whose rings neither cross nor touch themselves; what they enclose stays."""
    if feature.shape.is_valid:
        return feature
    numbers = re.search(r"\[(\S+) (\S+)\]", shapely.is_valid_reason(feature.shape))
    place = shapely.Point(float(numbers[1]), float(numbers[2])) if numbers else shapely.centroid(feature.shape)
    faults.append(FileFault("invalid", (feature.code,) if feature.code else (), (feature.row,), place=place))
    return replace(feature, shape=shapely.make_valid(feature.shape, method="structure", keep_collapsed=False))


def _of_lines(source: Source, shapes: Any, part: Partition, measure: Measure, width_m: float) -> Sheet:
    """Return the meshes of the lines, each with what is written in it."""
    kinds = shapely.get_type_id(shapes)
    flat = shapely.get_parts(shapes[np.isin(kinds, (1, 2, 5))])
    lines = [shapely.LineString(measure.project(line).coords) for line in flat]
    meshes, ends = areas_of(lines, width_m)
    back = measure.unproject(np.array(meshes, object)) if meshes else []
    faults = [
        FileFault(
            "open_line", width_m=end.gap_m, place=measure.unproject(end.at), what="closed" if end.closed else "open"
        )
        for end in ends
    ]
    sheet = Sheet(source, [], faults)
    written = _written(source.frame, shapes, kinds)
    for row, mesh in enumerate(back, start=1):
        said = _read_as(part, [text for text, point in written if mesh.is_valid and shapely.contains(mesh, point)])
        sheet.features.append(_valid(_feature(row, mesh, said), sheet.faults))
    return sheet


def _written(frame: pd.DataFrame, shapes: Any, kinds: Any) -> list[tuple[str, shapely.Point]]:
    column = next((name for name in ("text", "Text", "name", "名称") if name in frame.columns), None)
    if column is None:
        return []
    texts = [_text(value) for value in frame[column]]
    return [(text, shape) for text, shape, kind in zip(texts, shapes, kinds, strict=True) if kind == 0 and text]


def _read_as(part: Partition, texts: list[str]) -> dict[str, str | None]:
    """Return what writing in a mesh says: the code of a leaf, the name of one, or a name."""
    leaves = set(part.leaves) & set(part.rows) - set(part.children)
    by_name: dict[str, list[str]] = {}
    for code in leaves:
        by_name.setdefault(str(part.rows[code].values.get("name") or ""), []).append(code)
    codes = [text for text in texts if text in leaves]
    named = [text for text in texts if len(by_name.get(text, ())) == 1]
    others = [text for text in texts if text not in codes and text not in part.rows]
    found: str | None = codes[0] if codes else by_name[named[0]][0] if named else None
    return {"code": found, "name": named[0] if named else others[0] if others else None}
