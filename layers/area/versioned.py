"""Values built from many rows (indexes, gazetteers), kept until their rows change."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Generic, NamedTuple, TypeVar
from weakref import WeakKeyDictionary

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from data.scope import scope_of

Value = TypeVar("Value")
Key = tuple[str, int | None]
CHECK_EVERY_S = 1.0
REST = 20.0
_KEPT = 16


class _Kept(NamedTuple, Generic[Value]):
    """A value with the stamp of its rows, and when to look at the stamp again (monotonic seconds)."""

    stamp: str
    check_at: float
    value: Value


_NAMES: WeakKeyDictionary[Engine, str] = WeakKeyDictionary()


def _key(session: Session) -> Key:
    """The database and the town a session works on."""
    engine = session.get_bind().engine
    name = _NAMES.get(engine)
    if name is None:
        name = _NAMES[engine] = str(engine.url)
    return name, scope_of(session).town_id


class Versioned(Generic[Value]):
    """A value a town, rebuilt when its stamp changes.

    Parameters
    ----------
    stamp : function of a session that returns a short text: equal text, equal rows. Asked at most once a second.
    build : function of a session that returns the value.

    Notes
    -----
    While one thread rebuilds, the others answer from the value before. A value that takes long to build (the names of
    100,000 entities: seconds) is rebuilt no more often than `REST` times that long, so that building never takes more than
    a twentieth of the process.

    A session that wrote what the value is built from is given a value of its own, which nobody else sees: it may yet
    be rolled back. Such a session says so with `touch`.
    """

    def __init__(self, name: str, stamp: Callable[[Session], str], build: Callable[[Session], Value]) -> None:
        self.name, self.stamp, self._build = name, stamp, build
        self._lock = threading.Lock()
        self._building: dict[Key, threading.Lock] = {}
        self._values: dict[Key, _Kept[Value]] = {}

    def get(self, session: Session) -> Value:
        """Return the value for the town of the session's scope."""
        if self.name in session.info.get("touched", ()):
            return self._build(session)
        key = _key(session)
        known = self._values.get(key)
        if known is not None and time.monotonic() < known.check_at:
            return known.value
        turn = self._turn(key)
        # who has no value waits for the one who builds it; who has an old one goes on with that
        if not turn.acquire(blocking=known is None):
            assert known is not None
            return known.value
        try:
            return self._checked(key, session).value
        finally:
            turn.release()

    def _turn(self, key: Key) -> threading.Lock:
        with self._lock:
            return self._building.setdefault(key, threading.Lock())

    def _checked(self, key: Key, session: Session) -> _Kept[Value]:
        known = self._values.get(key)
        if known is not None and time.monotonic() < known.check_at:
            return known  # built while this thread waited
        stamp = self.stamp(session)
        begun = time.monotonic()
        value = known.value if known is not None and known.stamp == stamp else self._build(session)
        took_s = time.monotonic() - begun
        kept = _Kept(stamp, time.monotonic() + max(CHECK_EVERY_S, REST * took_s), value)
        with self._lock:
            self._values.pop(key, None)
            self._values[key] = kept
            while len(self._values) > _KEPT:
                oldest = next(iter(self._values))
                del self._values[oldest]
                self._building.pop(oldest, None)
        return kept

    def touch(self, session: Session) -> None:
        """Say that this session changed the rows: it gets fresh values, and the next check of others is due at once."""
        session.info.setdefault("touched", set()).add(self.name)
        with self._lock:
            known = self._values.get(_key(session))
            if known is not None:
                self._values[_key(session)] = known._replace(check_at=float("-inf"))
