"""Clocks of a case against a counter that walks minute after minute over 2024–2027."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from layers.incident.case import Case
from layers.incident.timing import Limit, after, begin, is_provisional, replay, used
from layers.incident.workflow import LogRow
from tests.layers.incident.closed_loop import (
    CALENDAR,
    CLERK,
    FIREMAN,
    GRID_WORKER,
    HEAD,
    LIMITS,
    SHANGHAI,
    TO_HANDLING,
    at,
    calendar,
    limits,
    table,
    walk,
)
from tests.layers.incident.minutes import MINUTE, TOWN, Minutes, scaled, whole

URGENCIES = ("U1", "U2", "U3", "U4")
STAGES = LIMITS.stages
# Every minute of the years with a calendar, and more often those where something turns.
TURNS = [
    "2026-03-17T11:59", "2026-03-17T12:00", "2026-03-17T12:30", "2026-03-17T13:59", "2026-03-17T14:00", "2026-03-17T18:00",
    "2026-03-20T17:59", "2026-03-21T10:00", "2026-02-14T09:00", "2026-02-13T18:00", "2026-02-18T03:00", "2025-01-26T08:00",
    "2025-09-30T17:00", "2026-12-31T17:00", "2026-12-31T23:59", "2024-12-31T18:00", "2024-02-29T16:00", "2026-10-10T12:01",
]  # fmt: skip
MOMENTS = st.sampled_from([at(text) for text in TURNS]) | st.integers(0, 1440 * 1440).map(
    lambda minute: at("2024-01-01T00:00") + minute * MINUTE
)
GAPS = st.integers(0, 300) | st.integers(0, 20000)


def row(name: str, from_state: str, to_state: str, moment: datetime, **facts: object) -> LogRow:
    return LogRow(name, from_state, to_state, moment, 1, None, facts)


def dispatched(moment: datetime, urgency: str = "U3", handle_limit: Limit | None = None):
    """Clocks of a case that is reported, accepted, filed, dispatched and signed in the same minute."""
    clocks = begin(moment, urgency, LIMITS, handle_limit)
    for name, from_state, to_state in (
        ("accept", "reported", "accepted"), ("file", "accepted", "filed"), ("dispatch", "filed", "dispatched"),
        ("sign", "dispatched", "handling"),
    ):  # fmt: skip
        clocks = after(clocks, row(name, from_state, to_state, moment), LIMITS)
    return clocks


def on(clocks, *steps: tuple[str, str, str, datetime] | tuple[str, str, str, datetime, dict]):
    for name, from_state, to_state, moment, *facts in steps:
        clocks = after(clocks, row(name, from_state, to_state, moment, **(facts[0] if facts else {})), LIMITS)
    return clocks


# --- limits without interruption


@pytest.mark.parametrize("urgency", URGENCIES)
@settings(deadline=None, max_examples=40)
@given(moment=MOMENTS)
def test_every_stage_ends_where_the_minute_counter_ends(urgency, moment):
    clocks = begin(moment, urgency, LIMITS)
    assert clocks.stage.due_at == TOWN.due(moment, [STAGES["accept", urgency]])
    later = moment + 7 * MINUTE
    clocks = on(clocks, ("accept", "reported", "accepted", later))
    assert clocks.stage.due_at == TOWN.due(later, [STAGES["dispatch", urgency]])
    filed = on(clocks, ("file", "accepted", "filed", later + MINUTE))
    assert filed.stage == clocks.stage  # one limit for filing and dispatching
    clocks = on(filed, ("dispatch", "filed", "dispatched", later))
    assert clocks.stage.due_at == clocks.handle.due_at == TOWN.due(later, [STAGES["handle", urgency]])
    assert clocks.sign_due_at == TOWN.due(later, [STAGES["sign", urgency]])
    clocks = on(
        clocks, ("sign", "dispatched", "handling", later), ("feed_back", "handling", "awaiting_inspection", later)
    )
    assert clocks.stage.due_at == TOWN.due(later, [STAGES["inspect", urgency]])
    clocks = on(clocks, ("pass_inspection", "awaiting_inspection", "awaiting_inspection", later))
    assert (clocks.stage.stage, clocks.stage.due_at) == ("close", TOWN.due(later, [STAGES["close", urgency]]))
    clocks = on(clocks, ("close", "awaiting_inspection", "closed", later))
    assert clocks.stage is None


@pytest.mark.parametrize("urgency", URGENCIES)
@settings(deadline=None, max_examples=40)
@given(moment=MOMENTS)
def test_whole_is_the_sum_of_its_stages(urgency, moment):
    clock = begin(moment, urgency, LIMITS).whole
    parts = whole(STAGES, urgency)
    assert clock.due_at == TOWN.due(moment, parts)
    if urgency != "U1":  # three quarters of 15 minutes are no whole minutes
        assert clock.amber_at == TOWN.due(moment, scaled(parts, "0.75"))
    assert moment < clock.amber_at < clock.due_at


def test_whole_of_an_urgent_case_is_18_work_hours():
    start = at("2026-03-17T08:00")
    clock = begin(start, "U2", LIMITS).whole
    assert TOWN.worked(start, clock.due_at) == 18 * 60
    # 8 h on Tuesday, 8 h on Wednesday, 2 h on Thursday
    assert clock.due_at == at("2026-03-19T10:00")


def test_hazard_runs_through_night_weekend_and_holiday():
    holiday = at("2026-02-16T23:50")
    clocks = on(begin(holiday, "U1", LIMITS), ("dispatch", "filed", "dispatched", holiday))
    assert clocks.stage.due_at == at("2026-02-17T01:50")
    assert clocks.sign_due_at == at("2026-02-17T00:20")
    assert on(clocks, ("sign", "dispatched", "handling", holiday)).sign_due_at is None
    # 15 + 15 min, 2 h and 2 h without a break, then the first two work hours after the holidays
    assert clocks.whole.due_at == at("2026-02-24T10:00")


@pytest.mark.parametrize(
    ("start", "value", "unit", "end"),
    [
        ("2026-03-17T08:00", 4, "work_hour", "2026-03-17T12:00"),
        ("2026-03-17T14:00", 4, "work_hour", "2026-03-17T18:00"),
        ("2026-03-16T18:30", 1, "work_day", "2026-03-17T18:00"),
        ("2026-03-20T17:00", 1, "work_day", "2026-03-23T17:00"),  # Friday to Monday
        ("2026-02-13T17:00", 1, "work_day", "2026-02-14T17:00"),  # a Saturday that is worked
        ("2026-02-14T17:00", 1, "work_day", "2026-02-24T17:00"),  # over the spring festival
        ("2025-12-31T16:00", 1, "work_day", "2026-01-04T16:00"),  # over the year, to a Sunday that is worked
        ("2026-09-30T17:30", 1, "work_hour", "2026-10-08T08:30"),
    ],
)
def test_deadline_that_ends_a_period_falls_on_its_end(start, value, unit, end):
    clocks = dispatched(at(start), handle_limit=Limit(Decimal(value), unit))
    assert clocks.handle.due_at == at(end)


def test_stage_without_a_limit_has_no_deadline():
    bare = replace(LIMITS, stages={})
    clocks = begin(at("2026-03-17T08:00"), "U3", bare)
    assert (clocks.stage.due_at, clocks.whole.due_at, clocks.stage.amber_at) == (None, None, None)
    assert clocks.stage.late_by(Decimal(1), bare) is None


# --- pauses


@pytest.mark.parametrize(
    ("paused", "resumed", "due"),
    [
        # dispatched Tuesday 09:00 with 3 work days: due Friday 09:00
        ("2026-03-17T10:00", "2026-03-17T11:00", "2026-03-20T10:00"),
        ("2026-03-17T11:30", "2026-03-17T12:30", "2026-03-20T09:30"),  # half of it in the lunch break
        ("2026-03-17T12:10", "2026-03-17T13:50", "2026-03-20T09:00"),  # all of it
        ("2026-03-17T12:30", "2026-03-17T14:30", "2026-03-20T09:30"),
        ("2026-03-17T18:00", "2026-03-18T08:00", "2026-03-20T09:00"),  # a night
        ("2026-03-19T17:00", "2026-03-23T08:00", "2026-03-23T10:00"),  # over the weekend: 2 h were left
        ("2026-03-21T10:00", "2026-03-22T10:00", "2026-03-20T09:00"),  # late already
        ("2026-03-20T09:00", "2026-03-20T11:00", "2026-03-20T11:00"),  # at the deadline: not late when it goes on
        ("2026-03-18T10:00", "2026-03-18T10:00", "2026-03-20T09:00"),
    ],
)
def test_suspension_leaves_what_was_left(paused, resumed, due):
    clocks = dispatched(at("2026-03-17T09:00"))
    assert clocks.handle.due_at == at("2026-03-20T09:00")
    stands = on(clocks, ("suspend", "handling", "suspended", at(paused)))
    assert {clock.paused_at for clock in (stands.stage, stands.handle, stands.whole)} == {at(paused)}
    goes_on = on(stands, ("resume", "suspended", "handling", at(resumed)))
    assert goes_on.stage.due_at == goes_on.handle.due_at == at(due)
    assert goes_on.stage.paused_at is None


@settings(deadline=None, max_examples=60)
@given(MOMENTS, st.sampled_from(URGENCIES), st.lists(st.tuples(GAPS, GAPS), max_size=3))
def test_suspensions_are_left_out_minute_by_minute(moment, urgency, gaps):
    clocks, here, stops = dispatched(moment, urgency), moment, []
    for run, stand in gaps:
        stops.append((here + run * MINUTE, here + (run + stand) * MINUTE))
        clocks = on(clocks, ("suspend", "handling", "suspended", stops[-1][0]))
        here = stops[-1][1]
        clocks = on(clocks, ("resume", "suspended", "handling", here))
    assert clocks.handle.due_at == TOWN.due(moment, [STAGES["handle", urgency]], stops)
    assert clocks.whole.due_at == TOWN.due(moment, whole(STAGES, urgency), stops)
    if urgency != "U1":
        assert clocks.handle.amber_at == TOWN.due(moment, scaled([STAGES["handle", urgency]], "0.75"), stops)


@settings(deadline=None, max_examples=40)
@given(MOMENTS, st.sampled_from(URGENCIES), st.tuples(GAPS, GAPS), st.tuples(GAPS, GAPS))
def test_only_the_stage_stands_while_a_case_is_with_the_county(moment, urgency, suspension, county):
    clocks = dispatched(moment, urgency)
    paused = moment + suspension[0] * MINUTE
    up = paused + suspension[1] * MINUTE
    # from the suspension straight to the county
    clocks = on(
        clocks, ("suspend", "handling", "suspended", paused), ("transfer_up", "suspended", "transferred_up", up)
    )
    assert (clocks.whole.paused_at, clocks.stage.paused_at) == (None, paused)
    assert clocks.whole.due_at == TOWN.due(moment, whole(STAGES, urgency), [(paused, up)])
    back = up + sum(county) * MINUTE
    clocks = on(clocks, ("county_return", "transferred_up", "handling", back))
    assert clocks.whole.due_at == TOWN.due(moment, whole(STAGES, urgency), [(paused, up)])
    assert clocks.stage.due_at == TOWN.due(moment, [STAGES["handle", urgency]], [(paused, back)])


@settings(deadline=None, max_examples=60)
@given(MOMENTS, st.sampled_from(URGENCIES), st.lists(st.tuples(GAPS, GAPS), min_size=1, max_size=3))
def test_nothing_runs_while_a_case_is_merged_and_the_whole_goes_on_once_it_is_taken_apart(moment, urgency, gaps):
    here, stops, log = moment, [], []
    for run, stand in gaps:
        merged, apart = here + run * MINUTE, here + (run + stand) * MINUTE
        log.append(row("merge", "reported", "merged", merged))
        ended = replay(moment, urgency, log, LIMITS)
        assert (ended.stage, ended.whole.paused_at) == (None, merged)
        log.append(row("unmerge", "merged", "reported", apart))
        stops.append((merged, apart))
        here = apart
    clocks = replay(moment, urgency, log, LIMITS)
    assert clocks.whole.paused_at is None
    assert clocks.whole.due_at == TOWN.due(moment, whole(STAGES, urgency), stops)
    # the desk has its full time to accept again
    assert clocks.stage.due_at == TOWN.due(here, [STAGES["accept", urgency]])


def test_case_that_went_up_before_its_dispatch_is_handled_from_its_return_on():
    start, back = at("2026-03-17T09:00"), at("2026-03-24T09:00")
    clocks = on(
        begin(start, "U3", LIMITS), ("accept", "reported", "accepted", start),
        ("transfer_up", "accepted", "transferred_up", start), ("county_return", "transferred_up", "handling", back),
    )  # fmt: skip
    assert (clocks.stage.stage, clocks.stage.started_at, clocks.handle) == ("handle", back, clocks.stage)
    down = on(
        begin(start, "U3", LIMITS), ("accept", "reported", "accepted", start),
        ("transfer_up", "accepted", "transferred_up", start), ("send_down", "transferred_up", "accepted", back),
    )  # fmt: skip
    assert (down.stage.stage, down.stage.started_at, down.stage.paused_at) == ("dispatch", back, None)


@pytest.mark.parametrize(
    ("start", "paused", "resumed", "due"),
    [
        ("2026-03-17T11:59:30", "2026-03-17T11:59:45", "2026-03-17T12:30:00", "2026-03-17T14:59:45"),
        ("2026-03-17T11:59:30", "2026-03-17T14:00:01", "2026-03-17T14:00:03", "2026-03-17T14:59:32"),
        ("2025-12-31T17:59:59.5", "2026-01-01T10:00:00", "2026-01-01T11:00:00", "2026-01-04T08:59:59.5"),
    ],
)
def test_seconds_count(start, paused, resumed, due):
    clocks = on(
        dispatched(at(start), handle_limit=Limit(Decimal(1), "work_hour")),
        ("suspend", "handling", "suspended", at(paused)), ("resume", "suspended", "handling", at(resumed)),
    )  # fmt: skip
    assert clocks.handle.due_at == at(due)


# --- extension, rework, reclassification


@settings(deadline=None, max_examples=60)
@given(MOMENTS, st.sampled_from(URGENCIES), st.sampled_from(["0.25", "0.5", "1"]), st.tuples(GAPS, GAPS), GAPS)
def test_extension_adds_to_the_deadline_whatever_stood_still_before(moment, urgency, share, stand, wait):
    limit = STAGES["handle", urgency]
    (more,) = scaled([limit], share)
    paused = moment + stand[0] * MINUTE
    resumed = paused + stand[1] * MINUTE
    granted = resumed + wait * MINUTE
    clocks = on(
        dispatched(moment, urgency), ("suspend", "handling", "suspended", paused),
        ("resume", "suspended", "handling", resumed), ("extend", "handling", "handling", granted, {"share": float(share)}),
    )  # fmt: skip
    assert clocks.stage.due_at == clocks.handle.due_at == TOWN.due(moment, [limit, more], [(paused, resumed)])
    assert clocks.whole.due_at == TOWN.due(moment, whole(STAGES, urgency, None, more), [(paused, resumed)])
    if urgency != "U1":
        assert clocks.stage.amber_at == TOWN.due(moment, scaled([limit, more], "0.75"), [(paused, resumed)])
    assert clocks.stage.limit == limit


def test_extension_is_the_whole_limit_when_no_share_is_said():
    clocks = on(dispatched(at("2026-03-17T09:00")), ("extend", "handling", "handling", at("2026-03-18T09:00")))
    assert clocks.handle.due_at == at("2026-03-25T09:00")  # six work days


def test_rework_keeps_the_original_deadline_and_stands_meanwhile():
    start = at("2026-03-17T09:00")
    inspected = on(dispatched(start), ("feed_back", "handling", "awaiting_inspection", at("2026-03-18T09:00")))
    assert inspected.handle.paused_at == at("2026-03-18T09:00")
    back = on(inspected, ("rework", "awaiting_inspection", "handling", at("2026-03-19T09:00")))
    assert back.stage == back.handle == dispatched(start).handle
    assert back.whole == dispatched(start).whole
    # a suspension of the rework counts, the inspection does not
    later = on(
        back, ("suspend", "handling", "suspended", at("2026-03-19T10:00")),
        ("resume", "suspended", "handling", at("2026-03-19T11:00")),
    )  # fmt: skip
    assert later.handle.due_at == at("2026-03-20T10:00")


def test_rework_of_what_was_settled_without_a_dispatch_begins_now():
    start, back = at("2026-03-17T09:00"), at("2026-03-18T09:00")
    clocks = on(
        begin(start, "U3", LIMITS), ("self_handle", "reported", "closed", start),
        ("sample", "closed", "awaiting_inspection", start), ("rework", "awaiting_inspection", "handling", back),
    )  # fmt: skip
    assert clocks.stage.due_at == clocks.handle.due_at == TOWN.due(back, [STAGES["handle", "U3"]])


def test_returned_case_is_dispatched_with_a_clock_of_its_own_and_an_old_total():
    start, again = at("2026-03-17T09:00"), at("2026-03-18T09:00")
    clocks = on(dispatched(start), ("return", "handling", "returned", at("2026-03-17T10:00")))
    assert (clocks.stage.stage, clocks.handle.paused_at, clocks.sign_due_at) == (
        "dispatch",
        at("2026-03-17T10:00"),
        None,
    )
    clocks = on(clocks, ("redispatch", "returned", "dispatched", again))
    assert clocks.handle.due_at == TOWN.due(again, [STAGES["handle", "U3"]])
    assert clocks.whole == dispatched(start).whole


@settings(deadline=None, max_examples=60)
@given(MOMENTS, st.tuples(GAPS, GAPS), st.sampled_from(URGENCIES), st.booleans())
def test_another_category_is_counted_as_if_it_had_been_so_from_the_start(moment, stand, urgency, extended):
    """What stood still and what was granted stays."""
    paused = moment + stand[0] * MINUTE
    resumed = paused + stand[1] * MINUTE
    clocks = on(
        dispatched(moment), ("suspend", "handling", "suspended", paused), ("resume", "suspended", "handling", resumed)
    )
    more = [STAGES["handle", "U3"]] if extended else []
    if extended:
        clocks = on(clocks, ("extend", "handling", "handling", resumed))
    limit = {"value": "2", "unit": "natural_day"}
    clocks = on(
        clocks, ("return", "handling", "returned", resumed),
        ("reclassify", "returned", "accepted", resumed, {"urgency": urgency, "handle_limit": limit}),
    )  # fmt: skip
    own = Limit(Decimal(2), "natural_day")
    assert clocks.whole.due_at == TOWN.due(moment, whole(STAGES, urgency, own, *more), [(paused, resumed)])
    assert clocks.stage.due_at == TOWN.due(resumed, [STAGES["dispatch", urgency]])
    clocks = on(clocks, ("file", "accepted", "filed", resumed), ("dispatch", "filed", "dispatched", resumed))
    assert clocks.handle.due_at == resumed + timedelta(days=2)


def test_filing_fixes_the_limit_from_where_the_stage_began():
    start = at("2026-03-17T09:00")
    accepted = on(begin(start, "U3", LIMITS), ("accept", "reported", "accepted", start))
    filed = on(accepted, ("file", "accepted", "filed", start + 30 * MINUTE, {"urgency": "U2"}))
    assert filed.stage.due_at == at("2026-03-17T10:00")
    assert filed.whole.due_at == TOWN.due(start, whole(STAGES, "U2"))


def test_category_that_the_county_corrects_does_not_lose_the_pause():
    start, up, back = at("2026-03-17T09:00"), at("2026-03-17T10:00"), at("2026-03-18T10:00")
    clocks = on(
        dispatched(start), ("transfer_up", "handling", "transferred_up", up),
        ("county_return", "transferred_up", "handling", back, {"urgency": "U2"}),
    )  # fmt: skip
    assert clocks.handle.due_at == TOWN.due(start, [STAGES["handle", "U2"]], [(up, back)])


# --- the log


def test_log_of_a_case_gives_its_clocks_again():
    case, log = walk(
        Case("reported", category="ZZ-1"), *TO_HANDLING, ("ask_suspend", FIREMAN), ("suspend", HEAD), ("resume", HEAD),
        ("ask_extension", FIREMAN), ("extend", HEAD, {"share": "0.5"}), ("feed_back", FIREMAN), ("rework", GRID_WORKER),
        ("feed_back", FIREMAN), ("pass_inspection", GRID_WORKER), ("close", CLERK),
    )  # fmt: skip
    start = at("2026-03-17T08:59")
    clocks = begin(start, "U3", LIMITS)
    for entry in log:
        clocks = after(clocks, entry, LIMITS)
    assert case.state == "closed"
    assert replay(start, "U3", log, LIMITS) == clocks


def test_rows_of_the_log_that_are_no_transition_leave_the_clocks():
    clocks = dispatched(at("2026-03-17T09:00"))
    assert on(clocks, ("place", "handling", "handling", at("2026-03-17T10:00"))) == clocks


# --- a year without a notice


NOTICE = [
    # 2027 as it might be announced: days off, and a Sunday worked
    ("2027-01-04", ""), ("2027-01-05", ""), ("2027-01-03", "08:00-12:00;14:00-18:00"), ("2027-02-11", ""),
]  # fmt: skip


def announced() -> list[dict[str, str]]:
    told = dict(NOTICE)
    return [
        {
            **day,
            "periods": told.get(day["day"], day["periods"]),
            "is_workday": str(bool(told.get(day["day"], day["periods"]))).lower(),
            "provisional": "false",
        }
        for day in table("calendar.csv")
    ]


NEW = limits(calendar(announced()))
ANNOUNCED = Minutes(announced())


def test_days_after_the_last_notice_are_provisional():
    assert not CALENDAR.is_provisional(at("2026-12-31T00:00").date())
    assert CALENDAR.is_provisional(at("2027-01-01T00:00").date())
    assert CALENDAR.is_provisional(at("2028-01-03T00:00").date())  # not known at all
    assert not NEW.calendar.is_provisional(at("2027-12-31T00:00").date())


@pytest.mark.parametrize(
    ("start", "value", "unit", "rests"),
    [
        ("2026-12-30T09:00", 1, "work_day", False),
        ("2026-12-31T08:00", 1, "work_day", False),  # ends at 18:00 of the last day that is known
        ("2026-12-31T09:00", 1, "work_day", True),
        ("2026-12-31T09:00", 1, "natural_day", False),  # whatever the notice says
        ("2026-12-31T23:00", 2, "urgent_hour", False),
        ("2027-01-02T23:00", 2, "work_hour", True),
    ],
)
def test_deadline_rests_on_provisional_days_when_work_time_reaches_into_them(start, value, unit, rests):
    clock = dispatched(at(start), handle_limit=Limit(Decimal(value), unit)).handle
    assert is_provisional(clock, LIMITS) is rests
    assert not is_provisional(clock, NEW)


@settings(deadline=None, max_examples=80)
@given(st.integers(0, 40 * 1440), st.sampled_from(URGENCIES), st.tuples(GAPS, GAPS))
def test_notice_moves_only_deadlines_that_reach_into_its_year(minute, urgency, stand):
    start = at("2026-12-01T00:00") + minute * MINUTE
    paused = start + stand[0] * MINUTE
    log = [
        row("accept", "reported", "accepted", start), row("file", "accepted", "filed", start),
        row("dispatch", "filed", "dispatched", start), row("sign", "dispatched", "handling", start),
        row("suspend", "handling", "suspended", paused),
        row("resume", "suspended", "handling", paused + stand[1] * MINUTE),
    ]  # fmt: skip
    before, now = (replay(start, urgency, log, book) for book in (LIMITS, NEW))
    for old, new in ((before.stage, now.stage), (before.whole, now.whole)):
        if not is_provisional(old, LIMITS):
            assert new == old
    assert now.whole.due_at == ANNOUNCED.due(start, whole(STAGES, urgency), now.whole.stops)


def test_notice_moves_a_deadline_of_december():
    log = [row("accept", "reported", "accepted", at("2026-12-30T09:00"))]
    old, new = (replay(at("2026-12-30T09:00"), "U4", log, book).whole.due_at for book in (LIMITS, NEW))
    assert old.astimezone(SHANGHAI).year == 2027
    assert old != new


@settings(deadline=None)
@given(MOMENTS, st.integers(0, 4_000), st.lists(st.integers(0, 900), min_size=2, max_size=2))
def test_what_is_used_is_what_the_minute_counter_counts(moment, later, stop):
    stage = begin(moment, "U3", LIMITS).stage
    paused, resumed = moment + stop[0] * MINUTE, moment + (stop[0] + stop[1]) * MINUTE
    stage = stage.standing(paused).resumed(resumed, LIMITS)
    now = max(resumed, moment + later * MINUTE)
    counted = TOWN.worked(moment, now) - TOWN.worked(paused, resumed)
    assert used(stage, now, LIMITS) == counted * MINUTE
    assert used(stage.standing(now), now + timedelta(days=40), LIMITS) == counted * MINUTE


def test_what_is_used_of_an_urgent_limit_runs_through_the_night():
    clocks = begin(at("2026-03-17T17:00"), "U1", LIMITS)
    assert clocks.stage.limit.unit == "urgent_hour"
    assert used(clocks.stage, at("2026-03-18T05:00"), LIMITS) == timedelta(hours=12)
