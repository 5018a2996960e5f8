"""The way back: a new draft with the boundaries that a published plan started from, under codes that were never given."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from data import clock
from data.errors import Conflict, Invalid
from data.scope import scope_of
from gis.errors import GisError
from gis.partition import Partition
from gis.partition.operations import Restore
from gis.partition.patch import AreaRow, Edge, Patch, RowChange
from layers.planning import lineage, moving, plans, queries, service
from layers.planning.asked import NewPlan
from layers.planning.service import Step
from layers.planning.state import STATES, State

KIND = "way_back"
# Whoever was responsible for a leaf that comes back under another code is to be so again.
_STAFF = text("""
    insert into plan_staff (plan_id, town_id, code, role, staff_id)
    select distinct on (d.role) cast(:plan_id as uuid), d.town_id, :new_code, d.role, d.staff_id
    from area_duty d join area a using (area_id)
    where a.town_id = :town_id and a.code = :old_code and d.valid_from <= :today and :today <= d.valid_to order by d.role, d.valid_from desc
""")
_RETIRE = text("""
    update plan set state = 'retired', retired_by = :user_id, retired_at = :moment
    where state = 'published' and plan_id = (select cast(operation ->> 'plan' as uuid) from plan_operation
        where plan_id = :plan_id and operation ->> 'kind' = 'way_back' and seq = 1) returning plan_id
""")


def retire(session: Session, plan_id: UUID) -> UUID:
    """Open a draft that goes back to what a published plan started from; return its id. Does not commit.

    Needs ``review_plan`` and ``plan``. The draft goes the way of every plan, by two people; once it is in force, the
    published one is retired. A leaf that had ended gets a new code, since codes are not used again.

    Raises
    ------
    Conflict
        ``plan.not_from_here``: it is not published. ``plan.not_last``: other boundaries are in force since.
    """
    plan = moving.check(session, plan_id, "retire")
    scope_of(session).require("plan")
    before = STATES.get(session, plan, 0)
    back = plans.add(session, NewPlan(name=f"↩ {plan.name}"[:200]))
    now = STATES.get(session, plans.require(session, back), 0)
    if _shapes(now.part) != _shapes(STATES.get(session, plan, plan.version).part):
        raise Conflict("plan.not_last", "other boundaries were put in force since; draw the way back in a new plan")
    found = lineage.shares(now.part, before.part, now.base.measure)
    taken = set(session.execute(queries.AREA_CODES, {"town_id": plan.town_id, "plan_id": None}).scalars())
    names = lineage.final_codes(found, now.part, before.part, taken)
    patch = _between(now.part, before.part, names)

    def make(_: Row, state: State) -> Step:
        try:
            Restore(patch).patch(state.part)
        except GisError as fault:
            raise Invalid(fault.code, str(fault), **fault.detail) from fault
        return Step({"kind": KIND, "plan": str(plan_id)}, patch)

    service.write(session, back, None, 0, make)
    for old_code, new_code in names.items():
        if old_code != new_code:
            params = {"plan_id": back, "town_id": plan.town_id, "old_code": old_code, "new_code": new_code}
            session.execute(_STAFF, {**params, "today": clock.now().date()})
    return back


def finish(session: Session, plan: Row) -> None:
    """Retire the plan that a plan now in force is the way back from, if it is one."""
    params = {"plan_id": plan.plan_id, "user_id": scope_of(session).user_id, "moment": clock.now()}
    for retired in session.execute(_RETIRE, params).scalars():
        plans.announce(session, retired, "retired")


def _shapes(part: Partition) -> set[bytes]:
    shapes = part.shapes([code for code in part.rows if code not in part.children])
    return {shape.normalize().wkb for shape in shapes.values()}


def _edges(part: Partition, names: Mapping[str, str]) -> set[Edge]:
    of = [*(names.get(code, code) for code in part.leaves), None]
    b = part.borders
    ends = zip(b.start.tolist(), b.stop.tolist(), b.left.tolist(), b.right.tolist(), strict=True)
    return {Edge(start[0], start[1], stop[0], stop[1], of[left], of[right]) for start, stop, left, right in ends}


def _between(now: Partition, then: Partition, names: Mapping[str, str]) -> Patch:
    """Return the patch that makes one partition of another, whose leaves get other codes."""
    here, there = _edges(now, {}), _edges(then, names)
    order = max(row.order for row in now.rows.values()) + 1
    rows: list[RowChange] = []
    wanted = {names.get(code, code): {**row.values, "code": names.get(code, code)} for code, row in then.rows.items()}
    for n, (code, values) in enumerate(sorted(wanted.items())):
        before = now.rows.get(code)
        if before is None:
            rows.append((code, None, AreaRow(order + n, order + n, values)))
        elif dict(before.values) != values:
            rows.append((code, before, before._replace(values=values)))
    rows += [(code, row, None) for code, row in now.rows.items() if code not in wanted]
    removed, added = (tuple(sorted(edges, key=lambda edge: edge[:4])) for edges in (here - there, there - here))
    return Patch(removed, added, tuple(sorted(rows, key=lambda one: one[0])))
