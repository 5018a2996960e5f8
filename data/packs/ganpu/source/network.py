"""Waterways and roads of the demo landscape."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import outline
import shapely
from frame import Floats, fractal, smooth_line, stream, wiggle
from routes import CostField, smoothed
from shapely import LineString, Point, Polygon
from shapely.geometry.base import BaseGeometry
from shapely.ops import unary_union
from terrain import CELL_M, Raster, centres, slope_deg


@dataclass(frozen=True)
class Way:
    """One waterway or road: name (may be empty), class and centre line in local metres."""

    name: str
    kind: str
    line: LineString
    width_m: float = 6.0


@dataclass(frozen=True)
class Ground:
    """What the networks must respect, in local metres."""

    land: Polygon
    lake: Polygon
    old_town: Polygon
    relief: Raster


RIVERS = [  # name, width m, via points (km)
    ("长山河", 38, [(5.0, 14.2), (5.25, 12.4), (5.5, 11.2), (6.6, 9.75), (9.0, 9.45), (11.4, 8.85), (14.12, 8.2)]),
    ("澉浦塘", 22, [(6.93, 6.96), (7.5, 7.0), (8.06, 7.1)]),
    ("东水门河", 20, [(9.18, 6.95), (10.6, 6.6), (12.93, 5.85)]),
    ("六里塘", 24, [(-1.5, 10.9), (1.5, 10.45), (3.5, 9.85), (5.6, 9.65), (6.6, 9.75)]),
    ("六忠港", 18, [(-1.0, 12.2), (1.1, 11.9), (3.3, 11.0), (5.5, 11.2)]),
    ("茶院港", 20, [(7.5, 14.2), (7.35, 12.2), (7.2, 11.0), (7.8, 9.5), (8.2, 8.2), (8.5, 7.5)]),
    ("永新港", 20, [(10.3, 14.0), (10.15, 12.0), (9.85, 10.4), (10.7, 9.05)]),
    ("永乐河", 18, [(13.2, 12.0), (12.75, 10.4), (12.55, 9.5), (11.9, 8.8)]),
    ("澉东河", 18, [(10.7, 9.05), (10.25, 7.8), (10.6, 6.6)]),
    ("南门河", 18, [(8.65, 6.55), (8.95, 5.3), (9.9, 4.25), (11.35, 3.98)]),
    ("南山港", 16, [(5.2, 9.65), (5.75, 8.4), (6.22, 7.37)]),
    ("保山港", 18, [(-1.5, 8.3), (1.6, 8.35), (3.4, 9.05), (5.2, 9.65)]),
    ("湖南溪", 10, [(5.75, 4.1), (5.35, 2.9), (5.55, 1.02)]),
    ("北团河", 14, [(3.3, 11.0), (3.1, 12.2), (3.4, 14.0)]),
    ("青山港", 14, [(11.4, 8.85), (11.6, 7.6), (11.9, 6.25)]),
    ("西团河", 12, [(8.2, 3.1), (8.7, 4.2), (8.95, 5.3)]),
    ("石泉溪", 6, [(3.7, 6.5), (3.1, 7.4), (3.3, 8.6), (3.4, 9.05)]),
    ("高阳溪", 6, [(3.4, 4.9), (3.3, 3.6), (3.5, 2.2), (3.75, 1.15)]),
    ("荷花溪", 6, [(7.25, 4.2), (7.45, 3.2), (7.6, 1.5)]),
    ("西涧", 6, [(4.95, 6.3), (5.48, 6.22)]),
    ("南涧", 6, [(6.2, 4.95), (6.25, 5.56)]),
    ("云岫溪", 6, [(2.55, 6.1), (1.9, 5.7), (1.3, 6.0)]),
    ("紫金港", 14, [(7.2, 11.0), (8.3, 10.6), (9.85, 10.4)]),
]

ROADS = [  # name, class, via points (km)
    (
        "杭浦高速",
        "highway",
        [(-4, 10.3), (0, 10.75), (3.0, 10.62), (6.2, 11.15), (9.0, 11.75), (11.2, 12.3), (15, 15.9)],
    ),
    (
        "翁金公路",
        "primary",
        [
            (-4, 7.7),
            (-1.2, 8.0),
            (1.5, 8.2),
            (2.9, 8.95),
            (5.5, 9.1),
            (8.15, 8.95),
            (11.2, 9.2),
            (12.75, 10.15),
            (13.5, 11.8),
            (15.5, 15.9),
        ],
    ),
    (
        "盐澉公路",
        "primary",
        [(8.3, 15.9), (8.0, 13.0), (7.9, 11.2), (8.15, 8.95), (9.25, 7.65), (9.45, 6.3), (10.0, 5.0), (10.75, 3.6)],
    ),
    (
        "滨海大道",
        "primary",
        [
            (0.6, -0.5),
            (3.3, 1.45),
            (4.9, 1.15),
            (6.4, 1.55),
            (8.0, 2.0),
            (9.3, 2.95),
            (10.75, 3.6),
            (11.55, 4.85),
            (12.55, 5.9),
            (13.35, 7.7),
            (13.75, 8.6),
            (13.6, 9.9),
            (15, 12.5),
        ],
    ),
    ("六澉路", "secondary", [(5.75, 10.2), (6.9, 9.1), (8.1, 7.55)]),
    ("堰山路", "secondary", [(4.5, 10.0), (5.75, 10.2), (6.6, 10.75), (7.9, 11.2)]),
    ("南北湖大道", "secondary", [(8.15, 7.2), (7.4, 7.3), (6.8, 7.3)]),
    ("六忠路", "secondary", [(1.6, 15.9), (2.7, 12.9), (3.1, 11.45), (4.5, 10.0)]),
    ("茶院路", "secondary", [(4.6, 15.0), (5.9, 12.9), (6.65, 12.0), (6.6, 10.75)]),
    ("永新路", "secondary", [(10.7, 15.5), (10.9, 12.5), (10.45, 10.0), (10.3, 9.1), (9.95, 7.6), (9.25, 7.65)]),
    ("澉东路", "secondary", [(9.2, 7.1), (11.3, 7.2), (13.1, 7.2)]),
    ("永乐路", "secondary", [(10.45, 10.0), (12.2, 9.65), (13.6, 9.5)]),
    ("保六路", "secondary", [(2.9, 8.95), (4.5, 10.0)]),
    ("南山路", "secondary", [(5.5, 9.1), (5.6, 8.3), (6.35, 7.5)]),
    ("环湖路", "secondary", []),
    ("湖南路", "tertiary", [(7.2, 6.0), (7.9, 5.15), (8.4, 4.1), (8.0, 2.0)]),
    ("湖滨路", "tertiary", [(8.3, 6.6), (7.5, 6.5), (7.25, 6.7)]),
    ("谷西路", "tertiary", [(5.4, 4.0), (5.5, 2.75), (5.6, 1.35)]),
    ("澉南路", "tertiary", [(8.9, 6.5), (8.75, 5.45), (10.1, 4.75), (11.3, 4.6)]),
    ("紫金路", "tertiary", [(8.55, 11.55), (9.7, 10.5), (10.45, 10.0)]),
    ("紫茶路", "tertiary", [(6.65, 12.0), (7.9, 12.05), (8.55, 11.55), (10.3, 11.6)]),
    ("团结路", "tertiary", [(-1, 11.5), (1.5, 11.1), (3.1, 11.45), (5.2, 12.0), (6.65, 12.0)]),
    ("保西路", "tertiary", [(1.3, 10.2), (2.2, 9.7), (2.9, 8.95)]),
    ("青山路", "tertiary", [(11.3, 7.2), (12.1, 8.2), (12.2, 9.65)]),
    ("镇东路", "tertiary", [(8.15, 8.95), (8.9, 8.3), (10.0, 8.35), (11.2, 9.2)]),
    ("澉西路", "tertiary", [(8.2, 5.9), (8.75, 5.45)]),
    ("东海路", "tertiary", [(11.3, 7.2), (11.2, 5.9), (11.3, 4.6)]),
    ("石帆路", "tertiary", [(6.9, 9.1), (6.4, 8.3), (6.75, 7.42)]),
]


def old_town() -> Polygon:
    """Return the walled town's moat as a polygon, local metres: a square with soft corners, a little turned."""
    square = shapely.box(-430, -400, 430, 400).buffer(-130).buffer(130, quad_segs=4)
    turned = shapely.affinity.rotate(square, -6)
    return shapely.affinity.translate(turned, 8_620, 7_040)


