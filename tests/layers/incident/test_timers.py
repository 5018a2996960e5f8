"""What the worker does to a case by the clock alone, in time, late or twice."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from layers.incident.case import SYSTEM, Case
from layers.incident.moves import clocks_of
from layers.incident.timers import Timer, due, timers
from layers.incident.timing import Clocks, Limit, after, begin
from layers.incident.workflow import LogRow, Refused, apply
from tests.layers.incident.closed_loop import (
    CLERK,
    FIREMAN,
    GRID_WORKER,
    HEAD,
    LEADER,
    LIMITS,
    REPORTER,
    at,
    told,
)
from tests.layers.incident.minutes import MINUTE, TOWN, scaled

CASE = Case("reported", category="ZZ-1", urgency="U2")
START = at("2026-03-17T09:00")
HANDLE = LIMITS.stages["handle", "U2"]  # one work day: 09:00 of the next day, amber at 17:00
SECOND = timedelta(seconds=1)


def walked(*steps: tuple, case: Case = CASE, start: datetime = START) -> tuple[Case, Clocks]:
    """Case and clocks after steps ``(name, actor, local time[, facts])``; the first ones happen at the start."""
    clocks = begin(start, case.urgency, LIMITS)
    for name, actor, *more in steps:
        moment = at(more[0]) if more and more[0] else start
        facts = {**told(case, name, actor, moment), **(more[1] if len(more) > 1 else {})}
        case, row = apply(case, name, actor, moment, **facts)
        clocks = after(clocks, row, LIMITS)
    return case, clocks


def caught_up(case: Case, clocks: Clocks, now: datetime) -> tuple[Case, Clocks, list[LogRow]]:
    """What a worker leaves behind that wakes up at ``now``."""
    log: list[LogRow] = []
    while (timer := due(case, clocks, LIMITS, now)) is not None:
        case, row = apply(case, timer.name, SYSTEM, now, **timer.facts)
        clocks = after(clocks, row, LIMITS)
        log.append(row)
        assert len(log) < 20
    return case, clocks, log


def names(log: list[LogRow]) -> list[tuple[str, object]]:
    return [(row.name, row.facts.get("level")) for row in log]


TO_HANDLING = (("accept", CLERK), ("file", CLERK), ("dispatch", CLERK), ("sign", FIREMAN))
HANDLING = walked(*TO_HANDLING)


@pytest.mark.parametrize(
    ("moment", "level"),
    [
        ("2026-03-17T17:00", 1),  # 75 % of the work day
        ("2026-03-18T15:00", 2),  # due at 09:00, late by half of it
        ("2026-03-19T09:00", 3),  # late by all of it
    ],
)
def test_supervision_rises_with_the_limit(moment, level):
    case, clocks = HANDLING
    before = caught_up(case, clocks, at(moment) - SECOND)[0]
    then, _, log = caught_up(case, clocks, at(moment))
    assert (before.supervision_level, then.supervision_level, then.reply_due) == (level - 1, level, True)
    assert names(log) == [("supervise", level)]


@pytest.mark.parametrize("urgency", ["U1", "U2", "U3", "U4"])
@settings(deadline=None, max_examples=30)
@given(minute=st.integers(0, 1440 * 1440))
def test_levels_come_where_the_minute_counter_says(urgency, minute):
    start = at("2024-01-01T00:00") + minute * MINUTE
    case, clocks = walked(*TO_HANDLING, case=replace(CASE, urgency=urgency), start=start)
    limit = LIMITS.stages["handle", urgency]
    found = {timer.facts["level"]: timer.at for timer in timers(case, clocks, LIMITS) if timer.name == "supervise"}
    expected = {1: scaled([limit], "0.75"), 2: [limit, *scaled([limit], "0.5")], 3: [limit, limit]}
    assert found == {level: TOWN.due(start, parts) for level, parts in expected.items()}


def test_worker_that_was_down_raises_the_highest_level_once():
    case, clocks, log = caught_up(*HANDLING, at("2026-03-20T10:00"))
    assert names(log) == [("supervise", 3)]
    assert caught_up(case, clocks, at("2026-03-27T10:00"))[2] == []


def test_worker_that_was_down_for_a_day_signs_first_and_then_supervises():
    case, clocks = walked(*TO_HANDLING[:3])
    case, clocks, log = caught_up(case, clocks, at("2026-03-18T16:00"))
    assert names(log) == [("sign", None), ("supervise", 2)]
    assert case.state == "handling"


def test_person_who_was_quicker_is_not_repeated():
    case, clocks = walked(*TO_HANDLING, ("supervise", HEAD, "2026-03-17T16:00", {"level": 2}))
    assert [timer.facts["level"] for timer in timers(case, clocks, LIMITS)] == [3]
    assert caught_up(case, clocks, at("2026-03-18T15:00"))[2] == []


def test_signing_limit_itself_is_still_in_time():
    case, clocks = walked(*TO_HANDLING[:3])
    assert clocks.sign_due_at == at("2026-03-17T11:00")
    assert due(case, clocks, LIMITS, clocks.sign_due_at) is None
    timer = due(case, clocks, LIMITS, clocks.sign_due_at + SECOND)
    assert (timer.name, timer.facts) == ("sign", {"automatic": True})


def test_two_reworks_or_two_returns_call_the_joint_meeting():
    twice = (("feed_back", FIREMAN), ("rework", GRID_WORKER)) * 2
    _, _, log = caught_up(*walked(*TO_HANDLING, *twice), START)
    assert (names(log), log[0].reason) == ([("supervise", 3)], "often")
    assert caught_up(*walked(*TO_HANDLING, *twice[:2]), START)[2] == []
    returned = (("return", FIREMAN), ("redispatch", CLERK)) * 2
    assert names(caught_up(*walked(*TO_HANDLING, *returned), START)[2]) == [("supervise", 3)]


def test_nothing_rises_while_a_case_stands():
    suspended = walked(*TO_HANDLING, ("ask_suspend", FIREMAN), ("suspend", HEAD, "2026-03-17T16:00"))
    inspected = walked(*TO_HANDLING, ("feed_back", FIREMAN, "2026-03-17T16:00"))
    returned = walked(*TO_HANDLING, ("return", FIREMAN, "2026-03-17T16:00"))
    county = walked(*TO_HANDLING, ("transfer_up", CLERK, "2026-03-17T16:00"))
    for case, clocks in (suspended, inspected, returned, county):
        assert caught_up(case, clocks, at("2026-04-17T10:00"))[2] == []


def test_what_was_late_before_a_case_stood_is_caught_up():
    case, clocks = walked(*TO_HANDLING, ("feed_back", FIREMAN, "2026-03-18T15:30"))
    assert names(caught_up(case, clocks, at("2026-03-20T10:00"))[2]) == [("supervise", 2)]


def test_lateness_does_not_grow_while_a_late_case_is_suspended():
    case, clocks = walked(
        *TO_HANDLING,
        ("ask_suspend", FIREMAN),
        ("suspend", HEAD, "2026-03-18T11:00"),
        ("resume", HEAD, "2026-03-25T11:00"),
    )
    assert clocks.handle.due_at == at("2026-03-18T09:00")
    found = {timer.facts["level"]: timer.at for timer in timers(case, clocks, LIMITS)}
    assert found[2] == at("2026-03-25T15:00")  # 2 of the 4 hours were used before


def test_rework_after_the_deadline_is_supervised_at_once():
    case, clocks = walked(
        *TO_HANDLING, ("feed_back", FIREMAN, "2026-03-17T16:00"), ("rework", GRID_WORKER, "2026-03-18T16:00")
    )
    assert names(caught_up(case, clocks, at("2026-03-18T16:00"))[2]) == [("supervise", 2)]


def test_extension_puts_supervision_off():
    case, clocks = walked(*TO_HANDLING, ("ask_extension", FIREMAN), ("extend", HEAD, "2026-03-17T16:00"))
    found = {timer.facts["level"]: timer.at for timer in timers(case, clocks, LIMITS)}
    assert found == {1: at("2026-03-18T15:00"), 2: at("2026-03-19T15:00"), 3: at("2026-03-20T09:00")}


TO_CLOSED = (
    *TO_HANDLING, ("feed_back", FIREMAN, "2026-03-17T10:00"), ("pass_inspection", GRID_WORKER, "2026-03-17T10:10"),
    ("close", CLERK, "2026-03-17T10:20"),
)  # fmt: skip
CLOSED_AT = at("2026-03-17T10:20")


def test_one_in_ten_is_looked_at_once():
    small = replace(CASE, self_handle_allowed=True, sampled=True)
    case, clocks, log = caught_up(*walked(("self_handle", GRID_WORKER), case=small), START)
    assert (names(log), case.state) == ([("sample", None)], "awaiting_inspection")
    case, _ = apply(case, "pass_inspection", CLERK, START, text="好")
    case, _ = apply(case, "close", CLERK, START, condition_met=True)
    assert due(case, clocks, LIMITS, START) is None
    plain = walked(("self_handle", GRID_WORKER), case=replace(small, sampled=False))
    assert due(*plain, LIMITS, START) is None


@pytest.mark.parametrize(("steps", "score"), [((), 5), ((("feed_back", FIREMAN), ("rework", GRID_WORKER)), 4)])
def test_system_evaluates_after_seven_days_without_an_answer(steps, score):
    closed = walked(*TO_HANDLING, *steps, *TO_CLOSED[4:])
    assert due(*closed, LIMITS, CLOSED_AT + timedelta(days=7) - SECOND) is None
    timer = due(*closed, LIMITS, CLOSED_AT + timedelta(days=7))
    assert timer == Timer(CLOSED_AT + timedelta(days=7), "evaluate", {"score": score, "by": "system"})


def test_late_case_gets_a_lower_score():
    closed_late = walked(*TO_CLOSED[:5], *((name, who, "2026-03-27T10:20") for name, who, _ in TO_CLOSED[5:]))
    assert due(*closed_late, LIMITS, at("2026-05-01T00:00")).facts["score"] == 3


def test_case_is_archived_thirty_days_after_its_evaluation_unless_an_appeal_is_open():
    evaluated = walked(*TO_CLOSED, ("evaluate", REPORTER, "2026-03-18T10:20"))
    end = at("2026-04-17T10:20")
    assert due(*evaluated, LIMITS, end - SECOND) is None
    assert due(*evaluated, LIMITS, end).name == "archive"
    appealed = walked(*TO_CLOSED, ("evaluate", REPORTER, "2026-03-18T10:20"), ("appeal", FIREMAN, "2026-03-19T10:20"))
    assert due(*appealed, LIMITS, end + timedelta(days=90)) is None
    case, row = apply(appealed[0], "decide_appeal", LEADER, end, outcome="rejected", reason="不成立")
    assert due(case, after(appealed[1], row, LIMITS), LIMITS, end).name == "archive"


def test_worker_that_was_down_for_two_months_evaluates_and_leaves_the_time_to_appeal():
    woke = CLOSED_AT + timedelta(days=60)
    case, clocks, log = caught_up(*walked(*TO_CLOSED), woke)
    assert (names(log), case.state) == ([("evaluate", None)], "evaluated")
    assert apply(case, "appeal", FIREMAN, woke + timedelta(days=29), reason="不服")[0].appeal == "open"
    with pytest.raises(Refused, match="too_early"):
        apply(case, "archive", SYSTEM, woke + timedelta(days=29))
    case, _, log = caught_up(case, clocks, woke + timedelta(days=30))
    assert (names(log), case.state) == ([("archive", None)], "archived")


def test_case_that_came_evaluated_from_a_file_is_archived_by_its_closing():
    evaluated = replace(CASE, state="evaluated", closed_at=CLOSED_AT)
    assert due(evaluated, HANDLING[1], LIMITS, CLOSED_AT + timedelta(days=30)).name == "archive"


@pytest.mark.parametrize(("state", "stands"), [("returned", True), ("merged", True), ("handling", False)])
def test_what_came_from_a_file_returned_or_merged_does_not_become_late(state, stands):
    row = SimpleNamespace(
        clocks=None, state=state, urgency="U2", category=None, reported_at=START, accepted_at=START, filed_at=START,
        dispatched_at=None if state == "merged" else START, handled_at=None, closed_at=None, due_at=None, amber_at=None,
    )  # fmt: skip
    clocks = clocks_of(row, SimpleNamespace(time_limits=LIMITS, handle_limits={}))
    assert ((clocks.whole if state == "merged" else clocks.handle).paused_at == START) is stands
    log = caught_up(replace(CASE, state=state), clocks, at("2026-04-17T10:00"))[2]
    assert (log == []) is stands


def test_case_without_a_limit_is_never_late():
    bare = replace(LIMITS, stages={("sign", "U2"): Limit(Decimal(2), "work_hour")})
    case, clocks = HANDLING[0], begin(START, "U2", bare)
    clocks = after(clocks, LogRow("dispatch", "filed", "dispatched", START, 1, None, {}), bare)
    assert timers(case, clocks, bare) == []


@settings(deadline=None, max_examples=60)
@given(st.lists(st.integers(0, 6000), min_size=1, max_size=6), st.sampled_from([3, 4, 5, 7]))
def test_worker_that_wakes_often_or_seldom_leaves_the_same_case(gaps, steps):
    """Waking at every moment or only at the last one gives the same level, and waking twice at one moment adds nothing."""
    begun = walked(*TO_CLOSED[:steps])
    here, often = CLOSED_AT, begun
    for gap in gaps:
        here += gap * MINUTE
        case, clocks, _ = caught_up(*often, here)
        often = case, clocks
        assert caught_up(*often, here)[2] == []
    seldom = caught_up(*begun, here)[0]
    assert (often[0].state, often[0].supervision_level) == (seldom.state, seldom.supervision_level)
