"""The raster behind `gis.locate`: cells that lie in one area answer at once, the others keep their own edges.

Each cell has a corner point c, a little below and left of all points of the cell. Which areas contain c is found by a
sweep along the rows. Which contain a point p of the cell then follows from the edges that an L-shaped path from c up
and then right to p crosses; all of them pass through the cell. Paths and edges cross by the half-open rule, as if c and
p were moved up by a vanishing amount and c right by a much smaller one, so that vertices are counted once.

Every decision is a comparison of given coordinates or one exact `orient`, so the answer is exact.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gis.compiled import compiled, woven
from gis.edges import Edges
from gis.orientation import orient

# The corner of a cell lies this part of a cell outside it, so that no rounding puts a point of the cell beyond it;
# edges are entered in cells up to twice as far away.
_MARGIN = 1e-3
_GROUP = 64  # areas that one bit mask holds

_BASE = 1  # the corner lies right of the edge, which spans the corner's x
_BELOW = 2  # the edge crosses the corner's vertical above the corner


class Frame(NamedTuple):
    """Where the cells lie: origin, cells per degree, cell sizes, counts."""

    x0: float
    y0: float
    per_x: float
    per_y: float
    width: float
    height: float
    nx: int
    ny: int


class Raster(NamedTuple):
    """Cells and the contents of border cells, which lie together in memory as they are read.

    ``cell``: area row, −1 for none, or −2 − g where the cell's groups start at g.
    """

    cell: NDArray[np.int32]
    group: NDArray[np.void]
    entry: NDArray[np.void]
    rows: NDArray[np.int32]


# Up to 64 areas of a border cell: their state at the corner as bits, where their rows and the edges are, the lowest
# area that fills the cell, and whether another group of the same cell follows.
GROUP = np.dtype(
    [("state", "u8"), ("entry_from", "i4"), ("entry_to", "i4"), ("cover", "i4"), ("rows_from", "i4"), ("more", "i4")],
    align=True,
)
# An edge in a cell: the areas whose state changes across it, and those that have it on their border.
ENTRY = np.dtype(
    [("x1", "f8"), ("y1", "f8"), ("x2", "f8"), ("y2", "f8"), ("toggles", "u8"), ("touches", "u8"), ("flags", "i8")]
)
NO_COVER = 2**31 - 1


@compiled
def _right_of(x1, y1, x2, y2, cx, cy):
    """Tell whether corner c, moved up by nothing, lies right of the upward edge."""
    side = orient(x1, y1, x2, y2, cx, cy)
    if side == 0:
        return x2 < x1
    return side < 0


@compiled
def _append(buffer, count, cell, edge):
    if count == buffer.shape[0]:
        larger = np.empty((2 * count, 2), np.int32)
        larger[:count] = buffer
        buffer = larger
    buffer[count, 0] = cell
    buffer[count, 1] = edge
    return buffer


@compiled
def cells_of_edges(edges, frame):
    """Return (cell, edge) pairs, shape (n, 2): every cell an edge touches, and some it nearly touches."""
    pairs = np.empty((4 * edges.x1.size + 16, 2), np.int32)
    count = 0
    slack_x, slack_y = 2 * _MARGIN * frame.width, 2 * _MARGIN * frame.height
    for e in range(edges.x1.size):
        x1, y1, x2, y2 = edges.x1[e], edges.y1[e], edges.x2[e], edges.y2[e]
        low = max(int((y1 - slack_y - frame.y0) * frame.per_y), 0)
        high = min(int((y2 + slack_y - frame.y0) * frame.per_y), frame.ny - 1)
        for j in range(low, high + 1):
            xa, xb = min(x1, x2), max(x1, x2)
            if y2 > y1:
                bottom = frame.y0 + j * frame.height - slack_y
                top = frame.y0 + (j + 1) * frame.height + slack_y
                slope = (x2 - x1) / (y2 - y1)
                u = x1 if bottom <= y1 else x1 + (bottom - y1) * slope
                v = x2 if top >= y2 else x1 + (top - y1) * slope
                xa, xb = max(xa, min(u, v)), min(xb, max(u, v))
            left = max(int((xa - slack_x - frame.x0) * frame.per_x), 0)
            right = min(int((xb + slack_x - frame.x0) * frame.per_x), frame.nx - 1)
            for i in range(left, right + 1):
                pairs = _append(pairs, count, j * frame.nx + i, e)
                count += 1
    return pairs[:count]


@compiled
def crossings_of_rows(edges, frame):
    """Return (cell, edge) pairs: on the line through a row's corners, the first corner right of a crossing edge."""
    pairs = np.empty((2 * edges.x1.size + 16, 2), np.int32)
    count = 0
    for e in range(edges.x1.size):
        x1, y1, x2, y2 = edges.x1[e], edges.y1[e], edges.x2[e], edges.y2[e]
        low = max(int((y1 - frame.y0) * frame.per_y), 0)
        high = min(int((y2 - frame.y0) * frame.per_y) + 2, frame.ny - 1)
        for j in range(low, high + 1):
            cy = frame.y0 + (j - _MARGIN) * frame.height
            if (y1 > cy) == (y2 > cy):
                continue
            x = x1 + (cy - y1) * (x2 - x1) / (y2 - y1)
            i = min(max(int((x - frame.x0) * frame.per_x), 0), frame.nx)
            while i > 0 and _right_of(x1, y1, x2, y2, frame.x0 + (i - 1 - _MARGIN) * frame.width, cy):
                i -= 1
            while i < frame.nx and not _right_of(x1, y1, x2, y2, frame.x0 + (i - _MARGIN) * frame.width, cy):
                i += 1
            if i < frame.nx:
                pairs = _append(pairs, count, j * frame.nx + i, e)
                count += 1
    return pairs[:count]


