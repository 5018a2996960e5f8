"""The clocks of a case: one for its stage, one for the whole; a pure function of its log. No I/O.

Each transition says what it does to the clocks (`workflow.Rule.clock`). Replaying the log with the limits and the calendar of
the town gives the clocks again, years later too, as every limit that was fixed stands in the log.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import TypeAdapter

from layers.incident.clock import AMBER_SHARE, Unit, WorkCalendar, deadline, work_time
from layers.incident.workflow import RULES, LogRow

# Stage whose limit begins when a case comes to a state; the others begin none.
STAGE_ON_ENTRY = {
    "reported": "accept", "accepted": "dispatch", "filed": "dispatch", "dispatched": "handle", "returned": "dispatch",
    "awaiting_inspection": "inspect",
}  # fmt: skip
CONTINUOUS = ("urgent_hour", "natural_day")
# The whole is the sum of its stages, one after the other.
WHOLE = ("accept", "dispatch", "handle", "inspect", "close")


Stop = tuple[datetime, datetime]


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

    def of(self, stage: str, urgency: str, handle_limit: Limit | None) -> Limit | None:
        """The limit of a stage; that of the handling is the category's own where it has one."""
        return handle_limit if stage == "handle" and handle_limit else self.stages.get((stage, urgency))


@dataclass(frozen=True)
class Clock:
    """One running or stopped clock.

    Attributes
    ----------
    limit
        None where the town sets none: then there is no deadline either. Of the whole, that of its last stage.
    paused_at
        Since when it stands; while it does, it cannot become late.
    parts
        The limits that it uses up one after the other: stages of the whole, extensions.
    stops
        From when to when it stood before.
    """

    stage: str
    started_at: datetime
    limit: Limit | None = None
    amber_at: datetime | None = None
    due_at: datetime | None = None
    paused_at: datetime | None = None
    parts: tuple[Limit, ...] = ()
    stops: tuple[Stop, ...] = ()

    @classmethod
    def of(
        cls, stage: str, start: datetime, parts: tuple[Limit, ...], limits: Limits, stops: tuple[Stop, ...] = ()
    ) -> Clock:
        """A clock that uses up these limits, whose last one is the one that counts; without any it has no deadline."""
        if not parts:
            return cls(stage, start, stops=stops)
        early = [part.times(AMBER_SHARE) for part in parts]
        amber_at, due_at = _run(start, early, stops, limits), _run(start, parts, stops, limits)
        return cls(stage, start, parts[-1], amber_at, due_at, None, parts, stops)

    def under(self, limit: Limit | None, limits: Limits) -> Clock:
        """The clock as if it had had this limit from the start; its stops and what it was extended by stay."""
        parts = (limit, *self.parts[1:]) if limit else ()
        fixed = Clock.of(self.stage, self.started_at, parts, limits, self.stops)
        return replace(fixed, limit=limit, paused_at=self.paused_at)

    def standing(self, at: datetime) -> Clock:
        """The clock standing since ``at``, or since before."""
        return self if self.paused_at is not None else replace(self, paused_at=at)

    def resumed(self, at: datetime, limits: Limits) -> Clock:
        """The clock after its pause: what was left of the limit at its beginning is left at its end."""
        if self.paused_at is None:
            return self
        stops = (*self.stops, (self.paused_at, at))
        return replace(Clock.of(self.stage, self.started_at, self.parts, limits, stops), limit=self.limit)

    def longer(self, more: Limit, limits: Limits) -> Clock:
        """The clock with another part at its end."""
        extended = Clock.of(self.stage, self.started_at, (*self.parts, more), limits, self.stops)
        return replace(extended, limit=self.limit, paused_at=self.paused_at)

    def late_by(self, share: Decimal, limits: Limits) -> datetime | None:
        """The moment when it is late by so much of its limit."""
        if self.limit is None:
            return None
        return _run(self.started_at, [*self.parts, self.limit.times(share)], self.stops, limits)


def _run(start: datetime, parts: Iterable[Limit], stops: Iterable[Stop], limits: Limits) -> datetime:
    """Where a clock is when it has used up its parts, if it stood still at these stops."""
    return max((end for _, _, end in _spans(start, parts, stops, limits)), default=start)


def _spans(
    start: datetime, parts: Iterable[Limit], stops: Iterable[Stop], limits: Limits
) -> Iterator[tuple[Unit, datetime, datetime]]:
    """From when to when each part is used up."""
    at, waiting = start, list(stops)
    for part in parts:
        begin, at = at, limits.end(at, part)
        while waiting and waiting[0][0] <= at:
            at = _shift(at, *waiting.pop(0), part.unit, limits.calendar)
        yield part.unit, begin, at


