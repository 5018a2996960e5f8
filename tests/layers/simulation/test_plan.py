"""The reports of a simulated day: the same seed gives the same ones, and they are like the year they come from."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from layers.simulation.plan import expected, plan
from tests.layers.simulation.past import shipped_year

ZONE = ZoneInfo("Asia/Shanghai")
MONDAY = datetime(2026, 3, 16, tzinfo=ZONE)
WEEKS = 20


@pytest.fixture(scope="module")
def long_plan():
    return plan(shipped_year(), MONDAY, MONDAY + timedelta(weeks=WEEKS), ZONE, seed=7)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**32), hours=st.floats(0.1, 40), offset=st.floats(0, 24))
def test_a_seed_gives_the_same_reports_in_order_and_within_the_time(seed, hours, offset):
    start = MONDAY + timedelta(hours=offset)
    end = start + timedelta(hours=hours)
    once = plan(shipped_year(), start, end, ZONE, seed)
    assert once == plan(shipped_year(), start, end, ZONE, seed)
    assert all(start <= one.at < end for one in once)
    firsts = [one.at for one in once if one.twin_of is None]
    assert firsts == sorted(firsts)
    for one in once:
        if one.twin_of is not None:
            assert once[one.twin_of].at < one.at
            assert once[one.twin_of].twin_of is None
            assert not once[one.twin_of].fate.merged


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 1000), cut=st.floats(0.1, 23.9))
def test_a_day_cut_in_two_has_the_same_reports(seed, cut):
    middle, end = MONDAY + timedelta(hours=cut), MONDAY + timedelta(days=1)
    whole = plan(shipped_year(), MONDAY, end, ZONE, seed)
    parts = [*plan(shipped_year(), MONDAY, middle, ZONE, seed), *plan(shipped_year(), middle, end, ZONE, seed)]
    assert [one.at for one in whole if one.twin_of is None] == [one.at for one in parts if one.twin_of is None]


def test_another_seed_gives_another_day():
    day = [plan(shipped_year(), MONDAY, MONDAY + timedelta(days=1), ZONE, seed) for seed in (1, 2)]
    assert day[0] != day[1]


def shares(values):
    counted = Counter(values)
    return {key: n / counted.total() for key, n in counted.items()}


def difference(one, other):
    """Half the sum of the differences of two distributions: 0 the same, 1 nothing in common."""
    return sum(abs(one.get(key, 0) - other.get(key, 0)) for key in one.keys() | other.keys()) / 2


def test_as_many_come_in_as_in_the_year(long_plan):
    reports = [one for one in long_plan if one.twin_of is None]
    rate = sum(expected(shipped_year(), ZONE).values()) * WEEKS
    # four deviations of a Poisson count
    assert abs(len(reports) - rate) < 4 * rate**0.5


@pytest.mark.parametrize(
    ("name", "of_past", "most"),
    [
        ("hour", lambda past: past.reported_at.astimezone(ZONE).hour, 0.04),
        ("channel", lambda past: past.channel, 0.04),
        ("platform", lambda past: past.category[:2], 0.05),
        ("category", lambda past: past.category, 0.15),
        ("square of about 1 km", lambda past: (round(past.lon, 2), round(past.lat, 2)), 0.12),
    ],
)
def test_they_are_spread_as_in_the_year(long_plan, name, of_past, most):
    planned = shares(of_past(one.past) for one in long_plan)
    year = shares(of_past(past) for past in shipped_year())
    assert difference(planned, year) < most, name


def test_hours_of_the_plan_are_those_of_its_reports(long_plan):
    for one in long_plan:
        if one.twin_of is None:
            assert one.at.astimezone(ZONE).hour == one.past.reported_at.astimezone(ZONE).hour


def test_a_report_lies_within_metres_of_one_of_the_year(long_plan):
    assert max(abs(one.lon - one.past.lon) for one in long_plan) < 6e-4
    assert max(abs(one.lat - one.past.lat) for one in long_plan) < 6e-4


def test_some_are_declined_merged_returned_and_done_again_as_in_the_year(long_plan):
    past = shipped_year()
    for told, of_fate in [
        (lambda case: case.state == "declined", lambda fate: fate.declined),
        (lambda case: case.return_count > 0, lambda fate: fate.returns > 0),
        (lambda case: case.rework_count > 0, lambda fate: fate.reworks > 0),
    ]:
        share = sum(map(told, past)) / len(past)
        drawn = sum(of_fate(one.fate) for one in long_plan) / len(long_plan)
        assert 0.5 * share < drawn < 1.6 * share
