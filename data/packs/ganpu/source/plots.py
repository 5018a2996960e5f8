"""Door plates, and where a building may stand."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

import numpy as np
import shapely
from network import Ground, Way
from shapely import LineString, Polygon
from shapely.geometry.base import BaseGeometry

HALF_WIDTH_M = {"highway": 26, "primary": 13, "secondary": 9, "tertiary": 7, "street": 6, "lane": 4, "track": 3}


@dataclass
class Plate:
    """One door plate and the building behind it; x, y in local metres."""

    village_code: str
    grid_code: str
    natural_village: str
    group: int
    road: str
    number: str
    households: int
    x: float
    y: float
    building: Polygon
    residents: int = 0
    plate_id: str = ""

    @property
    def street(self) -> str:
        """The plate as people write it, without the town."""
        if self.road:
            return f"{self.road}{self.number}号"
        return f"{self.natural_village}{self.number}号"


@dataclass
class Hamlet:
    """A natural village: its plates lie along a few lanes."""

    name: str
    village_code: str
    x: float
    y: float
    plates: list[Plate] = field(default_factory=list)


class Site:
    """Where a house may stand: clear of water, roads, steep ground and other houses."""

    def __init__(self, ground: Ground, water: list[Way], roads: list[Way]) -> None:
        self.ground = ground
        self.lines = [w.line for w in water + roads]
        self.clear = [w.width_m / 2 + 5 for w in water] + [HALF_WIDTH_M[r.kind] + 1.5 for r in roads]
        self.tree = shapely.STRtree(self.lines)
        self.taken: dict[tuple[int, int], list[Polygon]] = defaultdict(list)

    def fits(self, building: Polygon, area: BaseGeometry) -> bool:
        """Return whether the building may stand there inside the area (local metres)."""
        middle = building.centroid
        if not shapely.contains_xy(area, middle.x, middle.y):
            return False
        if self.ground.relief.at(np.array([[middle.x, middle.y]]))[0] > 9:
            return False
        for i in self.tree.query(building.buffer(30)):
            if building.distance(self.lines[int(i)]) < self.clear[int(i)]:
                return False
        grown = building.buffer(1.6)
        key = (int(middle.x // 50), int(middle.y // 50))
        return not any(
            grown.intersects(other)
            for dx in (-1, 0, 1)
            for dy in (-1, 0, 1)
            for other in self.taken.get((key[0] + dx, key[1] + dy), ())
        )

    def take(self, building: Polygon) -> None:
        """Remember a building."""
        middle = building.centroid
        self.taken[(int(middle.x // 50), int(middle.y // 50))].append(building)


def rectangle(x: float, y: float, width_m: float, depth_m: float, angle_rad: float) -> Polygon:
    """Return a rectangle about its centre, the width along the angle."""
    c, s = np.cos(angle_rad), np.sin(angle_rad)
    corners = [(-1, -1), (1, -1), (1, 1), (-1, 1)]
    return Polygon(
        [(x + (a * width_m * c - b * depth_m * s) / 2, y + (a * width_m * s + b * depth_m * c) / 2) for a, b in corners]
    )


def along(line: LineString, at: float) -> tuple[float, float, float]:
    """Return x, y and direction (radians) of the line at a distance from its start."""
    x, y = line.interpolate(at).coords[0]
    x1, y1 = line.interpolate(max(at - 4, 0)).coords[0]
    x2, y2 = line.interpolate(min(at + 4, line.length)).coords[0]
    return x, y, float(np.arctan2(y2 - y1, x2 - x1))
