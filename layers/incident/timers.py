"""What happens to a case by the clock alone. Pure: the worker asks at any time, late or twice, and nothing is doubled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from layers.incident.case import SUPERVISED, Case
from layers.incident.guards import ARCHIVE_AFTER
from layers.incident.timing import Clock, Clocks, Limits

# Nobody answered a revisit for so long: the system evaluates by what the clocks say.
EVALUATE_AFTER = timedelta(days=7)
# Late by so much of the limit, a case goes to this level of supervision.
LATE_SHARE = {2: Decimal("0.5"), 3: Decimal(1)}
MANY_TIMES = 2


@dataclass(frozen=True)
class Timer:
    """A transition that the system makes at a moment."""

    at: datetime
    name: str
    facts: Mapping[str, Any] = field(default_factory=dict)


def timers(case: Case, clocks: Clocks, limits: Limits) -> list[Timer]:
    """Return what the clock will do to the case as it stands, the soonest first."""
    found = [*_signing(case, clocks), *_supervision(case, clocks, limits), *_ending(case, clocks)]
    return sorted(found, key=lambda timer: timer.at)


def due(case: Case, clocks: Clocks, limits: Limits, now: datetime) -> Timer | None:
    """Return the transition to make first of those whose time has come; of several levels of supervision the highest."""
    ripe = [timer for timer in timers(case, clocks, limits) if timer.at <= now]
    if not ripe:
        return None
    levels = [timer for timer in ripe if timer.name == "supervise"]
    first = ripe[0]
    return max(levels, key=lambda timer: timer.facts["level"]) if first.name == "supervise" else first


def _signing(case: Case, clocks: Clocks) -> list[Timer]:
    if case.state != "dispatched" or clocks.sign_due_at is None:
        return []
    # at the limit itself the organisation is still in time
    return [Timer(clocks.sign_due_at + timedelta(microseconds=1), "sign", {"automatic": True})]


def _supervision(case: Case, clocks: Clocks, limits: Limits) -> list[Timer]:
    clock = clocks.handle
    if case.state not in SUPERVISED or clock is None:
        return []
    often = case.rework_count >= MANY_TIMES or case.return_count >= MANY_TIMES
    moments = {**_moments(clock, limits), **({3: clock.started_at} if often else {})}
    return [
        Timer(at, "supervise", {"level": level, "reason": "often" if often and level == 3 else "time"})
        for level, at in moments.items()
        if level > case.supervision_level
    ]


def _moments(clock: Clock, limits: Limits) -> dict[int, datetime]:
    """Return when each level of supervision begins; while the clock stands, only what came before counts."""
    if clock.amber_at is None:
        return {}
    late = {level: clock.late_by(share, limits) for level, share in LATE_SHARE.items()}
    found = {1: clock.amber_at, **{level: at for level, at in late.items() if at}}
    return {level: at for level, at in found.items() if clock.paused_at is None or at <= clock.paused_at}


def _ending(case: Case, clocks: Clocks) -> list[Timer]:
    if case.closed_at is None:
        return []
    if case.state == "closed":
        if case.sampled and case.inspected_by is None:
            return [Timer(case.closed_at, "sample", {"reason": "sampled"})]
        return [Timer(case.closed_at + EVALUATE_AFTER, "evaluate", {"score": _score(case, clocks), "by": "system"})]
    if case.state == "evaluated" and case.appeal != "open":
        # what came from a file evaluated does not say when
        return [Timer((case.evaluated_at or case.closed_at) + ARCHIVE_AFTER, "archive")]
    return []


def _score(case: Case, clocks: Clocks) -> int:
    """Five, less one each for being late as a whole, for rework and for being reopened; never below one."""
    late = clocks.whole.due_at is not None and case.closed_at is not None and case.closed_at > clocks.whole.due_at
    return max(1, 5 - 2 * late - min(case.rework_count, 2) - case.reopen_count)
