"""What the page draws of a plan: its areas and borders, as they are, as they were, and what changed since a version."""

from __future__ import annotations

import json
from collections.abc import Iterable
from itertools import pairwise
from typing import Any
from uuid import UUID

import numpy as np
import shapely
from sqlalchemy.orm import Session

from data.errors import Invalid
from gis.partition import Partition
from gis.partition.patch import Patch
from layers.planning import plans, queries
from layers.planning.arcs import Arc
from layers.planning.state import STATES, Base, State

_SHOWN = ("name", "name_en", "level", "kind", "parent")


def areas(session: Session, plan_id: UUID, since: int | None = None) -> dict[str, Any]:
    """Return leaves and parents of a plan as a FeatureCollection (EPSG:4490).

    Parameters
    ----------
    since : only what changed after that version; ``removed`` are the codes that are gone.
    """
    before, now = states(session, plan_id, since)
    return areas_between(before, now)


def borders(session: Session, plan_id: UUID, since: int | None = None) -> dict[str, Any]:
    """Return the arcs of a plan as a FeatureCollection; with ``since`` the new ones, and the ids of those gone."""
    before, now = states(session, plan_id, since)
    return borders_between(before, now)


def today(session: Session, plan_id: UUID) -> dict[str, Any]:
    """Return areas and borders that the plan starts from."""
    start = STATES.get(session, plans.require(session, plan_id), 0)
    return {"based_on": start.base.moment, "areas": areas_between(None, start), "borders": borders_between(None, start)}


def states(session: Session, plan_id: UUID, since: int | None) -> tuple[State | None, State]:
    plan = plans.require(session, plan_id)
    if since is not None and not 0 <= since <= plan.version:
        raise Invalid("filter.value", f"since is a version from 0 to {plan.version}", fields={"since": "out of range"})
    now = STATES.get(session, plan, plan.version)
    return None if since is None else STATES.get(session, plan, since), now


def areas_between(before: State | None, now: State) -> dict[str, Any]:
    """Return the areas of a state, or those that are not as they were in another one."""
    part = now.part
    if before is None:
        wanted, gone = list(part.tree.code), []
    else:
        wanted = different(before.part, part)
        gone = sorted(set(before.part.rows) - set(part.rows))
    marked = set(different(now.base.part, part)) if before is None else None
    features = [_area(now.base, part, code, marked) for code in wanted]
    return {"type": "FeatureCollection", "version": now.version, "features": features, "removed": gone}


def _area(base: Base, part: Partition, code: str, marked: set[str] | None) -> dict[str, Any]:
    values = part.rows[code].values
    shape = part.shapes([code])[code]
    is_new = code not in base.part.rows
    is_changed = not is_new and (code in marked if marked is not None else not same(base.part, part, code))
    return {
        "type": "Feature",
        "id": code,
        "properties": {
            "code": code,
            **{name: values.get(name) for name in _SHOWN},
            "is_leaf": code not in part.children,
            "is_new": is_new,
            "is_changed": is_changed,
        },
        "geometry": json.loads(shapely.to_geojson(shape)),
    }


def different(before: Partition, now: Partition) -> list[str]:
    """Return the codes of the areas of ``now`` that are new or not as they were, in order."""
    if before is now:
        return []
    steps = len(before.history)
    goes_on = now.given is before.given and now.history[:steps] == before.history
    touched = touched_by(now.history[steps:]) if goes_on else None
    near = set(now.rows) if touched is None else touched
    near |= {code for one in near for part in (before, now) for code in part.lineage(one)}
    return [code for code in now.tree.code if code in near and not same(before, now, code)]


def touched_by(patches: Iterable[Patch]) -> set[str]:
    """Return the codes of the areas that patches touch."""
    return {code for patch in patches for code in patch.codes}


def same(before: Partition, now: Partition, code: str) -> bool:
    """Whether an area is in both partitions, with the same words and the same shape."""
    there, here = before.rows.get(code), now.rows.get(code)
    if there is None or here is None or dict(there.values) != dict(here.values):
        return False
    old, new = before.shapes([code])[code], now.shapes([code])[code]
    return old is new or shapely.to_wkb(old) == shapely.to_wkb(new)


def borders_between(before: State | None, now: State) -> dict[str, Any]:
    """Return the arcs of a state, or those that another one has not, with the ids of those that are gone."""
    old = before.arcs if before is not None else {}
    features = [arc.feature() for arc_id, arc in now.arcs.items() if arc_id not in old]
    gone = [arc_id for arc_id in old if arc_id not in now.arcs]
    return {"type": "FeatureCollection", "version": now.version, "features": features, "removed": gone}


def history(session: Session, plan_id: UUID, lon: float, lat: float) -> list[dict[str, Any]]:
    """Return the steps that touched the border nearest to a point, newest first: who changed this border.

    Parameters
    ----------
    lon, lat : degrees (EPSG:4490).
    """
    plan = plans.require(session, plan_id)
    now = STATES.get(session, plan, plan.version)
    found = list(now.arcs.values())
    if not found:
        return []
    measure = now.base.measure
    metric = [shapely.LineString(measure.project_lattice(arc.points)) for arc in found]
    arc = found[int(np.argmin(shapely.distance(metric, measure.project(shapely.Point(lon, lat)))))]
    rows = session.execute(queries.HISTORY, {"plan_id": plan_id}).mappings()
    return [
        {name: value for name, value in row.items() if name != "patch"}
        for row in rows
        if _touches(Patch.of_json(row["patch"]), arc)
    ]


def _touches(patch: Patch, arc: Arc) -> bool:
    """Whether a patch changed the border between the same two areas, or put in a piece of this very line."""
    steps = [tuple(point) for point in arc.points.tolist()]
    pieces = {(*min(pair), *max(pair)) for pair in pairwise(steps)}
    sides = {arc.left, arc.right}
    beside = any({edge.left, edge.right} == sides for edge in (*patch.removed, *patch.added))
    return beside or any(edge[:4] in pieces for edge in patch.added)