@compiled
def by_cell(pairs, cells):
    """Return ``start`` (cells + 1,) and edges sorted by cell."""
    start = np.zeros(cells + 1, np.int32)
    for k in range(pairs.shape[0]):
        start[pairs[k, 0] + 1] += 1
    for c in range(cells):
        start[c + 1] += start[c]
    place = start[:-1].copy()
    edge = np.empty(pairs.shape[0], np.int32)
    for k in range(pairs.shape[0]):
        edge[place[pairs[k, 0]]] = pairs[k, 1]
        place[pairs[k, 0]] += 1
    return start, edge


@compiled
def _flags(x1, y1, x2, y2, cx, cy):
    if (x1 > cx) == (x2 > cx):
        return 0
    right = _right_of(x1, y1, x2, y2, cx, cy)
    flags = _BASE if right else 0
    if right == (x2 > x1):
        flags |= _BELOW
    return flags


class _Sweep(NamedTuple):
    """What the sweep along a row of corners carries; one value an area, but for ``filled``."""

    inside: NDArray[np.bool_]  # does the area contain the corner
    active: NDArray[np.int32]  # the rows inside, in no order
    stamp: NDArray[np.int32]  # the last border cell in which the area was seen
    slot: NDArray[np.int32]  # the place of the area among those of the cell
    local: NDArray[np.int32]  # the rows of the cell's areas, ascending
    filled: NDArray[np.int64]  # how much is used: active, groups, rows, entries


def build(edges: Edges, areas: int, frame: Frame) -> Raster:
    """Return the raster of the edges of ``areas`` areas over a frame."""
    cells = frame.nx * frame.ny
    here_from, here = by_cell(cells_of_edges(edges, frame), cells)
    cross_from, cross = by_cell(crossings_of_rows(edges, frame), cells)
    # Every owner of an edge in a cell opens at most one group, one row and one entry.
    most = int(np.diff(edges.owner_from)[here].sum())
    out = Raster(np.empty(cells, np.int32), np.empty(most, GROUP), np.empty(most, ENTRY), np.empty(most, np.int32))
    places = max(areas, 1)
    blank = np.full(places, -1, np.int32)
    sweep = _Sweep(np.zeros(places, np.bool_), blank, blank.copy(), blank.copy(), blank.copy(), np.zeros(4, np.int64))
    _fill(edges, frame, here_from, here, cross_from, cross, sweep, out)
    _, groups, rows, entries = sweep.filled
    return Raster(out.cell, out.group[:groups], out.entry[:entries], out.rows[:rows])


