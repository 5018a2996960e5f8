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
    found = {}
    for points, left, right in part.borders.arcs():
        order = keys(points)
        if _backwards(order):
            points, left, right = points[::-1], right, left
        sides = names[left], names[right]
        digest = hashlib.blake2b(np.ascontiguousarray(points).tobytes(), digest_size=9)
        digest.update(repr(sides).encode())
        rank = _rank(sides, villages)
        arc = Arc(digest.hexdigest(), points, *sides, rank, _is_border(points, base))
        found[arc.id] = arc
    return found


def _backwards(order: Ints) -> bool:
    """Whether a line goes from its larger end; one that is closed, from its smallest point towards the larger neighbour."""
    return bool(order[0] > order[-1] or (order[0] == order[-1] and order[1] > order[-2]))


def _rank(sides: tuple[str | None, str | None], villages: dict[str, tuple[str, ...]]) -> str:
    left, right = sides
    if left is None or right is None:
        return "town"
    return "grid" if villages[left] == villages[right] else "village"


def _is_border(points: Ints, base: Partition) -> bool:
    start, stop = points[:-1], points[1:]
    back = keys(start) > keys(stop)
    start, stop = np.where(back[:, None], stop, start), np.where(back[:, None], start, stop)
    return bool(np.all(base.borders.find(start, stop) >= 0))
