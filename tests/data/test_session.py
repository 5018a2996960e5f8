"""Transactions: errors of the driver come out as errors people can act on, a restarted server is survived."""

from __future__ import annotations

import psycopg2
import pytest
from sqlalchemy import text

from data.errors import Invalid, Unavailable
from data.scope import Scope, scope_of
from data.session import Database, libpq_url


@pytest.mark.parametrize("straight", [False, True], ids=["by SQLAlchemy", "straight to the driver"])
@pytest.mark.parametrize(
    ("statement", "kind"),
    [("select 'x'::int", Invalid), ("select 99999999999::int", Invalid), ("select pg_sleep(5)", Unavailable)],
)
def test_error_of_the_database_is_one_people_can_act_on(databases, statement, kind, straight):
    database = Database(databases.app_url, statement_timeout_s=0.2)
    with pytest.raises(kind), database.transaction(Scope.public(1)) as session:
        if straight:
            session.connection().connection.cursor().execute(statement)
        else:
            session.execute(text(statement))
    with database.transaction(Scope.public(1)) as session:
        assert session.execute(text("select 1")).scalar_one() == 1
    database.close()


def test_scope_ends_with_its_transaction(database):
    with database.transaction(Scope.public(1)) as session:
        assert scope_of(session) == Scope.public(1)
        assert session.execute(text("select scope_town()")).scalar_one() == 1
    with database.engine.connect() as connection:
        assert connection.execute(text("select current_setting('onegrid.town_id', true)")).scalar_one() in (None, "")


def test_connections_that_the_server_cut_are_replaced(databases, database):
    for _ in range(3):
        with database.transaction(Scope.public(1)) as session:
            session.execute(text("select 1"))
    with psycopg2.connect(libpq_url(databases.app_url)) as connection, connection.cursor() as cursor:
        cursor.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database()"
            " and pid <> pg_backend_pid() and usename = 'onegrid_app'"  # not what the server itself runs there
        )
    connection.close()
    with database.transaction(Scope.public(1)) as session:
        assert session.execute(text("select 1")).scalar_one() == 1
