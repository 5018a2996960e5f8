"""Fixtures: a real PostGIS, the application role, a small town, a running server, a real browser."""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import hypothesis
import psycopg2
import pytest
from sqlalchemy.engine import make_url
from sqlalchemy.orm import Session

from data import clock, migrate
from data import scope as scopes
from data.scope import Scope
from data.session import Database, driver_url, libpq_url
from tests.small_town import SmallTown, build

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared"
APP_ROLE, APP_PASSWORD = "onegrid_app", "onegrid-test"
DEMO_PASSWORD = "onegrid-demo"

# make soak
hypothesis.settings.register_profile("soak", max_examples=20_000, deadline=None)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Browser tests last: they are slow, and what they need has then been proved. `make test` runs them beside the others."""
    items.sort(key=lambda item: "browser" in item.path.parts)


@dataclass(frozen=True)
class Databases:
    """One database, seen as its two roles."""

    owner_url: str
    app_url: str

    @property
    def owner_dsn(self) -> str:
        return libpq_url(self.owner_url)


def _rename(url: str, database: str, user: str | None = None, password: str | None = None) -> str:
    parsed = make_url(driver_url(url)).set(database=database)
    if user:
        parsed = parsed.set(username=user, password=password)
    return parsed.render_as_string(hide_password=False)


def _execute(url: str, statement: str) -> None:
    connection = psycopg2.connect(libpq_url(url))
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute(statement)
    connection.close()


def _drop(url: str, name: str) -> None:
    """Drop a database; a cleaning process of the server may still be in it for a moment, and is not ours to end."""
    for _ in range(50):
        try:
            return _execute(url, f'drop database if exists "{name}" with (force)')
        except (psycopg2.errors.InsufficientPrivilege, psycopg2.errors.ObjectInUse):
            time.sleep(0.2)
    raise TimeoutError(f"database {name} is still in use")


@pytest.fixture(scope="session")
def server_root_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """URL of a PostgreSQL server as superuser: ONEGRID_TEST_DATABASE_URL, or a private cluster started here."""
    given = os.environ.get("ONEGRID_TEST_DATABASE_URL")
    if given:
        yield given
        return
    from api.runtime.cluster import Cluster

    cluster = Cluster(tmp_path_factory.mktemp("cluster"), durable=False)
    url = cluster.start()
    try:
        yield url
    finally:
        cluster.remove()


@dataclass
class Server:
    """Makes databases on the test server by cloning templates."""

    root_url: str
    prefix: str
    made: list[str]

    def create(self, name: str, template: str = "template1") -> Databases:
        database = f"{self.prefix}_{name}"
        _execute(self.root_url, f'create database "{database}" template "{template}"')
        self.made.append(database)
        return Databases(_rename(self.root_url, database), _rename(self.root_url, database, APP_ROLE, APP_PASSWORD))

    def drop(self, databases: Databases) -> None:
        name = make_url(databases.owner_url).database
        _drop(self.root_url, name or "")
        self.made.remove(name or "")


@pytest.fixture(scope="session")
def database_server(server_root_url: str) -> Iterator[Server]:
    server = Server(server_root_url, f"test_{uuid.uuid4().hex[:8]}", [])
    yield server
    for name in reversed(server.made):
        _drop(server_root_url, name)


@pytest.fixture(scope="session")
def template(database_server: Server) -> str:
    """Name of a migrated database with the small town; clone it, never write to it."""
    databases = database_server.create("template")
    migrate.upgrade(databases.owner_url, APP_ROLE, APP_PASSWORD)
    build(databases.owner_dsn)
    return make_url(databases.owner_url).database or ""


@pytest.fixture(scope="session")
def empty_template(database_server: Server) -> str:
    """Name of a migrated database without a town."""
    databases = database_server.create("empty")
    migrate.upgrade(databases.owner_url, APP_ROLE, APP_PASSWORD)
    return make_url(databases.owner_url).database or ""


@pytest.fixture(scope="session")
def demo_template(database_server: Server, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Name of a database with the demo town, loaded as `onegrid load` does; clone it, never write to it."""
    from layers.exchange import pack

    databases = database_server.create("demo")
    migrate.upgrade(databases.owner_url, APP_ROLE, APP_PASSWORD)
    owner = Database(databases.owner_url, statement_timeout_s=0)
    with owner.transaction(Scope.system(None)) as session:
        pack.load(
            session,
            ROOT / "data" / "packs" / "ganpu",
            now=clock.now(),
            demo_password=DEMO_PASSWORD,
            assets_dir=tmp_path_factory.getbasetemp() / "assets",
        )
    owner.close()
    return make_url(databases.owner_url).database or ""


@pytest.fixture
def databases(database_server: Server, template: str) -> Iterator[Databases]:
    """A database of its own for one test that commits, with the small town."""
    made = database_server.create(f"t{uuid.uuid4().hex[:8]}", template)
    yield made
    database_server.drop(made)


@pytest.fixture
def empty_databases(database_server: Server, empty_template: str) -> Iterator[Databases]:
    """A migrated database of its own without a town."""
    made = database_server.create(f"t{uuid.uuid4().hex[:8]}", empty_template)
    yield made
    database_server.drop(made)


@pytest.fixture
def database(databases: Databases) -> Iterator[Database]:
    """The application role on a database of its own."""
    opened = Database(databases.app_url)
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def shared_databases(database_server: Server, template: str) -> Databases:
    """One database for all tests that roll back."""
    return database_server.create("shared", template)


@pytest.fixture(scope="session")
def owner_dsn(shared_databases: Databases) -> str:
    """libpq string of the owner, for tests that only compute in PostGIS."""
    return shared_databases.owner_dsn


@pytest.fixture(scope="session")
def small_town(shared_databases: Databases) -> SmallTown:
    """Ids of the small town (the same in every clone)."""
    return SmallTown.read(shared_databases.owner_dsn)


@pytest.fixture(scope="session")
def shared_database(shared_databases: Databases) -> Iterator[Database]:
    opened = Database(shared_databases.app_url)
    yield opened
    opened.close()


@pytest.fixture
def session(shared_database: Database, small_town: SmallTown) -> Iterator[Session]:
    """A session of the application role with the system's scope on the small town; rolled back at the end."""
    with Session(shared_database.engine, expire_on_commit=False) as opened:
        scopes.apply(opened, Scope.system(small_town.town_id))
        yield opened
        opened.rollback()
