"""The worker's part of efficiency supervision: what the rules find becomes flags proposed, each fact once."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row
from sqlalchemy.orm import Session

from data import clock
from data.outbox import emit
from data.scope import Scope, apply
from layers.incident.book import book
from layers.incident.workflow import RULES, LogRow
from layers.supervision import flag_queries as queries
from layers.supervision.rules import History, Proposal, history, look
from layers.supervision.thresholds import Thresholds, of_settings

log = logging.getLogger("onegrid.supervision")

BATCH = 200
# What the rules cannot read is tried again so much later; the rest goes on meanwhile.
PAUSE_AFTER_FAULT = timedelta(minutes=15)
_STAMPED = (
    ("accept", "reported", "accepted", "accepted_at"),
    ("file", "accepted", "filed", "filed_at"),
    ("dispatch", "filed", "dispatched", "dispatched_at"),
    ("feed_back", "handling", "awaiting_inspection", "handled_at"),
    ("close", "awaiting_inspection", "closed", "closed_at"),
)


def run_rules(session: Session, most: int = BATCH) -> int:
    """Look at what is due in every town and propose what the rules find; return how much was looked at.

    Runs as the system. What fails is tried again later and does not stop the rest.
    """
    looked_at = 0
    for town_id in session.execute(queries.TOWNS).scalars().all():
        apply(session, Scope.system(town_id))
        taken = session.execute(queries.TAKE, {"now": clock.now(), "most": most - looked_at}).all()
        for incident_id in dict.fromkeys(row.incident_id for row in taken if row.incident_id):
            _guarded(session, incident_id=incident_id)
        for org_id in dict.fromkeys(row.org_id for row in taken if row.org_id):
            _guarded(session, org_id=org_id)
        looked_at += len(taken)
        if looked_at >= most:
            break
    return looked_at


def _guarded(session: Session, incident_id: UUID | None = None, org_id: int | None = None) -> None:
    try:
        with session.begin_nested():
            if incident_id is not None:
                _look_at_case(session, incident_id)
            elif org_id is not None:
                _look_at_organisation(session, org_id)
    except Exception as fault:  # whatever one case holds, the others go on
        log.error("the rules could not look at %s: %s", incident_id or f"organisation {org_id}", fault)
        _again(session, clock.now() + PAUSE_AFTER_FAULT, incident_id, org_id)


def _again(session: Session, at: datetime, incident_id: UUID | None = None, org_id: int | None = None) -> None:
    session.execute(queries.LOOK_AT, {"incident_id": incident_id, "org_id": org_id, "at": at})


def _look_at_case(session: Session, incident_id: UUID) -> None:
    row = session.execute(queries.CASE, {"incident_id": incident_id}).one_or_none()
    if row is None:
        return
    thresholds, _ = _settings(session)
    found = look(_history(session, row), thresholds, book(session).time_limits)
    for proposal in found.proposals:
        _propose(session, proposal, incident_id)
    if found.moments:
        _again(session, min(found.moments), incident_id)


def _look_at_organisation(session: Session, org_id: int) -> None:
    """Several yellow flags in one month make a red one, over all of them."""
    thresholds, timezone = _settings(session)
    rule = thresholds.repeated
    if rule is None:
        return
    counted = {"org_id": org_id, "timezone": timezone, "at_least": rule.at_least}
    for row in session.execute(queries.MONTHS, counted).all():
        basis = {"month": row.month, "count": len(row.flags), "at_least": rule.at_least, "flags": row.flags}
        _propose(session, Proposal("repeated", rule.colour, row.month, org_id, basis), None)


def _settings(session: Session) -> tuple[Thresholds, str]:
    row = session.execute(queries.SETTINGS).one()
    return of_settings(row.settings), row.timezone


def _history(session: Session, row: Row) -> History:
    town = book(session)
    logged = session.execute(queries.STEPS, {"incident_id": row.incident_id}).all()
    return history(
        row.reported_at,
        row.urgency,
        [*_stamped(row, logged), *((str(step.log_id), _as_row(step)) for step in logged if _is_step(step))],
        town.time_limits,
        state=row.state,
        lead_org_id=row.lead_org_id,
        now=clock.now(),
        handle_limit=town.handle_limits.get(row.category or ""),
        elsewhere={
            one.photo: one.cases for one in session.execute(queries.ELSEWHERE, {"incident_id": row.incident_id})
        },
    )


def _is_step(row: Row) -> bool:
    return row.name in RULES and not row.facts.get("imported")


def _as_row(row: Row) -> LogRow:
    return LogRow(row.name, row.from_state, row.to_state, row.at, row.actor_user_id, row.reason, row.facts)


def _stamped(case: Row, logged: Sequence[Row]) -> list[tuple[str, LogRow]]:
    """The steps of a case that came from a file, as far as its times tell them and its log does not."""
    if not any(row.facts.get("imported") for row in logged):
        return []
    own = {row.name for row in logged if _is_step(row)}
    first = min((row.at for row in logged if _is_step(row)), default=None)
    return [
        (f"import.{name}", LogRow(name, start, end, at, None, None, {}))
        for name, start, end, column in _STAMPED
        if name not in own and (at := getattr(case, column)) is not None and (first is None or at <= first)
    ]


def _propose(session: Session, proposal: Proposal, incident_id: UUID | None) -> None:
    values: Mapping[str, Any] = {
        "incident_id": incident_id,
        "org_id": proposal.org_id,
        "colour": proposal.colour,
        "rule": proposal.rule,
        "fact": proposal.fact,
        "basis": json.dumps(proposal.basis, default=_plain, ensure_ascii=False),
        "now": clock.now(),
    }
    flag_id = session.execute(queries.PROPOSE, values).scalar_one_or_none()
    if flag_id is not None:
        emit(session, "flag", "proposed", flag_id, {"state": "proposed"})


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
