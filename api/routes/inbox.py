"""The inbox: what waits for the caller."""

from __future__ import annotations

from typing import Any

from flask import Blueprint

from api import db
from api.auth.access import needs
from layers.incident import inbox

blueprint = Blueprint("inbox", __name__)


@blueprint.get("/api/v1/inbox")
@needs("view")
def waiting() -> dict[str, Any]:
    """Open cases that ask something of the caller, in groups with exact counts; more of a group from ``/api/v1/queue``."""
    with db.transaction() as session:
        return inbox.inbox(session)
