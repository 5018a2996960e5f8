"""Brings a database to the present: tables by Alembic, then functions, triggers, policies from data/sql."""

from __future__ import annotations

from pathlib import Path

import psycopg2
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from psycopg2 import sql
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

from data.session import driver_url, libpq_url

HERE = Path(__file__).parent


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(HERE / "migrations"))
    return config


def head() -> str:
    """Return the newest revision this code knows."""
    return ScriptDirectory.from_config(_config()).get_current_head() or ""


def knows(revision: str | None) -> bool:
    """Tell whether this code has a revision, so that a database at it can be migrated."""
    return any(script.revision == revision for script in ScriptDirectory.from_config(_config()).walk_revisions())


def current(url: str) -> str | None:
    """Return the revision of a database, None if it was never migrated."""
    engine = create_engine(driver_url(url), poolclass=NullPool)
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def ensure_app_role(owner_url: str, app_role: str, password: str | None) -> None:
    """Create the application role if it is missing; set its password if one is given."""
    with psycopg2.connect(libpq_url(owner_url)) as connection, connection.cursor() as cursor:
        cursor.execute("select 1 from pg_roles where rolname = %s", (app_role,))
        if cursor.fetchone() is None:
            cursor.execute(
                sql.SQL("create role {} login nosuperuser nocreatedb nocreaterole").format(sql.Identifier(app_role))
            )
        if password is not None:
            cursor.execute(sql.SQL("alter role {} password {}").format(sql.Identifier(app_role), sql.Literal(password)))
    connection.close()


def upgrade(owner_url: str, app_role: str = "onegrid_app", app_password: str | None = None) -> None:
    """Migrate to head and apply every file of data/sql, in one transaction; one upgrade at a time.

    Parameters
    ----------
    owner_url : role that owns the tables; for the first upgrade it may create extensions (or they exist) and roles.
    app_role : application role: granted what it needs, owns nothing.
    """
    ensure_app_role(owner_url, app_role, app_password)
    engine = create_engine(driver_url(owner_url), poolclass=NullPool)
    with engine.begin() as connection:
        raw = connection.connection.cursor()
        raw.execute("select pg_advisory_xact_lock(20161)")
        raw.execute("set local client_min_messages = warning")
        config = _config()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        raw.execute("select set_config('onegrid.app_role', %s, true)", (app_role,))
        for path in sorted((HERE / "sql").glob("*.sql")):
            raw.execute(path.read_text(encoding="utf-8"))
        raw.execute(sql.SQL("grant select on alembic_version to {}").format(sql.Identifier(app_role)))
        raw.execute("drop policy if exists read_all on alembic_version")
        raw.execute("create policy read_all on alembic_version for select using (true)")
