"""Connections and transactions. The edge (route, command, job) opens one transaction; services never commit."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg2
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, OperationalError, PendingRollbackError
from sqlalchemy.orm import Session, SessionTransaction

from data import scope as scopes
from data.errors import Conflict, Forbidden, Invalid, OneGridError, Unavailable
from data.scope import Scope


def driver_url(url: str) -> str:
    """Return the URL with psycopg2 named: SQLAlchemy 2.1 reads a bare postgresql:// as psycopg 3."""
    parsed = make_url(url)
    if parsed.drivername in ("postgresql", "postgres"):
        parsed = parsed.set(drivername="postgresql+psycopg2")
    return parsed.render_as_string(hide_password=False)


def libpq_url(url: str) -> str:
    """Return the URL as libpq (psql, pg_dump, psycopg2) reads it."""
    return make_url(driver_url(url)).set(drivername="postgresql").render_as_string(hide_password=False)


class ScopedSession(Session):
    """A session whose transactions begin with its scope: ``info["scope"]``."""


@event.listens_for(ScopedSession, "after_begin")
def _scope_first(session: Session, transaction: SessionTransaction, connection: Connection) -> None:
    if not transaction.nested:
        scopes.set_on(connection, session.info["scope"])


class Database:
    """A pool of connections of one role.

    Parameters
    ----------
    url : postgresql://… of the application role (or of the owner, for a town's first load).
    statement_timeout_s : no statement runs longer; 0 switches it off (loaders).
    """

    def __init__(self, url: str, *, pool_size: int = 10, statement_timeout_s: float = 30) -> None:
        self.url = driver_url(url)
        self.engine: Engine = create_engine(
            self.url,
            pool_size=pool_size,
            max_overflow=20,
            pool_pre_ping=True,
            connect_args={
                "options": f"-c statement_timeout={int(statement_timeout_s * 1000)} -c timezone=UTC -c jit=off"
                " -c max_parallel_workers_per_gather=0",
                "application_name": "onegrid",
                "connect_timeout": 5,
            },
        )

    @contextmanager
    def transaction(self, scope: Scope) -> Iterator[Session]:
        """Open a session under a scope; commit at the end, roll back on any error.

        The transaction begins with the first statement. Database errors that people can act on come out as OneGridError.
        """
        with ScopedSession(self.engine, expire_on_commit=False, info={"scope": scope}) as session:
            try:
                yield session
                session.commit()
            except DBAPIError as error:
                session.rollback()
                raise translate(error) from error
            except psycopg2.Error as error:  # of a statement that went straight to the driver
                session.rollback()
                raise translate(DBAPIError.instance("", {}, error, psycopg2.Error)) from error  # type: ignore[arg-type]
            except PendingRollbackError as error:  # somebody went on in a transaction that the server had dropped
                session.rollback()
                raise Unavailable("database.unreachable", _AWAY) from error
            except BaseException:
                session.rollback()
                raise

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()


def call(session: Session, statement: str, params: dict[str, Any]) -> Any:
    """Return the one value of a statement that does all its work in itself, as ``select submit_…(…)`` does; see `row`."""
    return row(session, statement, params)[0]


def row(session: Session, statement: str, params: dict[str, Any]) -> tuple[Any, ...]:
    """Return the one row of a statement that does all its work in itself.

    In a session that has done nothing yet it is sent together with the scope and is a transaction of its own: one
    message to the database in place of four, and committed when it returns. Else it runs in the session's transaction.

    Parameters
    ----------
    statement : one statement for the driver; parameters as ``%(name)s``.
    """
    if session.in_transaction() or not isinstance(session, ScopedSession):
        own: Any = session.connection().connection.driver_connection
        return _first_row(own, statement, params)
    connection = session.get_bind().engine.raw_connection()
    driver: Any = connection.driver_connection
    try:
        driver.autocommit = True
        # the statements of one message are one transaction, planned one after the other
        return _first_row(driver, f"{scopes.SET}; {statement}", params | scopes.parameters(session.info["scope"]))
    finally:
        if not driver.closed:
            driver.autocommit = False
        connection.close()


def _first_row(driver: Any, statement: str, params: dict[str, Any]) -> tuple[Any, ...]:
    with driver.cursor() as cursor:
        cursor.execute(statement, params)
        found: tuple[Any, ...] = cursor.fetchone()
        return found


_AWAY = "the database does not answer; try again in a moment"
_BY_STATE: dict[str, tuple[type[OneGridError], str]] = {
    "OG001": (Conflict, "area.partition_broken"),
    "OG002": (Forbidden, "scope.no_town"),
    "OG003": (Forbidden, "history.fixed"),
    "OG409": (Conflict, "receipt.conflict"),
    "OG410": (Conflict, "incident.external_ref_taken"),
    "42501": (Forbidden, "scope.forbidden"),
    "57014": (Unavailable, "database.timeout"),
    "40001": (Conflict, "database.conflict"),
    "40P01": (Conflict, "database.conflict"),
    "23505": (Conflict, "database.duplicate"),
    "22P02": (Invalid, "input.invalid"),
    "22003": (Invalid, "input.invalid"),
    "22008": (Invalid, "input.invalid"),
    "22009": (Invalid, "input.invalid"),
}
# What our own functions say is meant to be read; the database's own words name tables, keys and values of others.
_WORDS = {
    "42501": "this scope may not do that",
    "57014": "the statement took too long and was stopped",
    "40001": "somebody else changed the same at this moment; try again",
    "40P01": "somebody else changed the same at this moment; try again",
    "23505": "this id or number exists already",
    "22P02": "a value cannot be read",
    "22003": "a number is out of range",
    "22008": "a time is out of range",
    "22009": "a time zone is out of range",
}
_DETAILS = {"OG001": "place", "OG410": "case_no"}
_BY_CONSTRAINT = {"incident_external_unique": "OG410"}


def is_lost(error: BaseException | None) -> bool:
    """Tell whether the database went away under a statement; else the statement itself was refused."""
    state = getattr(error, "pgcode", None)
    if state:
        return state.startswith(("08", "57P"))
    # what the driver says itself has no SQLSTATE
    return isinstance(error, psycopg2.Error) and any(word in str(error) for word in ("connection", "closed"))


def translate(error: DBAPIError) -> Exception:
    """Return the OneGridError that a database error stands for, or the error itself if it is none of ours."""
    origin = error.orig
    state = getattr(origin, "pgcode", None)
    diagnosis = getattr(origin, "diag", None)
    if state == "OG004":  # a transition that the table of the closed loop does not have; the detail is the code
        return Conflict(diagnosis.message_detail, diagnosis.message_primary)  # type: ignore[union-attr]
    if constraint := _BY_CONSTRAINT.get(getattr(diagnosis, "constraint_name", None) or ""):
        kind, code = _BY_STATE[constraint]
        return kind(code, "this external_ref is the number of another case")
    if state in _BY_STATE:
        kind, code = _BY_STATE[state]
        message = _WORDS.get(state) or getattr(diagnosis, "message_primary", None) or "refused by the database"
        detail = getattr(diagnosis, "message_detail", None)
        return kind(code, message, **({_DETAILS[state]: detail} if detail and state in _DETAILS else {}))
    if isinstance(error, OperationalError) or is_lost(origin):
        return Unavailable("database.unreachable", _AWAY)
    return error
