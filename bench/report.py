"""One report over HTTP beside the bare INSERT … SELECT that finds the grid and commits, on the same durable database."""

from __future__ import annotations

import http.client
import json
import random
import socket
import statistics
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import psycopg2
import uvicorn

from bench.stage import PASSWORD, Stage
from data.session import libpq_url
from tests.web_server import WebServer

GOAL_PUBLIC, GOAL_SIGNED_IN_MS = 2.0, 5.0
ROUNDS, WARM_UP, CLIENTS = 300, 60, 8

# A table of its own with the columns, indexes, constraints and rows of incident, and none of its triggers.
_BARE_TABLE = """
drop table if exists bench_incident;
create table bench_incident (like incident including all);
do $$
declare columns text := (select string_agg(quote_ident(column_name), ', ') from information_schema.columns
    where table_schema = 'public' and table_name = 'incident' and is_generated = 'NEVER');
begin
    execute format('insert into bench_incident (%1$s) overriding system value select %1$s from incident', columns);
    perform setval(pg_get_serial_sequence('bench_incident', 'seq'), (select coalesce(max(seq), 0) + 1 from incident));
end $$;
analyze bench_incident;
"""
_BARE = """
insert into bench_incident (town_id, case_no, title, description, channel, urgency, geom, grid_id, grid_now_id, grid_version_id,
    occurred_at, reported_at, source_crs, raw_lon, raw_lat)
select %(town)s, %(case)s, %(title)s, '', 'app', 'U3', p.point, v.area_id, v.area_id, v.area_version_id, now(), now(), 'cgcs2000',
    %(lon)s, %(lat)s
from (select st_setsrid(st_makepoint(%(lon)s, %(lat)s), 4490) as point) p
join area_version v on v.town_id = %(town)s and v.geom && p.point and st_intersects(v.geom, p.point)
    and v.valid_from <= now() and now() < v.valid_to
where not exists (select from area c join area_version cv on cv.area_id = c.area_id
                  where c.parent_id = v.area_id and cv.valid_from <= now() and now() < cv.valid_to)
order by v.code collate "C" limit 1
"""
Place = tuple[float, float, str]


class Server(WebServer):
    """One web process without rate limits: here one address sends as much as a whole town."""

    def start_web(self) -> subprocess.Popen[bytes]:
        """Start one web process on the socket."""
        assert self._listener
        descriptor = self._listener.fileno()
        return self._spawn(f"web-{len(self._children)}", "-m", "bench.report", str(descriptor), fds=(descriptor,))


def serve(descriptor: int) -> None:
    """Serve on the socket until told to stop."""
    from api.asgi import create_app
    from api.auth.rate import Rates

    config = uvicorn.Config(
        lambda: create_app(rates=Rates(unlimited=True)),
        factory=True,
        loop="uvloop",
        http="httptools",
        ws="none",
        access_log=False,
        server_header=False,
        log_level="warning",
    )
    uvicorn.Server(config).run(sockets=[socket.socket(fileno=descriptor)])


class Reporter:
    """Somebody who reports over one kept-alive connection; signed in when a password is given."""

    def __init__(self, url: str, username: str | None = None) -> None:
        at = urlsplit(url)
        self._connection = http.client.HTTPConnection(at.hostname or "", at.port, timeout=30)
        self._headers = {"Content-Type": "application/json"}
        self._channel = "app" if username else "public"
        if username:
            told, cookie = self._post("/api/v1/session", {"username": username, "password": PASSWORD})
            self._headers |= {"Cookie": cookie.split(";")[0], "X-CSRF-Token": told["csrf"]}

    def report(self, place: dict[str, Any]) -> None:
        """Send one report and read the answer."""
        body = {"id": str(uuid.uuid4()), "title": "路边有人占道摆摊", "channel": self._channel, **place}
        self._post("/api/v1/incidents", body)

    def _post(self, path: str, body: dict[str, Any]) -> tuple[dict[str, Any], str]:
        return self._ask("POST", path, json.dumps(body).encode())

    def _get(self, path: str) -> Any:
        return self._ask("GET", path, None)[0]

    def _ask(self, method: str, path: str, body: bytes | None) -> tuple[Any, str]:
        try:
            self._connection.request(method, path, body, self._headers)
            answer = self._connection.getresponse()
        except (BrokenPipeError, ConnectionResetError, http.client.RemoteDisconnected):
            # the server closes a line that was idle while another row was measured
            self._connection.close()
            self._connection.request(method, path, body, self._headers)
            answer = self._connection.getresponse()
        content = answer.read()
        if answer.status not in (200, 201):
            raise RuntimeError(f"{path}: {answer.status} {content[:300]!r}")
        return json.loads(content), answer.headers.get("Set-Cookie", "")