@compiled
def _fill(edges, frame, here_from, here, cross_from, cross, sweep, out):
    """Go through all cells, row by row from the left, and write what they hold."""
    # Taken out of their tuples once: inside the loop each access would count a reference.
    active, filled, cell = sweep.active, sweep.filled, out.cell
    width, height = frame.width, frame.height
    for j in range(frame.ny):
        sweep.inside[:] = False
        filled[0] = 0
        corner_y = frame.y0 + (j - _MARGIN) * height
        for i in range(frame.nx):
            c = j * frame.nx + i
            if cross_from[c + 1] > cross_from[c]:
                _toggle(edges, cross[cross_from[c] : cross_from[c + 1]], sweep)
            if here_from[c + 1] > here_from[c]:
                cell[c] = -2 - filled[1]
                corner_x = frame.x0 + (i - _MARGIN) * width
                _border_cell(edges, here[here_from[c] : here_from[c + 1]], c, corner_x, corner_y, sweep, out)
            else:
                least = NO_COVER
                for k in range(filled[0]):
                    least = min(least, active[k])
                cell[c] = -1 if least == NO_COVER else least


@compiled
def _toggle(edges, crossed, sweep):
    """Enter or leave the areas of the crossed edges."""
    count = sweep.filled[0]
    for e in crossed:
        for o in range(edges.owner_from[e], edges.owner_from[e + 1]):
            row = edges.owner[o]
            if sweep.inside[row]:
                at = 0
                while sweep.active[at] != row:
                    at += 1
                count -= 1
                sweep.active[at] = sweep.active[count]
            else:
                sweep.active[count] = row
                count += 1
            sweep.inside[row] = not sweep.inside[row]
    sweep.filled[0] = count


@compiled
def _border_cell(edges, near, cell, corner_x, corner_y, sweep, out):
    """Write the groups of a cell that edges pass through."""
    # Taken out of their tuples once: inside the loops each access would count a reference.
    filled, local, inside, group, rows = sweep.filled, sweep.local, sweep.inside, out.group, out.rows
    count, least = _local_areas(edges, near, cell, sweep)
    for base in range(0, count, _GROUP):
        here = group[filled[1]]
        here.cover, here.rows_from, here.entry_from = least, filled[2], filled[3]
        here.more = base + _GROUP < count
        state = np.uint64(0)
        for k in range(base, min(base + _GROUP, count)):
            rows[filled[2]] = local[k]
            filled[2] += 1
            if inside[local[k]]:
                state |= np.uint64(1) << np.uint64(k - base)
        here.state = state
        _enter(edges, near, base, corner_x, corner_y, sweep, out.entry)
        here.entry_to = filled[3]
        filled[1] += 1


@compiled
def _local_areas(edges, near, cell, sweep):
    """Collect the rows of the areas that bound here, ascending; return how many, and the lowest that fills the cell."""
    owner_from, owner = edges.owner_from, edges.owner
    local, stamp, slot, active = sweep.local, sweep.stamp, sweep.slot, sweep.active
    count = 0
    for e in near:
        for o in range(owner_from[e], owner_from[e + 1]):
            row = owner[o]
            if stamp[row] == cell:
                continue
            stamp[row] = cell
            at = count
            while at > 0 and local[at - 1] > row:
                local[at] = local[at - 1]
                at -= 1
            local[at] = row
            count += 1
    for k in range(count):
        slot[local[k]] = k
    least = NO_COVER
    for k in range(sweep.filled[0]):
        if stamp[active[k]] != cell:
            least = min(least, active[k])
    return count, least


