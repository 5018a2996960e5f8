"""Editing a plan: one operation at a time, by many at once; undo and redo of one's own."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import numpy as np
import shapely
from sqlalchemy import Row, RowMapping
from sqlalchemy.orm import Session

from data import clock, outbox
from data.errors import Conflict, Invalid
from data.scope import scope_of
from gis.errors import GisError
from gis.lattice import from_integers
from gis.partition import Partition, PartitionError
from gis.partition.operations import Restore, of_json
from gis.partition.patch import Edge, Patch
from layers.area import assembly
from layers.planning import codes, plans, queries
from layers.planning.asked import NEW, Drawing, Operation
from layers.planning.state import STATES, State

TRIES = 20
_NEW = NEW.format("")
_FREE_LEVELS = ("grid", "zone")


@dataclass(frozen=True)
class Step:
    """What one operation does: what is kept of it, and its patch."""

    operation: Mapping[str, Any]
    patch: Patch
    takes_back: int | None = None


def edit(session: Session, plan_id: UUID, client_id: UUID | None, seen: int, asked: Operation | Drawing) -> int:
    """Apply an operation to a draft and return its ``seq``. Needs ``plan``. Emits ``plan``/``edited``. Does not commit.

    Parameters
    ----------
    seen : version that whoever draws saw. What others did since is told apart: if it touches an area that this touches
        too, the operation is refused; else it is applied on top.

    Raises
    ------
    NotFound
        ``plan.not_found``.
    Conflict
        ``plan.conflict`` with both lines, ``plan.not_draft``, ``plan.version_ahead``, ``plan.codes_used_up``.
    Invalid
        ``partition.<kind>`` with the places; ``operation.<what>``; ``plan.level``, ``plan.parent``.
    """

    def make(plan: Row, state: State) -> Step:
        later = _later(session, plan, seen)
        if later:
            # first as its sender saw it: of two who move one vertex the second is in conflict, not wrong
            before = STATES.get(session, plan, seen)
            _check_apart(session, plan, later, _patch(before.part, asked.plain()))
        step = _drawn(session, plan, state, asked.plain())
        if later:
            _check_apart(session, plan, later, step.patch)
        return step

    return write(session, plan_id, client_id, seen, make)


def undo(session: Session, plan_id: UUID, client_id: UUID | None, seen: int) -> int:
    """Take back the last operation of one's own, as a step of its own; return its ``seq``.

    Raises
    ------
    Conflict
        ``plan.nothing_to_undo``; ``plan.undo_in_the_way``: a later step changed the same borders, and is named.
    """
    return _again(session, plan_id, client_id, seen, "undo")


def redo(session: Session, plan_id: UUID, client_id: UUID | None, seen: int) -> int:
    """Do again what one took back last; return its ``seq``. Raises as `undo`, ``plan.nothing_to_redo``."""
    return _again(session, plan_id, client_id, seen, "redo")


def _again(session: Session, plan_id: UUID, client_id: UUID | None, seen: int, kind: str) -> int:
    def make(plan: Row, state: State) -> Step:
        seq = plans.own(session, plan_id)[kind == "redo"]
        if seq is None:
            raise Conflict(f"plan.nothing_to_{kind}", f"there is nothing of yours to {kind}")
        change = Patch.of_json(session.execute(queries.PATCH, {"plan_id": plan_id, "seq": seq}).scalar_one())
        change = change if kind == "redo" else change.inverse()
        try:
            Restore(change).patch(state.part)
        except PartitionError as fault:
            raise _in_the_way(session, plan_id, seq, change, kind) from fault
        return Step({"kind": kind, "seq": seq}, change, seq)

    return write(session, plan_id, client_id, seen, make)


def write(
    session: Session, plan_id: UUID, client_id: UUID | None, seen: int, make: Callable[[Row, State], Step]
) -> int:
    """Make a step of the plan as it is now and write it; if somebody was first, make it again of what is there then."""
    scope = scope_of(session)
    scope.require("plan")
    for _ in range(TRIES):
        plan = plans.require(session, plan_id)
        if plan.state != "draft":
            raise plans.not_draft(plan)
        if seen > plan.version:
            raise Conflict("plan.version_ahead", "this plan has no such version yet", version=plan.version)
        state = STATES.get(session, plan, plan.version)
        step = make(plan, state)
        if session.execute(queries.NEXT, {"plan_id": plan_id, "version": plan.version}).one_or_none() is None:
            continue
        after = state.after(step.patch)
        _keep(session, after, client_id, step, _summary(state, after, step.patch))
        STATES.keep_on_commit(session, after)
        return after.version
    raise Conflict("database.conflict", "too many change this plan at this moment; try again")


def _keep(session: Session, after: State, client_id: UUID | None, step: Step, summary: Mapping[str, Any]) -> None:
    scope = scope_of(session)
    touched = sorted(step.patch.codes)
    row = {
        "plan_id": after.plan_id,
        "seq": after.version,
        "town_id": scope.town_id,
        "client_id": client_id,
        "user_id": scope.user_id,
        "at": clock.now(),
        "operation": json.dumps(step.operation, ensure_ascii=False),
        "patch": json.dumps(step.patch.to_json(), ensure_ascii=False),
        "takes_back": step.takes_back,
        "codes": touched,
        "summary": json.dumps(summary),
    }
    session.execute(queries.ADD_OPERATION, row)
    told = {
        "plan": after.plan_id,
        "version": after.version,
        "seq": after.version,
        "user": scope.user_id,
        "codes": touched,
    }
    outbox.emit(session, "plan", "edited", after.plan_id, told)


def _patch(part: Partition, plain: Mapping[str, Any]) -> Patch:
    """Return what an operation changes; what is wrong with it comes out as errors of the house."""
    try:
        return of_json(plain).patch(part)
    except GisError as fault:
        raise Invalid(fault.code, str(fault), **fault.detail) from fault


def _drawn(session: Session, plan: Row, state: State, plain: dict[str, Any]) -> Step:
    """Return the step of an operation, with codes for what is new in it."""
    patch = _patch(state.part, plain)
    fresh = [(code, after) for code, _, after in patch.rows if after is not None and code.startswith(_NEW)]
    if fresh:
        taken = set(session.execute(queries.CODES, {"plan_id": plan.plan_id, "town_id": plan.town_id}).scalars())
        found = codes.given(state.part.rows, sorted(fresh, key=lambda one: int(one[0][len(_NEW) :])), taken)
        patch, plain = codes.renamed(patch, found), _renamed(plain, found)
    _check_levels(state.part, patch)
    return Step(plain, patch)


def _renamed(value: Any, found: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        return found.get(value, value)
    if isinstance(value, dict):
        return {name: _renamed(part, found) for name, part in value.items()}
    return [_renamed(part, found) for part in value] if isinstance(value, (list, tuple)) else value


def _check_levels(part: Partition, patch: Patch) -> None:
    """Planners draw grids and zones; villages and the town are what they are, and stay above them."""
    after = {code: row.values for code, row in part.rows.items()} | {
        code: row.values for code, _, row in patch.rows if row
    }
    for code, before, row in patch.rows:
        level = (row or before).values["level"]  # type: ignore[union-attr]
        if (before is None or row is None) and level not in _FREE_LEVELS:
            raise Invalid("plan.level", f"{code}: a {level} is neither made nor dissolved in a plan", areas=[code])
        parent = None if row is None else row.parent
        if row is not None and not assembly.may_lie_in(level, None if parent is None else after[parent]["level"]):
            raise Invalid("plan.parent", f"{code}: a {level} cannot lie in {parent}", areas=[code])


def _later(session: Session, plan: Row, seen: int) -> list[RowMapping]:
    """What others did since a version."""
    if seen == plan.version:
        return []
    rows = session.execute(queries.STEPS_AFTER, {"plan_id": plan.plan_id, "after": seen}).mappings()
    mine = scope_of(session).user_id
    return [row for row in rows if row["user_id"] != mine or mine is None]


def _check_apart(session: Session, plan: Row, later: Sequence[RowMapping], patch: Patch) -> None:
    clash = [row for row in later if not patch.codes.isdisjoint(row["codes"])]
    if clash:
        raise Conflict(
            "plan.conflict",
            "somebody changed the same areas meanwhile",
            version=plan.version,
            mine={"lines": lines(patch.added or patch.removed), "codes": sorted(patch.codes)},
            theirs=[_told(session, plan.plan_id, row) for row in clash],
        )


def _told(session: Session, plan_id: UUID, row: RowMapping) -> dict[str, Any]:
    patch = Patch.of_json(session.execute(queries.PATCH, {"plan_id": plan_id, "seq": row["seq"]}).scalar_one())
    return {
        **{name: row[name] for name in ("seq", "user_id", "user", "kind", "codes")},
        "at": row["at"].isoformat(),
        "lines": lines(patch.added or patch.removed),
    }


def _in_the_way(session: Session, plan_id: UUID, seq: int, change: Patch, kind: str) -> Conflict:
    """The refusal to take back a step: the last later one that touches what it touched."""
    rows = session.execute(queries.STEPS_AFTER, {"plan_id": plan_id, "after": seq}).mappings().all()
    standing = [row for row in rows if not row["taken_back"] and row["kind"] != "undo" and row["takes_back"] != seq]
    beside = [row for row in standing if not change.codes.isdisjoint(row["codes"])]
    by = _told(session, plan_id, max(beside, key=lambda row: row["seq"])) if beside else None
    return Conflict(
        f"plan.{kind}_in_the_way",
        "a later change stands in the way" + (f": step {by['seq']} of {by['user']}" if by else ""),
        by=by,
        mine={"seq": seq, "lines": lines(change.added or change.removed), "codes": sorted(change.codes)},
    )


def lines(edges: Sequence[Edge]) -> dict[str, Any]:
    """Return pieces of border as a GeoJSON MultiLineString (EPSG:4490)."""
    xy = from_integers(np.array([edge[:4] for edge in edges], np.int64).reshape(-1, 2, 2))
    merged = shapely.line_merge(shapely.multilinestrings(shapely.linestrings(xy))) if edges else None
    parts = [] if merged is None else shapely.get_parts(merged)
    return {"type": "MultiLineString", "coordinates": [shapely.get_coordinates(part).tolist() for part in parts]}


def _summary(before: State, after: State, patch: Patch) -> dict[str, Any]:
    """Return the square metres that changed hands."""
    here = [code for code in sorted(patch.codes) if code in after.part.rows and code not in after.part.children]
    there = [code for code in here if code in before.part.rows and code not in before.part.children]
    new, old = after.part.shapes(here), before.part.shapes(there)
    measure = before.base.measure
    gained = [new[code] if code not in old else shapely.difference(new[code], old[code]) for code in here]
    return {"area_m2": round(float(sum(shapely.area(measure.project(shape)) for shape in gained)), 1)}
