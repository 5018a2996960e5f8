"""The clocks of a case: one for its stage, one for the whole; a pure function of its log. No I/O.

Each transition says what it does to the clocks (`workflow.Rule.clock`). Replaying the log with the limits and the calendar of
the town gives the clocks again, years later too, as every limit that was fixed stands in the log.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from layers.incident.clock import AMBER_SHARE, Unit, WorkCalendar, deadline, work_time
from layers.incident.workflow import RULES, LogRow

# Stage whose limit begins when a case comes to a state; the others begin none.
STAGE_ON_ENTRY = {
    "reported": "accept", "accepted": "dispatch", "filed": "dispatch", "dispatched": "handle", "returned": "dispatch",
    "awaiting_inspection": "inspect",
}  # fmt: skip
# The whole is the sum of its stages, one after the other.
WHOLE = ("accept", "dispatch", "handle", "inspect", "close")


@dataclass(frozen=True)
class Limit:
    """So many units of time."""

    value: Decimal
    unit: Unit

    def times(self, factor: Decimal) -> Limit:
        """The limit, longer or shorter by a factor."""
        return replace(self, value=self.value * factor)


@dataclass(frozen=True)
class Limits:
    """Limits of a town by stage and urgency, and its calendar."""

    stages: Mapping[tuple[str, str], Limit]
    calendar: WorkCalendar

    def end(self, start: datetime, limit: Limit) -> datetime:
        """The last moment that is still in time."""
        return deadline(start, limit.value, limit.unit, self.calendar)

    def amber(self, start: datetime, limit: Limit) -> datetime:
        """The moment when three quarters are used."""
        return self.end(start, limit.times(AMBER_SHARE))


@dataclass(frozen=True)
class Clock:
    """One running or stopped clock.

    Attributes
    ----------
    limit
        None where the town sets none: then there is no deadline either.
    paused_at
        Since when it stands; while it does, it cannot become late.
    """

    stage: str
    started_at: datetime
    limit: Limit | None = None
    amber_at: datetime | None = None
    due_at: datetime | None = None
    paused_at: datetime | None = None

    def shifted(self, until: datetime, limits: Limits) -> Clock:
        """The clock after its pause: what was left of the limit at its beginning is left at its end."""
        if self.paused_at is None or self.limit is None:
            return replace(self, paused_at=None)
        amber_at, due_at = (
            None if at is None else _shift(at, self.paused_at, until, self.limit.unit, limits.calendar)
            for at in (self.amber_at, self.due_at)
        )
        return replace(self, paused_at=None, amber_at=amber_at, due_at=due_at)


def _shift(at: datetime, paused: datetime, until: datetime, unit: Unit, calendar: WorkCalendar) -> datetime:
    if at <= paused:
        return at
    if unit in ("urgent_hour", "natural_day"):
        return at + (until - paused)
    left = work_time(paused, at, calendar)
    return deadline(until, Decimal(left // timedelta(microseconds=1)) / 3_600_000_000, "work_hour", calendar)


@dataclass(frozen=True)
class Clocks:
    """All clocks of a case.

    Attributes
    ----------
    urgency, handle_limit
        What decides the limits: the urgency, and the limit that category and filing condition fix for the handling.
    handle
        The clock of the handling, which stands while a case is inspected and goes on when it comes back for rework.
    sign_due_at
        When a case is taken as signed.
    """

    urgency: str
    whole: Clock
    stage: Clock | None
    handle: Clock | None = None
    handle_limit: Limit | None = None
    sign_due_at: datetime | None = None


def begin(reported_at: datetime, urgency: str, limits: Limits, handle_limit: Limit | None = None) -> Clocks:
    """Return the clocks of a case that has just been reported."""
    stage = _stage("accept", reported_at, urgency, limits, handle_limit)
    return Clocks(urgency, _whole(reported_at, urgency, limits, handle_limit), stage, handle_limit=handle_limit)


def _stage(name: str, start: datetime, urgency: str, limits: Limits, handle_limit: Limit | None) -> Clock:
    limit = handle_limit if name == "handle" and handle_limit else limits.stages.get((name, urgency))
    if limit is None:
        return Clock(name, start)
    return Clock(name, start, limit, limits.amber(start, limit), limits.end(start, limit))


def _whole(start: datetime, urgency: str, limits: Limits, handle_limit: Limit | None) -> Clock:
    """The clock of the whole case: the limits of its stages one after the other."""
    at, amber_from, last = start, start, None
    for name in WHOLE:
        limit = handle_limit if name == "handle" and handle_limit else limits.stages.get((name, urgency))
        if limit is None:
            return Clock("whole", start)
        at, amber_from, last = limits.end(at, limit), limits.end(amber_from, limit.times(AMBER_SHARE)), limit
    return Clock("whole", start, last, amber_from, at)


def after(clocks: Clocks, row: LogRow, limits: Limits) -> Clocks:
    """Return the clocks after a transition.

    Parameters
    ----------
    row
        As the log has it; ``facts`` may fix ``urgency`` and ``handle_limit`` (``{"value", "unit"}``).
    """
    if "urgency" in row.facts or "handle_limit" in row.facts:
        clocks = _refixed(clocks, row.facts, limits)
    what = RULES[row.name].clock if row.name in RULES else "keep"
    return _MOVES[what](clocks, row, limits)


def _refixed(clocks: Clocks, facts: Mapping[str, Any], limits: Limits) -> Clocks:
    """The clocks under another urgency or limit: each runs from where it began, as if it had been so from the start."""
    urgency = facts.get("urgency") or clocks.urgency
    given = facts.get("handle_limit")
    limit = Limit(Decimal(str(given["value"])), given["unit"]) if given else clocks.handle_limit
    whole = replace(_whole(clocks.whole.started_at, urgency, limits, limit), paused_at=clocks.whole.paused_at)
    stage = clocks.stage and _stage(clocks.stage.stage, clocks.stage.started_at, urgency, limits, limit)
    return replace(clocks, urgency=urgency, handle_limit=limit, whole=whole, stage=stage)


def _enter(clocks: Clocks, row: LogRow, limits: Limits) -> Clocks:
    name = STAGE_ON_ENTRY.get(row.to_state)
    if name is None or (
        name == "dispatch" and clocks.stage and clocks.stage.stage == "dispatch" and row.to_state == "filed"
    ):
        # filing and dispatching have one limit between them
        return clocks
    whole = replace(clocks.whole, paused_at=None)
    stage = _stage(name, row.at, clocks.urgency, limits, clocks.handle_limit)
    if name != "handle":
        return replace(clocks, whole=whole, stage=stage, sign_due_at=None)
    sign = limits.stages.get(("sign", clocks.urgency))
    sign_due_at = limits.end(row.at, sign) if sign else None
    return replace(clocks, whole=whole, stage=stage, handle=stage, sign_due_at=sign_due_at)


def _keep(clocks: Clocks, row: LogRow, limits: Limits) -> Clocks:
    return replace(clocks, sign_due_at=None) if row.name == "sign" else clocks


def _pause(clocks: Clocks, row: LogRow, limits: Limits) -> Clocks:
    """A suspended case stands still; at the county only the stage does."""
    stage = clocks.stage and replace(clocks.stage, paused_at=row.at)
    whole = clocks.whole if row.to_state == "transferred_up" else replace(clocks.whole, paused_at=row.at)
    return replace(clocks, stage=stage, whole=whole, sign_due_at=None)


def _resume(clocks: Clocks, row: LogRow, limits: Limits) -> Clocks:
    stage = clocks.stage and clocks.stage.shifted(row.at, limits)
    if row.to_state == "handling" and (stage is None or stage.stage != "handle"):
        # a case that went up before it was dispatched is handled from now on
        stage = _stage("handle", row.at, clocks.urgency, limits, clocks.handle_limit)
    return replace(clocks, stage=stage, handle=stage, whole=clocks.whole.shifted(row.at, limits))


def _extend(clocks: Clocks, row: LogRow, limits: Limits) -> Clocks:
    """At most the original limit more, counted from the deadline."""
    stage = clocks.stage
    if stage is None or stage.limit is None or stage.due_at is None:
        return clocks
    asked = row.facts.get("share")
    share = min(Decimal(1), Decimal(str(asked))) if asked else Decimal(1)
    more = stage.limit.times(share)
    longer = replace(
        stage,
        due_at=limits.end(stage.due_at, more),
        amber_at=limits.amber(stage.started_at, stage.limit.times(1 + share)),
    )
    whole = clocks.whole
    if whole.due_at is not None:
        whole = replace(whole, due_at=limits.end(whole.due_at, more))
    return replace(clocks, stage=longer, handle=longer, whole=whole)


def _back(clocks: Clocks, row: LogRow, limits: Limits) -> Clocks:
    """Rework: the original deadline stands."""
    return replace(clocks, stage=clocks.handle)


def _closing(clocks: Clocks, row: LogRow, limits: Limits) -> Clocks:
    return replace(clocks, stage=_stage("close", row.at, clocks.urgency, limits, clocks.handle_limit))


def _stop(clocks: Clocks, row: LogRow, limits: Limits) -> Clocks:
    return replace(clocks, stage=None, sign_due_at=None)


_MOVES = {
    "stage": _enter, "keep": _keep, "pause": _pause, "resume": _resume, "extend": _extend, "back": _back, "close": _closing,
    "stop": _stop,
}  # fmt: skip


def replay(
    reported_at: datetime, urgency: str, log: Iterable[LogRow], limits: Limits, handle_limit: Limit | None = None
) -> Clocks:
    """Return the clocks that a log gives, from the report on.

    Parameters
    ----------
    handle_limit
        The limit of the category that the report came with.
    """
    clocks = begin(reported_at, urgency, limits, handle_limit)
    for row in log:
        clocks = after(clocks, row, limits)
    return clocks


def as_json(clocks: Clocks) -> dict[str, Any]:
    """Return the clocks as the database keeps them."""

    def limit(given: Limit | None) -> dict[str, Any] | None:
        return None if given is None else {"value": str(given.value), "unit": given.unit}

    def clock(given: Clock | None) -> dict[str, Any] | None:
        if given is None:
            return None
        times = {name: getattr(given, name) for name in ("started_at", "amber_at", "due_at", "paused_at")}
        return {"stage": given.stage, "limit": limit(given.limit), **{k: v and v.isoformat() for k, v in times.items()}}

    return {
        "urgency": clocks.urgency,
        "whole": clock(clocks.whole),
        "stage": clock(clocks.stage),
        "handle": clock(clocks.handle),
        "handle_limit": limit(clocks.handle_limit),
        "sign_due_at": clocks.sign_due_at and clocks.sign_due_at.isoformat(),
    }


def of_json(kept: Mapping[str, Any]) -> Clocks:
    """Return the clocks from what `as_json` gave."""

    def limit(given: Mapping[str, Any] | None) -> Limit | None:
        return Limit(Decimal(given["value"]), given["unit"]) if given else None

    def moment(given: str | None) -> datetime | None:
        return datetime.fromisoformat(given) if given else None

    def clock(given: Mapping[str, Any] | None) -> Clock | None:
        if given is None:
            return None
        return Clock(
            given["stage"],
            datetime.fromisoformat(given["started_at"]),
            limit(given["limit"]),
            moment(given["amber_at"]),
            moment(given["due_at"]),
            moment(given["paused_at"]),
        )

    whole = clock(kept["whole"])
    assert whole is not None, "every case has a clock of the whole"
    return Clocks(
        kept["urgency"],
        whole,
        clock(kept["stage"]),
        clock(kept["handle"]),
        limit(kept["handle_limit"]),
        moment(kept["sign_due_at"]),
    )
