"""Transactions: errors of the driver come out as errors people can act on, a restarted server is survived."""

from __future__ import annotations

import contextlib
import re

import psycopg2
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from data.errors import Conflict, Invalid, OneGridError, Unavailable
from data.scope import Scope, scope_of
from data.session import Database, call, libpq_url, translate


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


@pytest.mark.parametrize("statement", ["select 'secret'::int", "create table public.secret ()"])
def test_words_of_the_database_reach_nobody(databases, statement):
    database = Database(databases.app_url)
    with pytest.raises(OneGridError) as refused, database.transaction(Scope.public(1)) as session:
        session.execute(text(statement))
    database.close()
    told = f"{refused.value.message} {refused.value.detail}"
    assert not re.search(r"secret|public|syntax", told), told


def test_key_that_is_there_is_told_without_its_table(databases):
    database = Database(databases.owner_url)
    with pytest.raises(Conflict) as refused, database.transaction(Scope.system(1)) as session:
        session.execute(text("create temporary table t (secret text primary key)"))
        session.execute(text("insert into t values ('x'), ('x')"))
    database.close()
    assert (refused.value.message, refused.value.detail) == ("this id or number exists already", {})


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


EMIT = "select emit_event('test', %(kind)s, null, '{}', null, null, null, null, true)"
COUNT = text("select count(*) from event where topic = 'test' and kind = :kind")


def counted(database: Database, kind: str) -> int:
    with database.transaction(Scope.system(1)) as session:
        return session.execute(COUNT, {"kind": kind}).scalar_one()


def test_call_in_an_untouched_session_is_a_transaction_of_its_own(database):
    with pytest.raises(ZeroDivisionError), database.transaction(Scope.system(1)) as session:
        call(session, EMIT, {"kind": "alone"})
        assert not session.in_transaction()
        raise ZeroDivisionError
    assert counted(database, "alone") == 1


def test_call_in_a_begun_transaction_belongs_to_it(database):
    with pytest.raises(ZeroDivisionError), database.transaction(Scope.system(1)) as session:
        session.execute(text("select 1"))
        call(session, EMIT, {"kind": "within"})
        raise ZeroDivisionError
    assert counted(database, "within") == 0


def test_call_has_its_scope_and_leaves_none_behind(database):
    for scope, expected in ((Scope.system(1), 1), (Scope.public(2), 2), (Scope.public(None), None)):
        with database.transaction(scope) as session:
            assert call(session, "select scope_town()", {}) == expected
            with pytest.raises(psycopg2.Error):
                call(session, "select 'x'::int", {})
            assert session.execute(text("select scope_town()")).scalar_one() == expected
        with database.engine.connect() as connection:
            setting = text("select current_setting('onegrid.town_id', true)")
            assert connection.execute(setting).scalar_one() in (None, "")
            assert not connection.connection.driver_connection.autocommit


def test_scope_holds_after_a_savepoint_is_given_up(database):
    with database.transaction(Scope.public(1)) as session:
        nested = session.begin_nested()
        session.execute(text("select 1"))
        nested.rollback()
        assert session.execute(text("select scope_town()")).scalar_one() == 1


@pytest.mark.parametrize(
    "origin",
    [
        psycopg2.OperationalError("server closed the connection unexpectedly"),
        psycopg2.DatabaseError("server closed the connection unexpectedly"),
        psycopg2.InterfaceError("connection already closed"),
        psycopg2.InterfaceError("cursor already closed"),
    ],
)
def test_a_database_that_went_away_is_said_so_whatever_the_driver_calls_it(origin):
    error = DBAPIError.instance("select 1", {}, origin, psycopg2.Error)
    assert isinstance(translate(error), Unavailable)


def test_a_statement_that_is_wrong_is_not_taken_for_a_lost_database():
    error = DBAPIError.instance("select 1", {}, psycopg2.ProgrammingError("can't adapt type 'Thing'"), psycopg2.Error)
    assert translate(error) is error


def test_who_goes_on_in_a_dropped_transaction_is_told_that_the_database_is_away(database, small_town):
    with pytest.raises(Unavailable), database.transaction(Scope.system(small_town.town_id)) as session:
        with contextlib.suppress(DBAPIError), session.begin_nested():
            session.execute(text("select pg_terminate_backend(pg_backend_pid())"))
        session.execute(text("select 1"))
