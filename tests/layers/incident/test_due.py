"""The worker's clock over real cases: what is due happens once, however late and however often it looks."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from uuid import UUID

import psycopg2
import pytest
from sqlalchemy import text

from data import clock
from data.scope import Scope
from data.session import Database
from layers.incident.due import run_timers
from layers.incident.jobs import recount
from layers.incident.moves import Move, move
from tests.scopes import every_scope
from tests.small_case import dispatched
from tests.small_town import SmallTown

MONDAY = "2026-03-16T09:00:00+08:00"


@pytest.fixture
def at() -> Iterator[object]:
    def moved(moment: str | datetime) -> None:
        clock.set_now(moment if isinstance(moment, str) else moment.isoformat())

    yield moved
    clock.set_now(None)


def tick(database: Database) -> int:
    with database.transaction(Scope.system(None)) as session:
        return run_timers(session)


def log_of(database: Database, town: SmallTown, case: UUID) -> list[tuple[str, object]]:
    with database.transaction(Scope.system(town.town_id)) as session:
        rows = session.execute(
            text("select name, facts->>'level' from incident_log where incident_id = :id order by at, log_id"),
            {"id": case},
        )
        return [(row[0], row[1]) for row in rows][4:]


def test_supervision_rises_at_its_moments_and_not_before(database, small_town, at):
    at(MONDAY)
    case = dispatched(database, small_town)
    # eight work hours from Monday at nine: 75 % at 17:00, due on Tuesday at 9:00, half as late at 15:00, as late on Wednesday
    moments = {
        "2026-03-16T16:59:59+08:00": 0,
        "2026-03-16T17:00:00+08:00": 1,
        "2026-03-17T14:59:59+08:00": 1,
        "2026-03-17T15:00:01+08:00": 2,
        "2026-03-18T09:00:01+08:00": 3,
    }
    for moment, level in moments.items():
        at(moment)
        tick(database)
        levels = [row for row in log_of(database, small_town, case) if row[0] == "supervise"]
        assert len(levels) == level, (moment, levels)


def test_a_worker_that_was_down_catches_up_once(database, small_town, at):
    at(MONDAY)
    case = dispatched(database, small_town)
    at("2026-03-25T09:00:00+08:00")
    assert tick(database) == 1
    first = log_of(database, small_town, case)
    assert ("supervise", "3") in first
    assert len([row for row in first if row[0] == "supervise"]) == 1
    for _ in range(3):
        tick(database)
    assert log_of(database, small_town, case) == first


def test_a_late_evaluation_leaves_thirty_days_before_the_archive(database, small_town, at):
    at(MONDAY)
    case, command = dispatched(database, small_town), every_scope(small_town)["command"]
    for name, facts in (
        ("transfer_up", {"reason": "县级事项", "external_ref": "X-1"}),
        ("county_result", {"text": "县里办结"}),
    ):
        with database.transaction(command) as session:
            move(session, case, Move(name, None, facts))
    for moment, last in (
        ("2026-06-01T09:00:00+08:00", "evaluate"),
        ("2026-07-01T08:59:59+08:00", "evaluate"),
        ("2026-07-01T09:00:01+08:00", "archive"),
    ):
        at(moment)
        tick(database)
        assert log_of(database, small_town, case)[-1][0] == last, moment


def test_a_case_from_a_file_gets_its_clocks_without_a_transition(database, small_town, at):
    at(MONDAY)
    case = dispatched(database, small_town)
    with database.transaction(Scope.system(small_town.town_id)) as session:
        session.execute(
            text("update incident set clocks = '{}', timer_at = reported_at where incident_id = :id"),
            {"id": case},
        )
    tick(database)
    with database.transaction(Scope.system(small_town.town_id)) as session:
        row = session.execute(
            text("select clocks, timer_at, handle_due_at from incident where incident_id = :id"), {"id": case}
        ).one()
    assert row.clocks["stage"]["stage"] == "handle"
    assert row.timer_at is not None
    assert row.handle_due_at == datetime.fromisoformat("2026-03-17T09:00:00+08:00")


def test_a_broken_case_does_not_stop_the_others(database, small_town, at):
    at(MONDAY)
    broken, sound = dispatched(database, small_town), dispatched(database, small_town)
    with database.transaction(Scope.system(small_town.town_id)) as session:
        session.execute(text("update incident set clocks = '{\"urgency\": 1}' where incident_id = :id"), {"id": broken})
    at("2026-03-25T09:00:00+08:00")
    tick(database)
    assert ("supervise", "3") in log_of(database, small_town, sound)
    with database.transaction(Scope.system(small_town.town_id)) as session:
        later = session.execute(
            text("select timer_at from incident where incident_id = :id"), {"id": broken}
        ).scalar_one()
    assert later > datetime.fromisoformat("2026-03-25T09:00:00+08:00")


def due_at(database: Database, town: SmallTown, case: UUID) -> datetime:
    with database.transaction(Scope.system(town.town_id)) as session:
        return session.execute(text("select due_at from incident where incident_id = :id"), {"id": case}).scalar_one()


def recounted(database: Database, town: SmallTown) -> None:
    with database.transaction(Scope.system(town.town_id)) as session:
        recount(session, {})


def test_a_notice_of_working_days_moves_open_deadlines_once(databases, database, small_town, at):
    at(MONDAY)
    case = dispatched(database, small_town)
    before = due_at(database, small_town, case)
    recounted(database, small_town)
    assert due_at(database, small_town, case) == before
    with psycopg2.connect(databases.owner_dsn) as connection, connection.cursor() as cursor:
        cursor.execute(
            "insert into work_calendar (town_id, day, is_workday, name) values (%s, '2026-03-17', false, '调休')"
            " on conflict on constraint work_calendar_pk do update set is_workday = false, periods = '{}'",
            (small_town.town_id,),
        )
    connection.close()
    time.sleep(1.1)  # the rules of a town are at most a second old
    for _ in range(2):
        recounted(database, small_town)
    assert due_at(database, small_town, case) == before + timedelta(days=1)
    assert [row[0] for row in log_of(database, small_town, case)].count("recount") == 1
