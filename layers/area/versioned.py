"""Values built from many rows (indexes, gazetteers), kept until their rows change."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

from sqlalchemy.orm import Session

from data.scope import scope_of

Value = TypeVar("Value")
CHECK_EVERY_S = 1.0
_KEPT = 16


class Versioned(Generic[Value]):
    """A value a town, rebuilt when its stamp changes.

    Parameters
    ----------
    stamp : function of a session that returns a short text: equal text, equal rows. Asked at most once a second.
    build : function of a session that returns the value.

    Notes
    -----
    A session that wrote what the value is built from is given a value of its own, which nobody else sees: it may yet
    be rolled back. Such a session says so with `touch`.
    """

    def __init__(self, name: str, stamp: Callable[[Session], str], build: Callable[[Session], Value]) -> None:
        self.name, self.stamp, self._build = name, stamp, build
        self._lock = threading.Lock()
        self._building = threading.Lock()
        self._values: dict[tuple[str, int | None], tuple[str, float, Value]] = {}

    def get(self, session: Session) -> Value:
        """Return the value for the town of the session's scope."""
        key = (str(session.get_bind().engine.url), scope_of(session).town_id)
        if self.name in session.info.get("touched", ()):
            return self._build(session)
        known = self._values.get(key)
        if known is not None and time.monotonic() - known[1] < CHECK_EVERY_S:
            return known[2]
        stamp = self.stamp(session)
        if known is None or known[0] != stamp:
            known = self._rebuilt(key, stamp, session)
        self._keep(key, stamp, known[2])
        return known[2]

    def _rebuilt(self, key: tuple[str, int | None], stamp: str, session: Session) -> tuple[str, float, Value]:
        with self._building:  # one thread builds, the others take what it built
            known = self._values.get(key)
            if known is None or known[0] != stamp:
                known = (stamp, 0.0, self._build(session))
                self._keep(key, stamp, known[2])
            return known

    def _keep(self, key: tuple[str, int | None], stamp: str, value: Value) -> None:
        with self._lock:
            self._values.pop(key, None)
            self._values[key] = (stamp, time.monotonic(), value)
            while len(self._values) > _KEPT:
                self._values.pop(next(iter(self._values)))

    def touch(self, session: Session) -> None:
        """Say that this session changed the rows: it gets fresh values, and the next check of others is due at once."""
        session.info.setdefault("touched", set()).add(self.name)
        key = (str(session.get_bind().engine.url), scope_of(session).town_id)
        with self._lock:
            known = self._values.get(key)
            if known is not None:
                self._values[key] = (known[0], float("-inf"), known[2])