def _base_cost(ground: Ground, sea: float) -> Floats:
    x, y = centres(CELL_M)
    inside = shapely.contains_xy(shapely.box(-9e3, -9e3, 3e4, 3e4).difference(_sea(ground)), x, y)
    cost = np.where(inside, 1.0, sea)
    return np.where(shapely.contains_xy(ground.lake.buffer(15), x, y), sea, cost)


def _sea(ground: Ground) -> BaseGeometry:
    _, dyke, _ = outline.coast()
    return Polygon(np.vstack([dyke, (2_000, -4_500), (19_000, -4_500), (19_000, 16_000), (17_500, 16_000)])).buffer(0)


def waterways(ground: Ground) -> list[Way]:
    """Return named rivers, the moat, and the unnamed creeks and ditches of the plain."""
    rng = stream("rivers")
    cost = _base_cost(ground, 30.0)
    x, y = centres(CELL_M)
    cost *= 1 + 5 * np.clip(fractal(x.shape, 15, 2, rng) + 0.25, 0, 1.2)
    cost += np.clip(ground.relief.values - 4.5, 0, 60) * 1.2
    cost[shapely.contains_xy(ground.old_town.buffer(30), x, y)] = 40
    field = CostField(cost, CELL_M)
    ways = []
    for name, width_m, via in RIVERS:
        line = field.line(np.array(via) * 1000, sigma=1.5)
        ways.append(Way(name, "river", line, width_m))
        field.cheapen(line, 0.45)
    ways.append(Way("护城河", "river", LineString(ground.old_town.exterior.coords), 22))
    _, dyke, _ = outline.coast()
    shore = [Way("", "edge", LineString(dyke))]
    return [w for w in joined(ways + _creeks(ground, ways) + shore, 190, {"river"}) if w.kind != "edge"]


