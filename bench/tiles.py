"""Vector tiles and clusters beside the bare query, and beside tipg over HTTP; 100,000 market entities in the demo town."""

from __future__ import annotations

import http.client
import json
import math
import re
import statistics
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

import psycopg2

from bench.stage import ROOT, Stage
from data.scope import Scope, apply
from data.session import libpq_url
from layers import registry, tiles
from layers.features import run

Tile = tuple[int, int, int]
# Generous beside what a tile costs: the goals of the design, in milliseconds and ratios.
GOAL_OVER_BARE_MS, GOAL_SCOPE, GOAL_TIPG, GOAL_CLUSTER_MS, GOAL_LARGEST_KB, GOAL_SLOWEST_MS = (
    1.0,
    1.2,
    1.0,
    2.0,
    500,
    60,
)


def tile_at(z: int, lon: float, lat: float) -> Tile:
    """Return the tile of a point."""
    n = 2**z
    y = (1 - math.asinh(math.tan(math.radians(lat))) / math.pi) / 2
    return z, int((lon + 180) / 360 * n), int(y * n)


def town_tiles(stage: Stage, z: int) -> list[Tile]:
    """Return the tiles of a zoom that hold entities, fullest first."""
    with psycopg2.connect(libpq_url(stage.owner_url)) as connection, connection.cursor() as cursor:
        cursor.execute("select st_x(geom), st_y(geom) from market_entity where geom is not null")
        found: dict[Tile, int] = {}
        for lon, lat in cursor:
            at = tile_at(z, lon, lat)
            found[at] = found.get(at, 0) + 1
    connection.close()
    return sorted(found, key=lambda at: -found[at])


def median_ms(work: Callable[[Tile], Any], at: Iterable[Tile], rounds: int = 3) -> float:
    """Return the median over tiles of each tile's fastest round, in milliseconds."""
    return statistics.median(min(_timed(work, tile) for _ in range(rounds)) for tile in at)


def _timed(work: Callable[[Tile], Any], tile: Tile) -> float:
    start = time.perf_counter()
    work(tile)
    return (time.perf_counter() - start) * 1e3


def _bare_sql(layer: registry.Layer) -> str:
    """The same columns and the same box over the bare table: no scope, no filters, nothing but ST_AsMVT."""
    text, _ = tiles.statement(layer, 14, 0, 0, {})
    return text.replace("from scoped_market_entity f", "from market_entity f").replace(
        "(select w.timezone from town w where w.town_id = (select scope_town()))", "'Asia/Shanghai'"
    )


def in_database(stage: Stage, at: list[Tile]) -> dict[str, float]:
    """Return median milliseconds: bare, scoped for the whole town, scoped to half of the grids."""
    layer = registry.get("market-entity")
    bare = _bare_sql(layer)
    owner = psycopg2.connect(libpq_url(stage.owner_url), options="-c jit=off -c max_parallel_workers_per_gather=0")
    cursor = owner.cursor()

    def plain(tile: Tile) -> None:
        cursor.execute(bare, tiles.statement(layer, *tile, {})[1])
        cursor.fetchone()

    out = {"bare": median_ms(plain, at)}
    owner.close()
    database = stage.database()
    with database.transaction(stage.scope) as session:
        out["scoped"] = median_ms(lambda tile: run(session, tiles.statement(layer, *tile, {})), at)
        half = frozenset(
            row[0]
            for row in run(session, ("select area_id from scoped_area where level = 'grid' and area_id %% 2 = 0", {}))
        )
        apply(session, Scope(stage.town_id, 1, area_ids=half, permissions=frozenset({"view"})))
        out["half"] = median_ms(lambda tile: run(session, tiles.statement(layer, *tile, {})), at)
        apply(session, Scope(stage.town_id, 1, area_ids=half, permissions=frozenset({"view"})))
    database.close()
    return out


class Client:
    """One kept-alive connection."""

    def __init__(self, url: str, headers: dict[str, str] | None = None) -> None:
        self._at = urlsplit(url)
        self._headers = headers or {}
        self._connection = http.client.HTTPConnection(self._at.hostname or "", self._at.port, timeout=30)

    def get(self, path: str) -> bytes:
        self._connection.request("GET", path, headers=self._headers)
        answer = self._connection.getresponse()
        body = answer.read()
        if answer.status not in (200, 204):
            raise RuntimeError(f"{path}: {answer.status} {body[:200]!r}")
        return body