@compiled
def _enter(edges, near, base, corner_x, corner_y, sweep, entry):
    """Write the entries of one group of areas."""
    ex1, ey1, ex2, ey2, owner_from, owner = edges.x1, edges.y1, edges.x2, edges.y2, edges.owner_from, edges.owner
    slot, at = sweep.slot, sweep.filled[3]
    for e in near:
        x1, y1, x2, y2 = ex1[e], ey1[e], ex2[e], ey2[e]
        if (x1 <= corner_x and x2 <= corner_x) or y2 <= corner_y:
            continue  # the path from the corner cannot meet it, no point of the cell lies on it
        flip = touch = np.uint64(0)
        for o in range(owner_from[e], owner_from[e + 1]):
            k = slot[owner[o]] - base
            if 0 <= k < _GROUP:
                bit = np.uint64(1) << np.uint64(k)
                flip ^= bit
                touch |= bit
        if touch:
            here = entry[at]
            here.x1, here.y1, here.x2, here.y2, here.toggles, here.touches = x1, y1, x2, y2, flip, touch
            here.flags = _flags(x1, y1, x2, y2, corner_x, corner_y)
            at += 1
    sweep.filled[3] = at


@woven
def _in_border_cell(groups, entries, rows, g, px, py):
    """Return the lowest row of the areas that contain p or have it on their border, or −1."""
    best = groups[g].cover
    while True:
        group = groups[g]
        state = group.state
        touched = np.uint64(0)
        for k in range(group.entry_from, group.entry_to):
            edge = entries[k]
            if edge.y1 > py:
                continue
            if edge.y2 > py:
                side = orient(edge.x1, edge.y1, edge.x2, edge.y2, px, py)
                if side == 0:
                    touched |= edge.touches
                elif (side < 0) != (edge.flags & _BASE != 0):
                    state ^= edge.toggles
                continue
            if edge.y2 == py and (px == edge.x2 or (edge.y1 == py and edge.x1 <= px <= edge.x2)):
                touched |= edge.touches
            if edge.flags & _BELOW:
                state ^= edge.toggles
        state |= touched
        if state:
            at = group.rows_from
            while not state & np.uint64(1):
                state >>= np.uint64(1)
                at += 1
            return min(best, rows[at])
        if not group.more:
            return -1 if best == NO_COVER else best
        g += 1


@compiled
def locate(raster, frame, lon, lat, out):
    """Write into ``out`` the row of each point."""
    cell, groups, entries, rows = raster.cell, raster.group, raster.entry, raster.rows
    width, height = frame.nx * frame.width, frame.ny * frame.height
    for k in range(lon.size):
        dx, dy = lon[k] - frame.x0, lat[k] - frame.y0
        if not (0.0 <= dx <= width and 0.0 <= dy <= height):
            out[k] = -1
            continue
        i = min(int(dx * frame.per_x), frame.nx - 1)
        j = min(int(dy * frame.per_y), frame.ny - 1)
        found = cell[j * frame.nx + i]
        out[k] = found if found >= -1 else _in_border_cell(groups, entries, rows, -2 - found, lon[k], lat[k])


@compiled
def alone(raster, frame, lon, lat, reach_x, reach_y, out):
    """Tell for each point whether all cells within reach of it lie in one area, or all in none."""
    for k in range(lon.size):
        out[k] = False
        if not (np.isfinite(lon[k]) and np.isfinite(lat[k]) and reach_x[k] >= 0.0 and reach_y[k] >= 0.0):
            continue
        left = (lon[k] - reach_x[k] - frame.x0) * frame.per_x
        right = (lon[k] + reach_x[k] - frame.x0) * frame.per_x
        low = (lat[k] - reach_y[k] - frame.y0) * frame.per_y
        high = (lat[k] + reach_y[k] - frame.y0) * frame.per_y
        if right < 0.0 or high < 0.0 or left > frame.nx or low > frame.ny:
            out[k] = True
            continue
        if left < 0.0 or low < 0.0 or right >= frame.nx or high >= frame.ny:
            continue
        same = raster.cell[int(low) * frame.nx + int(left)]
        ok = same >= -1
        for j in range(int(low), int(high) + 1):
            if not ok:
                break
            for i in range(int(left), int(right) + 1):
                if raster.cell[j * frame.nx + i] != same:
                    ok = False
                    break
        out[k] = ok
