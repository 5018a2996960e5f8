"""What the worker does for incidents."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from data import clock
from layers.incident import boundaries, move_queries, timing
from layers.incident.book import book
from layers.incident.case import SYSTEM
from layers.incident.moves import Move, hold, move
from layers.incident.workflow import LogRow


def rebin(session: Session, args: dict[str, Any]) -> None:
    """Give the incidents in areas that changed their grid of today; the grid they had when they occurred stays.

    Parameters
    ----------
    args : `codes` of the areas that were published, `valid_from` their moment (RFC 3339).
    """
    boundaries.rebin(session, args["codes"], datetime.fromisoformat(args["valid_from"]))


def publish(session: Session, args: dict[str, Any]) -> None:
    """Put a boundary plan in force at its moment.

    Parameters
    ----------
    args : ``plan`` and ``at``, the moment it was set for (RFC 3339).
    """
    boundaries.publish_due(session, UUID(args["plan"]), datetime.fromisoformat(args["at"]))


def recount(session: Session, args: dict[str, Any]) -> None:
    """Count the deadlines of open cases anew over the calendar as it is now; a log row tells each one that moved.

    Parameters
    ----------
    args : nothing; the calendar is that of the job's town.
    """
    limits = book(session).time_limits
    for incident_id in session.execute(move_queries.CLOCKED).scalars().all():
        held = hold(session, incident_id)
        row = LogRow("recount", held.case.state, held.case.state, clock.now(), None, "calendar", {})
        if timing.after(held.clocks, row, limits) != held.clocks:
            move(session, incident_id, Move("recount", None, {"reason": "calendar"}), SYSTEM)


HANDLERS = {"incident.rebin": rebin, "incident.recount": recount, "plan.publish": publish}
