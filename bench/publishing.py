"""Publishing a plan over a million cases: what it costs by how much changes hands, what a reader sees meanwhile, the way back."""

from __future__ import annotations

import statistics
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import psycopg2
from sqlalchemy import text

from api.worker import handlers
from bench.report import Reporter, Server
from bench.stage import Stage
from data.job import run_one
from data.session import Database, libpq_url
from layers.incident import boundaries

GOAL_READER = 2.0
# Digits of a village's code, with which those of its grids begin.
VILLAGE = 12
# In one snapshot: leaves in force, cases whose leaf of now is not in force, and each leaf's cases.
_READ = """
select (select count(*) from area_version v where v.town_id = %(town)s and v.valid_from <= now() and now() < v.valid_to),
       (select count(*) from incident i join area_version v on v.area_id = i.grid_now_id where i.is_open and i.town_id = %(town)s
        and not exists (select from area_version w where w.area_id = i.grid_now_id and w.valid_from <= now() and now() < w.valid_to))
"""
# Shapes, not codes: what had ended comes back under another code.
_STATE = """
select md5(string_agg(st_asbinary(v.geom)::text, ',' order by st_asbinary(v.geom)::text)) from area_version v
where v.town_id = %(town)s and v.valid_from <= now() and now() < v.valid_to
"""
_CODES = text("select code from area_version where town_id = :town and valid_to = 'infinity'")
_BEGAN = text("select min(valid_from) from area_version where town_id = :town and valid_to = 'infinity'")
_CASES = """
select md5(string_agg(i.incident_id || ':' || coalesce(w.shape, ''), ',' order by i.incident_id)) from incident i left join (
    select v.area_id, md5(st_asbinary(v.geom)) as shape from area_version v
    where v.town_id = %(town)s and v.valid_from <= now() and now() < v.valid_to) w on w.area_id = i.grid_now_id
"""


class Planner(Reporter):
    """A planner over one kept-alive connection."""

    def ask(self, path: str, body: dict[str, Any]) -> Any:
        """Send a step; return what comes back."""
        return self._post(f"/api/v1/plans{path}", body)[0]

    def read(self, path: str) -> Any:
        """Read something of a plan."""
        return self._get(f"/api/v1/plans{path}")


@dataclass
class Watch:
    """A reader in a loop: how long each reading took, and what it saw."""

    dsn: str
    town: int
    seen: list[tuple[float, int, int]] = field(default_factory=list)
    stop: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        """Read until told to stop."""
        connection = psycopg2.connect(self.dsn)
        connection.autocommit = True
        with connection.cursor() as cursor:
            while not self.stop.is_set():
                start = time.perf_counter()
                cursor.execute(_READ, {"town": self.town})
                self.seen.append((time.perf_counter() - start, *cursor.fetchone()))
        connection.close()


def rows(stage: Stage, cases: int) -> list[dict[str, Any]]:
    """Return the rows of this table; adds cases until there are ``cases``."""
    with psycopg2.connect(libpq_url(stage.owner_url)) as connection, connection.cursor() as cursor:
        cursor.execute("select count(*) from incident")
        here = cursor.fetchone()[0]  # type: ignore[index]
    connection.close()
    if here < cases:
        stage.add_incidents(cases - here, open_per_mille=10, prefix="P")
    _settle(stage)
    stage.analyse()
    server = Server(stage.app_url, stage.owner_url, stage.folder / "publishing", workers=2, worker=False)
    url = server.start()
    try:
        return [_published(stage, url, name, cases) for name in ("one vertex", "two grids", "a village")]
    finally:
        server.stop()


def _settle(stage: Stage) -> None:
    """Put every case into the grid it lies in: those of the stage are spread beside their plates."""
    database = Database(stage.app_url, statement_timeout_s=0)
    with database.transaction(stage.scope) as session:
        codes = [str(row.code) for row in session.execute(_CODES, {"town": stage.town_id})]
        began = session.execute(_BEGAN, {"town": stage.town_id}).scalar_one()
        boundaries.rebin(session, codes, began)
    database.close()


