"""What the worker does for incidents."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from data.scope import scope_of
from layers.incident import queries


def rebin(session: Session, args: dict[str, Any]) -> None:
    """Give the incidents in areas that changed their grid of today; the grid they had when they occurred stays.

    Parameters
    ----------
    args : `codes` of the areas that were published, `valid_from` their moment (RFC 3339).
    """
    params = {"town_id": scope_of(session).town_id, "codes": args["codes"], "moment": args["valid_from"]}
    session.execute(queries.REBIN, params)


HANDLERS = {"incident.rebin": rebin}
