"""Deadlines against a counter that walks minute by minute."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from layers.incident.clock import AMBER_SHARE, ClockError, WorkCalendar, amber, deadline, parse_periods, work_time

SHANGHAI = ZoneInfo("Asia/Shanghai")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("start", "amount", "unit", "end"),
    [
        ("2026-03-16T11:00", 1, "work_hour", "2026-03-16T12:00"),  # ends with the period, not at the next opening
        ("2026-03-16T17:00", 1, "work_hour", "2026-03-16T18:00"),
        ("2026-03-16T11:30", 1, "work_hour", "2026-03-16T14:30"),
        ("2026-03-16T12:00", 1, "work_hour", "2026-03-16T15:00"),
        ("2026-03-16T07:00", 4, "work_hour", "2026-03-16T12:00"),
        ("2026-03-20T17:30", 1, "work_hour", "2026-03-23T08:30"),  # over a weekend
        ("2026-03-16T08:00", 1, "work_day", "2026-03-16T18:00"),
        ("2026-03-16T09:00", 1, "work_day", "2026-03-17T09:00"),
        ("2026-03-20T20:00", 2, "work_day", "2026-03-24T18:00"),
        ("2026-03-16T23:00", 2, "urgent_hour", "2026-03-17T01:00"),
        ("2026-03-16T23:00", 0.25, "urgent_hour", "2026-03-16T23:15"),
        ("2026-03-16T09:10", 7, "natural_day", "2026-03-23T09:10"),
        ("2026-03-21T03:00", 0, "work_hour", "2026-03-21T03:00"),
    ],
)
def test_deadline_equals_the_table_when_the_calendar_is_usual(start, amount, unit, end):
    assert deadline(at(start), amount, unit, WorkCalendar()) == at(end)


def test_deadline_skips_holidays_and_uses_moved_workdays():
    rows = [
        {"day": "2026-10-01", "is_workday": False, "periods": ""},
        {"day": date(2026, 10, 2), "is_workday": False},
        {"day": "2026-10-10", "is_workday": True, "periods": "09:00-12:00;13:00-18:00"},  # a Saturday
    ]
    assert deadline(at("2026-09-30T17:00"), 2, "work_hour", rows) == at("2026-10-05T09:00")
    assert deadline(at("2026-10-09T18:00"), 3, "work_hour", rows) == at("2026-10-10T12:00")


def test_deadline_keeps_local_time_of_natural_days_when_the_clock_changes():
    new_york = ZoneInfo("America/New_York")
    start = datetime(2026, 3, 7, 9, 0, tzinfo=new_york)
    assert deadline(start, 2, "natural_day", WorkCalendar(timezone="America/New_York")) == datetime(
        2026, 3, 9, 9, 0, tzinfo=new_york
    )
    assert deadline(start, 24, "urgent_hour", WorkCalendar(timezone="America/New_York")).hour == 10


PERIODS = st.sampled_from(
    [(), ((time(8), time(12)), (time(14), time(18))), ((time(9), time(11)),), ((time(0), time(6)), (time(6), time(7)))]
)
CALENDARS = st.builds(
    WorkCalendar,
    st.dictionaries(st.dates(date(2026, 1, 1), date(2026, 2, 28)), PERIODS, max_size=40),
    st.sampled_from(["Asia/Shanghai", "UTC"]),
)
STARTS = st.datetimes(datetime(2026, 1, 1), datetime(2026, 2, 20)).map(
    lambda value: value.replace(second=0, microsecond=0, tzinfo=UTC)
)


def walked(start: datetime, minutes: int, calendar: WorkCalendar) -> datetime:
    """Second method: minute after minute, asking of each whether it lies in a work period."""
    zone, here = ZoneInfo(calendar.timezone), start
    while minutes:
        local = here.astimezone(zone)
        if any(opens <= local.time() < closes for opens, closes in calendar.periods(local.date())):
            minutes -= 1
        here += timedelta(minutes=1)
    return here


@settings(deadline=None)  # on a busy machine a minute counter takes its time
@given(STARTS, st.integers(1, 3000), CALENDARS)
def test_deadline_equals_the_minute_counter(start, minutes, calendar):
    error = deadline(start, minutes / 60, "work_hour", calendar) - walked(start, minutes, calendar)
    assert abs(error) < timedelta(seconds=1)
    assert work_time(start, walked(start, minutes, calendar), calendar) == timedelta(minutes=minutes)


@given(STARTS, st.integers(1, 20), st.integers(1, 20), CALENDARS)
def test_deadlines_add_up_and_days_are_480_minutes(start, first, second, calendar):
    once = deadline(start, first + second, "work_hour", calendar)
    assert deadline(deadline(start, first, "work_hour", calendar), second, "work_hour", calendar) == once
    assert deadline(start, first, "work_day", calendar) == deadline(start, first * 8, "work_hour", calendar)


@given(STARTS, st.integers(1, 40), CALENDARS)
def test_amber_comes_at_three_quarters_of_the_work_time(start, hours, calendar):
    warned = amber(start, hours, "work_hour", calendar)
    assert work_time(start, warned, calendar) == timedelta(hours=float(hours * AMBER_SHARE))
    assert start <= warned < deadline(start, hours, "work_hour", calendar)


@pytest.mark.parametrize(
    ("start", "amount", "unit", "code"),
    [
        (datetime(2026, 3, 16), 1, "work_hour", "clock.naive_time"),
        (at("2026-03-16T08:00"), -1, "work_hour", "clock.bad_amount"),
        (at("2026-03-16T08:00"), float("nan"), "work_hour", "clock.bad_amount"),
        (at("2026-03-16T08:00"), 1, "fortnight", "clock.bad_unit"),
    ],
)
def test_deadline_refuses_what_it_cannot_compute(start, amount, unit, code):
    with pytest.raises(ClockError) as refused:
        deadline(start, amount, unit, WorkCalendar())
    assert refused.value.code == code


def test_deadline_gives_up_when_nobody_ever_works():
    with pytest.raises(ClockError) as refused:
        deadline(at("2026-03-16T08:00"), 1, "work_day", WorkCalendar(usual=()))
    assert refused.value.code == "calendar.no_work_time"


@pytest.mark.parametrize("text", ["08:00", "12:00-08:00", "08:00-12:00;11:00-13:00", "8-12-x"])
def test_periods_are_refused_when_they_do_not_read(text):
    with pytest.raises(ClockError) as refused:
        parse_periods(text)
    assert refused.value.code == "calendar.bad_period"