class Bare:
    """The bare statement over one connection, each a transaction."""

    def __init__(self, stage: Stage) -> None:
        self._connection = psycopg2.connect(libpq_url(stage.owner_url), options="-c jit=off")
        self._connection.autocommit = True
        self._cursor = self._connection.cursor()
        self._town = stage.town_id

    def report(self, place: dict[str, Any]) -> None:
        """Insert one row and commit."""
        case = uuid.uuid4().hex
        values = {
            "town": self._town,
            "case": case,
            "title": "路边有人占道摆摊",
            "lon": place["lon"],
            "lat": place["lat"],
        }
        self._cursor.execute(_BARE, values)


def places(stage: Stage, count: int) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """Pairs of a coordinate and an address text, at door plates drawn with a fixed seed."""
    with psycopg2.connect(libpq_url(stage.owner_url)) as connection, connection.cursor() as cursor:
        cursor.execute(
            "select st_x(geom), st_y(geom), coalesce(natural_village, '') || coalesce(road, '') || coalesce(number, '') || '号'"
            " from address where town_id = %s order by address_id",
            (stage.town_id,),
        )
        plates: list[Place] = cursor.fetchall()
    connection.close()
    drawn = random.Random(3).choices(plates, k=count)
    return [({"lon": lon, "lat": lat, "crs": "cgcs2000"}, {"address": words}) for lon, lat, words in drawn]


def alternating(works: dict[str, Callable[[int], None]], rounds: int = ROUNDS) -> dict[str, float]:
    """Median milliseconds of each work; they take turns, so that the disk and the machine are the same for all."""
    times: dict[str, list[float]] = {name: [] for name in works}
    for n in range(WARM_UP + rounds):
        for name, work in works.items():
            start = time.perf_counter()
            work(n)
            if n >= WARM_UP:
                times[name].append((time.perf_counter() - start) * 1e3)
    return {name: statistics.median(found) for name, found in times.items()}


def together(make: Callable[[], Callable[[int], None]], rounds: int = ROUNDS // 3) -> float:
    """Milliseconds a report of eight clients at once: the whole time over all reports."""
    clients = [make() for _ in range(CLIENTS)]
    gate = threading.Barrier(CLIENTS + 1)
    failures: list[BaseException] = []

    def send(client: Callable[[int], None]) -> None:
        gate.wait()
        try:
            for n in range(rounds):
                client(n)
        except BaseException as failure:
            failures.append(failure)

    threads = [threading.Thread(target=send, args=(client,)) for client in clients]
    for thread in threads:
        thread.start()
    gate.wait()
    start = time.perf_counter()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
    return (time.perf_counter() - start) * 1e3 / (CLIENTS * rounds)


def rows(stage: Stage) -> list[dict[str, Any]]:
    """Return one row a comparison: job, against, ratio, goal, ok, and the milliseconds behind it."""
    stage.execute(_BARE_TABLE)
    at = places(stage, WARM_UP + ROUNDS)
    server = Server(stage.app_url, stage.owner_url, stage.folder / "report", workers=2, worker=False)
    url = server.start()
    try:
        bare, public, signed_in = Bare(stage), Reporter(url), Reporter(url, "command")
        alone = alternating(
            {
                "bare": lambda n: bare.report(at[n][0]),
                "public": lambda n: public.report(at[n][0]),
                "address": lambda n: public.report(at[n][1]),
                "signed in": lambda n: signed_in.report(at[n][0]),
            }
        )
        many = {
            "bare": together(lambda: _on(Bare(stage), at)),
            "public": together(lambda: _on(Reporter(url), at)),
        }
    finally:
        server.stop()
        stage.execute("drop table bench_incident")
    over_ms = alone["signed in"] - alone["bare"]
    return [
        _ratio("one report over HTTP, by coordinate, without login", alone["public"], alone["bare"]),
        _ratio("one report over HTTP, by address text, without login", alone["address"], alone["bare"]),
        _ratio(f"the same by coordinate, {CLIENTS} clients at once", many["public"], many["bare"]),
        {
            "job": "one report over HTTP with login, scope, duplicates", "against": "ms over the bare INSERT … SELECT",
            "ratio": over_ms, "goal": GOAL_SIGNED_IN_MS, "below": True, "ok": over_ms <= GOAL_SIGNED_IN_MS,
            "ours_s": alone["signed in"] / 1e3, "theirs_s": alone["bare"] / 1e3,
        },
    ]  # fmt: skip


def _on(who: Bare | Reporter, at: list[tuple[dict[str, Any], dict[str, Any]]]) -> Callable[[int], None]:
    return lambda n: who.report(at[n][0])


def _ratio(job: str, ours_ms: float, bare_ms: float) -> dict[str, Any]:
    ratio = ours_ms / bare_ms
    return {
        "job": job, "against": "the bare INSERT … SELECT", "ratio": ratio, "goal": GOAL_PUBLIC, "below": True,
        "ok": ratio <= GOAL_PUBLIC, "ours_s": ours_ms / 1e3, "theirs_s": bare_ms / 1e3,
    }  # fmt: skip


if __name__ == "__main__":
    serve(int(sys.argv[1]))
