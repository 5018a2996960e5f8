"""Plans: list, open, read; what each person may do with one now."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import Row, RowMapping
from sqlalchemy.orm import Session

from data import audit, clock, outbox
from data.errors import Conflict, Invalid, NotFound
from data.scope import Scope, scope_of
from data.uuid7 import uuid7
from layers.planning import queries
from layers.planning.asked import NewPlan

STATES = ("draft", "in_review", "approved", "published", "retired")
STEPS_SHOWN = 50
MOST = 200
READ = ("plan", "review_plan")
_PEOPLE = ("created", "submitted", "approved", "published", "retired")


def listed(session: Session, states: str | None = None) -> list[dict[str, Any]]:
    """Return the plans of the town, newest first. Needs ``plan`` or ``review_plan``.

    Parameters
    ----------
    states : names of `STATES`, separated by commas; all by default.

    Raises
    ------
    Invalid
        ``filter.value``.
    """
    wanted = states.split(",") if states else None
    if wanted and not set(wanted) <= set(STATES):
        raise Invalid("filter.value", f"state is of {', '.join(STATES)}", fields={"state": ", ".join(STATES)})
    params = {"town_id": scope_of(session).town_id, "states": wanted, "limit": MOST}
    return [_shown(row) for row in session.execute(queries.LIST, params).mappings()]


def add(session: Session, given: NewPlan) -> UUID:
    """Open a plan on the boundaries in force now; return its id. Needs ``plan``. Emits ``plan``/``moved``. Does not commit.

    Raises
    ------
    Conflict
        ``database.duplicate``: there is a plan with this id.
    """
    scope = scope_of(session)
    scope.require("plan")
    plan_id = given.id or uuid7()
    values = {"town_id": scope.town_id, "name": given.name, "moment": clock.now(), "user_id": scope.user_id}
    session.execute(queries.ADD, {"plan_id": plan_id, **values})
    announce(session, plan_id, "draft")
    return plan_id


def announce(session: Session, plan_id: UUID, state: str, reason: str | None = None) -> None:
    """Tell who looks at plans that one is in another state, and write it to the record."""
    outbox.emit(session, "plan", "moved", plan_id, {"plan": plan_id, "state": state})
    audit.record(session, "plan.move", "plan", plan_id, reason, {"state": state})


def require(session: Session, plan_id: UUID) -> Row:
    """Return the row of a plan.

    Raises
    ------
    NotFound
        ``plan.not_found``: not there or outside the scope.
    """
    row = session.execute(queries.ONE, {"plan_id": plan_id}).one_or_none()
    if row is None:
        raise NotFound("plan.not_found", "there is no such plan here")
    return row


def get(session: Session, plan_id: UUID) -> dict[str, Any]:
    """Return a plan with its editors, its last steps and what this scope may do."""
    row = require(session, plan_id)
    scope = scope_of(session)
    steps = session.execute(queries.STEPS, {"plan_id": plan_id, "limit": STEPS_SHOWN}).mappings()
    undo, redo = own(session, plan_id)
    return {
        **_shown(row._mapping),
        "editors": [dict(one) for one in session.execute(queries.EDITORS, {"plan_id": plan_id}).mappings()],
        "steps": [dict(step) for step in steps],
        "can_undo": undo is not None and row.state == "draft" and scope.may("plan"),
        "can_redo": redo is not None and row.state == "draft" and scope.may("plan"),
        "allowed": allowed(row, scope),
    }


def _shown(row: RowMapping) -> dict[str, Any]:
    shown = {"id": row["plan_id"], "name": row["name"], "state": row["state"], "version": row["version"]}
    times = {name: row[name] for name in ("based_on", "publish_at", "reason")}
    people = {f"{name}_by": row[f"{name}_by_name"] for name in _PEOPLE}
    return {**shown, **times, **people, **{f"{name}_at": row[f"{name}_at"] for name in _PEOPLE}}


def allowed(row: Row, scope: Scope) -> list[str]:
    """Return the steps that a scope may take with a plan now.

    Whoever submitted a plan neither approves nor publishes it; the database holds to the same (`plan_step`).
    """
    draws, reviews = scope.may("plan"), scope.may("review_plan")
    other = scope.user_id is None or scope.user_id != row.submitted_by
    found = {
        "draft": {"edit": draws, "staff": draws, "submit": draws and row.version > 0},
        "in_review": {"approve": reviews and other, "return": reviews},
        "approved": {"publish": reviews and other, "return": reviews},
        "published": {"retire": reviews},
        "retired": {},
    }[row.state]
    return [name for name, may in found.items() if may]


def own(session: Session, plan_id: UUID) -> tuple[int | None, int | None]:
    """Return the step of the scope's own that undo takes back, and the one that redo does again.

    Undo goes back from the last one; redo from the one undone last, until something new was done.
    """
    params = {"plan_id": plan_id, "user_id": scope_of(session).user_id}
    rows = session.execute(queries.OWN_STEPS, params).all()
    done = [row.seq for row in rows if row.last_kind != "undo"]
    last_new = max((row.seq for row in rows), default=0)
    undone = [row for row in rows if row.last_kind == "undo" and row.last_seq > last_new]
    return max(done, default=None), max(undone, key=lambda row: row.last_seq).seq if undone else None


def not_draft(row: Row) -> Conflict:
    """The refusal of an edit of a plan that is no draft."""
    return Conflict("plan.not_draft", "this plan is no draft any more", state=row.state, version=row.version)
