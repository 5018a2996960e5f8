"""The rules of efficiency supervision over one case: a pure function of its log, its clocks and a moment.

Asked late or twice it gives the same facts: each is found where it lies in the log, not when somebody looks. A fact names
what it rests on (the step that began the round, the supervision, the photo), so that it is proposed once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from layers.incident.case import SUPERVISED
from layers.incident.timing import Clock, Clocks, Limit, Limits, after, begin
from layers.incident.workflow import LogRow
from layers.supervision.thresholds import Thresholds

REPLY_LIMIT = Limit(Decimal(1), "work_day")
# Beyond the deadline, not at it.
JUST_AFTER = timedelta(microseconds=1)
SENT_OUT = frozenset({"dispatch", "redispatch", "reopen"})
CLOSING = frozenset({"close", "county_result"})


@dataclass(frozen=True)
class Step:
    """A row of the log with the clocks after it and the organisation that leads from then on."""

    log_id: str
    row: LogRow
    clocks: Clocks
    org_id: int | None


@dataclass(frozen=True)
class History:
    """All that the rules look at of one case.

    ``elsewhere`` names, by photo, the cases that had the very same file before.
    """

    state: str
    steps: tuple[Step, ...]
    now: datetime
    elsewhere: Mapping[str, Sequence[Mapping[str, str]]] = field(default_factory=dict)

    def spans(self) -> Iterator[tuple[Step, datetime, Step | None]]:
        """Each step with the moment until which it held and the step that ended it; None for the last."""
        for step, following in zip(self.steps, (*self.steps[1:], None), strict=True):
            yield step, following.row.at if following else self.now, following


@dataclass(frozen=True)
class Proposal:
    """A flag that a rule proposes.

    Attributes
    ----------
    fact
        What it rests on; the same fact of the same case is proposed once.
    org_id
        The organisation that had the case; None for the desk.
    basis
        Times, limits, distances, counts and rows of the log.
    """

    rule: str
    colour: str
    fact: str
    org_id: int | None
    basis: dict[str, Any]


@dataclass
class Findings:
    """What the rules found, and when to look again though nobody has done anything."""

    proposals: list[Proposal] = field(default_factory=list)
    moments: list[datetime] = field(default_factory=list)


def history(
    reported_at: datetime,
    urgency: str,
    rows: Iterable[tuple[str, LogRow]],
    limits: Limits,
    *,
    state: str,
    lead_org_id: int | None,
    now: datetime,
    handle_limit: Limit | None = None,
    elsewhere: Mapping[str, Sequence[Mapping[str, str]]] | None = None,
) -> History:
    """Return the case step by step.

    Parameters
    ----------
    rows
        The log in its order: id and row of each transition.
    lead_org_id
        The organisation that leads where the log names none.
    elsewhere
        By id of a photo of this case: ``id`` and ``case_no`` of the cases that had the same file before.
    """
    clocks, lead, steps = begin(reported_at, urgency, limits, handle_limit), None, []
    for log_id, row in rows:
        clocks = after(clocks, row, limits)
        lead = row.facts.get("lead_org_id") or lead
        steps.append(Step(log_id, row, clocks, lead or lead_org_id))
    return History(state, tuple(steps), now, elsewhere or {})


def look(case: History, thresholds: Thresholds, limits: Limits) -> Findings:
    """Return what the rules find in a case up to its ``now``; nothing in one that was voided."""
    found = Findings()
    if case.state == "voided":
        return found
    for name, rule in _RULES.items():
        threshold = getattr(thresholds, name)
        if threshold is not None:
            rule(case, threshold, limits, found)
    return found


def _late_handling(case: History, threshold: Any, limits: Limits, found: Findings) -> None:
    """Once for each time that the case was sent out."""
    grace, began, known = timedelta(minutes=threshold.over_minutes), None, set()
    for step, until, ender in case.spans():
        clock = step.clocks.handle
        if step.row.name in SENT_OUT or began is None:
            began = step
        if clock is None or clock.due_at is None or clock.paused_at is not None or step.row.to_state not in SUPERVISED:
            continue
        if until <= clock.due_at + grace:
            if ender is None:
                found.moments.append(clock.due_at + grace + JUST_AFTER)
        elif began.log_id not in known:
            known.add(began.log_id)
            basis = {
                **_clock(clock),
                "from": began.log_id,
                "until": ender and ender.row.at,
                "by": ender and ender.log_id,
            }
            found.proposals.append(Proposal("late_handling", threshold.colour, began.log_id, step.org_id, basis))


def _late_whole(case: History, threshold: Any, limits: Limits, found: Findings) -> None:
    """Once, until the case is closed for the first time; the desk answers for what did not lie with an organisation."""
    grace = timedelta(minutes=threshold.over_minutes)
    for step, until, ender in case.spans():
        clock, stage = step.clocks.whole, step.clocks.stage
        if step.row.to_state == "closed":
            return
        if stage is None or clock.due_at is None or clock.paused_at is not None:
            continue
        if until > clock.due_at + grace:
            org_id = step.org_id if stage.stage == "handle" else None
            basis = {
                **_clock(clock),
                "stage": stage.stage,
                "until": ender and ender.row.at,
                "by": ender and ender.log_id,
            }
            found.proposals.append(Proposal("late_whole", threshold.colour, "whole", org_id, basis))
            return
        if ender is None:
            found.moments.append(clock.due_at + grace + JUST_AFTER)


def _often(name: str, transition: str) -> Callable[[History, Any, Limits, Findings], None]:
    def count(case: History, threshold: Any, limits: Limits, found: Findings) -> None:
        """Once a case, at the time that makes it too many."""
        done = [step for step in case.steps if step.row.name == transition]
        if len(done) >= threshold.at_least:
            counted = done[: threshold.at_least]
            basis = {
                "count": len(counted),
                "at_least": threshold.at_least,
                "times": [{"at": step.row.at, "log": step.log_id, "reason": step.row.reason} for step in counted],
            }
            found.proposals.append(Proposal(name, threshold.colour, transition, counted[-1].org_id, basis))

    return count


def _no_reply(case: History, threshold: Any, limits: Limits, found: Findings) -> None:
    """Once for each supervision that was not answered in time; a higher level asks anew."""
    grace = timedelta(minutes=threshold.over_minutes)
    for at, step in enumerate(case.steps):
        if step.row.name != "supervise":
            continue
        due_at = limits.end(step.row.at, REPLY_LIMIT)
        answer = next((later for later in case.steps[at + 1 :] if _ends_asking(later.row)), None)
        if answer is None and case.now <= due_at + grace:
            found.moments.append(due_at + grace + JUST_AFTER)
        elif (answer.row.at if answer else case.now) > due_at + grace:
            replied = answer if answer and answer.row.name == "reply" else None
            basis = {
                "started_at": step.row.at,
                "due_at": due_at,
                "limit": {"value": float(REPLY_LIMIT.value), "unit": REPLY_LIMIT.unit},
                "level": step.row.facts.get("level"),
                "from": step.log_id,
                "until": replied and replied.row.at,
                "by": replied and replied.log_id,
            }
            found.proposals.append(Proposal("no_reply", threshold.colour, step.log_id, step.org_id, basis))


def _ends_asking(row: LogRow) -> bool:
    return row.name in ("reply", "supervise") or row.to_state not in SUPERVISED


def _far_photo(case: History, threshold: Any, limits: Limits, found: Findings) -> None:
    for step in case.steps:
        distance_m = step.row.facts.get("photo_after_distance_m")
        if distance_m is not None and float(distance_m) > threshold.over_m:
            basis = {
                "distance_m": float(distance_m), "over_m": threshold.over_m, "at": step.row.at, "by": step.log_id,
                "photo": step.row.facts.get("photo_after"),
            }  # fmt: skip
            found.proposals.append(Proposal("far_photo", threshold.colour, step.log_id, step.org_id, basis))


def _same_photo(case: History, threshold: Any, limits: Limits, found: Findings) -> None:
    """An after-photo that another case had before; once a photo. One sweeping may have served two cases: a person looks."""
    known: set[str] = set()
    for step in case.steps:
        photo = step.row.facts.get("photo_after") or ""
        others = case.elsewhere.get(photo)
        if others and photo not in known:
            known.add(photo)
            basis = {"photo": photo, "cases": list(others), "at": step.row.at, "by": step.log_id}
            found.proposals.append(Proposal("same_photo", threshold.colour, f"photo {photo}", step.org_id, basis))


def _quick_close(case: History, threshold: Any, limits: Limits, found: Findings) -> None:
    sent: Step | None = None
    for step in case.steps:
        sent = step if step.row.name in SENT_OUT else sent
        if step.row.name not in CLOSING or sent is None:
            continue
        took = step.row.at - sent.row.at
        if took <= timedelta(minutes=threshold.within_minutes):
            basis = {
                "started_at": sent.row.at, "until": step.row.at, "within_minutes": threshold.within_minutes,
                "took_s": took.total_seconds(), "from": sent.log_id, "by": step.log_id,
            }  # fmt: skip
            found.proposals.append(Proposal("quick_close", threshold.colour, step.log_id, step.org_id, basis))


def _supervised(case: History, threshold: Any, limits: Limits, found: Findings) -> None:
    for step in case.steps:
        level = step.row.facts.get("level") if step.row.name == "supervise" else None
        # rework and returns have rules of their own, with whoever caused them
        if level is not None and level >= threshold.level and step.row.reason != "often":
            basis = {"level": level, "at": step.row.at, "by": step.log_id, "reason": step.row.reason}
            found.proposals.append(Proposal("supervised", threshold.colour, step.log_id, step.org_id, basis))


def _clock(clock: Clock) -> dict[str, Any]:
    limit = {"value": float(clock.limit.value), "unit": clock.limit.unit} if clock.limit else None
    return {"started_at": clock.started_at, "due_at": clock.due_at, "limit": limit}


_RULES: dict[str, Callable[[History, Any, Limits, Findings], None]] = {
    "late_handling": _late_handling,
    "late_whole": _late_whole,
    "reworks": _often("reworks", "rework"),
    "returns": _often("returns", "return"),
    "no_reply": _no_reply,
    "far_photo": _far_photo,
    "same_photo": _same_photo,
    "quick_close": _quick_close,
    "supervised": _supervised,
}
