"""A simulated day of the shipped town through the services: lawful to the last log row, with what is late seen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from data import clock
from data.clock import Course
from data.scope import Scope
from data.session import Database
from layers.incident import timing
from layers.incident.book import book
from layers.incident.due import run_timers
from layers.incident.workflow import RULES, LogRow
from layers.simulation.driver import Settings, Simulation
from layers.supervision.flags import run_rules
from tests.conftest import Databases

LOGS = text("""
    select i.incident_id, i.state, i.reported_at, i.clocks, i.handle_due_at, l.name, l.from_state, l.to_state, l.at,
        l.actor_user_id, l.reason, l.facts, first.facts as reported
    from incident i join incident_log l using (incident_id)
    join incident_log first on first.incident_id = i.incident_id and first.name = 'report' and first.at >= :began
    where l.name = any (:names) and i.town_id = scope_town() order by i.seq, l.log_id
""")


@dataclass
class Day:
    database: Database
    town_id: int
    began: datetime
    ended: datetime
    simulation: Simulation

    def rows(self, statement: str, **values: object):
        with self.database.transaction(Scope.system(self.town_id)) as session:
            return session.execute(text(statement), {"began": self.began, **values}).all()


@pytest.fixture(scope="module")
def day(demo_template: str, database_server, tmp_path_factory) -> Iterator[Day]:
    """Ten hours from a Wednesday's seven o'clock on, as fast as the work goes."""
    databases: Databases = database_server.create("simulated", demo_template)
    database, folder = Database(databases.app_url, statement_timeout_s=0), Path(tmp_path_factory.mktemp("day"))
    path = folder / "clock.json"
    clock.follow(path)
    real = datetime.now(UTC)
    began = (real + timedelta(days=1)).replace(hour=23, minute=0, second=0, microsecond=0)
    clock.steer(path, Course(real, began, 0))
    with database.transaction(Scope.login()) as session:
        town_id = session.execute(text("select town_id from list_towns()")).scalar_one()
    settings = Settings(began + timedelta(hours=10), 3, path, folder, speed=None)
    simulation = Simulation(database, town_id, settings, (run_timers, run_rules))
    simulation.run()
    yield Day(database, town_id, began, clock.now(), simulation)
    clock.follow(None)
    database.close()
    database_server.drop(databases)


def test_the_day_is_lived_to_its_end_and_the_clock_runs_on_from_there(day):
    assert day.began + timedelta(hours=10) <= day.ended
    assert clock.rate() == 1
    assert clock.now() >= day.ended
    assert day.simulation.tally.reports >= 8


def test_hardly_anything_that_people_try_is_refused(day):
    tally = day.simulation.tally
    assert tally.transitions.total() > 100, tally
    assert tally.refused.total() <= 0.03 * tally.transitions.total(), tally.refused
    assert len(tally.transitions) >= 10, tally.transitions


def test_everybody_acts_in_their_own_name(day):
    acted = day.rows(
        "select distinct u.username, l.name from incident_log l join app_user u on u.user_id = l.actor_user_id"
        " where l.at >= :began"
    )
    by_name = {}
    for username, name in acted:
        by_name.setdefault(name, set()).add(username)
    assert "command" in by_name["dispatch"]
    assert len(by_name["sign"] | by_name["feed_back"]) >= 8
    assert "command" not in by_name["feed_back"]


def test_replaying_the_log_of_every_new_case_gives_its_state_and_its_clocks(day):
    """The log alone is enough: states follow each other by the table, clocks are those that the row keeps."""
    with day.database.transaction(Scope.system(day.town_id)) as session:
        town = book(session)
        rows = session.execute(LOGS, {"began": day.began, "names": list(RULES)}).all()
    cases: dict[object, list[object]] = {}
    for row in rows:
        cases.setdefault(row.incident_id, []).append(row)
    assert len(cases) >= 6
    for log in cases.values():
        state = "reported"
        for row in log:
            assert row.from_state == state, row
            assert state in RULES[row.name].sources
            assert row.to_state == (RULES[row.name].target or state)
            state = row.to_state
        assert state == log[-1].state
        kept = timing.of_json(log[0].clocks)
        first = day.rows("select c.code, c.urgency from incident i left join category c using (category_id)"
                         " where i.incident_id = :id", id=log[0].incident_id)[0]  # fmt: skip
        steps = [LogRow(r.name, r.from_state, r.to_state, r.at, r.actor_user_id, r.reason, r.facts) for r in log]
        filed = next((step for step in steps if step.name == "file"), None)
        limit = town.handle_limits.get(first.code or "")
        urgency = first.urgency or "U3"
        replayed = timing.replay(log[0].reported_at, urgency, steps, town.time_limits, limit)
        if filed is not None:
            assert timing.as_json(replayed)["handle"] == timing.as_json(kept)["handle"]
            assert timing.as_json(replayed)["stage"] == timing.as_json(kept)["stage"]


def test_what_is_late_is_seen_and_supervised(day):
    late = day.rows("select incident_id from incident where is_open and state <> 'suspended' and due_at < server_now()")
    assert late
    raised = Counter(
        row.level
        for row in day.rows(
            "select facts->>'level' as level from incident_log where name = 'supervise' and at >= :began"
        )
    )
    assert raised["1"] > 0, raised
    flags = day.rows("select colour, rule from efficiency_flag where state = 'proposed'")
    assert flags


def test_photos_say_where_they_were_taken(day):
    photos = day.rows("select exif_distance_m from photo where exif_distance_m is not null")
    assert photos
    assert min(row.exif_distance_m for row in photos) < 100
