"""The time of the server: fixed, shifted, or following a simulated course that every process of a demo reads."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data import clock
from data.clock import Course
from data.scope import Scope

ROOT = Path(__file__).parents[2]
NOON = datetime(2026, 3, 17, 4, tzinfo=UTC)
SPANS = st.timedeltas(timedelta(0), timedelta(days=3))


@pytest.fixture
def path(tmp_path):
    clock.follow(tmp_path / "clock.json")
    yield tmp_path / "clock.json"
    clock.follow(None)


@given(rate=st.floats(0.1, 10_000), ahead=SPANS, one=SPANS, more=SPANS)
def test_simulated_time_never_runs_backward_and_like_the_real_one_from_its_end_on(rate, ahead, one, more):
    course = Course(NOON, NOON, rate, NOON + ahead)
    first, second = course.at(NOON + one), course.at(NOON + one + more)
    slack = timedelta(milliseconds=1)
    assert first <= second + slack
    if first >= NOON + ahead:
        assert abs(second - first - more) <= slack
        assert course.rate_at(NOON + one) == 1.0
    else:
        assert abs(first - NOON - one * rate) <= slack


def test_a_course_is_followed_while_its_file_is_there(path):
    assert not clock.is_moved()
    clock.steer(path, Course(datetime.now(UTC), NOON, 3_600))
    assert clock.is_moved()
    assert clock.rate() == 3_600
    assert NOON <= clock.now() < NOON + timedelta(days=1)
    assert Scope.system(1).settings()["onegrid.now"].startswith("2026-03-17T")
    clock.release(path)
    assert not clock.is_moved()
    assert clock.rate() == 1
    assert abs(clock.now() - datetime.now(UTC)) < timedelta(seconds=5)


def test_a_fixed_clock_stands(path):
    clock.set_now("2026-03-17T12:00:00+08:00")
    assert (clock.now(), clock.rate()) == (NOON, 0)
    assert clock.of_real(datetime.now(UTC)) == NOON
    clock.set_now(None)


def test_another_process_follows_the_same_time(path):
    clock.steer(path, Course(datetime.now(UTC), NOON, 60))
    script = f"from pathlib import Path; from data import clock; clock.follow(Path({str(path)!r})); print(clock.now().isoformat())"
    before = clock.now()
    told = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert before <= datetime.fromisoformat(told.strip()) <= clock.now()


def test_a_changed_course_is_seen_within_a_moment(path):
    clock.steer(path, Course(datetime.now(UTC), NOON, 0))
    other = clock._Follower(path)
    assert other.course().rate == 0
    clock.steer(path, Course(datetime.now(UTC), NOON, 1))
    other._looked_s -= clock.LOOK_EVERY_S
    assert other.course().rate == 1
