"""Who is to be responsible for the leaves of a plan that have nobody yet."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from data import clock
from data.errors import Invalid
from data.scope import scope_of
from layers.planning import plans
from layers.planning.asked import StaffOfPlan
from layers.planning.state import STATES

_NAMED = text("""
    select p.code, p.role, s.code as staff, s.name from plan_staff p join staff s using (staff_id)
    where p.plan_id = :plan_id order by p.code, p.role
""")
_TODAY = text("""
    select a.code, d.role, s.code as staff, s.name from area_duty d join area a using (area_id) join staff s using (staff_id)
    where d.town_id = :town_id and d.valid_from <= :today and :today <= d.valid_to order by a.code, d.role
""")
_PEOPLE = text("""
    select s.code, s.name, s.post, o.name as org from staff s left join organisation o using (org_id)
    where s.town_id = :town_id order by o.name, s.name
""")
_IDS = text("select code, staff_id from staff where town_id = :town_id and code = any (:codes)")
_CLEAR = text("delete from plan_staff where plan_id = :plan_id")
_ADD = text(
    "insert into plan_staff (plan_id, town_id, code, role, staff_id) values (:plan_id, :town_id, :code, :role, :staff_id)"
)


def named(session: Session, plan_id: UUID) -> dict[str, Any]:
    """Return whom the plan names, who is responsible today, and everybody who could be."""
    plan = plans.require(session, plan_id)
    town = {"town_id": plan.town_id, "today": clock.now().date()}
    return {
        "staff": [dict(row) for row in session.execute(_NAMED, {"plan_id": plan_id}).mappings()],
        "today": [dict(row) for row in session.execute(_TODAY, town).mappings()],
        "people": [dict(row) for row in session.execute(_PEOPLE, town).mappings()],
    }


def put(session: Session, plan_id: UUID, given: StaffOfPlan) -> None:
    """Name who is to be responsible, in place of whom the plan named before. Needs ``plan`` and a draft. Does not commit.

    Raises
    ------
    Conflict
        ``plan.not_draft``.
    Invalid
        ``request.invalid``: a leaf or a person that there is not, or one leaf and role twice.
    """
    scope = scope_of(session)
    scope.require("plan")
    plan = plans.require(session, plan_id)
    if plan.state != "draft":
        raise plans.not_draft(plan)
    part = STATES.get(session, plan, plan.version).part
    params = {"town_id": plan.town_id, "codes": [one.staff for one in given.staff]}
    ids = {row.code: row.staff_id for row in session.execute(_IDS, params)}
    faults, seen = [], set()
    for k, one in enumerate(given.staff):
        wrong = {"code": one.code not in part.rows or one.code in part.children, "staff": one.staff not in ids}
        faults += [
            {"field": f"staff.{k}.{name}", "code": "unknown", "message": "unknown"} for name in wrong if wrong[name]
        ]
        if (one.code, one.role) in seen:
            faults.append({"field": f"staff.{k}.role", "code": "repeated", "message": "repeated"})
        seen.add((one.code, one.role))
    if faults:
        raise Invalid("request.invalid", "the request has faults", faults=faults)
    session.execute(_CLEAR, {"plan_id": plan_id})
    rows = [
        {"plan_id": plan_id, "town_id": plan.town_id, "code": one.code, "role": one.role, "staff_id": ids[one.staff]}
        for one in given.staff
    ]
    if rows:
        session.execute(_ADD, rows)
