"""Who a request comes from: recognised by its cookie or bearer token in one round trip, its reach remembered."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import Any

import psycopg2
from psycopg2.extras import NamedTupleCursor
from sqlalchemy import Engine, create_engine
from sqlalchemy.exc import DBAPIError

from data.errors import Unauthenticated
from data.scope import Scope
from data.session import Database, is_lost, translate
from layers.people import login, queries
from layers.people.login import Known
from layers.people.reach import Reach, scope_of

# Posts end by date without a new scope version; this long after, their end is seen.
REACH_LIFE_S = 60
REMEMBERED = 2_000


@dataclass(frozen=True)
class Caller:
    """Somebody who is signed in. ``csrf`` is None for a token: it is not sent by a browser on its own."""

    user_id: int
    town_id: int
    scope: Scope
    reach: Reach
    scope_version: int
    csrf: str | None
    must_change_password: bool = False


@dataclass(frozen=True)
class _Remembered:
    reach: Reach
    must_change_password: bool
    at_s: float


def unknown(had_session: bool) -> Unauthenticated:
    """The error for who is not recognised: a session that has ended is another thing than never having signed in."""
    if had_session:
        return Unauthenticated("session.ended", "the session has ended; sign in again")
    return Unauthenticated("session.required", "sign in first")


class Callers:
    """Recognises callers for one process.

    Sessions and tokens are looked up at every request, so that an ended one ends at once. What a person reaches is
    remembered by scope version, which the database raises whenever posts or accounts change, and by boundary version.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        # Statements of their own, on connections that are in purpose 'login' from the start: one round trip a request.
        self._engine: Engine = create_engine(
            database.url,
            isolation_level="AUTOCOMMIT",
            pool_size=4,
            max_overflow=20,
            connect_args={
                "options": "-c onegrid.purpose=login -c statement_timeout=10000 -c timezone=UTC -c jit=off",
                "application_name": "onegrid-login",
                "connect_timeout": 5,
            },
        )
        self._reaches: dict[tuple[int, int, int | None], _Remembered] = {}
        self._lock = threading.Lock()

    def by_session(self, token: str) -> Caller | None:
        """The caller whose session cookie is ``token``; None when the session has ended or never was."""
        row = self._one(queries.FIND_SESSION, {"token": login.digest(token), "life_h": login.SESSION_LIFE_H})
        return self._caller(login.known_session(row))

    def by_token(self, token: str) -> Caller:
        """The caller whose bearer token is ``token``.

        Raises
        ------
        Unauthenticated
            ``token.invalid``: a program should hear that its token is revoked, not see what the public sees.
        """
        caller = self._caller(login.known_token(self._one(queries.FIND_TOKEN, {"token": login.digest(token)})))
        if caller is None:
            raise Unauthenticated("token.invalid", "the token is unknown, revoked or expired")
        return caller

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()

    def _one(self, statement: str, values: dict[str, Any]) -> Any:
        try:
            try:
                return self._first_row(statement, values)
            except psycopg2.Error as fault:
                if not is_lost(fault):
                    raise
                # The server was restarted under the pool: all its connections are made anew.
                self._engine.dispose()
                return self._first_row(statement, values)
        except psycopg2.Error as fault:
            raise translate(DBAPIError.instance("", {}, fault, psycopg2.Error)) from fault  # type: ignore[arg-type]

    def _first_row(self, statement: str, values: dict[str, Any]) -> Any:
        # Straight to the driver: every request does this, and SQLAlchemy's part would take longer than the database's.
        connection = self._engine.raw_connection()
        driver: Any = connection.driver_connection
        try:
            with driver.cursor(cursor_factory=NamedTupleCursor) as cursor:
                cursor.execute(statement, values)
                return cursor.fetchone()
        finally:
            connection.close()

    def _caller(self, known: Known | None) -> Caller | None:
        if known is None:
            return None
        remembered = self._reach(known)
        return Caller(
            user_id=known.user_id,
            town_id=known.town_id,
            scope=scope_of(remembered.reach, known.town_id, known.user_id, known.scopes),
            reach=remembered.reach,
            scope_version=known.scope_version,
            csrf=known.csrf,
            must_change_password=remembered.must_change_password and known.scopes is None,
        )

    def _reach(self, known: Known) -> _Remembered:
        key = (known.user_id, known.scope_version, known.boundary_version)
        found = self._reaches.get(key)
        if found is not None and time.monotonic() - found.at_s < REACH_LIFE_S:
            return found
        fresh = self._read(known)
        with self._lock:
            if len(self._reaches) >= REMEMBERED:
                self._reaches.clear()
            self._reaches[key] = fresh
        return fresh

    def _read(self, known: Known) -> _Remembered:
        with self._database.transaction(Scope.login()) as session:
            narrow = login.reach(session, known.user_id)
        # Under the person's own scope: the organisations and platforms below its own are staff's to read.
        with self._database.transaction(scope_of(narrow, known.town_id, known.user_id)) as session:
            wide = login.whole_orgs(session, narrow)
            person = session.execute(queries.PERSON, {"user_id": known.user_id}).one()
        return _Remembered(wide, person.must_change_password, time.monotonic())
