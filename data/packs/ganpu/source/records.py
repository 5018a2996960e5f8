"""Writing the pack's files: always the same bytes for the same data."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import shapely
from frame import lattice_to_degrees, to_degrees
from shapely.geometry.base import BaseGeometry


def write_csv(path: Path, columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> None:
    """Write rows as UTF-8 CSV with a header; booleans as true/false, missing values empty."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        for row in rows:
            writer.writerow([_text(row.get(column)) for column in columns])


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{value:.7f}"
    return str(value)


def read_csv(path: Path) -> list[dict[str, str]]:
    """Return the rows of a UTF-8 CSV file."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def write_geojson(path: Path, features: Iterable[tuple[BaseGeometry, Mapping[str, Any]]]) -> None:
    """Write features as GeoJSON, one a line, coordinates with seven decimals.

    Geometries come in degrees; EPSG:4490, which for GeoJSON readers is the same as the default.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [
        json.dumps(
            {"type": "Feature", "properties": dict(properties), "geometry": _geometry(shape)},
            ensure_ascii=False,
            separators=(",", ":"),
        )
        for shape, properties in features
    ]
    text = '{"type":"FeatureCollection","features":[\n' + ",\n".join(lines) + "\n]}\n"
    path.write_text(text, encoding="utf-8", newline="\n")


def _geometry(shape: BaseGeometry) -> dict[str, Any]:
    return json.loads(shapely.to_geojson(shape))  # type: ignore[no-any-return]


def degrees(shape: BaseGeometry) -> BaseGeometry:
    """Return a shape of local metres in degrees with seven decimals."""
    return to_degrees(shape)


def lattice_multipolygon(shape: BaseGeometry) -> shapely.MultiPolygon:
    """Return a polygon of whole lattice numbers as a MultiPolygon in degrees, rings in GeoJSON's direction."""
    turned = shapely.orient_polygons(shapely.normalize(shape))
    return shapely.MultiPolygon([lattice_to_degrees(part) for part in shapely.get_parts(turned)])
