"""What came back on paper: the times that it tells, and why one of them cannot be true."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Row
from sqlalchemy.orm import Session

from data.errors import Invalid
from layers.incident import move_queries as queries
from layers.incident.workflow import RULES

# The code of a time that lies before the step which it can only follow.
_TOO_EARLY = {
    "dispatch": "before_dispatch", "redispatch": "before_dispatch", "reopen": "before_dispatch", "rework": "before_rework",
    "sign": "before_signing",
}  # fmt: skip


def check_happened(session: Session, row: Row, step: str, facts: Mapping[str, Any], now: datetime) -> None:
    """Refuse a time on paper that cannot be true; it is kept beside the server's time, never for it.

    It lies back as far as the report at most; for a step of the organisation, as far as the case was sent out to it, sent back
    to it, or signed for by it at a time that paper told.

    Parameters
    ----------
    row
        Of the case, with ``incident_id`` and ``reported_at``.
    now
        Time of the server, in the zone of the town: the refusal names a time in it.

    Raises
    ------
    Invalid
        ``request.invalid`` with the step and a fault ``future``, ``before_report``, ``before_dispatch``, ``before_rework`` or
        ``before_signing``.
    """
    if not facts.get("happened_at"):
        return
    at = datetime.fromisoformat(facts["happened_at"])
    if at > now:
        raise _untrue(step, "future")
    since, code = row.reported_at, "before_report"
    rule = RULES.get(step)
    if rule is not None and rule.own:
        began = session.execute(queries.BEGAN, {"incident_id": row.incident_id}).one_or_none()
        since, code = (began.at, _TOO_EARLY[began.name]) if began else (since, code)
    # paper has minutes only
    if at < since.replace(second=0, microsecond=0):
        raise _untrue(step, code, at=since.astimezone(now.tzinfo).strftime("%Y-%m-%d %H:%M"))


def _untrue(step: str, code: str, **values: str) -> Invalid:
    fault = {"field": "facts.happened_at", "code": code, "message": "this time cannot be true", "step": step}
    return Invalid("request.invalid", "the request has faults", faults=[{**fault, "values": values}])
