"""What a plan makes of the town: figures of each area today and in the draft, and how evenly the grids carry them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import lru_cache
from typing import Any
from uuid import UUID

import numpy as np
import shapely
from sqlalchemy.orm import Session

from data.scope import scope_of
from gis.partition import Partition
from layers.area import queries as area_queries
from layers.planning import plans, points, rules
from layers.planning.points import Points
from layers.planning.rules import COUNTS, Limits
from layers.planning.state import STATES, State, measure

SHAPES = ("area_m2", "compactness", "reock", "parts")
Figures = dict[str, float]
_WORDS = ("name", "name_en", "level", "kind", "parent")


def limits(session: Session) -> Limits:
    """Return what the town expects of its grids."""
    return rules.of_settings(session.execute(area_queries.TOWN, {"town_id": scope_of(session).town_id}).one().settings)


def effects(session: Session, plan_id: UUID) -> dict[str, Any]:
    """Return the figures of every leaf and village, of the town, and their spread, each as ``[today, draft]``.

    None stands for an area that is not there.
    """
    plan = plans.require(session, plan_id)
    return between(session, STATES.get(session, plan, plan.version))


def between(session: Session, now: State, codes: Collection[str] | None = None) -> dict[str, Any]:
    """Return the figures of a state beside those of today.

    Parameters
    ----------
    codes : areas to tell of; all leaves and villages by default. Sum and spread are always of all.
    """
    old, new = both(session, now)
    root = _root(now.part)
    wanted = sorted((set(old) | set(new) if codes is None else set(codes)) - {root})
    rows = []
    for code in wanted:
        if code in old or code in new:
            part = now.part if code in new else now.base.part
            words = {name: part.rows[code].values.get(name) for name in _WORDS}
            rows.append({"code": code, **words, **_pairs(old.get(code), new.get(code))})
    spreads = {name: [_spread(now.base.part, old, name), _spread(now.part, new, name)] for name in rules.SPREAD}
    return {"version": now.version, "areas": rows, "sum": _pairs(old.get(root), new.get(root)), "spread": spreads}


def both(session: Session, now: State) -> tuple[dict[str, Figures], dict[str, Figures]]:
    """Return the figures of every area today, and in a state."""
    known, expected = points.current(session), limits(session)
    return figures(now.base.part, now.base, known, expected), figures(now.part, now, known, expected)


def _root(part: Partition) -> str:
    return next(code for code, row in part.rows.items() if row.parent is None)


def _pairs(old: Mapping[str, float] | None, new: Mapping[str, float] | None) -> dict[str, list[float | None]]:
    names = (*COUNTS, "hours_week", *SHAPES)
    return {name: [None if one is None else one[name] for one in (old, new)] for name in names}


def figures(part: Partition, at: Any, known: tuple[Points, ...], expected: Limits) -> dict[str, Figures]:
    """Return the figures of every area of a partition.

    Parameters
    ----------
    at : the state, or the base, that the partition is of: it keeps in which leaf each point lies.
    """
    counts = np.zeros((len(COUNTS), len(part.leaves) + 1))
    for source in known:
        leaf = points.located(at, source)
        for name, weight in source.weights.items():
            # the last place collects what lies nowhere
            counts[COUNTS.index(name)] += np.bincount(leaf % counts.shape[1], weight, counts.shape[1])
    number = {code: k for k, code in enumerate(part.leaves)}
    found = {}
    for code in part.rows:
        mine = counts[:, [number[leaf] for leaf in part.leaves_of(code)]].sum(axis=1)
        told: Figures = {name: int(value) for name, value in zip(COUNTS, mine, strict=True)}
        hours = expected.workload.hours_week(told["households"], told["entities"], told["incidents_90d"])
        found[code] = {**told, "hours_week": round(hours, 2), **shape_of(part.shapes([code])[code], _crs(at))}
    return found


def _crs(at: Any) -> str:
    return at.base.metric_crs if isinstance(at, State) else at.metric_crs


@lru_cache(maxsize=4096)
def shape_of(shape: shapely.MultiPolygon, metric_crs: str) -> Figures:
    """Return size and form of a shape in degrees (EPSG:4490), measured in metres.

    ``area_m2``; ``compactness`` 4πA/P² (Polsby and Popper 1991) and ``reock`` A over the smallest circle around it (Reock
    1961), both 0 to 1 with 1 for a disc; ``parts``.
    """
    metric = measure(metric_crs).project(shape)
    circle = shapely.minimum_bounding_radius(metric)
    return {
        "area_m2": round(metric.area, 1),
        "compactness": round(4 * np.pi * metric.area / metric.length**2, 4),
        "reock": round(metric.area / (np.pi * circle**2), 4),
        "parts": len(shapely.get_parts(shape)),
    }


def base_grids(part: Partition) -> list[str]:
    """Return the leaves that the work is divided among: no zones, no exclusive grids."""
    return [
        code
        for code, row in part.rows.items()
        if code not in part.children and row.values["level"] != "zone" and row.values.get("kind") != rules.EXCLUSIVE
    ]


def _spread(part: Partition, figures: Mapping[str, Figures], name: str) -> float | None:
    found = rules.spread([figures[code][name] for code in base_grids(part)])
    return None if found is None else round(found, 4)
