"""Every border once: edges between lattice points, each with the leaf on its left and on its right."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from gis.partition.faces import Faces, divide
from gis.partition.noding import Ints, Lines, lines_of
from gis.partition.rings import polygons

OUTSIDE = -1
_HALF = 2**31


def keys(points: Ints) -> Ints:
    """Return one integer for each lattice point (n, 2), in the order of x, then y."""
    return points[:, 0] * 2**32 + (points[:, 1] + _HALF)


@dataclass(frozen=True, eq=False)
class Borders:
    """Edges of a partition, each from its smaller point to its larger one, sorted by both.

    Attributes
    ----------
    start, stop : ndarray (n, 2)
        Lattice steps.
    left, right : ndarray (n,)
        Number of the leaf on either side, `OUTSIDE` where there is none; never the same on both.
    """

    start: Ints
    stop: Ints
    left: Ints
    right: Ints

    @classmethod
    def of(cls, start: Ints, stop: Ints, left: Ints, right: Ints) -> Borders:
        """Return the borders of edges in any order and direction, without those that have one leaf on both sides."""
        keep = left != right
        start, stop, left, right = start[keep], stop[keep], left[keep], right[keep]
        back = keys(start) > keys(stop)
        start, stop = np.where(back[:, None], stop, start), np.where(back[:, None], start, stop)
        left, right = np.where(back, right, left), np.where(back, left, right)
        order = np.lexsort((keys(stop), keys(start)))
        return cls(start[order], stop[order], left[order], right[order])

    @classmethod
    def of_faces(cls, faces: Faces, owner: Ints) -> Borders:
        """Return the borders between faces of different leaves."""
        sides = owner[faces.neighbours()]
        return cls.of(faces.points[faces.edges[:, 0]], faces.points[faces.edges[:, 1]], sides[:, 0], sides[:, 1])

    def __len__(self) -> int:
        return len(self.left)

    @cached_property
    def _from(self) -> Ints:
        return keys(self.start)

    @cached_property
    def _to(self) -> Ints:
        return keys(self.stop)

    def of_leaves(self, leaves: Iterable[int]) -> Ints:
        """Return the rows of the edges that have one of the leaves on a side."""
        wanted = np.fromiter(leaves, np.int64)
        return np.flatnonzero(np.isin(self.left, wanted) | np.isin(self.right, wanted))

    def find(self, start: Ints, stop: Ints) -> Ints:
        """Return the row of each edge (n, 2), (n, 2) given from its smaller point, −1 where there is none."""
        first, wanted = keys(start), keys(stop)
        at = np.searchsorted(self._from, first)
        found = np.full(len(first), -1, np.int64)
        # an edge stands among the few that begin at its point
        while True:
            there = np.minimum(at, max(len(self) - 1, 0))
            open_ = (found < 0) & (at < len(self))
            open_ &= (self._from[there] == first) if len(self) else open_
            if not open_.any():
                return found
            hit = open_ & (self._to[there] == wanted)
            found[hit] = at[hit]
            at = at + 1

    def take(self, rows: Ints | NDArray[np.bool_]) -> Borders:
        """Return some of the edges."""
        return Borders(self.start[rows], self.stop[rows], self.left[rows], self.right[rows])

    def replaced(self, rows: Ints, more: Borders) -> Borders:
        """Return the borders without some rows, and with more edges."""
        rest = np.ones(len(self), bool)
        rest[rows] = False
        kept = self.take(rest)
        both = [np.concatenate(pair) for pair in zip(kept.columns(), more.columns(), strict=True)]
        order = np.lexsort((keys(both[1]), keys(both[0])))
        return Borders(*(column[order] for column in both))

    def columns(self) -> tuple[Ints, Ints, Ints, Ints]:
        """Return start, stop, left, right."""
        return self.start, self.stop, self.left, self.right

    def labelled(self, label: Ints) -> Borders:
        """Return the edges between leaves of different labels: ``label`` gives one for each leaf, −1 counts as outside."""
        of = np.append(label, OUTSIDE)
        left, right = of[self.left], of[self.right]
        keep = left != right
        return Borders(self.start[keep], self.stop[keep], left[keep], right[keep])

    def lines(self) -> Lines:
        """Return each edge once for each leaf beside it, directed so that the leaf lies left."""
        on_left, on_right = self.left != OUTSIDE, self.right != OUTSIDE
        return lines_of(
            np.concatenate([self.left[on_left], self.right[on_right]]),
            np.concatenate([self.start[on_left], self.stop[on_right]]),
            np.concatenate([self.stop[on_left], self.start[on_right]]),
        )

    def shapes(self, label: Ints, count: int) -> NDArray[np.object_]:
        """Return the area of each label 0 … count − 1 as a valid MultiPolygon in degrees; see `labelled`."""
        faces = divide(self.labelled(label).lines())
        owner = np.array([next(iter(over), OUTSIDE) for over in faces.over], np.int64)
        return polygons(faces, owner, count)

    def arcs(self) -> Iterator[tuple[Ints, int, int]]:
        """Yield the arcs as (points (n, 2), left leaf, right leaf): chains between points where other than two edges meet.

        A border that closes on itself without such a point begins and ends at its smallest one.
        """
        point, ends = np.unique(np.concatenate([self._from, self._to]), return_inverse=True)
        ends = ends.reshape(2, -1).T
        many = np.bincount(ends.ravel(), minlength=len(point)) != 2
        order = np.argsort(ends.ravel(), kind="stable")
        first = np.searchsorted(ends.ravel()[order], np.arange(len(point) + 1))
        used = np.zeros(len(self), bool)
        steps = np.concatenate([self.start, self.stop])
        for node in (*np.flatnonzero(many).tolist(), *np.flatnonzero(~many).tolist()):
            for half in order[first[node] : first[node + 1]].tolist():
                if used[half // 2]:
                    continue
                way, here, chain = half, node, []
                while True:
                    edge, side = divmod(way, 2)
                    used[edge] = True
                    chain.append(edge if side == 0 else edge + len(self))
                    here = int(ends[edge, 1 - side])
                    if many[here] or here == node:
                        break
                    pair = order[first[here] : first[here + 1]].tolist()
                    way = pair[0] if pair[0] // 2 != edge else pair[1]
                edge, side = divmod(half, 2)
                last, last_side = divmod(way, 2)
                end = steps[last + len(self)] if last_side == 0 else steps[last]
                points = np.vstack([steps[chain], end])
                sides = (self.left[edge], self.right[edge]) if side == 0 else (self.right[edge], self.left[edge])
                yield points, int(sides[0]), int(sides[1])
