"""People work cases while server, worker and database are killed: what was answered stays, once.

The long run, with fifty people and two thousand cases, is part of `make soak`.
"""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Iterator
from itertools import cycle
from pathlib import Path

import pytest

from api.runtime.cluster import Cluster
from data import migrate
from data.session import libpq_url
from tests.loop_at_work import FAULTS, Desk, Person, hurry, kill, more_accounts, prove
from tests.small_town import PASSWORD, SmallTown, build
from tests.web_server import WebServer

CATEGORY = "ZF-01-001"
SECONDS, CASES = 40, 120
ROLES = {"command": ("desk", 5), "squad": ("org", 5), "leader": ("head", 2)}


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    """A server of its own, that keeps what it has answered however it ends."""
    made = Cluster(tmp_path / "cluster")
    made.start()
    migrate.upgrade(made.url(), app_password="onegrid-test")
    build(libpq_url(made.url()))
    yield made
    made.remove()


def test_no_answered_step_is_lost_or_doubled_and_the_log_gives_the_state(cluster: Cluster, tmp_path: Path) -> None:
    dsn = libpq_url(cluster.url())
    town = SmallTown.read(dsn)
    hurry(dsn, CATEGORY)
    server = WebServer(cluster.url("onegrid_app"), cluster.url(), tmp_path / "served", workers=2)
    server.start()
    try:
        desk = Desk(server.url, CATEGORY, (120.881, 30.401), CASES, time.monotonic() + SECONDS)
        people = [
            Person(desk, name, PASSWORD, role, 100 * len(username) + n)
            for username, (role, count) in ROLES.items()
            for n, name in enumerate(more_accounts(dsn, username, count))
        ]
        for person in people:
            person.start()
        rng, killed, faults = random.Random(7), Counter[str](), cycle(FAULTS)
        while time.monotonic() < desk.until - 8:
            time.sleep(rng.uniform(2, 5))
            killed[what := next(faults)] += 1
            kill(what, server, cluster)
        for person in people:
            person.join(200)
            assert not person.is_alive()
    finally:
        server.stop()
    found = prove(dsn, cluster.url("onegrid_app"), town.town_id, desk)
    told = f"{found.cases} cases, {found.steps} steps, {found.by_system} by the worker; killed {dict(killed)}; again {dict(desk.again)}"
    assert desk.wrong == [], told
    assert found.faults == [], told
    assert desk.again["500"] == 0, f"{told}\n{server.tracebacks()}"
    assert set(killed) == set(FAULTS), told
    assert found.steps > 100, told
    assert found.by_system > 0, told
