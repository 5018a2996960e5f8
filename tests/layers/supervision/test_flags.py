"""The worker proposes flags over real cases: each fact once, also after a day's downtime; nothing scans what did not change."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from uuid import UUID

import psycopg2
import pytest
from sqlalchemy import text

from data import clock
from data.errors import Conflict, Forbidden
from data.scope import Scope
from data.session import Database
from layers.incident.due import run_timers
from layers.supervision import decisions
from layers.supervision.decisions import Step
from layers.supervision.flags import run_rules
from tests.scopes import every_scope
from tests.small_case import dispatched
from tests.small_town import SmallTown

MONDAY, MUCH_LATER = "2026-03-16T09:00:00+08:00", "2026-03-25T09:00:00+08:00"


@pytest.fixture
def at() -> Iterator[object]:
    def moved(moment: str | datetime) -> None:
        clock.set_now(moment if isinstance(moment, str) else moment.isoformat())

    yield moved
    clock.set_now(None)


def work(database: Database) -> int:
    with database.transaction(Scope.system(None)) as session:
        run_timers(session)
    with database.transaction(Scope.system(None)) as session:
        return run_rules(session)


def flags(database: Database, town: SmallTown) -> list[tuple[str, str, str | None]]:
    with database.transaction(Scope.system(town.town_id)) as session:
        rows = session.execute(
            text(
                "select f.rule, f.colour, o.code from efficiency_flag f left join organisation o using (org_id)"
                " order by f.created_at, f.rule"
            )
        )
        return [tuple(row) for row in rows]


def issue(database: Database, town: SmallTown, flag_id: UUID) -> None:
    with database.transaction(every_scope(town)["leader"]) as session:
        version = session.execute(
            text("select version from efficiency_flag where flag_id = :id"), {"id": flag_id}
        ).scalar_one()
        decisions.step(session, flag_id, Step(name="issue", version=version, words="属实"))


def test_a_worker_that_looks_all_the_time_and_one_that_was_down_propose_the_same(database, small_town, at):
    at(MONDAY)
    dispatched(database, small_town)
    found = set()
    for moment in ("2026-03-16T09:00:05+08:00", "2026-03-17T09:00:00+08:00"):
        at(moment)
        work(database)
        assert flags(database, small_town) == []
    at("2026-03-17T09:00:01+08:00")
    work(database)
    assert flags(database, small_town) == [("late_handling", "yellow", "squad")]
    at(MUCH_LATER)
    for _ in range(3):
        work(database)
    found = set(flags(database, small_town))
    assert ("supervised", "red", "squad") in found
    assert len(flags(database, small_town)) == len(found)


def test_after_downtime_each_fact_is_proposed_once(database, small_town, at):
    at(MONDAY)
    dispatched(database, small_town)
    at(MUCH_LATER)
    for _ in range(4):
        work(database)
    once = flags(database, small_town)
    assert len(once) == len(set(once))
    assert {
        ("late_handling", "yellow", "squad"),
        ("late_whole", "yellow", "squad"),
        ("supervised", "red", "squad"),
    } <= set(once)


def test_nothing_is_looked_at_again_until_something_is_due(database, small_town, at):
    at(MONDAY)
    dispatched(database, small_town)
    assert work(database) > 0
    assert work(database) == 0
    with database.transaction(Scope.system(small_town.town_id)) as session:
        later = session.execute(text("select min(at) from efficiency_due")).scalar_one()
    assert later == datetime.fromisoformat("2026-03-17T09:00:00.000001+08:00")


def test_a_proposal_keeps_what_it_rests_on(database, small_town, at):
    at(MONDAY)
    case = dispatched(database, small_town)
    at("2026-03-17T09:30:00+08:00")
    work(database)
    with database.transaction(Scope.system(small_town.town_id)) as session:
        basis, log_id = session.execute(
            text("select f.basis, l.log_id::text from efficiency_flag f join incident_log l on l.incident_id = f.incident_id"
                 " and l.name = 'dispatch' where f.incident_id = :id and f.rule = 'late_handling'"), {"id": case}
        ).one()  # fmt: skip
    assert datetime.fromisoformat(basis["due_at"]) == datetime.fromisoformat("2026-03-17T09:00:00+08:00")
    assert basis["limit"] == {"value": 8.0, "unit": "work_hour"}
    assert basis["from"] == log_id


def test_three_yellow_flags_of_one_organisation_in_a_month_propose_a_red_one(database, small_town, at):
    at(MONDAY)
    for _ in range(3):
        dispatched(database, small_town)
    at("2026-03-17T09:00:01+08:00")
    work(database)
    with database.transaction(Scope.system(small_town.town_id)) as session:
        yellow = (
            session.execute(text("select flag_id from efficiency_flag where colour = 'yellow' order by flag_id"))
            .scalars()
            .all()
        )
    assert len(yellow) == 3
    for n, flag_id in enumerate(yellow):
        issue(database, small_town, flag_id)
        work(database)
        red = [row for row in flags(database, small_town) if row[0] == "repeated"]
        assert red == [("repeated", "red", "squad")] * (n == 2)
    work(database)
    assert len([row for row in flags(database, small_town) if row[0] == "repeated"]) == 1


def test_a_case_the_rules_cannot_read_does_not_stop_the_others(database, small_town, at, databases):
    at(MONDAY)
    broken, sound = dispatched(database, small_town), dispatched(database, small_town)
    with psycopg2.connect(databases.owner_dsn) as connection, connection.cursor() as cursor:
        cursor.execute(
            'update incident_log set facts = \'{"handle_limit": {"value": "x"}}\' where name = \'file\' and incident_id = %s',
            (str(broken),),
        )
    connection.close()
    at("2026-03-17T09:00:01+08:00")
    work(database)
    with database.transaction(Scope.system(small_town.town_id)) as session:
        over = session.execute(text("select incident_id from efficiency_flag")).scalars().all()
        later = session.execute(
            text("select max(at) from efficiency_due where incident_id = :id"), {"id": broken}
        ).scalar_one()
    assert over == [sound]
    assert later == datetime.fromisoformat("2026-03-17T09:15:01+08:00")


def test_a_wrong_setting_is_tried_again_and_loses_nothing(database, small_town, at, databases):
    at(MONDAY)
    dispatched(database, small_town)
    admin = every_scope(small_town)["admin"]

    def put(settings: dict) -> None:
        with database.transaction(admin) as session:
            session.execute(
                text("update town set settings = cast(:s as jsonb) where town_id = scope_town()"),
                {"s": json.dumps(settings)},
            )

    put({"flags": {"late_handling": {"over_hours": 1}}})
    at("2026-03-17T10:00:00+08:00")
    work(database)
    assert flags(database, small_town) == []
    put({"flags": {"late_handling": {"over_minutes": 30}}})
    at("2026-03-17T10:15:00+08:00")
    work(database)
    assert flags(database, small_town) == [("late_handling", "yellow", "squad")]


ANY_ORG = "from organisation limit 1"
FORGED = (
    f"insert into efficiency_flag (town_id, org_id, colour, rule, fact) select town_id, org_id, 'red', 'x', 'x' {ANY_ORG}",
    "delete from efficiency_flag",
    "delete from efficiency_flag_log",
    "update efficiency_flag_log set words = 'x'",
    "update efficiency_flag set basis = '{}'",
    "update efficiency_flag set colour = 'yellow'",
    "update efficiency_flag set created_at = now()",
    f"insert into efficiency_due (town_id, org_id, at) select town_id, org_id, now() {ANY_ORG}",
    "delete from project",
    "update project_entry set words = 'x'",
)


@pytest.mark.parametrize("statement", FORGED)
def test_plain_sql_writes_no_flag_and_forges_no_basis(database, small_town, statement):
    with pytest.raises(Forbidden), database.transaction(every_scope(small_town)["leader"]) as session:
        session.execute(text(statement))


@pytest.mark.parametrize(
    "change",
    ["state = 'lifted', lifting = 'x'", "state = 'issued'", "state = 'proposed'", "reply = 'x', replied_at = now()"],
)
def test_plain_sql_skips_no_step_of_a_flag(database, small_town, at, change):
    at(MONDAY)
    dispatched(database, small_town)
    at("2026-03-17T09:00:01+08:00")
    work(database)
    with pytest.raises(Conflict) as raised, database.transaction(every_scope(small_town)["leader"]) as session:
        session.execute(text(f"update efficiency_flag set {change}"))
    assert raised.value.code == "flag.not_from_here"


def test_an_organisation_sees_its_flags_once_issued_and_never_decides_on_them(database, small_town, at):
    at(MONDAY)
    dispatched(database, small_town)
    at("2026-03-17T09:00:01+08:00")
    work(database)
    scopes = every_scope(small_town)

    def seen(who: str) -> list[UUID]:
        with database.transaction(scopes[who]) as session:
            return list(session.execute(text("select flag_id from efficiency_flag")).scalars())

    (flag_id,) = seen("leader")
    for who in ("squad", "command", "market", "worker-a1", "public", "other leader"):
        assert seen(who) == [], who
    issue(database, small_town, flag_id)
    assert seen("squad") == [flag_id]
    assert seen("market") == seen("command") == []
    with pytest.raises(Conflict) as raised, database.transaction(scopes["squad"]) as session:
        session.execute(text("update efficiency_flag set state = 'lifted', lifting = 'x'"))
    assert raised.value.code == "flag.not_permitted"
