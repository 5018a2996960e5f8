"""make soak: reports over broken lines for a long time, then people at work on cases, while processes and the database are killed.

Ends with 1 if an acknowledged report or step is missing or is there twice, if the open map differs from the database, or if the log
does not give the state.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import sys
import threading
import time
import uuid

import psycopg2
from rich.console import Console

from bench import cases
from bench.stage import PASSWORD, Stage, stage
from data.session import libpq_url
from tests.broken_lines import Line, OpenMap, report_until_answered, sign_in
from tests.web_server import WebServer

say = Console().print


def reporting(
    server: WebServer, headers: dict[str, str], number: int, until: float, answers: dict[str, str], wrong: list[str]
) -> None:
    """Send reports until the time is over; note each answer."""
    rng, line = random.Random(number), Line(server.url, headers)
    while time.monotonic() < until:
        ident = str(uuid.UUID(int=rng.getrandbits(128), version=4))
        body: dict[str, object] = {
            "id": ident, "title": f"连续运行 {number}", "channel": "phone", "crs": "cgcs2000",
            "lon": 120.85 + rng.random() * 0.08, "lat": 30.37 + rng.random() * 0.06,
        }  # fmt: skip
        status, answer = report_until_answered(line, body, rng)
        if status in (200, 201):
            answers[ident] = str(answer["case_no"])
        else:
            wrong.append(f"{status} {answer}")


def killing(where: Stage, server: WebServer, until: float, rng: random.Random) -> int:
    """Kill a web process or a backend of the database every few seconds; return how often."""
    kills = 0
    while time.monotonic() < until:
        time.sleep(rng.uniform(3, 10))
        if rng.random() < 0.5:
            server.web_processes()[0].send_signal(signal.SIGKILL)
            server.start_web()
        else:
            # one killed backend makes PostgreSQL drop every connection and recover from its log
            with psycopg2.connect(libpq_url(where.owner_url)) as connection, connection.cursor() as cursor:
                cursor.execute(
                    "select pid from pg_stat_activity where usename = 'onegrid_app' and pid <> pg_backend_pid() limit 1"
                )
                row = cursor.fetchone()
            connection.close()
            if row:
                os.kill(row[0], signal.SIGKILL)
        kills += 1
    return kills


def run(minutes: float, clients: int) -> bool:
    """Run once; return whether everything held."""
    with stage() as where:
        server = where.server(workers=2)
        server.start()
        try:
            headers = sign_in(server.url, "command", PASSWORD)
            watching = OpenMap(server.url, headers["Cookie"], random.Random(1))
            watching.start()
            watching.hello.wait(30)
            with psycopg2.connect(libpq_url(where.owner_url)) as connection, connection.cursor() as cursor:
                cursor.execute("select incident_id::text from incident")
                before = {row[0] for row in cursor}
            connection.close()
            until = time.monotonic() + minutes * 60
            answers: dict[str, str] = {}
            wrong: list[str] = []
            threads = [
                threading.Thread(target=reporting, args=(server, headers, n, until, answers, wrong))
                for n in range(clients)
            ]
            for thread in threads:
                thread.start()
            kills = killing(where, server, until, random.Random(2))
            for thread in threads:
                thread.join()
            time.sleep(10)
            watching.stop.set()
            watching.join()
        finally:
            server.stop()
        with psycopg2.connect(libpq_url(where.owner_url)) as connection, connection.cursor() as cursor:
            cursor.execute("select incident_id::text, case_no from incident")
            stored = {ident: case_no for ident, case_no in cursor if ident not in before}
        connection.close()
    say(f"{len(answers)} reports answered, {len(stored)} stored, {len(watching.told)} told to the open map")
    say(f"{kills} kills, {watching.cuts} cuts of the map's line")
    for line in wrong[:10]:
        say(f"refused: {line}")
    return not wrong and stored == answers and set(watching.told) == set(stored)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--case-minutes", type=float, default=10)
    parser.add_argument("--people", type=int, default=50)
    parser.add_argument("--only", choices=("reports", "cases"))
    given = parser.parse_args()
    held = [given.only == "cases" or run(given.minutes, given.clients)]
    held.append(given.only == "reports" or cases.run(given.case_minutes, given.people))
    sys.exit(0 if all(held) else 1)
