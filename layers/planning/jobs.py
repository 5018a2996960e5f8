"""What the worker does for boundary plans."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from layers.planning import publishing


def publish(session: Session, args: dict[str, Any]) -> None:
    """Put a plan in force at its moment.

    Parameters
    ----------
    args : ``plan`` and ``at``, the moment it was set for (RFC 3339).
    """
    publishing.publish_due(session, UUID(args["plan"]), datetime.fromisoformat(args["at"]))


HANDLERS = {"plan.publish": publish}
