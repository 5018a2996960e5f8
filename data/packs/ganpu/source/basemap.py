"""The base map: roads, water, land use, buildings, place names."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import latin
import numpy as np
import outline
import shapely
from frame import smooth_line, stream, wiggle
from network import Ground, Way
from partition import Areas
from plots import Hamlet, Plate
from records import degrees
from shapely import LineString, Point, Polygon
from shapely.geometry.base import BaseGeometry
from shapely.ops import linemerge, polygonize, unary_union
from terrain import Raster, centres

Feature = tuple[BaseGeometry, dict[str, Any]]


def roads(ways: list[Way]) -> Iterator[Feature]:
    """Yield roads by class, most important last (drawn on top)."""
    order = ["track", "lane", "street", "tertiary", "secondary", "primary", "highway"]
    for way in sorted(ways, key=lambda w: (order.index(w.kind), w.name)):
        yield degrees(way.line), {"name": way.name, "class": way.kind}


def water(ground: Ground, ways: list[Way]) -> Iterator[Feature]:
    """Yield bay, tidal flat and lake, then rivers: their water at true width, and the wide ones' centre lines too.

    The centre line keeps a river visible at small scale, where its true width is less than a pixel.
    """
    _, dyke, limit = outline.coast()
    rng = stream("far shore")
    far = np.array(
        [
            (40_000, 30_000),
            (40_000, -25_000),
            (-25_000, -25_000),
            (-25_000, -9_000),
            (-6_000, -4_500),
            (-1_000, -1_600),
            (1_600, 600),
        ]
    )
    north = np.array([(14_600, 11_500), (16_200, 13_600), (18_500, 17_500), (22_000, 24_000), (26_000, 30_000)])
    north = wiggle(smooth_line(np.vstack([dyke[:1], north]), 2), 0.35, 90, rng)
    west = wiggle(smooth_line(np.vstack([dyke[-1:], far[:3:-1]]), 2), 0.35, 90, rng)
    shore = np.vstack([north[:0:-1], dyke, west[1:], far[3::-1]])
    bay = Polygon(shore).buffer(0)
    flat = Polygon(np.vstack([dyke, limit[::-1][1:-1]])).buffer(0)
    yield degrees(bay.difference(flat)), {"name": "杭州湾", "name_en": "Hangzhou Bay", "kind": "bay"}
    yield degrees(flat), {"name": "澉浦滩涂", "name_en": "Tidal flat", "kind": "tidal_flat"}
    yield degrees(ground.lake), {"name": "南北湖", "name_en": "Nanbeihu Lake", "kind": "lake"}
    creeks = unary_union([w.line.buffer(w.width_m / 2, quad_segs=2) for w in ways if w.width_m < 12])
    for shape in shapely.get_parts(creeks):
        yield degrees(shape.simplify(0.6)), {"name": "", "name_en": "", "kind": "river"}
    for way in sorted((w for w in ways if w.width_m >= 12), key=lambda w: (w.width_m, w.name)):
        yield (
            degrees(way.line.buffer(way.width_m / 2, quad_segs=3).simplify(0.5)),
            {"name": "", "name_en": "", "kind": "river"},
        )
        yield degrees(way.line), {"name": way.name, "name_en": latin.water(way.name), "kind": "river"}


def _above(relief: Raster, height_m: float, soften_m: float) -> list[Polygon]:
    """Return the areas higher than a height as softened polygons, local metres."""
    x, y = centres(relief.cell_m)
    half = relief.cell_m / 2
    boxes = []
    for row in range(x.shape[0]):
        high = np.flatnonzero(np.diff(np.concatenate([[0], (relief.values[row] > height_m).astype(int), [0]])))
        for a, b in zip(high[::2], high[1::2], strict=True):
            boxes.append(shapely.box(x[row, a] - half, y[row, 0] - half, x[row, b - 1] + half, y[row, 0] + half))
    merged = unary_union(boxes).buffer(soften_m).buffer(-1.6 * soften_m).buffer(0.6 * soften_m).simplify(22)
    return [_rounded(p) for p in shapely.get_parts(merged) if p.area > 20_000]


def _rounded(shape: Polygon) -> Polygon:
    """Return the polygon with its corners cut, so that no step of the raster shows."""
    rings = [smooth_line(np.array(ring.coords)[:-1], 2, closed=True) for ring in (shape.exterior, *shape.interiors)]
    return Polygon(rings[0], rings[1:]).buffer(0)


def land_use(ground: Ground, ways: list[Way], plates: list[Plate]) -> Iterator[Feature]:
    """Yield hills and woods by height, built-up land around houses, fields between roads and water."""
    for kind, height in (("hill", 7.0), ("wood", 16.0)):
        for shape in _above(ground.relief, height, 30):
            for part in shapely.get_parts(shape):
                yield degrees(part), {"kind": kind}
    built = (
        unary_union([p.building.buffer(14, quad_segs=2) for p in plates]).buffer(9, quad_segs=2).buffer(-12).simplify(3)
    )
    for shape in shapely.get_parts(built):
        if shape.area > 600:
            yield degrees(shape), {"kind": "built"}
    keep = ground.land.difference(
        unary_union([*_above(ground.relief, 6.0, 30), ground.lake.buffer(30), ground.old_town])
    )
    keep = keep.difference(built)
    lines = unary_union([w.line.simplify(4) for w in ways])
    for k, face in enumerate(polygonize(lines)):
        if k % 5 == 2 or face.area < 9_000:
            continue
        for part in shapely.get_parts(face.intersection(keep).buffer(-14, join_style="mitre").simplify(4)):
            if part.area > 6_000:
                yield degrees(part), {"kind": "farmland"}


def buildings(plates: list[Plate]) -> Iterator[Feature]:
    """Yield the building behind each door plate."""
    for plate in plates:
        yield degrees(plate.building), {"plate_id": plate.plate_id}


def places(areas: Areas, hamlets: list[Hamlet]) -> Iterator[Feature]:
    """Yield named points with the zoom from which they are worth a label."""
    for name, name_en, lon, lat in outline.NEIGHBOURS:
        yield Point(lon, lat), {"name": name, "name_en": name_en, "kind": "neighbour_town", "min_zoom": 9}
    for name, name_en, x, y in outline.HILLS:
        yield degrees(Point(x * 1000, y * 1000)), {"name": name, "name_en": name_en, "kind": "hill", "min_zoom": 13}
    yield degrees(Point(13_400, 3_000)), {"name": "杭州湾", "name_en": "Hangzhou Bay", "kind": "bay", "min_zoom": 9}
    yield degrees(Point(6_250, 6_450)), {"name": "南北湖", "name_en": "Nanbeihu Lake", "kind": "lake", "min_zoom": 11}
    for hamlet in sorted(hamlets, key=lambda h: (h.village_code, h.name)):
        middle = np.mean([(p.x, p.y) for p in hamlet.plates], axis=0)
        names = {"name": hamlet.name, "name_en": latin.pinyin(hamlet.name)}
        yield degrees(Point(middle)), {**names, "kind": "natural_village", "min_zoom": 14}


def merged(ways: list[Way], name: str) -> LineString | shapely.MultiLineString:
    """Return all ways of a name as one line where they join."""
    parts = [w.line for w in ways if w.name == name]
    return linemerge(parts) if len(parts) > 1 else parts[0]
