"""``onegrid simulate`` where it may not run, and the clock that it leaves behind."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import psycopg2
import pytest
from click.testing import CliRunner

from api.cli import main, simulate
from data import clock
from data.clock import Course
from data.session import Database
from tests.small_town import TOWN

MARK = 'update town set settings = settings || \'{"demo_logins": ["command"]}\''


@pytest.fixture
def onegrid(databases, tmp_path):
    """Run ``onegrid simulate`` over the small town with more settings."""

    def run(*words: str, **settings: str):
        environment = {
            "ONEGRID_DATABASE_URL": databases.app_url, "ONEGRID_DATA_DIR": str(tmp_path), "ONEGRID_DEMO": "",
            "ONEGRID_NOW": "", **settings,
        }  # fmt: skip
        try:
            return CliRunner().invoke(main, ["--town", TOWN, "simulate", *words], env=environment)
        finally:
            clock.follow(None)

    return run


@pytest.fixture
def demo_town(databases):
    with psycopg2.connect(databases.owner_dsn) as connection, connection.cursor() as cursor:
        cursor.execute(MARK)
    connection.close()


@pytest.mark.parametrize("settings", [{}, {"ONEGRID_DEMO": "0"}])
def test_nobody_is_simulated_outside_a_demo(onegrid, tmp_path, settings, demo_town):
    for words in ([], ["--reset-clock"]):
        result = onegrid(*words, **settings)
        assert result.exit_code == 1
        assert "only a demo" in result.output
    assert not (tmp_path / "clock.json").exists()


def test_nobody_is_simulated_in_a_real_town(onegrid, tmp_path):
    result = onegrid(ONEGRID_DEMO="1")
    assert result.exit_code == 1
    assert "no demo town" in result.output
    assert not (tmp_path / "clock.json").exists()


@pytest.mark.usefixtures("demo_town")
@pytest.mark.parametrize(
    ("words", "settings", "told"),
    [
        ([], {}, "no past cases"),
        ([], {"ONEGRID_NOW": "+1d"}, "ONEGRID_NOW"),
        (["--until", "tomorrow"], {}, "no time"),
        (["--until", "2026-03-17T18:00:00"], {}, "names no zone"),
        (["--until", "2001-03-17T18:00:00+08:00"], {}, "must lie within"),
        (["--until", "18:00", "--hours", "3"], {}, "not both"),
        (["--from", "2001-03-17T18:00:00+08:00"], {}, "lies in the past"),
    ],
)
def test_what_cannot_be_simulated_is_said(onegrid, words, settings, told):
    result = onegrid(*words, ONEGRID_DEMO="1", **settings)
    assert result.exit_code in (1, 2)
    assert told in result.output


@pytest.mark.usefixtures("demo_town")
def test_the_real_time_is_brought_back(onegrid, tmp_path):
    path = tmp_path / "clock.json"
    clock.steer(path, Course(datetime.now(UTC), datetime.now(UTC) + timedelta(days=3)))
    result = onegrid("--reset-clock", "--json", ONEGRID_DEMO="1")
    assert result.exit_code == 0, result.output
    assert abs(datetime.fromisoformat(json.loads(result.output)["now"]) - datetime.now(UTC)) < timedelta(minutes=1)
    assert not path.exists()


@pytest.mark.parametrize(
    ("now", "opening"),
    [
        ("2026-03-21T15:00:00+08:00", "2026-03-23T07:50:00+08:00"),  # Saturday
        ("2026-03-17T22:00:00+08:00", "2026-03-18T07:50:00+08:00"),
        ("2026-03-17T12:30:00+08:00", None),  # noon
        ("2026-03-17T09:00:00+08:00", None),
    ],
)
def test_a_day_begins_when_the_town_goes_to_work(databases, monkeypatch, now, opening):
    database = Database(databases.app_url)
    monkeypatch.setattr(simulate, "past", lambda session: [])
    with psycopg2.connect(databases.owner_dsn) as connection, connection.cursor() as cursor:
        cursor.execute("select town_id from town where code = %s", [TOWN])
        town_id = cursor.fetchone()[0]
    connection.close()
    clock.set_now(now)
    try:
        found = simulate._next_opening(database, town_id)
    finally:
        clock.set_now(None)
        database.close()
    assert found == (datetime.fromisoformat(opening) if opening else None)
