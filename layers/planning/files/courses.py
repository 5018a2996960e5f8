"""Which borders run where they run today: by their course, whatever vertices were added on it. Metres of the town's own system."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import shapely

from layers.planning.arcs import Arc
from layers.planning.state import State

# A vertex set on a straight border lies beside it by half a step of the lattice, and by its rounding.
_BESIDE_M = 0.05


def lines(state: State, arcs: Iterable[Arc]) -> list[shapely.LineString]:
    """Return the courses of arcs in metres."""
    return [shapely.LineString(state.base.measure.project_lattice(arc.points)) for arc in arcs]


def as_today(state: State) -> set[str]:
    """Return the ids of the arcs of a state that run where a border runs today."""
    same = {arc_id for arc_id, arc in state.arcs.items() if arc.is_today}
    others = [arc for arc_id, arc in state.arcs.items() if arc_id not in same]
    if not others:
        return same
    borders = state.base.part.borders
    ends = [state.base.measure.project_lattice(points) for points in (borders.start, borders.stop)]
    today = shapely.linestrings(np.stack(ends, axis=1))
    tree = shapely.STRtree(today)
    for arc, line in zip(others, lines(state, others), strict=True):
        near = today[tree.query(line, predicate="dwithin", distance=_BESIDE_M)]
        if len(near) and shapely.covers(shapely.union_all(near).buffer(_BESIDE_M), line):
            same.add(arc.id)
    return same


def elsewhere(line: shapely.LineString, others: shapely.Geometry) -> shapely.Geometry:
    """Return what of a course runs nowhere along others (metres, one shape of all of them)."""
    return shapely.difference(line, others.buffer(_BESIDE_M))
