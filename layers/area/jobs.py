"""What the worker does for areas."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from layers.area import service


def rebin(session: Session, args: dict[str, Any]) -> None:
    """Put what lies where areas changed into the leaves in force now; later boundaries come with a job of their own.

    Parameters
    ----------
    args : `codes` of the areas that were published, `valid_from` their moment (RFC 3339).
    """
    service.rebin(session, datetime.fromisoformat(args["valid_from"]), args["codes"])


HANDLERS = {"area.rebin": rebin}