def _published(stage: Stage, url: str, what: str, cases: int) -> dict[str, Any]:
    one, two = Planner(url, "planner"), Planner(url, "planner2")
    plan = one.ask("", {"name": what})["id"]
    for version, operation in enumerate(_operations(one.read(f"/{plan}/borders"), what)):
        one.ask(f"/{plan}/edits", {"version": version, "operation": operation})
    one.ask(f"/{plan}/submit", {})
    two.ask(f"/{plan}/approve", {})
    impact = two.read(f"/{plan}/impact")["counts"]
    before = _fingerprint(stage)
    quiet = _watched(stage, lambda: time.sleep(1.0))
    start = time.perf_counter()
    busy = _watched(stage, lambda: two.ask(f"/{plan}/publish", {"count": impact["open_incidents"]}))
    publish_s = time.perf_counter() - start
    start = time.perf_counter()
    after = _watched(stage, lambda: _work(stage))
    work_s = time.perf_counter() - start
    back = two.ask(f"/{plan}/retire", {})["id"]
    two.ask(f"/{back}/submit", {})
    one.ask(f"/{back}/approve", {})
    one.ask(f"/{back}/publish", {"count": one.read(f"/{back}/impact")["counts"]["open_incidents"]})
    _work(stage)
    same = [a == b for a, b in zip(before, _fingerprint(stage), strict=True)]
    # one reading of a hundred takes longer
    slow = [
        statistics.quantiles([seconds for seconds, *_ in seen], n=100)[-1]
        for seen in (busy.seen + after.seen, quiet.seen)
    ]
    slowest = slow[0] / slow[1]
    mixed = sum(homeless > 0 for *_, homeless in [*busy.seen, *after.seen])
    leaves = {count for _, count, _ in busy.seen}
    print(f"{what}: {impact}, publish {publish_s:.2f} s, jobs {work_s:.2f} s, leaves seen {leaves}, mixed {mixed} of "
          f"{len(busy.seen) + len(after.seen)}, way back: boundaries {same[0]}, cases {same[1]}", flush=True)  # fmt: skip
    return {
        "job": f"a plan published over {cases:,} cases: {what} ({impact['open_incidents']} open cases change hands)",
        "against": "99th percentile of readings meanwhile, beside a quiet second", "ratio": slowest, "goal": GOAL_READER, "below": True,
        "ok": slowest <= GOAL_READER and not mixed and all(same), "ours_s": publish_s + work_s, "theirs_s": None,
    }  # fmt: skip


def _watched(stage: Stage, act: Any) -> Watch:
    watch = Watch(libpq_url(stage.owner_url), stage.town_id)
    thread = threading.Thread(target=watch.run)
    thread.start()
    try:
        act()
    finally:
        watch.stop.set()
        thread.join()
    return watch


def _work(stage: Stage) -> None:
    database = stage.database()
    while run_one(database, handlers()):
        pass
    database.close()


def _fingerprint(stage: Stage) -> tuple[str, str]:
    with psycopg2.connect(libpq_url(stage.owner_url)) as connection, connection.cursor() as cursor:
        found = []
        for statement in (_STATE, _CASES):
            cursor.execute(statement, {"town": stage.town_id})
            found.append(str(cursor.fetchone()[0]))  # type: ignore[index]
    connection.close()
    return found[0], found[1]


def _operations(borders: dict[str, Any], what: str) -> list[dict[str, Any]]:
    arcs = [one for one in borders["features"] if one["properties"]["rank"] == "grid"]
    longest = max(arcs, key=lambda one: len(one["geometry"]["coordinates"]))
    left, right = (longest["properties"][side] for side in ("left", "right"))
    if what == "one vertex":
        lon, lat = longest["geometry"]["coordinates"][len(longest["geometry"]["coordinates"]) // 2]
        return [{"kind": "move_vertex", "at": [lon, lat], "to": [round(lon + 1e-5, 7), lat]}]
    if what == "two grids":
        return [{"kind": "merge", "codes": [right], "into": left}]
    # the village whose grids have most borders among each other: all of them become one
    pairs = [{one["properties"][side] for side in ("left", "right")} for one in arcs]
    inner = Counter(code[:VILLAGE] for pair in pairs for code in pair)
    village = inner.most_common(1)[0][0]
    into, *codes = sorted({code for pair in pairs for code in pair if code.startswith(village)})
    return [{"kind": "merge", "codes": codes, "into": into}]
