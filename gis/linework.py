"""Areas from drawn lines: closed rings as they are, open lines as a net whose meshes are the areas."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import shapely
from numpy.typing import NDArray

_TOUCH_M = 0.001


class OpenEnd(NamedTuple):
    """An end of a line that meets nothing.

    Attributes
    ----------
    at : Point. gap_m : metres to what it could meet, or by which it reaches too far; infinite where there is nothing.
    closed : whether it is closed now.
    """

    at: shapely.Point
    gap_m: float
    closed: bool


def areas_of(lines: Sequence[shapely.LineString], reach_m: float) -> tuple[list[shapely.Polygon], list[OpenEnd]]:
    """Return the areas that lines enclose, and the ends of lines that meet nothing.

    Parameters
    ----------
    lines : in metres. Where all are closed each is an area, less those that lie in it; else the meshes of all together are.
    reach_m : ends so near to another line are drawn on to it, and those that reach so far beyond one are cut off.

    Examples
    --------
    >>> box = [(0, 0), (4, 0), (4, 4), (0, 4), (0, 0)]
    >>> halves, ends = areas_of([shapely.LineString(box), shapely.LineString([(2, 0), (2, 3.5)])], 1.0)
    >>> sorted(half.area for half in halves), ends[0].gap_m
    ([8.0, 8.0], 0.5)
    """
    merged = shapely.get_parts(shapely.line_merge(shapely.multilinestrings([line for line in lines if line.length])))
    closed = shapely.is_closed(merged) & (shapely.get_num_coordinates(merged) >= 4)
    if closed.all():
        return _without_inner([shapely.Polygon(shapely.get_coordinates(ring)) for ring in merged]), []
    net = shapely.union_all(merged)
    ends = _open_ends(net, reach_m)
    added = [link for _, link in ends if link is not None]
    whole = shapely.union_all([net, *added]) if added else net
    meshes, _, _, _ = shapely.polygonize_full(shapely.get_parts(whole))
    return list(shapely.get_parts(meshes)), [end for end, _ in ends]


def _without_inner(rings: list[shapely.Polygon]) -> list[shapely.Polygon]:
    """Return rings as areas; what lies wholly within another one is a hole of it."""
    tree = shapely.STRtree(rings)
    found = []
    for k, ring in enumerate(rings):
        if not ring.is_valid:
            found.append(ring)
            continue
        inner = [rings[j] for j in tree.query(ring, "contains_properly").tolist() if j != k]
        found += shapely.get_parts(shapely.difference(ring, shapely.union_all(inner))).tolist() if inner else [ring]
    return found


def _open_ends(net: shapely.Geometry, reach_m: float) -> list[tuple[OpenEnd, shapely.LineString | None]]:
    """Return each open end, with the line that closes it if one does."""
    lines = shapely.get_parts(net)
    points, owner = _ends(lines)
    found: list[tuple[OpenEnd, shapely.LineString | None]] = []
    for k, at in enumerate(points):
        others = [points[j] for j in range(len(points)) if j != k]
        link = _link(at, int(owner[k]), lines, others)
        over_m = float(lines[owner[k]].length) if np.count_nonzero(owner == owner[k]) == 1 else np.inf
        gap_m = min(link.length if link is not None else np.inf, over_m)
        is_closed = gap_m <= reach_m
        drawn_on = _beyond(link) if is_closed and link is not None and link.length <= over_m else None
        found.append((OpenEnd(at, float(gap_m), is_closed), drawn_on))
    return found


def _beyond(link: shapely.LineString) -> shapely.LineString:
    """Return a line a millimetre longer, so that it surely crosses what it leads to."""
    a, b = shapely.get_coordinates(link)
    return shapely.LineString([a, b + (b - a) * (_TOUCH_M / max(link.length, _TOUCH_M))])


def _ends(lines: NDArray[np.object_]) -> tuple[list[shapely.Point], NDArray[np.int64]]:
    """Return the points where one line of a net ends and no other, and the line of each."""
    ends = np.concatenate([shapely.get_coordinates(shapely.get_point(lines, k)) for k in (0, -1)])
    owner = np.tile(np.arange(len(lines)), 2)
    _, which, count = np.unique(
        np.rint(ends / _TOUCH_M).astype(np.int64), axis=0, return_inverse=True, return_counts=True
    )
    alone = count[which.ravel()] == 1
    return [shapely.Point(xy) for xy in ends[alone]], owner[alone]


def _link(
    at: shapely.Point, own: int, lines: NDArray[np.object_], ends: Sequence[shapely.Point]
) -> shapely.LineString | None:
    """Return the shortest line from an open end to another line, or to another open end."""
    far = shapely.distance(at, lines)
    far[own] = np.inf
    nearest = [lines[int(far.argmin())]] if len(lines) > 1 else []
    return min(
        (shapely.shortest_line(at, other) for other in [*nearest, *ends]), key=lambda link: link.length, default=None
    )
