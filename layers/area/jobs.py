"""What the worker does for areas."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from layers.area import service


def rebin(session: Session, args: dict[str, Any]) -> None:
    """Put what lies in areas into the leaves in force now; later boundaries come with a job of their own."""
    service.rebin(session)


HANDLERS = {"area.rebin": rebin}
