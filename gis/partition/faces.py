"""The faces into which noded lines divide the plane, and which areas lie over each.

A half-edge is a directed line with a face on its left: half-edge ``2e`` runs along edge e, ``2e + 1`` against it.
Around a face, each half-edge is followed by the one that turns most to the left, so that faces are as small as can be.
Face 0 is all that lies outside.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np
import shapely

from gis.compiled import compiled
from gis.partition.noding import Ints, Lines, distinct


@dataclass(frozen=True)
class Faces:
    """A division of the plane.

    Attributes
    ----------
    points : ndarray (m, 2)
        Nodes in lattice steps.
    edges : ndarray (k, 2)
        Start and end node of each edge.
    after : ndarray (2k,)
        The half-edge that follows each around the face on its left.
    face : ndarray (2k,)
        The face on the left of each half-edge.
    over : list of dict
        For each face, how often each area winds around it: the areas that cover it, each with a count that is not 0.
    """

    points: Ints
    edges: Ints
    after: Ints
    face: Ints
    over: list[dict[int, int]]

    @property
    def count(self) -> int:
        return len(self.over)

    def neighbours(self) -> Ints:
        """Return (left face, right face) of each edge, shape (k, 2)."""
        return self.face.reshape(-1, 2)


def divide(lines: Lines) -> Faces:
    """Return the faces of noded lines; lines that cancel (an area on both sides) are left out."""
    points, edges, claims = _net(lines)
    after = _after(points, edges)
    cycle, area2, visited, first = _cycles(points, edges, after)
    face_of_cycle, count = _faces_of_cycles(points, edges, area2, visited, first)
    face = face_of_cycle[cycle] if len(cycle) else cycle
    return Faces(points, edges, after, face, _windings(face, claims, count))


def _net(lines: Lines) -> tuple[Ints, Ints, Ints]:
    """Return points, different edges, and claims (edge, area, ±1) by edge: +1 if the area lies left of it; no zeros."""
    low, high = np.minimum(lines.start, lines.stop), np.maximum(lines.start, lines.stop)
    table, which = distinct(np.column_stack([low, high, lines.area]))
    net = np.bincount(which, np.where(lines.start == low, 1, -1), len(table)).astype(np.int64)
    table, net = table[net != 0], net[net != 0]
    edges, edge = distinct(table[:, :2])
    used, renumbered = np.unique(edges, return_inverse=True)
    return lines.points[used], renumbered.reshape(-1, 2), np.column_stack([edge, table[:, 2], net])


def _after(points: Ints, edges: Ints) -> Ints:
    """Return for each half-edge the one that follows it around its left face."""
    origin = edges.ravel()  # of half-edge 2e + s: edges[e, s]
    head = edges[:, ::-1].ravel()
    way = points[head] - points[origin]
    # Two directions of lattice vectors shorter than 1e7 steps differ by over 1e-14, many times the error of arctan2.
    order = np.lexsort((np.arctan2(way[:, 1].astype(float), way[:, 0].astype(float)), origin))
    first = np.searchsorted(origin[order], origin[order])  # where the half-edges of the same node start
    last = np.searchsorted(origin[order], origin[order], side="right") - 1
    place = np.arange(len(order))
    clockwise = np.empty(len(order), np.int64)
    clockwise[order] = order[np.where(place == first, last, place - 1)]
    return clockwise[np.arange(len(order)) ^ 1]


@compiled
def _cycles(points, edges, after):
    """Return the cycle of each half-edge, and of each cycle twice its signed area in steps, its nodes, their start."""
    cycle = np.full(len(after), -1, np.int64)
    area2 = np.zeros(len(after))
    visited, starts = np.empty(len(after), np.int64), np.zeros(len(after) + 1, np.int64)
    count = at = 0
    for first in range(len(after)):
        if cycle[first] >= 0:
            continue
        x0, y0 = points[edges[first // 2, first % 2], 0], points[edges[first // 2, first % 2], 1]
        h = first
        while cycle[h] < 0:
            cycle[h] = count
            a, b = edges[h // 2, h % 2], edges[h // 2, 1 - h % 2]
            visited[at] = a
            at += 1
            # From the cycle's own first node: for small cycles all of this is exact.
            area2[count] += float(points[a, 0] - x0) * float(points[b, 1] - y0) - float(points[b, 0] - x0) * float(
                points[a, 1] - y0
            )
            h = after[h]
        count += 1
        starts[count] = at
    return cycle, area2[:count].copy(), visited, starts[: count + 1].copy()


@compiled
def _components(nodes, edges):
    """Return the least node of the connected component of each node."""
    root = np.arange(nodes)
    for e in range(len(edges)):
        a, b = edges[e, 0], edges[e, 1]
        while root[a] != a:
            root[a] = root[root[a]]
            a = root[a]
        while root[b] != b:
            root[b] = root[root[b]]
            b = root[b]
        root[max(a, b)] = min(a, b)
    for v in range(nodes):
        root[v] = root[root[v]]
    return root


def _faces_of_cycles(points: Ints, edges: Ints, area2: np.ndarray, visited: Ints, first: Ints) -> tuple[Ints, int]:
    """Return the face of each cycle and the number of faces; a clockwise cycle is a hole in the face around it."""
    face = np.zeros(len(area2), np.int64)
    outer, holes = np.flatnonzero(area2 > 0), np.flatnonzero(area2 <= 0)
    face[outer] = 1 + np.arange(len(outer))
    if len(holes) > 1:
        component = _components(len(points), edges)
        some = visited[first[:-1]]  # a node of each cycle
        rings = [shapely.Polygon(points[visited[first[c] : first[c + 1]]]) for c in outer]
        hole, around = shapely.STRtree(rings).query(shapely.points(points[some[holes]]), predicate="within")
        other = component[some[holes[hole]]] != component[some[outer[around]]]
        hole, around = hole[other], around[other]
        smallest = np.lexsort((area2[outer[around]], hole))
        nearest = smallest[np.unique(hole[smallest], return_index=True)[1]]
        face[holes[hole[nearest]]] = face[outer[around[nearest]]]
    return face, len(outer) + 1


def _windings(face: Ints, claims: Ints, count: int) -> list[dict[int, int]]:
    """Return the winding numbers of the areas over each face, found by walking from face 0 across edges."""
    sides = face.reshape(-1, 2)
    pairs, which = distinct(np.sort(sides, axis=1))
    sample = np.empty(len(pairs), np.int64)
    sample[which] = np.arange(len(sides))  # an edge between each two neighbours
    doors: list[list[tuple[int, list[tuple[int, int]]]]] = [[] for _ in range(count)]
    for edge in sample.tolist():
        left, right = sides[edge].tolist()
        mine = claims[slice(*np.searchsorted(claims[:, 0], [edge, edge + 1])), 1:].tolist()
        doors[right].append((left, mine))
        doors[left].append((right, [(area, -net) for area, net in mine]))
    over: list[dict[int, int]] = [{} for _ in range(count)]
    seen, queue = {0}, deque([0])
    while queue:
        here = queue.popleft()
        for there, steps in doors[here]:
            if there in seen:
                continue
            winding = dict(over[here])
            for area, net in steps:
                winding[area] = winding.get(area, 0) + net
            over[there] = {area: times for area, times in winding.items() if times}
            seen.add(there)
            queue.append(there)
    return over


def grouped(faces: Faces, kind: list, rows: list[list[int]]) -> tuple[Ints, list, list[set[int]]]:
    """Return the group of each face (−1 for kind None), and kind and rows of each group of equal neighbours."""
    beside: list[list[int]] = [[] for _ in range(faces.count)]
    for left, right in distinct(np.sort(faces.neighbours(), axis=1))[0].tolist():
        if left != right and kind[left] is not None and kind[left] == kind[right]:
            beside[left].append(right)
            beside[right].append(left)
    group = np.full(faces.count, -1, np.int64)
    kinds: list = []
    about: list[set[int]] = []
    for first in range(faces.count):
        if kind[first] is None or group[first] >= 0:
            continue
        group[first], queue = len(kinds), deque([first])
        kinds.append(kind[first])
        about.append(set())
        while queue:
            here = queue.popleft()
            about[-1].update(rows[here])
            for there in beside[here]:
                if group[there] < 0:
                    group[there] = group[first]
                    queue.append(there)
    return group, kinds, about
