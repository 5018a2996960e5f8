"""The closed loop: one transition over HTTP beside the bare UPDATE, the queue of a million cases, ten thousand due timers."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Any

import psycopg2

from bench.report import _BARE_TABLE, ROUNDS, WARM_UP, Reporter, Server, alternating
from bench.stage import Stage
from data.scope import Scope
from data.session import libpq_url
from layers.incident.due import run_timers

GOAL_TRANSITION_MS, GOAL_QUEUE, GOAL_CASES_A_SECOND = 10.0, 3.0, 170.0
OPEN, ALL = 10_000, 1_000_000

# The same change of the same row, without rules, log, event and clocks.
_BARE_UPDATE = """
update bench_incident set state = 'accepted', accepted_at = now(), version = version + 1, updated_at = now()
where incident_id = %(id)s and version = %(version)s
"""
# The best plain query for the first page and its count: the index in its order, and what the page shows.
_PLAIN_PAGE = """
select i.seq, i.incident_id, i.case_no, i.title, i.state, i.urgency, i.platform_code, i.due_at, i.amber_at, c.name, o.name, g.name
from incident i left join category c using (category_id) left join organisation o on o.org_id = i.lead_org_id
left join area g on g.area_id = i.grid_now_id
where i.town_id = %(town)s and i.is_open order by coalesce(i.due_at, 'infinity'), i.seq limit 51
"""
_PLAIN_COUNT = "select count(*) from incident where town_id = %(town)s and is_open"
# Cases that an organisation has had for a month: each is to be supervised at the highest level at once.
_OVERDUE = """
insert into incident (town_id, case_no, title, category_id, platform_code, lead_org_id, urgency, state, channel, geom, grid_id,
    grid_now_id, occurred_at, reported_at, accepted_at, filed_at, dispatched_at, clock_started_at, amber_at, due_at, timer_at)
select a.town_id, 'T' || n, c.name || ' ' || n, c.category_id, c.platform_code, c.lead_org_id, c.urgency, 'handling', 'grid_worker',
    a.geom, a.grid_id, a.grid_id, t, t, t, t, t, t, t + interval '2 days', t + interval '3 days', t + interval '3 days'
from generate_series(1, %(n)s) n
join plates a on a.r = 1 + (n::bigint * 7919) %% (select count(*) from plates)
join cats c on c.r = 1 + n %% (select count(*) from cats)
cross join lateral (select now() - interval '40 days' - n * interval '1 second' as t) w
"""


class Desk(Reporter):
    """The command room over one kept-alive connection."""

    def reported(self, place: tuple[float, float]) -> str:
        """Report a case; return its id."""
        body = {"title": "路边有人占道摆摊", "channel": "app", "lon": place[0], "lat": place[1], "crs": "cgcs2000"}
        return str(self._post("/api/v1/incidents", body)[0]["id"])

    def accept(self, case: str) -> None:
        """Make one transition."""
        self._post(f"/api/v1/incidents/{case}/transitions", {"name": "accept", "version": 1})

    def queue(self) -> None:
        """Read the first page of the queue with its count."""
        self._get("/api/v1/queue?limit=50")


class Plain:
    """Statements of the owner, each a transaction."""

    def __init__(self, stage: Stage) -> None:
        self._connection = psycopg2.connect(libpq_url(stage.owner_url), options="-c jit=off")
        self._connection.autocommit = True
        self._cursor = self._connection.cursor()

    def run(self, statement: str, values: dict[str, Any]) -> list[Any]:
        """Run one and return its rows."""
        self._cursor.execute(statement, values)
        return self._cursor.fetchall() if self._cursor.description else []

    def change(self, case: str, version: int) -> None:
        """Update one case of the table without triggers."""
        self.run(_BARE_UPDATE, {"id": case, "version": version})


def rows(stage: Stage, cases: int = ALL) -> list[dict[str, Any]]:
    """Return the rows of this table; adds cases until there are ``cases``."""
    server = Server(stage.app_url, stage.owner_url, stage.folder / "loop", workers=1, worker=False)
    url = server.start()
    try:
        desk, plain = Desk(url, "command"), Plain(stage)
        accept_ms, update_ms = _transition(stage, desk, plain)
        stage.add(_OVERDUE, {"n": OPEN})
        stage.add_incidents(cases - plain.run("select count(*) from incident", {})[0][0], open_per_mille=0, prefix="M")
        stage.analyse()
        # the line of before was closed meanwhile
        queue_ms, plain_ms = _queue(stage, Desk(url, "command"), plain)
    finally:
        server.stop()
    seconds, count = _timers(stage)
    return [
        _row("one transition over HTTP with login", "ms over the bare UPDATE", accept_ms - update_ms, GOAL_TRANSITION_MS,
             accept_ms, update_ms),
        _row(f"first page of the queue over HTTP, {cases:,} cases", "the best plain query with its count",
             queue_ms / plain_ms, GOAL_QUEUE, queue_ms, plain_ms),
        _row(f"{count:,} due timers caught up", "cases a second", count / seconds, GOAL_CASES_A_SECOND,
             seconds * 1e3, None, below=False),
    ]  # fmt: skip


def _transition(stage: Stage, desk: Desk, plain: Plain) -> tuple[float, float]:
    """Milliseconds of a transition and of the bare update of another row."""
    wanted = WARM_UP + ROUNDS
    found = plain.run(
        "select st_x(geom), st_y(geom) from address where geom is not null order by address_id limit %(n)s",
        {"n": wanted},
    )
    cases = [desk.reported(place) for place in found]
    stage.execute(_BARE_TABLE)
    bare = plain.run("select incident_id, version from bench_incident order by seq limit %(n)s", {"n": wanted})
    try:
        found_ms = alternating(
            {
                "bare": lambda n: plain.change(bare[n][0], bare[n][1]),
                "accept": lambda n: desk.accept(cases[n]),
            }
        )
    finally:
        stage.execute("drop table bench_incident")
    return found_ms["accept"], found_ms["bare"]


def _queue(stage: Stage, desk: Desk, plain: Plain) -> tuple[float, float]:
    """Milliseconds of the first page over HTTP and of the plain statements."""
    town = {"town": stage.town_id}

    def by_hand() -> None:
        plain.run(_PLAIN_PAGE, town)
        plain.run(_PLAIN_COUNT, town)

    return _median_ms(desk.queue), _median_ms(by_hand)


def _median_ms(work: Callable[[], None], rounds: int = 60) -> float:
    times = []
    for n in range(rounds + 10):
        start = time.perf_counter()
        work()
        if n >= 10:
            times.append((time.perf_counter() - start) * 1e3)
    return statistics.median(times)


def _timers(stage: Stage) -> tuple[float, int]:
    """Seconds that a worker takes to catch up, and how many cases it moved."""
    database = stage.database()
    count, start = 0, time.perf_counter()
    while True:
        with database.transaction(Scope.system(None)) as session:
            looked_at = run_timers(session)
        count += looked_at
        if not looked_at:
            break
    seconds = time.perf_counter() - start
    database.close()
    return seconds, count


def _row(
    job: str, against: str, value: float, goal: float, ours_ms: float, theirs_ms: float | None, below: bool = True
) -> dict[str, Any]:
    return {
        "job": job, "against": against, "ratio": value, "goal": goal, "below": below,
        "ok": value <= goal if below else value >= goal, "ours_s": ours_ms / 1e3,
        "theirs_s": None if theirs_ms is None else theirs_ms / 1e3,
    }  # fmt: skip
