"""Lines on the integer lattice, cut where they meet, so that they touch at common end points only.

Source: Hobby 1999, Practical segment intersection with finite precision output (snap rounding). Every line that passes
through the unit square of an end point or of a rounded crossing is bent to that point, and this is repeated until
nothing moves. All decisions are integer arithmetic, hence exact; a line moves by less than a step in each round, and
input whose lines already meet at vertices only and keep a step of distance from all other vertices is kept.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gis.compiled import compiled
from gis.edges import Edges
from gis.errors import GisError
from gis.raster import Frame, by_cell, cells_of_edges

Ints = NDArray[np.int64]

_WIDEST = 10**9  # steps, 100 degrees: products of doubled differences stay below 2**63
_LEAST_CELL = 1_000.0  # steps: the slack of a cell, 2/1000 of its width, covers the square around its points
_MAX_ROUNDS = 50


class Lines(NamedTuple):
    """Directed lines between points, each a piece of the border of an area that lies left of it."""

    points: Ints  # (m, 2) lattice steps, all different
    area: Ints  # (n,)
    start: Ints  # (n,) into points
    stop: Ints  # (n,)


def distinct(rows: Ints) -> tuple[Ints, Ints]:
    """Return the different rows of an integer table, sorted, and which of them each row is; `np.unique`, but fast."""
    if not len(rows):
        return rows, np.empty(0, np.int64)
    low = rows.min(axis=0)
    span = (rows.max(axis=0) - low + 1).tolist()
    if math.prod(span) >= 2**62:
        table, which = np.unique(rows, axis=0, return_inverse=True)
        return table, which.reshape(-1)
    key = rows[:, 0] - low[0]
    for column in range(1, rows.shape[1]):
        key = key * span[column] + (rows[:, column] - low[column])
    _, first, which = np.unique(key, return_index=True, return_inverse=True)
    return rows[first], which


def lines_of(area: Ints, a: Ints, b: Ints) -> Lines:
    """Return the lines from lattice points ``a`` to ``b``, both (n, 2), without those of no length.

    Raises
    ------
    GisError
        ``partition.too_wide`` if they extend over more than 100 degrees.
    """
    keep = np.any(a != b, axis=1)
    area, a, b = area[keep], a[keep], b[keep]
    both = np.concatenate([a, b])
    if len(both) and np.ptp(both, axis=0).max() >= _WIDEST:
        raise GisError("partition.too_wide", "the areas extend over more than 100 degrees")
    points, place = distinct(both)
    return Lines(points, area, place[: len(a)], place[len(a) :])


def node(lines: Lines) -> Lines:
    """Return the same lines cut and bent so that any two of them are equal or meet at end points only."""
    for _ in range(_MAX_ROUNDS):
        edges, which = _different(lines)
        points, hits = _meetings(lines.points, edges)
        if not len(hits):
            return lines
        lines = _cut(lines, points, edges, which, hits)
    raise GisError("partition.unstable", "the borders cannot be put on the lattice")


def _different(lines: Lines) -> tuple[Ints, Ints]:
    """Return the different undirected lines (k, 2), smaller point first, and which of them each line is."""
    low, high = np.minimum(lines.start, lines.stop), np.maximum(lines.start, lines.stop)
    return distinct(np.column_stack([low, high]))


def _meetings(points: Ints, edges: Ints) -> tuple[Ints, Ints]:
    """Return the points with the crossings added, and the sorted pairs (edge, point) where an edge must be cut."""
    if not len(edges):
        return points, np.empty((0, 2), np.int64)
    frame = _frame(points, len(edges))
    ends = points[edges]
    up = (ends[:, 0, 1] < ends[:, 1, 1]) | ((ends[:, 0, 1] == ends[:, 1, 1]) & (ends[:, 0, 0] < ends[:, 1, 0]))
    low = np.where(up[:, None], ends[:, 0], ends[:, 1]).astype(np.float64)
    high = np.where(up[:, None], ends[:, 1], ends[:, 0]).astype(np.float64)
    none = np.empty(0, np.int64)
    x1, y1, x2, y2 = (np.ascontiguousarray(column) for column in (*low.T, *high.T))
    pairs = cells_of_edges(Edges(x1, y1, x2, y2, none, none.astype(np.int32)), frame)
    start, here = by_cell(pairs, frame.nx * frame.ny)
    crossings = _crossings(ends, start, here)
    points, found = _add(points, crossings[:, 2:])
    cells = _cell_of(points, frame)
    at = np.argsort(cells, kind="stable")
    hits = [_passings(points, edges, start, here, cells[at], at)]
    for column in (0, 1):
        edge = crossings[:, column]
        inner = (edges[edge, 0] != found) & (edges[edge, 1] != found)
        hits.append(np.column_stack([edge, found])[inner])
    return points, distinct(np.concatenate(hits))[0]


def _add(points: Ints, more: Ints) -> tuple[Ints, Ints]:
    """Return the points with the new ones among ``more`` at their end, and the number of each of ``more``."""
    if not len(more):
        return points, np.empty(0, np.int64)
    table, place = distinct(np.concatenate([points, more]))
    number = np.full(len(table), -1)
    number[place[: len(points)]] = np.arange(len(points))
    fresh = np.flatnonzero(number < 0)
    number[fresh] = len(points) + np.arange(len(fresh))
    return np.concatenate([points, table[fresh]]), number[place[len(points) :]]


def _frame(points: Ints, edges: int) -> Frame:
    low, high = points.min(axis=0).astype(float), points.max(axis=0).astype(float)
    across, up = np.maximum(high - low, _LEAST_CELL)
    width = max(_LEAST_CELL, float(np.sqrt(across * up / max(2 * edges, 1))), across / 4000, up / 4000)
    nx, ny = int(across / width) + 3, int(up / width) + 3
    return Frame(low[0] - width, low[1] - width, 1.0 / width, 1.0 / width, width, width, nx, ny)


def _cell_of(points: Ints, frame: Frame) -> Ints:
    i = ((points[:, 0] - frame.x0) * frame.per_x).astype(np.int64)
    j = ((points[:, 1] - frame.y0) * frame.per_y).astype(np.int64)
    return j * frame.nx + i


def _cut(lines: Lines, points: Ints, edges: Ints, which: Ints, hits: Ints) -> Lines:
    """Return the lines with the hit points of their edges put in, in the order along each."""
    a, b = points[edges[hits[:, 0], 0]], points[edges[hits[:, 0], 1]]
    along = np.sum((points[hits[:, 1]] - a) * (b - a), axis=1)
    hits = hits[np.lexsort((along, hits[:, 0]))]
    count = np.bincount(hits[:, 0], minlength=len(edges)) + 2
    first = np.concatenate([[0], np.cumsum(count)])
    chain = np.empty(first[-1], np.int64)
    inner = np.ones(first[-1], bool)
    inner[first[:-1]] = inner[first[1:] - 1] = False
    chain[first[:-1]], chain[first[1:] - 1], chain[inner] = edges[:, 0], edges[:, 1], hits[:, 1]
    pieces = count[which] - 1
    line = np.repeat(np.arange(len(which)), pieces)
    step = np.arange(len(line)) - np.repeat(np.cumsum(pieces) - pieces, pieces)
    back = (lines.start == edges[which, 1])[line]
    at = first[which][line] + np.where(back, pieces[line] - 1 - step, step)
    start, stop = np.where(back, chain[at + 1], chain[at]), np.where(back, chain[at], chain[at + 1])
    return Lines(points, lines.area[line], start, stop)


@compiled
def _side(ax, ay, bx, by, px, py):
    return (bx - ax) * (py - ay) - (by - ay) * (px - ax)


@compiled
def _crossings(ends, start, here):
    """Return (edge, edge, x, y) of edges that cross inside both, with the lattice point nearest to the crossing."""
    out = np.empty((64, 4), np.int64)
    count = 0
    for c in range(len(start) - 1):
        for s in range(start[c], start[c + 1]):
            e = here[s]
            ax, ay, bx, by = ends[e, 0, 0], ends[e, 0, 1], ends[e, 1, 0], ends[e, 1, 1]
            for t in range(s + 1, start[c + 1]):
                f = here[t]
                px, py, qx, qy = ends[f, 0, 0], ends[f, 0, 1], ends[f, 1, 0], ends[f, 1, 1]
                if max(ax, bx) < min(px, qx) or max(px, qx) < min(ax, bx):
                    continue
                if max(ay, by) < min(py, qy) or max(py, qy) < min(ay, by):
                    continue
                p, q = _side(ax, ay, bx, by, px, py), _side(ax, ay, bx, by, qx, qy)
                a, b = _side(px, py, qx, qy, ax, ay), _side(px, py, qx, qy, bx, by)
                if (p < 0) == (q < 0) or (a < 0) == (b < 0) or p == 0 or q == 0 or a == 0 or b == 0:
                    continue
                if count == len(out):
                    larger = np.empty((2 * count, 4), np.int64)
                    larger[:count] = out
                    out = larger
                part = p / (float(p) - float(q))
                # e < f in every cell, so that two edges with two common cells give the same point twice.
                out[count, 0], out[count, 1] = e, f
                out[count, 2] = px + np.int64(np.rint(part * (qx - px)))
                out[count, 3] = py + np.int64(np.rint(part * (qy - py)))
                count += 1
    return out[:count]


@compiled
def _passings(points, edges, start, here, cells, at):
    """Return (edge, point) where an edge passes through the open unit square around a point that is not its end."""
    out = np.empty((64, 2), np.int64)
    count = 0
    for k in range(len(at)):
        v = at[k]
        x, y = points[v, 0], points[v, 1]
        for s in range(start[cells[k]], start[cells[k] + 1]):
            e = here[s]
            if edges[e, 0] == v or edges[e, 1] == v:
                continue
            ax, ay = points[edges[e, 0], 0], points[edges[e, 0], 1]
            bx, by = points[edges[e, 1], 0], points[edges[e, 1], 1]
            if x < min(ax, bx) or x > max(ax, bx) or y < min(ay, by) or y > max(ay, by):
                continue
            # Twice the side of the point, and by how much that of a corner of its square can differ from it.
            middle = 2 * _side(ax, ay, bx, by, x, y)
            if abs(middle) >= abs(bx - ax) + abs(by - ay):
                continue
            if count == len(out):
                larger = np.empty((2 * count, 2), np.int64)
                larger[:count] = out
                out = larger
            out[count, 0], out[count, 1] = e, v
            count += 1
    return out[:count]