def _creeks(ground: Ground, rivers: list[Way]) -> list[Way]:
    """Return creeks between jittered points of the plain; about a third of them end blind, as a 浜 does."""
    rng = stream("creeks")
    spacing = 560.0
    columns, rows = np.arange(200, 15_500, spacing), np.arange(300, 14_500, spacing)
    jitter = rng.uniform(-0.38, 0.38, (len(columns), len(rows), 2)) * spacing
    field = fractal((len(columns), len(rows)), 5, 2, rng)
    keep_out = unary_union([ground.lake.buffer(120), ground.old_town.buffer(120), _sea(ground).buffer(70)])
    window = ground.land.buffer(900).difference(keep_out)
    shapely.prepare(window)
    creeks = []
    for i in range(len(columns)):
        for j in range(len(rows)):
            for di, dj in ((1, 0), (0, 1)):
                if i + di >= len(columns) or j + dj >= len(rows) or rng.random() > 0.66 + 0.2 * field[i, j]:
                    continue
                ends = np.array(
                    [(columns[a] + jitter[a, b, 0], rows[b] + jitter[a, b, 1]) for a, b in ((i, j), (i + di, j + dj))]
                )
                blind = rng.random() < 0.16
                if blind:
                    ends[1] = ends[0] + (ends[1] - ends[0]) * rng.uniform(0.35, 0.7)
                line = smoothed(wiggle(ends, 0.8, 40, rng), 1.0, 3.0)
                at = shapely.get_coordinates(shapely.line_interpolate_point(line, np.linspace(0, line.length, 9)))
                if window.contains(line) and ground.relief.at(at).max() < 5.2:
                    creeks.append(Way("", "creek" if blind else "river", line, float(rng.choice([5, 6, 8, 10]))))
    return creeks


def joined(ways: list[Way], reach_m: float, kinds: set[str]) -> list[Way]:
    """Return the ways with the loose ends of those kinds carried on to the nearest other way within reach."""
    tree = shapely.STRtree([w.line for w in ways])
    result = []
    for k, way in enumerate(ways):
        if way.kind not in kinds or way.line.is_ring:
            result.append(way)
            continue
        xy = shapely.get_coordinates(way.line)
        for end, inner in ((0, 1), (-1, -2)):
            near = sorted(int(n) for n in tree.query(Point(xy[end]).buffer(reach_m)) if n != k)
            gaps = [(ways[n].line.distance(Point(xy[end])), n) for n in near]
            gaps = [(gap, n) for gap, n in gaps if gap <= reach_m]
            if not gaps or min(gaps)[0] < 1e-6:
                continue
            line = ways[min(gaps)[1]].line
            ahead = Point(xy[end] + 0.35 * (xy[end] - xy[inner]))
            point = shapely.get_coordinates(line.interpolate(line.project(ahead)))
            xy = np.vstack([point, xy]) if end == 0 else np.vstack([xy, point])
        result.append(Way(way.name, way.kind, LineString(xy), way.width_m))
    return result


def _shore_tracks(ground: Ground) -> list[Way]:
    """Return tracks from the dyke inland, about every 700 m, and the track on the dyke itself."""
    rng = stream("shore")
    _, dyke, _ = outline.coast()
    line = LineString(dyke)
    tracks = [Way("海塘路", "track", LineString(dyke).simplify(3))]
    at = 350.0
    while at < line.length - 300:
        a, b = (np.array(line.interpolate(d).coords[0]) for d in (at - 60, at + 60))
        inland = np.array([b[1] - a[1], a[0] - b[0]]) / np.hypot(*(b - a))
        end = (a + b) / 2 + inland * rng.uniform(420, 700)
        path = smoothed(wiggle(np.array([(a + b) / 2, end]), 0.3, 45, rng), 1.2, 3.0)
        points = shapely.get_coordinates(path)
        points[0] = line.interpolate(at).coords[0]
        if ground.relief.at(points).max() < 9:
            tracks.append(Way("", "track", LineString(points)))
        at += rng.uniform(480, 900)
    return tracks


