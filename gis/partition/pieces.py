"""Which faces go where: by a line through a leaf, inside polygons, or by polygons that draw leaves anew."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from numpy.typing import NDArray

from gis.lattice import from_integers
from gis.partition.borders import OUTSIDE, Borders
from gis.partition.local import INSIDE, Local, More
from gis.partition.noding import Ints
from gis.partition.patch import AreaRow, RowChange
from gis.partition.places import Fault, PartitionError, line_of, refused

if TYPE_CHECKING:
    from gis.partition.model import Partition

# About a metre: an end so near to a border is meant to lie on it.
SNAP_STEPS = 100.0
# Closer than this to a line, a point may bend it when both are put on the lattice.
_TOUCH_STEPS = 1.5
_ROUNDS = 12


def tied(part: Partition, path: Ints, closed: bool, outer: NDArray[np.bool_] | None = None) -> Ints:
    """Return a path that meets an outline at vertices of it only, so that the outline need not be cut.

    Parameters
    ----------
    path : ndarray (n, 2)
        Lattice steps; of a closed one the first point is not repeated.
    outer : ndarray of bool, optional
        Which borders are the outline; by default those of the whole.

    Raises
    ------
    PartitionError
        ``partition.outline``: it follows the outline so closely that no such path is found.
    """
    borders = part.borders
    low, high = path.min(axis=0) - 2, path.max(axis=0) + 2
    if outer is None:
        outer = (borders.left == OUTSIDE) | (borders.right == OUTSIDE)
    near = outer & np.all(np.minimum(borders.start, borders.stop) <= high, axis=1)
    near &= np.all(np.maximum(borders.start, borders.stop) >= low, axis=1)
    ends = np.stack([borders.start[near], borders.stop[near]], axis=1)
    if not len(ends):
        return path
    lines = shapely.linestrings(ends.astype(float))
    tree = shapely.STRtree(lines)
    vertices = {tuple(point) for point in ends.reshape(-1, 2).tolist()}
    points: list[tuple[int, int]] = [tuple(point) for point in path.tolist()]
    for _ in range(_ROUNDS):
        points = [_onto_vertex(point, tree, ends, vertices) for point in points]
        points = [point for k, point in enumerate(points) if k == 0 or point != points[k - 1]]
        if closed and len(points) > 1 and points[0] == points[-1]:
            points.pop()
        found = _crossed(points, closed, tree, lines, ends, vertices)
        if not found:
            return np.array(points, np.int64)
        for k, _, vertex in sorted(found, reverse=True):
            points.insert(k + 1, vertex)
    raise refused("outline", (), shapely.MultiPoint(from_integers(np.array(points))))


def _onto_vertex(
    point: tuple[int, int], tree: shapely.STRtree, ends: Ints, vertices: set[tuple[int, int]]
) -> tuple[int, int]:
    if point in vertices:
        return point
    near = tree.query(shapely.Point(point), predicate="dwithin", distance=_TOUCH_STEPS)
    return _nearer(point, ends[near[0]]) if len(near) else point


def _nearer(point: Sequence[float], ends: Ints) -> tuple[int, int]:
    one, other = ends.tolist()
    return tuple(one if np.hypot(*(ends[0] - point)) <= np.hypot(*(ends[1] - point)) else other)


def _crossed(
    points: list[tuple[int, int]], closed: bool, tree: shapely.STRtree, lines: Any, ends: Ints,
    vertices: set[tuple[int, int]],
) -> list[tuple[int, float, tuple[int, int]]]:  # fmt: skip
    """Return (segment, way along it, vertex to go by) of each place where the path crosses the outline between vertices."""
    segments = [*points, points[0]] if closed else points
    if len(segments) < 2:
        return []
    pairs = np.array(segments, float)
    ways = shapely.linestrings(np.stack([pairs[:-1], pairs[1:]], axis=1))
    mine, theirs = tree.query(ways, predicate="intersects")
    found = []
    for k, edge in zip(mine.tolist(), theirs.tolist(), strict=True):
        where = shapely.intersection(ways[k], lines[edge])
        at = shapely.get_coordinates(where)
        if not len(at) or where.length > 0 or tuple(np.rint(at[0]).astype(int).tolist()) in vertices:
            continue
        vertex = _nearer(at[0], ends[edge])
        if vertex not in (segments[k], segments[k + 1]):
            found.append((k, float(shapely.line_locate_point(ways[k], shapely.Point(at[0]))), vertex))
    return found


def rings_of(part: Partition, area: shapely.Geometry) -> tuple[Ints, Ints]:
    """Return the border of polygons (in steps) as directed lines, the inside on the left, tied to the outline."""
    start, stop = [], []
    for polygon in shapely.get_parts(area):
        for ring in shapely.get_rings(shapely.orient_polygons(polygon)):
            points = np.rint(shapely.get_coordinates(ring)[:-1]).astype(np.int64)
            path = tied(part, points, closed=True)
            start.append(path)
            stop.append(np.roll(path, -1, axis=0))
    return np.concatenate(start), np.concatenate(stop)


def touched(part: Partition, area: shapely.Geometry, among: set[int]) -> set[int]:
    """Return the leaves that an area (in steps) has something of, among some or all."""
    codes = [code for number, code in enumerate(part.leaves) if code in part.rows and (not among or number in among)]
    shapes = part.shapes(codes)
    number = {code: k for k, code in enumerate(part.leaves)}
    tree = shapely.STRtree([shapes[code] for code in codes])
    degrees = shapely.transform(area, from_integers)
    return {number[codes[k]] for k in tree.query(degrees, predicate="intersects").tolist()}


def covered(part: Partition, area: shapely.Geometry, more: set[int], sources: set[int]) -> Local:
    """Return the leaves that an area (in steps) touches cut along its border: its faces are `INSIDE`.

    Raises
    ------
    PartitionError
        ``partition.no_change``: it touches none of them.
    """
    leaves = touched(part, area, sources)
    if not leaves:
        raise refused("no_change", (), shapely.transform(area, from_integers))
    return Local(part, leaves | more, [More(INSIDE, *rings_of(part, area))])


def taken(local: Local, owner: Ints, sources: set[int]) -> NDArray[np.bool_]:
    """Return which faces lie in the drawn area and in leaves that it may be taken from: some, or all where none are named."""
    inside = np.array([INSIDE in over for over in local.faces.over])
    return inside & (owner != OUTSIDE) & (np.isin(owner, list(sources)) if sources else True)


def reaching(part: Partition, leaf: str, line: Ints) -> Ints:
    """Return a line whose ends, where they lie within a metre of the leaf's border, lie on it."""
    edges = part.borders.take(part.borders.of_leaves([part.leaves.index(leaf)]))
    first, last = _onto_border(line[0], edges), _onto_border(line[-1], edges)
    parts = [first[None] if first is not None else line[:0], line, last[None] if last is not None else line[:0]]
    whole = np.concatenate(parts)
    return whole[np.concatenate([[True], np.any(whole[1:] != whole[:-1], axis=1)])]