def sign_in(url: str, username: str, password: str) -> dict[str, str]:
    """Return the headers of a session."""
    request = urllib.request.Request(
        f"{url}/api/v1/session",
        json.dumps({"username": username, "password": password}).encode(),
        {"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request) as answer:
        return {"Cookie": answer.headers["Set-Cookie"].split(";")[0]}


class Tipg:
    """tipg in an environment of its own, one worker, over the same table."""

    def __init__(self, stage: Stage) -> None:
        venv = ROOT / ".onegrid" / "bench-venv"
        python = venv / "bin" / "python"
        if not python.exists():
            subprocess.run([sys.executable, "-m", "venv", str(venv)], check=True)
        if not (venv / "installed").exists():
            subprocess.run([python, "-m", "pip", "install", "-q", "tipg", "uvicorn"], check=True)
            (venv / "installed").touch()
        stage.execute(
            "create or replace view tipg_entity as select seq as id, name, kind, status, risk_level, credit_level,"
            " case when duty_complete then 'complete' else 'missing' end as duty, geom_3857 as geom from market_entity"
        )
        self.port = 18_000 + (id(self) % 1000)
        url = libpq_url(stage.owner_url)
        environment = {
            "DATABASE_URL": _tcp(url, stage),
            "PATH": "/usr/bin:/bin",
            "TIPG_TABLE_CONFIG__public_tipg_entity__GEOMCOL": "geom",
            "TIPG_DB_SCHEMAS": '["public"]',
            "TIPG_DB_TABLES": '["public.tipg_entity"]',
            "TIPG_MAX_FEATURES_PER_TILE": "1000000",
        }
        log = (stage.folder / "tipg.log").open("wb")
        self._process = subprocess.Popen(
            [str(python), "-m", "uvicorn", "tipg.main:app", "--port", str(self.port), "--no-access-log"],
            env=environment,
            stdout=log,
            stderr=log,
        )
        self.url = f"http://127.0.0.1:{self.port}"
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            with suppress(OSError), urllib.request.urlopen(f"{self.url}/healthz", timeout=2):
                return
            if self._process.poll() is not None:
                break
            time.sleep(0.2)
        self.stop()
        raise RuntimeError("tipg did not start: " + (stage.folder / "tipg.log").read_text()[-2000:])

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(10)


def _tcp(url: str, stage: Stage) -> str:
    """tipg wants a user with a password over TCP; the owner gets one for this bench."""
    stage.execute("alter role current_user password 'onegrid-bench'")
    port = re.search(r"port=(\d+)|:(\d+)/", url)
    number = port.group(1) or port.group(2) if port else "5432"
    user = re.search(r"//([^:@/]+)", url)
    return f"postgresql://{user.group(1) if user else 'postgres'}:onegrid-bench@127.0.0.1:{number}/onegrid"


def over_http(stage: Stage, at: list[Tile]) -> dict[str, float]:
    """Return median milliseconds of a cold tile over HTTP, ours and tipg's; one process each, no tile asked twice."""
    server = stage.server()
    url = server.start()
    try:
        client = Client(url, sign_in(url, "command", "onegrid-bench"))
        client.get("/tiles/market-entity/14/0/0.mvt")
        ours = statistics.median(
            _timed(lambda t: client.get("/tiles/market-entity/{}/{}/{}.mvt".format(*t)), tile) for tile in at
        )
        warm = statistics.median(
            _timed(lambda t: client.get("/tiles/market-entity/{}/{}/{}.mvt".format(*t)), tile) for tile in at
        )
    finally:
        server.stop()
    tipg = Tipg(stage)
    try:
        client = Client(tipg.url)
        path = "/collections/public.tipg_entity/tiles/WebMercatorQuad/{}/{}/{}"
        client.get(path.format(14, 0, 0))
        theirs = statistics.median(_timed(lambda t: client.get(path.format(*t)), tile) for tile in at)
    finally:
        tipg.stop()
    return {"ours": ours, "warm": warm, "tipg": theirs}


def clusters(stage: Stage) -> dict[str, float]:
    """Return milliseconds over HTTP of open incidents as clusters, z 10 to 13, cold; and raw points of the same tiles in SQL."""
    server = stage.server()
    url = server.start()
    try:
        client = Client(url, sign_in(url, "command", "onegrid-bench"))
        at = [tile for z in (10, 11, 12, 13) for tile in town_tiles(stage, z)[:6]]
        client.get("/tiles/incident/14/0/0.mvt?open=1")
        cold = statistics.median(
            _timed(lambda t: client.get("/tiles/incident/{}/{}/{}.mvt?open=1".format(*t)), tile) for tile in at
        )
        warm = statistics.median(
            _timed(lambda t: client.get("/tiles/incident/{}/{}/{}.mvt?open=1".format(*t)), tile) for tile in at
        )
    finally:
        server.stop()
    return {"cold": cold, "warm": warm}


def extremes(stage: Stage) -> tuple[float, float]:
    """Return the largest tile in kB and the slowest in ms over every layer as the map asks for it, zoom 8 to 17, at the
    town's fullest places."""
    database = stage.database()
    largest = slowest = 0.0
    with database.transaction(stage.scope) as session:
        for layer in registry.all_layers().values():
            filters = {"open": "1"} if layer.filter("open") else {}
            for z in range(max(8, layer.minzoom), min(18, layer.maxzoom + 1)):
                for tile in town_tiles_cached(stage, z)[:2]:
                    start = time.perf_counter()
                    body = run(session, tiles.statement(layer, *tile, filters, ["market"]))[0][0]
                    if body is None:
                        body = run(session, tiles.statement(layer, *tile, filters, ["market"], crowded=True))[0][0]
                    slowest = max(slowest, (time.perf_counter() - start) * 1e3)
                    largest = max(largest, len(bytes(body)) / 1e3)
    database.close()
    return largest, slowest


_known: dict[int, list[Tile]] = {}


def town_tiles_cached(stage: Stage, z: int) -> list[Tile]:
    """As town_tiles, remembered."""
    if z not in _known:
        _known[z] = town_tiles(stage, z)
    return _known[z]


def rows(stage: Stage) -> list[dict[str, Any]]:
    """Return the rows of this table."""
    at = town_tiles(stage, 14)[:40] + town_tiles(stage, 15)[:60]
    sql = in_database(stage, at)
    web = over_http(stage, at)
    cluster = clusters(stage)
    largest, slowest = extremes(stage)
    return [
        row(
            "vector tile, cold, in the database",
            "bare ST_AsMVT, ms more",
            sql["scoped"] - sql["bare"],
            GOAL_OVER_BARE_MS,
            below=True,
        ),
        row(
            "vector tile with the whole town in scope",
            "the same without scope",
            sql["scoped"] / sql["bare"],
            GOAL_SCOPE,
            below=True,
        ),
        row(
            "vector tile with half of the grids in scope",
            "the same without scope",
            sql["half"] / sql["bare"],
            GOAL_SCOPE,
            below=True,
        ),
        row("vector tile, cold, over HTTP with login", "tipg, times faster", web["tipg"] / web["ours"], GOAL_TIPG),
        row("vector tile known to the server", "tipg, times faster", web["tipg"] / web["warm"], GOAL_TIPG),
        row("clusters of open incidents, cold, over HTTP", "ms", cluster["cold"], GOAL_CLUSTER_MS, below=True),
        row("clusters of open incidents, known, over HTTP", "ms", cluster["warm"], GOAL_CLUSTER_MS, below=True),
        row("largest tile of any layer", "kB", largest, GOAL_LARGEST_KB, below=True),
        row("slowest tile of any layer", "ms", slowest, GOAL_SLOWEST_MS, below=True),
    ]


def row(job: str, against: str, value: float, goal: float, below: bool = False) -> dict[str, Any]:
    """Return one row of results; ``below``: the goal is a ceiling."""
    return {
        "job": job,
        "against": against,
        "ratio": value,
        "goal": goal,
        "below": below,
        "ok": value <= goal if below else value >= goal,
    }
