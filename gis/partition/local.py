"""A part of a partition cut anew: the borders of some leaves with other lines, divided into faces.

Only the leaves concerned are divided, so that an edit costs what it touches. The outline of all of them together comes
along as an area of its own: whatever ends up on the wrong side of it has left these leaves. Where a new line meets the
outline, the neighbour there is taken in too; where nothing lies beyond (the outline of the town), it may not be cut.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import shapely

from gis.lattice import from_integers
from gis.partition.borders import OUTSIDE, Borders
from gis.partition.faces import Faces, divide, grouped
from gis.partition.noding import Ints, distinct, lines_of, node
from gis.partition.patch import Edge, Patch, RowChange
from gis.partition.places import Fault, Measure, PartitionError, refused
from gis.partition.rings import polygons

if TYPE_CHECKING:
    from gis.partition.model import Partition

# Areas that the division knows beside the leaves: all leaves concerned as one; a line that only cuts; then more of them.
WHOLE, CUT, INSIDE = -1, -2, -3


class More(NamedTuple):
    """Directed lines (n, 2) → (n, 2) of an area beside the leaves: closed, the area on the left; those of `CUT` may end anywhere."""

    area: int
    start: Ints
    stop: Ints


Bend = Callable[[Ints, Ints, Ints], tuple[Ints, Ints, Ints]]


class Local:
    """The leaves concerned, divided into faces.

    Attributes
    ----------
    rows : ndarray
        Rows in the partition's borders of the edges that the division replaces.
    faces : Faces
    cut : set of (point, point)
        Edges that lie on a line of `CUT`, by their point numbers.
    """

    def __init__(
        self, part: Partition, leaves: Iterable[int], more: Iterable[More] = (), bend: Bend | None = None
    ) -> None:
        self.part, self.leaves = part, set(leaves)
        more = list(more)
        while True:
            self.rows = part.borders.of_leaves(self.leaves)
            self.old = part.borders.take(self.rows)
            self.faces, self.cut = self._divided(more, bend)
            beyond = self._cut_outline()
            if not beyond - self.leaves:
                return
            self.leaves |= beyond

    def _divided(self, more: list[More], bend: Bend | None) -> tuple[Faces, set[tuple[int, int]]]:
        known = np.fromiter(self.leaves, np.int64)
        inner = Borders(
            self.old.start,
            self.old.stop,
            np.where(np.isin(self.old.left, known), self.old.left, OUTSIDE),
            np.where(np.isin(self.old.right, known), self.old.right, OUTSIDE),
        )
        area, a, b = _claims(inner)
        if bend is not None:
            area, a, b = bend(area, a, b)
        outline = Borders(
            inner.start,
            inner.stop,
            np.where(inner.left == OUTSIDE, OUTSIDE, 0),
            np.where(inner.right == OUTSIDE, OUTSIDE, 0),
        )
        keep = outline.left != outline.right
        _, start, stop = _claims(outline.take(keep))
        parts = [(area, a, b), (np.full(len(start), WHOLE), start, stop)]
        parts += [(np.full(len(one.start), one.area), one.start, one.stop) for one in more]
        lines = node(lines_of(*(np.concatenate(column) for column in zip(*parts, strict=True))))
        self.lines = lines
        faces = divide(lines)
        on = lines.area == CUT
        number = {tuple(point): k for k, point in enumerate(faces.points.tolist())}
        pairs = zip(lines.points[lines.start[on]].tolist(), lines.points[lines.stop[on]].tolist(), strict=True)
        cut = {(number[tuple(a)], number[tuple(b)]) for a, b in pairs if tuple(a) in number and tuple(b) in number}
        for over in faces.over:
            over.pop(CUT, None)
        return faces, cut | {(b, a) for a, b in cut}

    def _cut_outline(self) -> set[int]:
        """Return the leaves beyond the edges of the outline that were cut; there must be one beyond each."""
        known = np.fromiter(self.leaves, np.int64)
        outer = np.isin(self.old.left, known) != np.isin(self.old.right, known)
        old = self.old.take(outer)
        mine = distinct(np.sort(self._points_of(WHOLE), axis=1))[0]
        points = self.lines.points[mine].reshape(-1, 4)
        fresh = Borders.of(
            points[:, :2], points[:, 2:], np.zeros(len(points), np.int64), np.ones(len(points), np.int64)
        )
        lost = fresh.find(old.start, old.stop) < 0
        beyond = np.where(np.isin(old.left, known), old.right, old.left)
        if np.any(lost & (beyond == OUTSIDE)):
            bad = lost & (beyond == OUTSIDE)
            where = shapely.multilinestrings(
                shapely.linestrings(from_integers(np.stack([old.start[bad], old.stop[bad]], axis=1)))
            )
            raise refused("outline", (), where)
        return set(beyond[lost].tolist())

    def _points_of(self, area: int) -> Ints:
        on = self.lines.area == area
        return np.column_stack([self.lines.start[on], self.lines.stop[on]])

    def owners(self) -> Ints:
        """Return the leaf of each face as the borders have it, `OUTSIDE` beyond the leaves concerned.

        Raises
        ------
        PartitionError
            ``partition.overlap`` ``.gap`` ``.crosses``: after a bend, places in two leaves, in none, or beyond the outline.
        """
        owner = np.full(self.faces.count, OUTSIDE, np.int64)
        wrong: list[tuple[str, list[int]] | None] = [None] * self.faces.count
        for face, over in enumerate(self.faces.over):
            mine = [leaf for leaf in over if leaf >= 0]
            inside = over.get(WHOLE, 0)
            if len(mine) == 1 and over[mine[0]] == 1 and inside == 1:
                owner[face] = mine[0]
            elif mine or inside:
                kind = (
                    "overlap"
                    if len(mine) > 1 or any(over[leaf] != 1 for leaf in mine)
                    else "gap"
                    if inside
                    else "crosses"
                )
                wrong[face] = kind, mine
        if any(wrong):
            raise PartitionError(self.places(wrong))
        return owner

    def places(self, wrong: list[tuple[str, list[int]] | None]) -> list[Fault]:
        """Return faults of faces as places, each with its kind and the leaves that it concerns."""
        return self.grouped(wrong, self.part.leaves)[0]

    def grouped(self, wrong: list[tuple[str, list[int]] | None], codes: tuple[str, ...]) -> tuple[list[Fault], Ints]:
        """Return faults of faces as places, and which of them each face belongs to, −1 for none."""
        group, kinds, rows = grouped(
            self.faces, [None if w is None else w[0] for w in wrong], [[] if w is None else w[1] for w in wrong]
        )
        if not kinds:
            return [], group
        shapes = polygons(self.faces, group, len(kinds))
        measure = Measure(None, shapes)
        return [
            Fault(kind, tuple(sorted({codes[row] for row in about if row >= 0})), *measure.of(shape), shape)
            for kind, about, shape in zip(kinds, rows, shapes, strict=True)
        ], group

    def neighbours(self) -> list[list[tuple[int, float, bool]]]:
        """Return for each face its neighbours as (face, length in steps, whether the edge between lies on a cut)."""
        beside: list[list[tuple[int, float, bool]]] = [[] for _ in range(self.faces.count)]
        way = self.faces.points[self.faces.edges[:, 0]] - self.faces.points[self.faces.edges[:, 1]]
        length = np.hypot(way[:, 0], way[:, 1]).tolist()
        edges = self.faces.edges.tolist()
        for k, (left, right) in enumerate(self.faces.neighbours().tolist()):
            if left != right:
                cut = (edges[k][0], edges[k][1]) in self.cut
                beside[left].append((right, length[k], cut))
                beside[right].append((left, length[k], cut))
        return beside

    def patch(self, owner: Ints, codes: tuple[str, ...], rows: tuple[RowChange, ...] = ()) -> Patch:
        """Return the change from the borders as they are to faces with these leaves.

        Parameters
        ----------
        owner : ndarray
            Leaf of each face, by its place in ``codes``; `OUTSIDE` for faces beyond the leaves concerned.
        codes : tuple of str
            The partition's leaves, and new ones after them.

        Raises
        ------
        PartitionError
            ``partition.emptied``: a leaf that ``rows`` do not take away has nothing; ``partition.no_change``.
        """
        fresh = Borders.of_faces(self.faces, owner)
        known = np.fromiter(self.leaves, np.int64)
        beyond_left, beyond_right = ~np.isin(self.old.left, known), ~np.isin(self.old.right, known)
        at = self.old.find(fresh.start, fresh.stop)
        # beyond the outline lies what lay there before; a piece of a cut edge has been told by its neighbour
        there = np.maximum(at, 0)
        left = np.where((fresh.left == OUTSIDE) & (at >= 0) & beyond_left[there], self.old.left[there], fresh.left)
        right = np.where((fresh.right == OUTSIDE) & (at >= 0) & beyond_right[there], self.old.right[there], fresh.right)
        new = Borders.of(fresh.start, fresh.stop, left, right)
        here = self.old.find(new.start, new.stop)
        same = (
            (here >= 0)
            & (self.old.left[np.maximum(here, 0)] == new.left)
            & (self.old.right[np.maximum(here, 0)] == new.right)
        )
        stays = np.zeros(len(self.old), bool)
        stays[here[same]] = True
        gone = {code for code, _, after in rows if after is None}
        fresh_codes = {code for code, before, _ in rows if before is None}
        wanted = ({codes[leaf] for leaf in known.tolist()} | fresh_codes) - gone
        empty = sorted(wanted - {codes[leaf] for leaf in set(owner.tolist()) if leaf >= 0})
        if empty:
            raise PartitionError([Fault("emptied", (code,), 0.0, 0.0, None) for code in empty])
        made = Patch(edges_of(self.old.take(~stays), codes), edges_of(new.take(~same), codes), rows)
        if not (made.removed or made.added or made.rows):
            raise refused("no_change")
        return made


def _claims(borders: Borders) -> tuple[Ints, Ints, Ints]:
    on_left, on_right = borders.left != OUTSIDE, borders.right != OUTSIDE
    return (
        np.concatenate([borders.left[on_left], borders.right[on_right]]),
        np.concatenate([borders.start[on_left], borders.stop[on_right]]),
        np.concatenate([borders.stop[on_left], borders.start[on_right]]),
    )


def edges_of(borders: Borders, codes: tuple[str, ...]) -> tuple[Edge, ...]:
    """Return borders as edges with the codes of their leaves."""
    names = (*codes, None)
    return tuple(
        Edge(ax, ay, bx, by, names[left], names[right])
        for (ax, ay), (bx, by), left, right in zip(*(column.tolist() for column in borders.columns()), strict=True)
    )
