"""The way of a plan: submitted, approved, returned. Two people, whatever the page shows."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from data import clock
from data.errors import Conflict, Forbidden
from data.scope import scope_of
from layers.planning import checks, plans
from layers.planning.state import STATES

# Each names the state it was seen in, so that of two at once one finds another state.
_SUBMIT = text("""
    update plan set state = 'in_review', submitted_by = :user_id, submitted_at = :moment, reason = null
    where plan_id = :plan_id and state = 'draft' and version = :version returning plan_id
""")
_APPROVE = text("""
    update plan set state = 'approved', approved_by = :user_id, approved_at = :moment
    where plan_id = :plan_id and state = 'in_review' returning plan_id
""")
_RETURN = text("""
    update plan set state = 'draft', approved_by = null, approved_at = null, publish_at = null, published_by = null, reason = :reason
    where plan_id = :plan_id and state = :state returning plan_id
""")


def submit(session: Session, plan_id: UUID) -> None:
    """Give a draft to be reviewed. Needs ``plan``. Emits ``plan``/``moved``. Does not commit.

    Raises
    ------
    NotFound
        ``plan.not_found``.
    Conflict
        ``plan.not_from_here``: it is no draft or empty; the detail names state and what is allowed. ``plan.red``: a check is red.
    """
    plan = check(session, plan_id, "submit")
    require_sound(session, plan)
    _move(session, plan_id, "submit", _SUBMIT, "in_review")


def approve(session: Session, plan_id: UUID) -> None:
    """Approve a plan. Needs ``review_plan``, and somebody else than who submitted it. Raises as `submit`,
    Forbidden ``plan.same_person``.
    """
    _move(session, plan_id, "approve", _APPROVE, "approved")


def send_back(session: Session, plan_id: UUID, reason: str) -> None:
    """Give a plan back to who drew it, with a reason; it is a draft again. Needs ``review_plan``. Raises as `submit`."""
    _move(session, plan_id, "return", _RETURN, "draft", reason)


def _move(session: Session, plan_id: UUID, name: str, statement: Any, state: str, reason: str | None = None) -> None:
    plan = check(session, plan_id, name)
    moment: datetime = clock.now()
    params = {"plan_id": plan_id, "moment": moment, "user_id": scope_of(session).user_id, "version": plan.version}
    found = session.execute(statement, {**params, "state": plan.state, "reason": reason}).one_or_none()
    if found is None:
        raise refused(session, plan_id, name)
    plans.announce(session, plan_id, state, reason)


def require_sound(session: Session, plan: Row) -> None:
    """Refuse a plan of which a check is red.

    Raises
    ------
    Conflict
        ``plan.red``, with those checks.
    """
    now = STATES.get(session, plan, plan.version)
    red = [check for check in checks.of_state(session, now) if check["level"] == "red"]
    if red:
        raise Conflict("plan.red", "the plan lacks something: " + ", ".join(check["code"] for check in red), checks=red)


def check(session: Session, plan_id: UUID, name: str) -> Row:
    """Return the row of a plan with which a step may be taken.

    Raises
    ------
    Forbidden
        ``scope.forbidden``, ``plan.same_person``.
    Conflict
        ``plan.not_from_here``.
    """
    scope = scope_of(session)
    scope.require("plan" if name == "submit" else "review_plan")
    plan = plans.require(session, plan_id)
    if name not in plans.allowed(plan, scope):
        raise refused(session, plan_id, name)
    return plan


def refused(session: Session, plan_id: UUID, name: str) -> Conflict | Forbidden:
    """Return why a step is refused."""
    plan, scope = plans.require(session, plan_id), scope_of(session)
    told = {"state": plan.state, "version": plan.version, "allowed": plans.allowed(plan, scope)}
    waits = {"approve": "in_review", "publish": "approved"}.get(name)
    if plan.state == waits and scope.user_id is not None and scope.user_id == plan.submitted_by:
        return Forbidden("plan.same_person", "somebody else than who submitted the plan does this", **told)
    return Conflict("plan.not_from_here", f"{name} is not possible with this plan now: it is {plan.state}", **told)
