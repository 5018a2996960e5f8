"""The borders of a partition as lines between junctions, each with an id of its course and sides. Pure."""

from __future__ import annotations

import hashlib
from typing import Any, NamedTuple

import numpy as np

from gis.lattice import from_integers
from gis.partition import Partition
from gis.partition.borders import keys
from gis.partition.noding import Ints


class Arc(NamedTuple):
    """A piece of border between points where other than two edges meet, from its smaller end to its larger one."""

    id: str
    points: Ints
    left: str | None
    right: str | None
    rank: str
    is_today: bool

    def feature(self) -> dict[str, Any]:
        """Return it as GeoJSON (EPSG:4490)."""
        return {
            "type": "Feature",
            "id": self.id,
            "properties": {"left": self.left, "right": self.right, "rank": self.rank, "is_today": self.is_today},
            "geometry": {"type": "LineString", "coordinates": from_integers(self.points).tolist()},
        }


def arcs(part: Partition, base: Partition) -> dict[str, Arc]:
    """Return every arc of a partition by its id. ``is_today``: the whole of it is a border in ``base`` too."""
    names = (*part.leaves, None)  # the last one is outside
    villages = {code: part.lineage(code)[-2:-1] or (code,) for code in part.leaves if code in part.rows}
    drawn = [_ordered(*arc) for arc in part.borders.arcs()]
    found = {}
    for (points, left, right), is_today in zip(drawn, _are_borders([arc[0] for arc in drawn], base), strict=True):
        sides = names[left], names[right]
        digest = hashlib.blake2b(np.ascontiguousarray(points).tobytes(), digest_size=9)
        digest.update(repr(sides).encode())
        arc = Arc(digest.hexdigest(), points, *sides, _rank(sides, villages), is_today)
        found[arc.id] = arc
    return found


def _ordered(points: Ints, left: int, right: int) -> tuple[Ints, int, int]:
    """Return an arc from its smaller end; one that is closed, from its smallest point towards the smaller neighbour."""
    order = keys(points)
    if order[0] > order[-1] or (order[0] == order[-1] and order[1] > order[-2]):
        return points[::-1], right, left
    return points, left, right


def _rank(sides: tuple[str | None, str | None], villages: dict[str, tuple[str, ...]]) -> str:
    left, right = sides
    if left is None or right is None:
        return "town"
    return "grid" if villages[left] == villages[right] else "village"


def _are_borders(drawn: list[Ints], base: Partition) -> list[bool]:
    """Whether the whole of each line is a border of another partition: all pieces looked up at once."""
    if not drawn:
        return []
    start, stop = np.concatenate([points[:-1] for points in drawn]), np.concatenate([points[1:] for points in drawn])
    back = keys(start) > keys(stop)
    start, stop = np.where(back[:, None], stop, start), np.where(back[:, None], start, stop)
    there = base.borders.find(start, stop) >= 0
    first = np.cumsum([0, *(len(points) - 1 for points in drawn[:-1])])
    return np.logical_and.reduceat(there, first).tolist()
