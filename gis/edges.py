"""The different edges of many polygons: a border that two areas share is kept once."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gis.compiled import compiled

_NUMBER = np.uint64(2**28 - 1)  # the part of an edge's key that numbers it


class Edges(NamedTuple):
    """Different edges, pointing up (or right if level), each with the rows of the areas it bounds."""

    x1: NDArray[np.float64]
    y1: NDArray[np.float64]
    x2: NDArray[np.float64]
    y2: NDArray[np.float64]
    owner_from: NDArray[np.int64]  # (n + 1,) into owner
    owner: NDArray[np.int32]


def edges_of(xy: NDArray[np.float64], ring: NDArray[np.intp], row_of_ring: NDArray[np.intp]) -> Edges:
    """Return the different edges of closed rings, each once.

    Parameters
    ----------
    xy : ndarray
        Vertices of all rings, shape (n, 2).
    ring : ndarray
        The ring of each vertex, ascending.
    row_of_ring : ndarray
        The area of each ring.
    """
    ends, owner, key = _upward(xy + 0.0, ring, row_of_ring)  # + 0.0 turns -0.0 into 0.0, whose bits differ
    key.sort()
    return Edges(*_once(ends, owner, key))


@compiled
def _upward(xy, ring, row_of_ring):
    """Return ends (n, 4) from bottom to top, owner and key of each edge that has a length.

    A key is a hash of the ends above the number of the edge: sorted, equal edges come together in their order.
    Different edges of one hash may keep some equal ones apart: slower, still right.
    """
    ends, owner = np.empty((len(xy), 4)), np.empty(len(xy), np.int32)
    key = np.empty(len(xy), np.uint64)
    count = 0
    for v in range(len(xy) - 1):
        ax, ay, bx, by = xy[v, 0], xy[v, 1], xy[v + 1, 0], xy[v + 1, 1]
        if ring[v] != ring[v + 1] or (ax == bx and ay == by):
            continue
        if ay > by or (ay == by and ax > bx):
            ax, ay, bx, by = bx, by, ax, ay
        ends[count, 0], ends[count, 1], ends[count, 2], ends[count, 3] = ax, ay, bx, by
        owner[count] = row_of_ring[ring[v]]
        count += 1
    bits = ends.view(np.uint64)
    for e in range(count):
        code = np.uint64(0)
        for column in range(4):
            code = (code ^ (code >> np.uint64(29)) ^ bits[e, column]) * np.uint64(0xBF58476D1CE4E5B9)
        key[e] = ((code ^ (code >> np.uint64(31))) & ~_NUMBER) | np.uint64(e)
    return ends[:count], owner[:count], key[:count]


@compiled
def _once(ends, owner, key):
    """Return the columns of `Edges` of edges with sorted keys, in the order of their first appearance."""
    number = len(key)
    lead = np.empty(number, np.int64)  # the first edge equal to each
    for k in range(number):
        this = np.int64(key[k] & _NUMBER)
        lead[this] = this
        if k:
            before = lead[np.int64(key[k - 1] & _NUMBER)]
            if (
                ends[this, 0] == ends[before, 0]
                and ends[this, 1] == ends[before, 1]
                and ends[this, 2] == ends[before, 2]
                and ends[this, 3] == ends[before, 3]
            ):
                lead[this] = before
    place = np.zeros(number, np.int64)  # of the first ones: their owners, then where these start
    for e in range(number):
        place[lead[e]] += 1
    kept = np.empty((4, number))
    start = np.zeros(number + 1, np.int64)
    count = 0
    for e in range(number):
        if lead[e] == e:
            kept[:, count] = ends[e]
            start[count + 1] = start[count] + place[e]
            place[e] = start[count]
            count += 1
    sorted_owner = np.empty(number, np.int32)
    for e in range(number):
        sorted_owner[place[lead[e]]] = owner[e]
        place[lead[e]] += 1
    return kept[0, :count], kept[1, :count], kept[2, :count], kept[3, :count], start[: count + 1], sorted_owner