def is_provisional(clock: Clock, limits: Limits) -> bool:
    """Whether the deadline rests on days of the calendar that no notice has settled yet: it may then still move."""
    zone = ZoneInfo(limits.calendar.timezone)
    for unit, begin, end in _spans(clock.started_at, clock.parts, clock.stops, limits):
        if unit in CONTINUOUS:
            continue
        first, last = begin.astimezone(zone).date(), end.astimezone(zone).date()
        days = (first + timedelta(days=n) for n in range((last - first).days + 1))
        if any(limits.calendar.is_provisional(day) for day in days):
            return True
    return False


def used(clock: Clock, at: datetime, limits: Limits) -> timedelta:
    """Return how much of its limit a clock has used at a moment: work time where the limit is in work units, stops left out."""
    until = at if clock.paused_at is None else min(at, clock.paused_at)
    total, begin, unit = timedelta(), clock.started_at, clock.parts[-1].unit if clock.parts else "natural_day"
    spans = list(_spans(clock.started_at, clock.parts, clock.stops, limits))
    # beyond its last part it goes on in the unit of that
    for part, start, end in [*spans, (unit, spans[-1][2] if spans else begin, until)]:
        last = min(end, until)
        if last <= start:
            continue
        total += _between(start, last, part, limits.calendar)
        for paused, resumed in clock.stops:
            if start < resumed and paused < last:
                total -= _between(max(start, paused), min(last, resumed), part, limits.calendar)
    return total


def _between(start: datetime, end: datetime, unit: Unit, calendar: WorkCalendar) -> timedelta:
    return end - start if unit in CONTINUOUS else work_time(start, end, calendar)