def _onto_border(point: Ints, edges: Borders) -> Ints | None:
    found = nearest(point, edges)
    return found[1] if found is not None and found[0] <= SNAP_STEPS else None


def nearest(point: Ints, edges: Borders, vertex_steps: float = 30.0) -> tuple[float, Ints, int] | None:
    """Return distance in steps, lattice point and row of the border point nearest to a point.

    Within ``vertex_steps`` of it a vertex is taken instead, and always on an edge with nothing beyond it.
    """
    if not len(edges):
        return None
    a, b = edges.start.astype(float), edges.stop.astype(float)
    way = b - a
    share = np.clip(np.sum((point - a) * way, axis=1) / np.maximum(np.sum(way * way, axis=1), 1.0), 0.0, 1.0)
    foot = a + share[:, None] * way
    far = np.hypot(*(foot - point).T)
    row = int(np.argmin(far))
    ends = np.stack([edges.start[row], edges.stop[row]])
    to_ends = np.hypot(*(ends - foot[row]).T)
    if to_ends.min() <= vertex_steps or OUTSIDE in (edges.left[row], edges.right[row]):
        return float(far[row]), ends[int(np.argmin(to_ends))], row
    return float(far[row]), np.rint(foot[row]).astype(np.int64), row


def sizes(local: Local) -> np.ndarray:
    """Return twice the area of each face in square steps."""
    faces = local.faces
    origin = faces.points.min(axis=0) if len(faces.points) else 0
    a, b = (faces.points[faces.edges[:, k]] - origin for k in (0, 1))
    cross = a[:, 0].astype(float) * b[:, 1] - b[:, 0].astype(float) * a[:, 1]
    sides = faces.neighbours()
    return np.bincount(sides[:, 0], cross, faces.count) - np.bincount(sides[:, 1], cross, faces.count)


def largest(local: Local, owner: Ints, of: np.ndarray) -> int:
    """Return the leaf that owns most of some faces."""
    weight = np.bincount(owner[of], sizes(local)[of])
    return int(np.argmax(weight))


def divided(local: Local, owner: Ints, leaf: int, new: int, count: int, line: Ints) -> Ints:
    """Return the owners after a leaf's faces on the lines of `CUT` were divided among it and ``count`` new ones.

    Raises
    ------
    PartitionError
        ``partition.not_divided``: the line leaves one piece, or another number of pieces than there are codes.
    """
    size = sizes(local)
    colour, order = _colours(local, owner, leaf)
    refused = Fault("not_divided", (local.part.leaves[leaf],), 0.0, 0.0, line_of(line))
    if len(order) < 2 or (count > 1 and len(order) != count + 1):
        raise PartitionError([refused])
    owner = owner.copy()
    if count > 1:
        for k, face in enumerate(sorted(order, key=lambda face: -size[face])[1:]):
            owner[face] = new + k
        return owner
    sides = [[face for face in order if colour[face] == side] for side in (0, 1)]
    if not all(sides):
        raise PartitionError([refused])
    owner[min(sides, key=lambda faces: size[faces].sum())] = new
    return owner


