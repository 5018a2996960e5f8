"""Borders that take another course: a vertex moved, a junction pulled apart, a new line between two points of a border."""

from __future__ import annotations

import heapq
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import shapely

from gis.lattice import from_integers
from gis.partition.borders import OUTSIDE, Borders, keys
from gis.partition.local import CUT, INSIDE, Local, More
from gis.partition.noding import Ints
from gis.partition.patch import Patch
from gis.partition.pieces import fill, nearest, touched
from gis.partition.places import Fault, PartitionError, line_of, refused

if TYPE_CHECKING:
    from gis.partition.model import Partition

# About five metres: farther from the border than this, a line does not begin or end on it.
REACH_STEPS = 500.0


def _at(part: Partition, point: Ints) -> Borders:
    """Return the edges that meet in a point, which must lie inside the whole."""
    here = np.all(part.borders.start == point, axis=1) | np.all(part.borders.stop == point, axis=1)
    edges = part.borders.take(here)
    where = shapely.Point(from_integers(point))
    if not len(edges):
        raise refused("unknown_vertex", (), where)
    if np.any((edges.left == OUTSIDE) | (edges.right == OUTSIDE)):
        raise refused("outline", (), where)
    return edges


def moved(part: Partition, at: Ints, to: Ints) -> Patch:
    """Return the patch that moves a vertex (steps) with all borders that meet there."""
    edges = _at(part, at)

    def bend(area: Ints, a: Ints, b: Ints) -> tuple[Ints, Ints, Ints]:
        return area, _swapped(a, at, to), _swapped(b, at, to)

    local = Local(part, {*edges.left.tolist(), *edges.right.tolist()}, bend=bend)
    return local.patch(local.owners(), part.leaves)


def _swapped(points: Ints, at: Ints, to: Ints) -> Ints:
    return np.where(np.all(points == at, axis=1)[:, None], to, points)


def withdrawn(part: Partition, at: Ints, to: Ints, leaf: int) -> Patch:
    """Return the patch that pulls one leaf's corner back from a junction (steps); its neighbours meet between the points."""
    edges = _at(part, at)
    own = edges.take((edges.left == leaf) | (edges.right == leaf))
    if len(own) != 2:
        raise refused("unknown_vertex", (part.leaves[leaf],), shapely.Point(from_integers(at)))
    mine = {*keys(own.start).tolist(), *keys(own.stop).tolist()} - set(keys(at[None]).tolist())
    others = np.fromiter(mine, np.int64)

    def bend(area: Ints, a: Ints, b: Ints) -> tuple[Ints, Ints, Ints]:
        out = np.all(a == at, axis=1) & np.isin(keys(b), others)
        into = np.all(b == at, axis=1) & np.isin(keys(a), others)
        # whoever else has one of these two edges goes on from the old point to the new one, or back
        far_out, far_in = out & (area != leaf), into & (area != leaf)
        more = np.concatenate([area[far_out], area[far_in]])
        ends = np.broadcast_to(at, (int(far_out.sum()), 2)), np.broadcast_to(to, (int(far_in.sum()), 2))
        back = np.broadcast_to(to, (int(far_out.sum()), 2)), np.broadcast_to(at, (int(far_in.sum()), 2))
        return (
            np.concatenate([area, more]),
            np.concatenate([np.where(out[:, None], to, a), *ends]),
            np.concatenate([np.where(into[:, None], to, b), *back]),
        )

    local = Local(part, {*edges.left.tolist(), *edges.right.tolist()}, bend=bend)
    return local.patch(local.owners(), part.leaves)


def reshaped(part: Partition, one: set[int], other: set[int], line: Ints, codes: tuple[str, ...]) -> Patch:
    """Return the patch that gives the border between two sets of leaves the course of a line (steps).

    Raises
    ------
    PartitionError
        ``partition.no_border``: they have none, or the line does not begin and end on the same one;
        ``partition.crosses``: other areas lie between the old course and the new, or the line crosses itself.
    """
    edges = part.borders.take(part.borders.of_leaves(one))
    left, right = np.isin(edges.left, list(one)), np.isin(edges.right, list(one))
    beyond_left, beyond_right = np.isin(edges.left, list(other)), np.isin(edges.right, list(other))
    edges = edges.take((left & beyond_right) | (right & beyond_left))
    drawn = line_of(line)
    ends = [nearest(line[k], edges) for k in (0, -1)]
    if any(end is None or end[0] > REACH_STEPS for end in ends):
        raise refused("no_border", codes, drawn)
    first, last = (tuple(end[1].tolist()) for end in ends if end is not None)
    inner = [tuple(point) for point in line[1:-1].tolist()]
    new = [point for k, point in enumerate([first, *inner, last]) if k == 0 or point != [first, *inner, last][k - 1]]
    old = _course(edges, first, last, [(end[2], tuple(end[1].tolist())) for end in ends if end is not None], new)
    if old is None:
        raise refused("no_border", codes, drawn)
    ring = np.array([*new, *old[::-1][1:]], np.int64)
    ring = ring[np.concatenate([[True], np.any(ring[1:] != ring[:-1], axis=1)])]
    if len(ring) < 3:
        raise refused("no_change", codes, drawn)
    between = More(INSIDE, ring[:-1], ring[1:])
    leaves = _beside(part, edges, ring, one | other)
    more = [between, *_followers(part, edges, old, new, ring, (one, other))]
    local = Local(part, leaves, more)
    owner = local.owners()
    before = owner.copy()
    inside = np.array([INSIDE in over for over in local.faces.over])
    wrong: list[tuple[str, list[int]] | None] = [None] * len(owner)
    for face in np.flatnonzero(inside).tolist():
        if int(before[face]) not in one | other or abs(local.faces.over[face][INSIDE]) != 1:
            wrong[face] = "crosses", [int(before[face])]
    if any(wrong):
        raise PartitionError(local.places(wrong))
    for givers, takers in ((one, other), (other, one)):
        given = set(np.flatnonzero(inside & np.isin(before, list(givers))).tolist())
        if len(takers) == 1:
            owner[list(given)] = next(iter(takers))
        else:
            fill(local, owner, given, takers)
    return local.patch(owner, part.leaves)


