"""Buildings along streets: the old town's houses and flats, and the works and inns of exclusive grids."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import shapely
from network import Way
from partition import Area
from plots import HALF_WIDTH_M, Plate, Site, along, rectangle
from shapely import Point
from shapely.geometry.base import BaseGeometry


def premises(grid: Area, site: Site, roads: list[Way], rng: np.random.Generator) -> list[Plate]:
    """Return the larger buildings of an exclusive grid (works, hotels, offices), without households."""
    area = grid.local.buffer(-20)
    shapely.prepare(area)
    scenic = grid.parent.endswith("204")
    plates: list[Plate] = []
    count = 0
    estate = {"204": "南北湖景区", "205": "临港工业区", "206": "六里工业园"}[grid.parent[-3:]]
    for road in roads:
        if road.kind == "highway" or not road.line.intersects(area):
            continue
        for line in shapely.get_parts(road.line.intersection(area)):
            at = 30.0
            while line.geom_type == "LineString" and at < line.length - 20:
                x, y, angle = along(line, at)
                for side in (1, -1):
                    width, depth = (
                        (rng.uniform(14, 30), rng.uniform(10, 18))
                        if scenic
                        else (rng.uniform(35, 90), rng.uniform(28, 60))
                    )
                    off = HALF_WIDTH_M[road.kind] + 6 + depth / 2
                    bx, by = x - np.sin(angle) * off * side, y + np.cos(angle) * off * side
                    building = rectangle(bx, by, width, depth, angle)
                    if rng.random() < (0.3 if scenic else 0.75) and site.fits(building, area):
                        site.take(building)
                        named = bool(road.name) and road.kind != "track"
                        count += not named
                        plates.append(
                            Plate(
                                grid.parent,
                                grid.code,
                                "" if named else estate,
                                0,
                                road.name if named else "",
                                "" if named else str(count),
                                int(scenic and rng.random() < 0.4),
                                bx,
                                by,
                                building,
                            )
                        )
                at += rng.uniform(40, 75) if scenic else rng.uniform(70, 120)
    if not scenic:
        plates += _halls(grid, site, area, estate, count, rng)
    return plates


def _halls(
    grid: Area, site: Site, area: BaseGeometry, estate: str, count: int, rng: np.random.Generator
) -> list[Plate]:
    """Return works halls in rows behind those on the roads, at most forty."""
    west, south, east, north = area.bounds
    angle = np.radians(rng.uniform(-20, 20))
    plates: list[Plate] = []
    for y in np.arange(north, south, -82):
        for x in np.arange(west, east, 98):
            building = rectangle(x + rng.uniform(-6, 6), y, rng.uniform(45, 80), rng.uniform(28, 52), angle)
            if len(plates) < 40 and rng.random() < 0.8 and site.fits(building, area):
                site.take(building)
                plates.append(
                    Plate(grid.parent, grid.code, estate, 0, "", str(count + len(plates) + 1), 0, x, y, building)
                )
    return plates


def street_plates(grid: Area, site: Site, roads: list[Way], target: int, rng: np.random.Generator) -> list[Plate]:
    """Return the plates of an old-town grid: shop houses along streets, then flats in the blocks."""
    area = grid.local.buffer(-3)
    shapely.prepare(area)
    plates, left = [], int(np.clip(target * rng.uniform(0.9, 1.03), 304, 480))
    for road in sorted(
        (r for r in roads if r.kind in ("street", "primary", "secondary", "tertiary") and r.name), key=lambda r: r.name
    ):
        for line in shapely.get_parts(road.line.intersection(area)):
            if line.geom_type != "LineString" or line.length < 25:
                continue
            for at in np.arange(9, line.length - 8, 9.5):
                x, y, angle = along(line, float(at))
                for side in (1, -1):
                    depth = rng.uniform(9, 14)
                    off = HALF_WIDTH_M[road.kind] + 2.5 + depth / 2
                    bx, by = x - np.sin(angle) * off * side, y + np.cos(angle) * off * side
                    building = rectangle(bx, by, rng.uniform(8, 9.2), depth, angle)
                    households = int(rng.choice([0, 1, 2], p=[0.34, 0.5, 0.16]))
                    if left - households >= 90 and rng.random() < 0.86 and site.fits(building, area):
                        site.take(building)
                        plates.append(Plate(grid.parent, grid.code, "", 0, road.name, "", households, bx, by, building))
                        left -= households
    plates += _flats(grid, site, area, left, rng)
    return plates


def _flats(grid: Area, site: Site, area: BaseGeometry, left: int, rng: np.random.Generator) -> list[Plate]:
    """Return blocks of flats in rows facing south until the households left are housed."""
    west, south, east, north = area.bounds
    plates: list[Plate] = []
    estate = {"1": "文昌苑", "2": "澉川新村", "3": "古城小区"}[grid.code[-1]]
    spots = [(x, y) for y in np.arange(north, south, -27) for x in np.arange(west, east, 50)]
    for k in rng.permutation(len(spots)):
        if left <= 0:
            break
        x, y = spots[k]
        building = rectangle(x, y, 40, 11.5, np.radians(-6))
        if site.fits(building, area):
            site.take(building)
            households = min(left, int(rng.integers(12, 21)))
            plates.append(
                Plate(grid.parent, grid.code, estate, 0, "", str(len(plates) + 1), households, x, y, building)
            )
            left -= households
    if left > 0:
        raise ValueError(f"grid {grid.code}: no room for {left} households in flats")
    return plates


def number_streets(plates: list[Plate], roads: list[Way]) -> None:
    """Number the plates on named streets, in place: from the east or north, odd on the north or west side.

    Source: GB/T 35639-2017, annex B.
    """
    by_road: dict[str, list[Plate]] = defaultdict(list)
    for plate in plates:
        if plate.road and not plate.number:
            by_road[plate.road].append(plate)
    lines = {r.name: r.line for r in roads if r.name in by_road}
    for name, members in by_road.items():
        line = lines[name]
        xy = shapely.get_coordinates(line)
        east_west = np.ptp(xy[:, 0]) >= np.ptp(xy[:, 1])
        low_first = xy[0, 0] > xy[-1, 0] if east_west else xy[0, 1] > xy[-1, 1]
        placed = []
        for plate in members:
            at = line.project(Point(plate.x, plate.y))
            x, y, _ = along(line, at)
            off = (plate.x - x, plate.y - y)
            odd = off[1] > 0 if east_west else off[0] < 0
            placed.append((at if low_first else line.length - at, odd, plate))
        placed.sort(key=lambda item: item[0])
        count = {True: -1, False: 0}
        for _, odd, plate in placed:
            count[odd] += 2
            plate.number = str(count[odd])
