"""Figures of the wall: the usual day is the mean of the same weekdays, and what is told opens as many cases."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import psycopg2
import pytest

from data import clock
from data.scope import Scope
from layers import dashboard, features
from layers.incident.layer import LAYER

NOW = datetime.fromisoformat("2026-03-17T14:30:00+08:00")
NOON = NOW.replace(hour=12, minute=0)


@pytest.fixture
def at_two() -> Iterator[None]:
    clock.set_now(NOW.isoformat())
    yield
    clock.set_now(None)


@pytest.fixture
def add(databases, small_town):
    """Writes a case as the owner: number, moment of the report, further columns as SQL."""
    with psycopg2.connect(databases.owner_dsn) as connection, connection.cursor() as cursor:

        def write(number: int, at: datetime, **columns: str) -> None:
            given = {"state": "'handling'", **columns}
            cursor.execute(
                f"insert into incident (town_id, case_no, title, channel, geom, occurred_at, reported_at, {', '.join(given)})"
                " values (%(t)s, %(no)s, 'x', 'app', st_setsrid(st_makepoint(120.885, 30.405), 4490), %(at)s, %(at)s,"
                f" {', '.join(given.values())})",
                {"t": small_town.town_id, "no": f"D{number}", "at": at},
            )
            connection.commit()

        yield write
    connection.close()


@pytest.fixture
def read(database, small_town):
    """The summary as the whole town sees it, or the number of cases that a list opens."""

    def asked(filters: dict[str, str] | None = None):
        with database.transaction(Scope.system(small_town.town_id)) as session:
            if filters is None:
                return dashboard.summary(session)
            return features.run(session, features.count(LAYER, filters))[0][0]

    return asked


def test_the_usual_day_is_the_mean_of_the_same_weekdays_that_are_known(add, read, at_two):
    for week, times in ((1, 3), (2, 1), (3, 2)):
        for number in range(times):
            add(week * 10 + number, NOON - timedelta(weeks=week))
    add(1, NOON - timedelta(days=1))  # another weekday
    add(2, NOON - timedelta(weeks=3, days=1))  # known three weeks back and no longer
    usual = read()["usual"]
    assert usual["weeks"] == 3
    assert usual["quarters"][48] == 2
    assert sum(usual["quarters"]) == 2


def test_before_any_such_day_nothing_is_usual(add, read, at_two):
    add(1, NOON)
    assert read()["usual"] is None


def test_handled_in_time_today_counts_what_its_list_opens(add, read, at_two):
    day = NOW.replace(hour=0, minute=0)
    moments = {"9": ("10:00", "09:00"), "8": ("10:00", "11:00"), "7": ("11:00", None), "6": ("18:00", "12:00")}
    for number, (due, handled) in moments.items():
        done = f"'{day.date()}T{handled}:00+08:00'" if handled else "null"
        add(
            int(number),
            day - timedelta(days=1),
            handle_due_at=f"'{day.date()}T{due}:00+08:00'",
            handled_at=done,
        )
    told = read()
    assert told["today_in_time"] == {"n": 1, "of": 3}
    due = {"handle_due_from": told["day_start"].isoformat(), "handle_due_to": NOW.isoformat(), "valid": "1"}
    assert read(due) == 3
    assert read({**due, "handled_in_time": "1"}) == 1


def test_replies_that_are_due_are_counted_among_the_supervised(add, read, at_two):
    add(1, NOON, supervision_level="2", reply_due_at="now()")
    add(2, NOON, supervision_level="1")
    assert read()["supervision"] == {"total": 2, "waiting": 1, "1": 1, "2": 1}