def lanes(ground: Ground, ways: list[Way]) -> list[Way]:
    """Return the unnamed lanes and field tracks between the roads, each end on a road or another lane."""
    rng = stream("lanes")
    spacing = 590.0
    columns, rows = np.arange(-60, 15_500, spacing), np.arange(40, 14_500, spacing)
    jitter = rng.uniform(-0.36, 0.36, (len(columns), len(rows), 2)) * spacing
    window = ground.land.buffer(500).difference(
        unary_union([ground.lake.buffer(100), ground.old_town.buffer(25), _sea(ground).buffer(40)])
    )
    shapely.prepare(window)
    found = []
    for i in range(len(columns) - 1):
        for j in range(len(rows) - 1):
            for di, dj in ((1, 0), (0, 1)):
                if rng.random() > 0.7:
                    continue
                ends = np.array(
                    [(columns[a] + jitter[a, b, 0], rows[b] + jitter[a, b, 1]) for a, b in ((i, j), (i + di, j + dj))]
                )
                line = smoothed(wiggle(ends, 0.5, 45, rng), 1.2, 3.0)
                at = shapely.get_coordinates(shapely.line_interpolate_point(line, np.linspace(0, line.length, 9)))
                if window.contains(line) and ground.relief.at(at).max() < 7.5:
                    found.append(Way("", "lane" if rng.random() < 0.7 else "track", line))
    return found


def roads(ground: Ground, water: list[Way]) -> list[Way]:
    """Return the named roads and the streets of the old town; lanes come with the settlements."""
    rng = stream("roads")
    cost = _base_cost(ground, 60.0)
    x, y = centres(CELL_M)
    cost *= 1 + 2.2 * np.clip(fractal(x.shape, 12, 3, rng) + 0.2, 0, 1.2)
    cost += (slope_deg(ground.relief).values / 7) ** 2
    wide = unary_union([w.line.buffer(w.width_m) for w in water if w.width_m >= 14])
    cost[shapely.contains_xy(wide, x, y)] += 5
    cost[shapely.contains_xy(ground.old_town.buffer(-20), x, y)] += 6
    field = CostField(cost, CELL_M)
    ways = []
    for name, kind, via in ROADS:
        if kind == "highway":
            line = LineString(smooth_line(np.array(via) * 1000, 4)).simplify(3)
        elif name == "环湖路":
            line = LineString(ground.lake.buffer(95).buffer(-30).simplify(6).exterior.coords)
        else:
            line = field.line(np.array(via) * 1000, sigma=2.4 if kind == "primary" else 1.8)
        ways.append(Way(name, kind, line))
        if name == "环湖路":  # and the causeway across the waist of the lake
            ways.append(Way("中湖塘路", "street", LineString([(5_940, 6_478), (6_300, 6_535), (6_640, 6_530)])))
        if kind != "highway":
            field.cheapen(line, 0.3)
    ways = joined(ways + _streets(ground), 420, {"primary", "secondary", "tertiary", "street"})
    return joined(ways + lanes(ground, ways) + _shore_tracks(ground), 260, {"lane", "track"})


STREETS_ACROSS = ["北大街路", "文昌路", "万寿路", "中山路", "澉川路"]
STREETS_ALONG = ["西门路", "儒林路", "南大街路", "东门路"]


def _streets(ground: Ground) -> list[Way]:
    """Return the streets inside the moat: a grid that was never quite straight, and the gates to the roads outside."""
    rng = stream("streets")
    inner = ground.old_town.buffer(-45)
    ways = [Way("环城路", "street", LineString(inner.exterior.coords))]
    centre = Point(8_620, 7_040)
    for names, turn in ((STREETS_ACROSS, 0), (STREETS_ALONG, 90)):
        offsets = np.linspace(-270, 270, len(names)) + rng.uniform(-22, 22, len(names))
        for name, offset in zip(names, offsets, strict=True):
            long = (-900, 900) if abs(offset) == np.abs(offsets).min() else (-430, 430)
            base = wiggle(np.array([(long[0], offset), (long[1], offset)], dtype=float), 0.35, 45, rng)
            line = shapely.affinity.rotate(LineString(base), turn - 6, origin=(0, 0))
            line = shapely.affinity.translate(line, centre.x, centre.y)
            cut = line if long[1] == 900 else line.intersection(inner)
            ways.append(Way(name, "street", LineString(shapely.get_coordinates(cut)).simplify(2)))
    return ways
