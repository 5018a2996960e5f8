"""The stage of the benchmarks: a durable private cluster with the demo town, and as much more as a row asks for."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psycopg2

from api.runtime.cluster import Cluster
from data import clock, migrate
from data.scope import Scope
from data.session import Database, libpq_url
from layers.exchange import pack
from tests.web_server import WebServer

ROOT = Path(__file__).resolve().parents[1]
PASSWORD = "onegrid-bench"

# Spread as the town's own door plates are: near them, not evenly over hills and lake.
_ENTITIES = """
insert into market_entity (town_id, uscc, name, kind, geom, grid_id, risk_level, credit_level, territorial_responsible,
    regulator_responsible, own_responsible, next_inspection_on)
select a.town_id, 'BENCH' || n, '商户 ' || n, (array['catering','food_trade','retail','workshop'])[1 + n %% 4],
    st_setsrid(st_makepoint(st_x(a.geom) + (random() - 0.5) * 2e-3, st_y(a.geom) + (random() - 0.5) * 2e-3), 4490), a.grid_id,
    (array['A','B','C','D'])[1 + n %% 4], (array['A','B','C','D'])[1 + n %% 4],
    case when n %% 50 > 0 then '甲' end, '乙', '丙', current_date + n %% 300 - 20
from generate_series(1, %(n)s) n join plates a on a.r = 1 + (n::bigint * 7919) %% (select count(*) from plates)
"""
_INCIDENTS = """
insert into incident (town_id, case_no, title, category_id, platform_code, lead_org_id, urgency, state, channel, geom, grid_id,
    grid_now_id, occurred_at, reported_at, closed_at, clock_started_at, amber_at, due_at)
select a.town_id, %(prefix)s || n, c.name || ' ' || n, c.category_id, c.platform_code, c.lead_org_id, c.urgency,
    case when n %% 1000 < %(open_per_mille)s then 'handling' else 'evaluated' end, 'grid_worker',
    st_setsrid(st_makepoint(st_x(a.geom) + (random() - 0.5) * 2e-3, st_y(a.geom) + (random() - 0.5) * 2e-3), 4490), a.grid_id,
    a.grid_id, t, t, case when n %% 1000 < %(open_per_mille)s then null else t + interval '2 days' end, t, t + interval '36 hours',
    t + interval '2 days'
from generate_series(1, %(n)s) n
join plates a on a.r = 1 + (n::bigint * 7919) %% (select count(*) from plates)
join cats c on c.r = 1 + n %% (select count(*) from cats)
cross join lateral (select now() - interval '10 years' * (n::float8 / %(n)s) as t) w
"""


@dataclass
class Stage:
    """A database with the demo town."""

    owner_url: str
    app_url: str
    folder: Path
    town_id: int
    cluster: Cluster

    def execute(self, statement: str, params: dict[str, object] | None = None) -> None:
        """Run a statement as the owner."""
        with psycopg2.connect(libpq_url(self.owner_url)) as connection, connection.cursor() as cursor:
            cursor.execute(statement, params)
        connection.close()

    def analyse(self) -> None:
        """Bring the planner's statistics up to date, as a running town's are."""
        connection = psycopg2.connect(libpq_url(self.owner_url))
        connection.autocommit = True
        with connection.cursor() as cursor:
            # a table of its own that a closing connection drops meanwhile ends the run over all tables
            with suppress(psycopg2.errors.UndefinedTable):
                cursor.execute("vacuum analyze")
            cursor.execute("vacuum analyze incident")
        connection.close()

    def add(self, statement: str, params: dict[str, object]) -> None:
        """Add rows near door plates."""
        with psycopg2.connect(libpq_url(self.owner_url)) as connection, connection.cursor() as cursor:
            cursor.execute(
                "create temp table plates as select row_number() over (order by address_id) as r, town_id, geom, grid_id from address"
                " where grid_id is not null;"
                " create temp table cats as select row_number() over (order by category_id) as r, * from category"
            )
            cursor.execute(statement, params)
        connection.close()

    def add_entities(self, count: int) -> None:
        """Add market entities."""
        self.add(_ENTITIES, {"n": count})

    def add_incidents(self, count: int, open_per_mille: int = 1, prefix: str = "B") -> None:
        """Add incidents of the last ten years; ``open_per_mille`` of them are still open."""
        self.add(_INCIDENTS, {"n": count, "open_per_mille": open_per_mille, "prefix": prefix})

    def server(self, workers: int = 1, worker: bool = False) -> WebServer:
        """Return web processes over the stage; start and stop them."""
        return WebServer(self.app_url, self.owner_url, self.folder / "served", workers=workers, worker=worker)

    def database(self) -> Database:
        """Return the application role's database."""
        return Database(self.app_url)

    @property
    def scope(self) -> Scope:
        """The whole town."""
        return Scope.system(self.town_id)


@contextmanager
def stage(durable: bool = True) -> Iterator[Stage]:
    """Give a fresh cluster with the demo town; it is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="onegrid-bench-") as folder:
        cluster = Cluster(Path(folder), durable=durable)
        owner_url = cluster.start()
        try:
            migrate.upgrade(owner_url, app_password=PASSWORD)
            owner = Database(owner_url, statement_timeout_s=0)
            with owner.transaction(Scope.system(None)) as session:
                pack.load(session, ROOT / "data" / "packs" / "ganpu", now=clock.now(), demo_password=PASSWORD)
            owner.close()
            with psycopg2.connect(libpq_url(owner_url)) as connection, connection.cursor() as cursor:
                cursor.execute("select town_id from town")
                town_id = cursor.fetchone()[0]  # type: ignore[index]
            connection.close()
            yield Stage(owner_url, cluster.url("onegrid_app"), Path(folder), town_id, cluster)
        finally:
            cluster.remove()
