"""A demo year is told relative to the load: times move by whole weeks, and what lies after now has not happened."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from layers.exchange.pack.rows import IncidentRow

_STAGES = ("accepted_at", "filed_at", "dispatched_at", "handled_at", "closed_at")
_TIMES = ("occurred_at", "reported_at", *_STAGES, "due_at")
_ENDS = frozenset({"closed", "evaluated", "archived", "declined", "merged", "voided"})
_WEEK = timedelta(weeks=1)
# A dispatched case that nobody signed for is signed after this long.
_SIGNING = timedelta(minutes=30)


class Lived(NamedTuple):
    """An incident as it stands now: its row with moved times, and its state."""

    row: IncidentRow
    state: str


def weeks_to_now(anchor: datetime, now: datetime) -> int:
    """Return the number of weeks that brings `now` into the week that begins with the anchor.

    >>> from datetime import UTC
    >>> weeks_to_now(datetime(2026, 3, 2, tzinfo=UTC), datetime(2026, 3, 20, tzinfo=UTC))
    2
    """
    return (now - anchor) // _WEEK


def live(row: IncidentRow, weeks: int, now: datetime, zone: ZoneInfo) -> Lived | None:
    """Return an incident as it stands at `now`, its times moved; None if it is reported only later.

    Times move in the town's wall time, so that 14:30 stays 14:30 over a change of the clocks. Times after now become
    None, and the state then follows from those that remain; a row of which nothing lies ahead keeps its state.
    """
    moved = {name: _moved(getattr(row, name), weeks, zone) for name in _TIMES}
    reported = moved["reported_at"]
    if reported is None or reported > now:
        return None
    ahead = [name for name in _STAGES if (moment := moved[name]) is not None and moment > now]
    changes: dict[str, object] = {**moved, **dict.fromkeys(ahead)}
    changes["case_no"] = renumbered(row.case_no, row.reported_at.astimezone(zone), reported.astimezone(zone))
    if not ahead:
        return Lived(row.model_copy(update=changes), row.state)
    if "handled_at" in ahead:
        changes |= {"rework_count": 0, "return_count": 0}
    due = moved["due_at"]
    if due is None or due > now:
        changes["supervision_level"] = 0
    lived = row.model_copy(update=changes)
    return Lived(lived, state_of(lived, now))


def state_of(row: IncidentRow, now: datetime) -> str:
    """Return the state of an open case by the last stage it has reached."""
    if row.closed_at is not None:
        return row.state if row.state in _ENDS else "closed"
    if row.handled_at is not None:
        return "awaiting_inspection"
    if row.dispatched_at is not None:
        return "handling" if now - row.dispatched_at > _SIGNING else "dispatched"
    if row.filed_at is not None:
        return "filed"
    return "accepted" if row.accepted_at is not None else "reported"


def _moved(moment: datetime | None, weeks: int, zone: ZoneInfo) -> datetime | None:
    if moment is None or not weeks:
        return moment
    return (moment.astimezone(zone).replace(tzinfo=None) + weeks * _WEEK).replace(tzinfo=zone)


def renumbered(case_no: str, before: datetime, after: datetime) -> str:
    """Return a case number with its day moved, if it holds the day it was reported on.

    >>> renumbered("330424105202603010007", datetime(2026, 3, 1), datetime(2026, 3, 8))
    '330424105202603080007'
    """
    old, new = before.strftime("%Y%m%d"), after.strftime("%Y%m%d")
    head, day, serial = case_no[:-12], case_no[-12:-4], case_no[-4:]
    return f"{head}{new}{serial}" if day == old and serial.isdigit() else case_no
