"""Boundaries put in force together with the open cases that lie in them: a reader sees both before or both after."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from data.scope import scope_of
from layers.incident import queries
from layers.planning import publishing


def publish(session: Session, plan_id: UUID, at: datetime | None, count: int) -> None:
    """Put a plan in force, at once or at a moment to come: `layers.planning.publishing.publish`."""
    publishing.publish(session, plan_id, at, count, _follow)


def publish_due(session: Session, plan_id: UUID, at: datetime) -> None:
    """Put a plan in force whose moment has come: `layers.planning.publishing.publish_due`."""
    publishing.publish_due(session, plan_id, at, _follow)


def rebin(session: Session, codes: Sequence[str], moment: datetime, *, only_open: bool = False) -> None:
    """Give the cases in areas that changed at a moment their grid of today; the grid they had when they occurred stays."""
    params = {"town_id": scope_of(session).town_id, "codes": list(codes), "moment": moment, "only_open": only_open}
    session.execute(queries.REBIN, params)


def _follow(session: Session, codes: Sequence[str], moment: datetime) -> None:
    # closed cases can be many, and nobody works on them: they follow by a job
    rebin(session, codes, moment, only_open=True)
