"""Fifty people work two thousand cases over HTTP while server, worker and database are killed: the part of the soak that asks
whether what was answered stays, once, and whether the log gives the state."""

from __future__ import annotations

import random
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle

from rich.console import Console

from bench.stage import PASSWORD, stage
from data.session import libpq_url
from tests.loop_at_work import FAULTS, Desk, Person, hurry, kill, more_accounts, prove

CATEGORY, PLACE = "ZF-08-01-001", (120.885, 30.385)
# whose accounts are copied, what they do, and their share of the people
ROLES = {"command": ("desk", 0.5), "agency": ("org", 0.4), "head": ("head", 0.1)}
BETWEEN_KILLS_S = (8, 22)
say = Console().print


def run(minutes: float, people: int = 50, cases: int = 2_000) -> bool:
    """Run once; return whether everything held."""
    with stage() as where:
        dsn = libpq_url(where.owner_url)
        hurry(dsn, CATEGORY)
        server = where.server(workers=2, worker=True)
        server.start()
        try:
            desk = Desk(server.url, CATEGORY, PLACE, cases, 0)
            staff = [
                Person(desk, name, PASSWORD, role, 1_000 * len(username) + n)
                for username, (role, share) in ROLES.items()
                for n, name in enumerate(more_accounts(dsn, username, max(1, round(people * share))))
            ]
            # all cases are there before the ten minutes begin
            with ThreadPoolExecutor(len(staff)) as pool:
                list(pool.map(Person.report_all, [person for person in staff if person.role == "desk"]))
            desk.until = time.monotonic() + minutes * 60
            for person in staff:
                person.start()
            killed, rng, faults = Counter[str](), random.Random(3), cycle(FAULTS)
            while time.monotonic() < desk.until - 10:
                time.sleep(rng.uniform(*BETWEEN_KILLS_S))
                killed[what := next(faults)] += 1
                kill(what, server, where.cluster)
            for person in staff:
                person.join()
        finally:
            server.stop()
        found = prove(dsn, where.app_url, where.town_id, desk)
        unexpected = server.tracebacks()
    say(
        f"{len(staff)} people, {minutes:g} minutes: {found.cases} cases, {found.closed} of them ended, {found.steps} steps,"
    )
    say(f"{found.by_system} of these by the worker; {len(desk.answers)} steps of people answered")
    say(f"killed: {dict(killed)}; sent again: {dict(desk.again)}; refused: {dict(desk.refused)}")
    for line in (*desk.wrong[:10], *found.faults[:10]):
        say(f"wrong: {line}")
    if desk.again["500"]:
        say(unexpected)
    return not desk.wrong and not found.faults and not desk.again["500"]