def _shift(at: datetime, paused: datetime, until: datetime, unit: Unit, calendar: WorkCalendar) -> datetime:
    if unit in CONTINUOUS:
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
        The clock of the handling, which stands while a case is returned, suspended, with the county or inspected, and goes
        on from its deadline when it comes back for rework.
    extensions
        What was granted beyond the limit of the handling.
    sign_due_at
        When a case is taken as signed.
    """

    urgency: str
    whole: Clock
    stage: Clock | None
    handle: Clock | None = None
    handle_limit: Limit | None = None
    extensions: tuple[Limit, ...] = ()
    sign_due_at: datetime | None = None


def begin(reported_at: datetime, urgency: str, limits: Limits, handle_limit: Limit | None = None) -> Clocks:
    """Return the clocks of a case that has just been reported."""
    stage = _stage("accept", reported_at, urgency, limits, handle_limit)
    return Clocks(urgency, _whole(reported_at, urgency, limits, handle_limit), stage, handle_limit=handle_limit)


def _stage(name: str, start: datetime, urgency: str, limits: Limits, handle_limit: Limit | None) -> Clock:
    limit = limits.of(name, urgency, handle_limit)
    return Clock.of(name, start, (limit,) if limit else (), limits)


def _whole(
    start: datetime,
    urgency: str,
    limits: Limits,
    handle_limit: Limit | None,
    extensions: tuple[Limit, ...] = (),
    stops: tuple[Stop, ...] = (),
) -> Clock:
    """The clock of the whole case: the limits of its stages one after the other, extensions after the handling."""
    parts: list[Limit] = []
    for name in WHOLE:
        limit = limits.of(name, urgency, handle_limit)
        if limit is None:
            return Clock("whole", start, stops=stops)
        parts += [limit, *(extensions if name == "handle" else ())]
    return Clock.of("whole", start, tuple(parts), limits, stops)


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
    whole = _whole(clocks.whole.started_at, urgency, limits, limit, clocks.extensions, clocks.whole.stops)
    return replace(
        clocks,
        urgency=urgency,
        handle_limit=limit,
        whole=replace(whole, paused_at=clocks.whole.paused_at),
        stage=clocks.stage and clocks.stage.under(limits.of(clocks.stage.stage, urgency, limit), limits),
        handle=clocks.handle and clocks.handle.under(limits.of("handle", urgency, limit), limits),
    )


def _enter(clocks: Clocks, row: LogRow, limits: Limits) -> Clocks:
    name = STAGE_ON_ENTRY.get(row.to_state)
    if name is None or (row.to_state == "filed" and clocks.stage and clocks.stage.stage == name):
        # filing and dispatching have one limit between them
        return clocks
    stage = _stage(name, row.at, clocks.urgency, limits, clocks.handle_limit)
    if name != "handle":
        return replace(clocks, stage=stage, handle=clocks.handle and clocks.handle.standing(row.at), sign_due_at=None)
    sign = limits.stages.get(("sign", clocks.urgency))
    return replace(clocks, stage=stage, handle=stage, sign_due_at=limits.end(row.at, sign) if sign else None)


def _keep(clocks: Clocks, row: LogRow, limits: Limits) -> Clocks:
    return replace(clocks, sign_due_at=None) if row.name == "sign" else clocks


def _pause(clocks: Clocks, row: LogRow, limits: Limits) -> Clocks:
    """A suspended case stands still; at the county only the stage does."""
    stage, handle = (clock and clock.standing(row.at) for clock in (clocks.stage, clocks.handle))
    at_county = row.to_state == "transferred_up"
    whole = clocks.whole.resumed(row.at, limits) if at_county else clocks.whole.standing(row.at)
    return replace(clocks, stage=stage, handle=handle, whole=whole, sign_due_at=None)


def _resume(clocks: Clocks, row: LogRow, limits: Limits) -> Clocks:
    stage = clocks.stage and clocks.stage.resumed(row.at, limits)
    if stage is None or stage.stage != "handle":
        # a case that went up before it was dispatched is handled from now on
        stage = _stage("handle", row.at, clocks.urgency, limits, clocks.handle_limit)
    return replace(clocks, stage=stage, handle=stage, whole=clocks.whole.resumed(row.at, limits))


def _extend(clocks: Clocks, row: LogRow, limits: Limits) -> Clocks:
    """At most the original limit more, from the deadline on."""
    stage = clocks.stage
    if stage is None or stage.limit is None:
        return clocks
    more = stage.limit.times(Decimal(str(row.facts.get("share", 1))))
    stage, extensions = stage.longer(more, limits), (*clocks.extensions, more)
    start, stops = clocks.whole.started_at, clocks.whole.stops
    whole = _whole(start, clocks.urgency, limits, clocks.handle_limit, extensions, stops)
    return replace(clocks, stage=stage, handle=stage, whole=whole, extensions=extensions)


def _back(clocks: Clocks, row: LogRow, limits: Limits) -> Clocks:
    """Rework: the original deadline stands. What nobody had been sent to handle begins now."""
    if clocks.handle is None:
        handle = _stage("handle", row.at, clocks.urgency, limits, clocks.handle_limit)
    else:
        handle = replace(clocks.handle, paused_at=None)
    return replace(clocks, stage=handle, handle=handle)


def _closing(clocks: Clocks, row: LogRow, limits: Limits) -> Clocks:
    return replace(clocks, stage=_stage("close", row.at, clocks.urgency, limits, clocks.handle_limit))


def _stop(clocks: Clocks, row: LogRow, limits: Limits) -> Clocks:
    return replace(clocks, stage=None, handle=clocks.handle and clocks.handle.standing(row.at), sign_due_at=None)


def _end(clocks: Clocks, row: LogRow, limits: Limits) -> Clocks:
    """What was merged goes on under another number: nothing of it runs any more."""
    return replace(_stop(clocks, row, limits), whole=clocks.whole.standing(row.at))


def _again(clocks: Clocks, row: LogRow, limits: Limits) -> Clocks:
    """Taken apart: what was left of the whole at the merge is left now."""
    return _enter(replace(clocks, whole=clocks.whole.resumed(row.at, limits)), row, limits)


def _recount(clocks: Clocks, row: LogRow, limits: Limits) -> Clocks:
    """The same limits and stops over the calendar as it is now."""

    def again(clock: Clock | None) -> Clock | None:
        if clock is None or not clock.parts:
            return clock
        counted = Clock.of(clock.stage, clock.started_at, clock.parts, limits, clock.stops)
        return replace(counted, limit=clock.limit, paused_at=clock.paused_at)

    sign = limits.stages.get(("sign", clocks.urgency))
    waits = clocks.sign_due_at is not None and clocks.handle is not None and sign is not None
    return replace(
        clocks,
        whole=again(clocks.whole) or clocks.whole,
        stage=again(clocks.stage),
        handle=again(clocks.handle),
        sign_due_at=limits.end(clocks.handle.started_at, sign)
        if waits and clocks.handle and sign
        else clocks.sign_due_at,
    )


_MOVES = {
    "stage": _enter, "keep": _keep, "pause": _pause, "resume": _resume, "extend": _extend, "back": _back, "close": _closing,
    "stop": _stop, "end": _end, "again": _again, "recount": _recount,
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


_KEPT = TypeAdapter(Clocks)


def as_json(clocks: Clocks) -> dict[str, Any]:
    """Return the clocks as the database keeps them."""
    kept: dict[str, Any] = _KEPT.dump_python(clocks, mode="json")
    return kept


def of_json(kept: Mapping[str, Any]) -> Clocks:
    """Return the clocks from what `as_json` gave."""
    return _KEPT.validate_python(kept)
