"""Polygons of sets of faces, all taken from the same edges, so that neighbours share every vertex."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import shapely
from numpy.typing import NDArray

from gis.compiled import compiled
from gis.lattice import from_integers
from gis.partition.faces import Faces
from gis.partition.noding import Ints


def polygons(
    faces: Faces, label: Ints, count: int, place: Callable[[Ints], NDArray[np.float64]] = from_integers
) -> NDArray[np.object_]:
    """Return the area of each label as a valid MultiPolygon.

    Parameters
    ----------
    faces : Faces
    label : ndarray (faces,)
        Label of each face, 0 … count − 1, or −1 for none.
    count : int
        Number of labels.
    place : callable, optional
        Gives coordinates (n, 2) for nodes (n, 2) in steps; degrees by default.

    Returns
    -------
    ndarray of MultiPolygon
        Shells counter-clockwise, holes clockwise, each from its least node, shells in the order of these: the same
        faces always give the same bytes. Empty for a label without faces. Two areas that border each other have all
        nodes of the common border in common, also those where a third one ends.
    """
    nodes, first, owner = _rings(faces.edges, faces.after, label[faces.face], len(faces.points))
    shells: list[list[tuple[tuple[int, ...], Ints]]] = [[] for _ in range(count)]
    holes: list[list[tuple[tuple[int, ...], Ints]]] = [[] for _ in range(count)]
    for k in range(len(owner)):
        ring = faces.points[nodes[first[k] : first[k + 1]]]
        least = np.lexsort((ring[:, 1], ring[:, 0]))[0]
        ring = np.concatenate([ring[least:], ring[: least + 1]])
        kind = shells if _area2(ring) > 0 else holes
        kind[owner[k]].append((tuple(ring[0].tolist()), ring))
    for rings in (*shells, *holes):
        rings.sort(key=lambda item: (item[0], len(item[1])))
    out = np.empty(count, object)
    for k in range(count):
        out[k] = _assemble([ring for _, ring in shells[k]], [ring for _, ring in holes[k]], place)
    return out


def _area2(ring: Ints) -> float:
    xy = (ring - ring[0]).astype(float)
    return float(np.sum(xy[:-1, 0] * xy[1:, 1] - xy[1:, 0] * xy[:-1, 1]))


def _assemble(shells: list[Ints], holes: list[Ints], place) -> shapely.MultiPolygon:
    inside: list[list[Ints]] = [[] for _ in shells]
    if len(shells) == 1:
        inside[0] = holes
    elif holes:
        outlines = [shapely.Polygon(ring) for ring in shells]
        size = [outline.area for outline in outlines]
        for hole in holes:
            body = shapely.Polygon(hole)
            around = [k for k, outline in enumerate(outlines) if outline.covers(body)]
            inside[min(around, key=lambda k: size[k])].append(hole)
    return shapely.MultiPolygon(
        [(place(shell), [place(hole) for hole in mine]) for shell, mine in zip(shells, inside, strict=True)]
    )


@compiled
def _rings(edges, after, label, nodes):
    """Return nodes, start and label of simple rings: the borders of the labelled faces, the label on the left."""
    done = np.zeros(len(after), np.bool_)
    out, owner = np.empty(len(after), np.int64), np.empty(len(after), np.int64)
    first = np.zeros(len(after) + 1, np.int64)
    stack, seen = np.empty(len(after) + 1, np.int64), np.full(nodes, -1, np.int64)
    filled = rings = 0
    for start in range(len(after)):
        if done[start] or label[start] < 0 or label[start ^ 1] == label[start]:
            continue
        mine, h, depth = label[start], start, 0
        while not done[h]:
            done[h] = True
            node = edges[h // 2, h % 2]
            if seen[node] >= 0:
                # The border comes back to a node: what lies between is a ring of its own.
                owner[rings] = mine
                for k in range(seen[node], depth):
                    out[filled] = stack[k]
                    filled += 1
                    if k > seen[node]:
                        seen[stack[k]] = -1
                rings += 1
                first[rings] = filled
                depth = seen[node]
            stack[depth] = node
            seen[node] = depth
            depth += 1
            h = after[h]
            while label[h ^ 1] == mine:
                h = after[h ^ 1]
        owner[rings] = mine
        for k in range(depth):
            out[filled] = stack[k]
            filled += 1
            seen[stack[k]] = -1
        rings += 1
        first[rings] = filled
    return out, first[: rings + 1].copy(), owner[:rings].copy()
