"""Transactions of one request.

with db.transaction() as session:
    return service.get(session, incident_id)
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from flask import current_app, g
from sqlalchemy.orm import Session

from data.scope import Scope
from data.session import Database


def database() -> Database:
    """The database of this process."""
    return current_app.extensions["onegrid"].database


@contextmanager
def transaction(scope: Scope | None = None) -> Iterator[Session]:
    """A session in one transaction, with the caller's scope; committed at the end, rolled back on any exception.

    Parameters
    ----------
    scope
        Another scope than the caller's; only for what the caller asks the program to do in its own name.
    """
    with database().transaction(g.scope if scope is None else scope) as session:
        yield session
