"""How a case goes on, for those outside the desk: its reporter by query code, and whoever it was handed to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from data import clock
from data.errors import NotFound
from data.scope import scope_of
from layers.incident import move_queries as queries
from layers.incident.case import Actor
from layers.incident.moves import Move, move
from layers.incident.service import hash_of_code

# The six stages that people outside are shown, in order; `received` is before the first.
STAGES = ("accepted", "filed", "dispatched", "handled", "closed", "evaluated")
_STAGE_OF_STATE = {
    "reported": "received", "verifying": "received", "accepted": "accepted", "filed": "filed", "dispatched": "dispatched",
    "returned": "dispatched", "handling": "dispatched", "suspended": "dispatched", "transferred_up": "dispatched",
    "awaiting_inspection": "handled", "closed": "closed", "evaluated": "evaluated", "archived": "evaluated",
}  # fmt: skip


def of_code(session: Session, code: str) -> dict[str, Any]:
    """Return how the report with this query code goes on: stage, times, organisation once it was dispatched, the answer.

    No name, no phone, no place, no handler. May be called by everybody.

    Raises
    ------
    NotFound
        ``progress.not_found``: no report has this code.
    """
    told = session.execute(queries.PROGRESS, {"code": hash_of_code(code).hex()}).scalar_one()
    if told is None:
        raise NotFound("progress.not_found", "no report has this code; compare it with the receipt")
    state = told["state"]
    return {
        **{name: value for name, value in told.items() if name not in ("state", "taken_up")},
        "stage": _STAGE_OF_STATE.get(state),
        "ended": state if state in ("declined", "voided") else None,
        "suspended": state == "suspended",
        "may": _may(told),
    }


def _may(told: Mapping[str, Any]) -> list[str]:
    """What the reporter may do now; a report that was merged is answered through the case it went into."""
    if told["merged"]:
        return []
    state = told["state"]
    if state in ("reported", "verifying", "accepted"):
        return [] if told["taken_up"] else ["withdraw"]
    if state == "closed":
        return ["evaluate", *(["reopen"] if told["reopen_count"] == 0 else [])]
    return []


def town_of(told: Mapping[str, Any]) -> int:
    """The town of a report."""
    return int(told["town_id"])


def answer(session: Session, incident_id: UUID, name: str, facts: Mapping[str, Any]) -> int:
    """Make a transition as the reporter, whose code was checked before; needs a session of the system."""
    session.execute(queries.REPORTER_OF, {"incident_id": str(incident_id)})
    given = {"by": "reporter", **facts}
    if name == "withdraw":
        given = {"reason": "withdrawn", "reason_code": "withdrawn", **given}
    if name == "reopen":
        given = {"reason": "not_satisfied", **given}
    return move(session, incident_id, Move(name, None, given), Actor(is_reporter=True))


def verifiers(session: Session, incident_id: UUID) -> list[dict[str, Any]]:
    """Who may be asked to verify a case; needs ``accept``."""
    return [dict(row) for row in session.execute(queries.VERIFIERS, {"incident_id": incident_id}).mappings()]


def see(session: Session, incident_id: UUID) -> None:
    """Note that the caller has opened a case."""
    scope = scope_of(session)
    session.execute(
        queries.SEEN,
        {"incident_id": incident_id, "user_id": scope.user_id, "town_id": scope.town_id, "now": clock.now()},
    )
