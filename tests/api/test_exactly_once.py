"""A thousand reports over lines that break at random, and a map that stays open all the while.

The line is cut before, during or after the request, or while the answer comes; a web process is killed now and then.
The client sends again, with the same id, until it has an answer. In the end each report is there once, and what the
map was told equals the database.
"""

from __future__ import annotations

import random
import signal
import threading
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from data.scope import Scope
from data.session import Database
from tests.broken_lines import Line, OpenMap, report_until_answered, sign_in
from tests.conftest import Databases
from tests.small_town import PASSWORD, SmallTown
from tests.web_server import WebServer

REPORTS, CLIENTS = 1_000, 8


@pytest.fixture
def served(databases: Databases, tmp_path: Path) -> Iterator[WebServer]:
    server = WebServer(databases.app_url, databases.owner_url, tmp_path, workers=2, worker=False)
    server.start()
    yield server
    server.stop()


def test_each_report_is_there_once_and_the_open_map_equals_the_database(
    served: WebServer, databases: Databases, small_town: SmallTown
) -> None:
    headers = sign_in(served.url, "command", PASSWORD)
    watching = OpenMap(served.url, headers["Cookie"], random.Random(11))
    watching.start()
    assert watching.hello.wait(20)
    answers: dict[str, str] = {}
    failures: list[str] = []

    def client(number: int) -> None:
        rng = random.Random(number)
        line = Line(served.url, headers)
        for _ in range(REPORTS // CLIENTS):
            ident = str(uuid.UUID(int=rng.getrandbits(128), version=4))
            body = {
                "id": ident,
                "title": f"来自 {number}",
                "channel": "phone",
                "lon": 120.88 + rng.random() * 0.03,
                "lat": 30.40 + rng.random() * 0.02,
                "crs": "cgcs2000",
            }
            status, answer = report_until_answered(line, body, rng)
            if status not in (200, 201):
                failures.append(f"{status} {answer}")
            else:
                answers[ident] = str(answer["case_no"])

    threads = [threading.Thread(target=client, args=(n,)) for n in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for _ in range(3):
        time.sleep(2)
        if any(thread.is_alive() for thread in threads):
            served.web_processes()[0].send_signal(signal.SIGKILL)
            served.start_web()
    for thread in threads:
        thread.join()
    assert failures == []

    database = Database(databases.app_url)
    with database.transaction(Scope.system(small_town.town_id)) as session:
        rows = session.execute(text("select incident_id::text as id, case_no from incident")).all()
    database.close()
    stored = {row.id: row.case_no for row in rows}
    deadline = time.monotonic() + 15
    while set(watching.told) != set(stored) and time.monotonic() < deadline:
        time.sleep(0.1)
    watching.stop.set()
    watching.join()
    assert len(rows) == REPORTS
    assert stored == answers
    assert set(watching.told) == set(stored)
    assert watching.cuts > 3
