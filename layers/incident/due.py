"""What the clock does to cases: the worker asks for those whose time has come, and makes the transition due."""

from __future__ import annotations

import json
import logging
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from data import clock
from data.errors import OneGridError
from data.scope import Scope, apply
from layers.incident import move_queries as queries
from layers.incident import timing
from layers.incident.book import book
from layers.incident.case import SYSTEM
from layers.incident.moves import Held, Move, hold, move_held
from layers.incident.timers import due, timers

log = logging.getLogger("onegrid.incident")

BATCH = 100
# A case that cannot be moved is tried again so much later; the others go on meanwhile.
PAUSE_AFTER_FAULT = timedelta(minutes=15)
# More than a case can have: a loop that does not end is a fault.
MOST_AT_ONCE = 12


def run_timers(session: Session, most: int = BATCH) -> int:
    """Make what is due in every town; return how many cases were looked at.

    Runs as the system. Each case is its own savepoint; a case that is being changed by somebody is left for the next time.
    """
    looked_at = 0
    for town_id in session.execute(queries.TOWNS).scalars().all():
        apply(session, Scope.system(town_id))
        ripe = session.execute(queries.RIPE, {"now": clock.now(), "most": most - looked_at}).scalars().all()
        for incident_id in ripe:
            _advance(session, incident_id)
        looked_at += len(ripe)
        if looked_at >= most:
            break
    return looked_at


def _advance(session: Session, incident_id: UUID) -> None:
    try:
        with session.begin_nested():
            for _ in range(MOST_AT_ONCE):
                if not _one_step(session, hold(session, incident_id)):
                    return
            raise OneGridError("timer.endless", "the clock does not come to an end")
    except Exception as fault:  # whatever one case holds, the others go on
        log.error("the clock could not move case %s: %s", incident_id, fault)
        session.execute(queries.LATER, {"incident_id": incident_id, "at": clock.now() + PAUSE_AFTER_FAULT})


def _one_step(session: Session, held: Held) -> bool:
    """Make the first transition that is due; return whether another one is due after it."""
    limits, now = book(session).time_limits, clock.now()
    timer = due(held.case, held.clocks, limits, now)
    if timer is None:
        ahead = timers(held.case, held.clocks, limits)
        _wind(session, held, ahead[0].at if ahead else None)
        return False
    _, case, clocks = move_held(session, held, Move(timer.name, None, timer.facts), SYSTEM)
    return due(case, clocks, limits, now) is not None


def _wind(session: Session, held: Held, at: datetime | None) -> None:
    """Keep the clocks of a case that came without, and when to look at it next."""
    if held.row.clocks and held.row.timer_at == at:
        return
    clocks = held.clocks
    session.execute(
        queries.WIND,
        {
            "incident_id": held.row.incident_id,
            "clocks": json.dumps(timing.as_json(clocks)),
            "handle_due_at": clocks.handle.due_at if clocks.handle else None,
            "whole_due_at": clocks.whole.due_at,
            "timer_at": at,
        },
    )
