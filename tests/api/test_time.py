"""The simulated time of a demo over HTTP; an installation that is none never follows it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from api.asgi import create_app
from api.runtime.settings import Settings
from data import clock
from data.clock import Course

NOON = datetime(2026, 3, 17, 4, tzinfo=UTC)


@pytest.fixture
def asked(databases, tmp_path):
    """The answer of /api/v1/me of an installation that has a simulated clock in its folder."""

    def ask(demo: bool):
        settings = Settings(database_url=databases.app_url, data_dir=tmp_path, demo=demo, secret="s" * 40)
        clock.steer(settings.clock_path, Course(datetime.now(UTC), NOON, 60))
        app = create_app(settings)
        try:
            return app.flask.test_client().get("/api/v1/me?public=1")
        finally:
            app.state.close()

    yield ask
    clock.follow(None)


def test_a_demo_tells_its_simulated_time_and_how_fast_it_runs(asked):
    answer = asked(demo=True)
    assert answer.json["now"].startswith("2026-03-17")
    assert answer.json["rate"] == 60
    now, rate = answer.headers["OneGrid-Time"].split(" ")
    assert datetime.fromisoformat(now) >= NOON
    assert rate == "60"


def test_outside_a_demo_nothing_moves_the_clock(asked):
    answer = asked(demo=False)
    assert abs(datetime.fromisoformat(answer.json["now"]) - datetime.now(UTC)).total_seconds() < 60
    assert answer.json["rate"] == 1
    assert "OneGrid-Time" not in answer.headers
    assert not clock.is_moved()
