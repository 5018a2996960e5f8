"""OpenStreetMap extracts (XML or PBF, plain, .gz or .bz2), read by osmium as a stream."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import geopandas as gpd
import osmium
import osmium.filter
import osmium.geom
import shapely

from gis.formats.errors import FormatError

# layer → (tags of which one is needed, kinds of object, uses areas)
LAYERS: dict[str, tuple[tuple[str, ...], str]] = {
    "roads": (("highway",), "way"),
    "addresses": (("addr:housenumber",), "node area"),
    "buildings": (("building",), "area"),
    "water": (("natural", "waterway"), "way area"),
    "places": (("place",), "node"),
    "areas": (("boundary",), "area"),
}
_KEPT = {
    "roads": ("highway", "name", "name:en", "ref", "oneway", "service"),
    "addresses": ("addr:housenumber", "addr:street", "addr:place", "addr:city", "addr:postcode", "name"),
    "buildings": ("building", "name", "addr:housenumber", "addr:street"),
    "water": ("natural", "waterway", "name", "name:en"),
    "places": ("place", "name", "name:en"),
    "areas": ("boundary", "admin_level", "name", "name:en", "ref"),
}


def is_osm(path: Path) -> bool:
    """Say whether a file name is one of an OpenStreetMap extract."""
    return path.name.lower().endswith((".osm", ".osm.gz", ".osm.bz2", ".osm.pbf", ".pbf"))


def read_osm(path: Path, layer: str) -> gpd.GeoDataFrame:
    """Return the features of one layer of an extract, in EPSG:4326.

    Parameters
    ----------
    path : Path
    layer : str
        One of `roads` (lines), `addresses` (points; of a building, a point inside it), `buildings` and `areas`
        (polygons), `water` (lines and polygons), `places` (points).

    Returns
    -------
    GeoDataFrame
        Columns: `external_ref` (`way/123`), the layer's tags (`None` where absent), `geometry`. Objects whose nodes are
        not in the extract are left out.

    Raises
    ------
    FormatError
        `file.layer_unknown`, `file.broken`, `file.empty`.
    """
    if layer not in LAYERS:
        raise FormatError(
            "file.layer_unknown", f"{path.name} has no layer {layer}; choose {', '.join(LAYERS)}", layers=list(LAYERS)
        )
    try:
        rows = list(_objects(path, layer))
    except RuntimeError as error:
        raise FormatError("file.broken", f"{path.name} is not a whole OpenStreetMap file: {error}") from error
    if not rows:
        raise FormatError("file.empty", f"{path.name} holds no {layer}")
    frame = gpd.GeoDataFrame(rows, columns=["external_ref", *_KEPT[layer], "geometry"], geometry="geometry", crs=4326)
    return frame.set_index(frame.index + 1)


def _objects(path: Path, layer: str) -> Iterator[list[Any]]:
    keys, kinds = LAYERS[layer]
    processor = osmium.FileProcessor(str(path)).with_locations()
    if "area" in kinds:
        processor = processor.with_areas(osmium.filter.KeyFilter(*keys))
    processor = processor.with_filter(osmium.filter.KeyFilter(*keys))
    shape = _shaper(layer)
    for item in processor:
        if item.type_str() not in _letters(kinds):
            continue
        try:
            geometry = shape(item)
        except (RuntimeError, osmium.InvalidLocationError):
            continue  # nodes outside the extract
        if geometry is not None:
            tags = item.tags
            yield [_reference(item), *(tags.get(key) for key in _KEPT[layer]), geometry]


def _letters(kinds: str) -> str:
    return "".join({"node": "n", "way": "w", "area": "a"}[kind] for kind in kinds.split())


def _reference(item: Any) -> str:
    if item.type_str() == "a":
        return f"{'way' if item.from_way() else 'relation'}/{item.orig_id()}"
    return f"{'node' if item.type_str() == 'n' else 'way'}/{item.id}"


def _shaper(layer: str) -> Callable[[Any], shapely.Geometry | None]:
    factory = osmium.geom.WKBFactory()

    def shape(item: Any) -> shapely.Geometry | None:
        kind = item.type_str()
        if kind == "n":
            return shapely.Point(item.location.lon, item.location.lat)
        if kind == "w":
            closed_water = layer == "water" and item.is_closed()
            return None if closed_water else shapely.from_wkb(factory.create_linestring(item))
        polygon = shapely.from_wkb(factory.create_multipolygon(item))
        return polygon.representative_point() if layer == "addresses" else polygon

    return shape