def _beside(part: Partition, edges: Borders, ring: Ints, among: set[int]) -> set[int]:
    """Return the leaves on the old course and those that the space between it and the new one has something of."""
    space = shapely.make_valid(shapely.Polygon(ring)) if len(ring) > 3 else shapely.LineString(ring)
    on = set(keys(ring).tolist())
    near = np.isin(keys(edges.start), list(on)) | np.isin(keys(edges.stop), list(on))
    beside = {*edges.left[near].tolist(), *edges.right[near].tolist()}
    return (touched(part, space, among) & among) | (beside - {OUTSIDE})


Place = tuple[int, int]


def _by_distance(origin: Place, points: set[Place]) -> list[Place]:
    return sorted(points, key=lambda point: ((point[0] - origin[0]) ** 2 + (point[1] - origin[1]) ** 2, point))


def _course(
    edges: Borders, first: Place, last: Place, inserted: list[tuple[int, Place]], new: list[Place]
) -> list[Place] | None:
    """Return the points of the border from one to another; round a closed one, the way that moves less land."""
    ways: dict[Place, set[Place]] = {}
    cuts: dict[int, list[Place]] = {}
    for row, point in inserted:
        cuts.setdefault(row, []).append(point)
    for row, (a, b) in enumerate(zip(edges.start.tolist(), edges.stop.tolist(), strict=True)):
        stops = _by_distance(tuple(a), {tuple(a), *cuts.get(row, []), tuple(b)})
        for here, there in pairwise(stops):
            ways.setdefault(here, set()).add(there)
            ways.setdefault(there, set()).add(here)
    if first == last:
        return [first]
    shortest = _path(ways, first, last)
    if shortest is None:
        return None
    for here, there in pairwise(shortest):
        ways[here].discard(there)
        ways[there].discard(here)
    round_ = _path(ways, first, last)
    return min([way for way in (shortest, round_) if way is not None], key=lambda way: _land(new, way))


def _path(ways: dict[Place, set[Place]], first: Place, last: Place) -> list[Place] | None:
    best, came = {first: 0.0}, {first: first}
    queue = [(0.0, first)]
    while queue:
        far, here = heapq.heappop(queue)
        if here == last:
            path = [last]
            while path[-1] != first:
                path.append(came[path[-1]])
            return path[::-1]
        if far > best[here]:
            continue
        for there in sorted(ways.get(here, ())):
            way = far + float(np.hypot(there[0] - here[0], there[1] - here[1]))
            if way < best.get(there, np.inf):
                best[there], came[there] = way, here
                heapq.heappush(queue, (way, there))
    return None


def _land(new: list[Place], old: list[Place]) -> float:
    ring = np.array([*new, *old[::-1]], float)
    ring -= ring[0]
    return abs(float(np.sum(ring[:-1, 0] * ring[1:, 1] - ring[1:, 0] * ring[:-1, 1])))


def _followers(
    part: Partition, edges: Borders, old: list[Place], new: list[Place], ring: Ints, sides: tuple[set[int], set[int]]
) -> list[More]:
    """Return lines from the junctions on the old course to the new one, along which the leaves beside follow it."""
    if all(len(side) == 1 for side in sides) or len(new) < 3:
        return []
    space = shapely.Polygon(ring)
    if not space.is_valid:
        return []
    known = {
        frozenset((tuple(a), tuple(b))): (left, right)
        for a, b, left, right in zip(*(column.tolist() for column in edges.columns()), strict=True)
    }
    pairs = [known.get(frozenset(pair)) for pair in pairwise(old)]
    lines = []
    for k in range(1, len(pairs)):
        if pairs[k - 1] is None or pairs[k] is None or pairs[k - 1] == pairs[k]:
            continue
        target = _by_distance(old[k], set(new[1:-1]))[0]
        way = shapely.LineString([old[k], target])
        if target != old[k] and space.covers(way):
            lines.append((old[k], target))
    if not lines:
        return []
    points = np.array(lines, np.int64)
    return [More(CUT, points[:, 0], points[:, 1])]


def check(before: Partition, after: Partition, patch: Patch) -> None:
    """Refuse a patch whose result is no partition: ``partition.in_the_way``, ``.overlap``, ``.gap``, ``.crosses``."""
    outline = [
        {(*edge[:4], edge.left is None) for edge in edges if edge.left is None or edge.right is None}
        for edges in (patch.removed, patch.added)
    ]
    leaves = {
        k
        for k, code in enumerate(after.leaves)
        if code in patch.codes and code in after.rows and code not in after.children
    }
    fault = Fault("in_the_way", tuple(sorted(patch.codes)), 0.0, 0.0, None)
    if outline[0] != outline[1]:
        raise PartitionError([fault])
    if not patch.added and not patch.removed:
        return
    local = Local(after, leaves)
    owner = local.owners()
    fresh = Borders.of_faces(local.faces, owner)
    same = local.old.find(fresh.start, fresh.stop)
    if len(fresh) != len(local.old) or np.any(same < 0) or leaves - set(owner.tolist()):
        raise PartitionError([fault])
