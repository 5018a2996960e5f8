"""What whoever comes second is told: the version and state now, and who changed what last."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from data.errors import Conflict, NotFound
from layers.incident import move_queries, queries


def conflict(session: Session, incident_id: UUID, **more: Any) -> Conflict | NotFound:
    """Return the error for a change that met another version of its case; NotFound where there is no such case in reach."""
    now = session.execute(queries.ONE, {"incident_id": incident_id}).one_or_none()
    if now is None:
        return NotFound("incident.not_found", "there is no such incident here")
    last = session.execute(move_queries.LAST_LOG, {"incident_id": incident_id}).mappings().one_or_none()
    told = {**last, "at": last["at"].isoformat()} if last else None
    message = "somebody changed this case meanwhile"
    return Conflict("incident.version_conflict", message, version=now.version, state=now.state, last=told, **more)
