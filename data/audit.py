"""The append-only record of who did what; the worker seals it with a hash chain."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

_RECORD = text("select record_audit(:action, :subject, :subject_id, :reason, cast(:detail as jsonb), :request_id)")


def record(
    session: Session,
    action: str,
    subject: str | None = None,
    subject_id: object = None,
    reason: str | None = None,
    detail: dict[str, Any] | None = None,
    request_id: str | None = None,
) -> None:
    """Write one row in the caller's transaction; user and town come from its scope."""
    session.execute(
        _RECORD,
        {
            "action": action,
            "subject": subject,
            "subject_id": None if subject_id is None else str(subject_id),
            "reason": reason,
            "detail": json.dumps(detail or {}, default=str, ensure_ascii=False),
            "request_id": request_id,
        },
    )


def seal(session: Session) -> int:
    """Seal the rows written since the last seal; return how many."""
    return session.execute(text("select seal_audit()")).scalar_one()


def broken_seals(session: Session) -> list[int]:
    """Return the seals whose rows were changed or removed since; empty when the record stands."""
    return list(session.execute(text("select broken_seals()")).scalars())