def _colours(local: Local, owner: Ints, leaf: int) -> tuple[dict[int, int], list[int]]:
    """Return the side of the line (0 or 1) of each face of a leaf that has the line on its border, and these faces."""
    beside = local.neighbours()
    across = {
        face: [other for other, _, cut in beside[face] if cut and owner[other] == leaf]
        for face in np.flatnonzero(owner == leaf).tolist()
    }
    faces = [face for face, others in across.items() if others]
    colour: dict[int, int] = {}
    for first in faces:
        if first in colour:
            continue
        colour[first], queue = 0, deque([first])
        while queue:
            here = queue.popleft()
            for there in across[here]:
                if there not in colour:
                    colour[there] = 1 - colour[here]
                    queue.append(there)
    return colour, faces


def check_parent_keeps(part: Partition, code: str, gone: set[str]) -> None:
    """Refuse to leave an area without areas in it: ``partition.emptied``."""
    parent = part.rows[code].parent
    if parent is not None and parent in part.children and not set(part.children[parent]) - gone:
        raise refused("emptied", (parent,))


def renamed(
    part: Partition, old: Sequence[str], leaves: Sequence[tuple[str, Mapping[str, Any]]], area: str
) -> tuple[tuple[str, ...], list[int], tuple[RowChange, ...]]:
    """Return codes by number, the number of each new leaf, and the changes of rows, when leaves take the place of others.

    Raises
    ------
    PartitionError
        ``partition.duplicate_code``.
    """
    names = [code for code, _ in leaves]
    doubled = {code for code in names if names.count(code) > 1 or (code in part.rows and code not in old)}
    if doubled:
        raise PartitionError([Fault("duplicate_code", (code,), 0.0, 0.0, None) for code in sorted(doubled)])
    codes, numbers = list(part.leaves), list[int]()
    rows: list[RowChange] = []
    order = max(row.order for row in part.rows.values())
    like = part.rows[old[0]].values
    for code, values in leaves:
        known = {name: value for name, value in values.items() if name in like}
        if code in old:
            numbers.append(part.leaves.index(code))
            before = part.rows[code]
            after = before._replace(values={**before.values, **known, "code": code, "parent": area})
            if dict(after.values) != dict(before.values):
                rows.append((code, before, after))
            continue
        order += 1
        numbers.append(len(codes))
        codes.append(code)
        blank = {name: like[name] if name in ("level", "kind") else None for name in like}
        rows.append((code, None, AreaRow(order, order, {**blank, **known, "code": code, "parent": area})))
    rows += [(code, part.rows[code], None) for code in old if code not in names]
    return tuple(codes), numbers, tuple(rows)


def drawn(
    local: Local, before: Ints, numbers: set[int], number: Mapping[int, int], width_m: float, codes: tuple[str, ...]
) -> Ints:
    """Return the owners when each face goes to the polygon over it; narrow gaps and overlaps go to a neighbour.

    Raises
    ------
    PartitionError
        ``partition.overlap`` ``.leaves_parent`` ``.gap``: wider ones, with their places.
    """
    owner = before.copy()
    mine = np.isin(before, list(numbers))
    wrong: list[tuple[str, list[int]] | None] = [None] * len(owner)
    for face, over in enumerate(local.faces.over):
        given = sorted({number[tag] for tag in over if tag in number})
        if mine[face] and len(given) == 1:
            owner[face] = given[0]
        elif mine[face]:
            wrong[face] = ("overlap" if given else "gap"), given
        elif given:
            wrong[face] = "leaves_parent", given
    faults, group = local.grouped(wrong, codes)
    wide = [fault for fault in faults if fault.width_m > width_m]
    if wide:
        raise PartitionError(wide)
    open_ = (group >= 0) & mine
    left = fill(local, owner, set(np.flatnonzero(open_).tolist()), set(number.values()))
    check_all_filled(faults, group, left)
    return owner


def check_all_filled(faults: Sequence[Fault], group: Ints, left: set[int]) -> None:
    """Refuse, however narrow they are, places that border on none of the leaves that may get them."""
    if left:
        raise PartitionError([faults[k] for k in sorted({int(group[face]) for face in left})])


def fill(local: Local, owner: Ints, open_: set[int], among: set[int]) -> set[int]:
    """Give each of the open faces to the leaf it has the longest border with, among some, from the edge inwards.

    Returns those that border on none of them.
    """
    beside = local.neighbours()
    while open_:
        best: dict[int, int] = {}
        for face in open_:
            length: dict[int, float] = {}
            for other, long, _ in beside[face]:
                if other not in open_ and int(owner[other]) in among:
                    length[int(owner[other])] = length.get(int(owner[other]), 0.0) + long
            if length:
                best[face] = max(sorted(length), key=lambda leaf: length[leaf])
        if not best:
            break
        for face, leaf in best.items():
            owner[face] = leaf
        open_ -= set(best)
    return open_
