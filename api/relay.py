"""The reader of the outbox: one a process, for any number of viewers; it skips no uncommitted writer."""

from __future__ import annotations

import asyncio
import json
import logging
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

import psycopg2

from data import clock, outbox
from data.outbox import Cursor, Event
from data.scope import Scope
from data.session import libpq_url

log = logging.getLogger("onegrid.relay")

POLL_S = 0.05
KEPT_EVENTS = 20_000
PENDING_BYTES = 2_000_000
READ_ROWS = 2_000


def message(event: str, data: Any, cursor: Cursor | None = None) -> bytes:
    """Return one server-sent message."""
    head = f"id: {cursor}\n" if cursor else ""
    return f"{head}event: {event}\ndata: {json.dumps(data, ensure_ascii=False, default=str)}\n\n".encode()


def encode(event: Event, scope: Scope, topics: frozenset[str]) -> bytes:
    """Return the message of an event for a scope; empty if it does not concern it."""
    if topics and event.topic not in topics:
        return b""
    if event.visible_to(scope):
        payload = {key: value for key, value in event.payload.items() if key != "scope_before"}
        return message(
            event.topic,
            {"kind": event.kind, "ref": event.ref, "at": clock.of_real(event.at).isoformat(), **payload},
            event.cursor,
        )
    if event.was_visible_to(scope):
        return message("removed", {"topic": event.topic, "ref": event.ref}, event.cursor)
    return b""


@dataclass(eq=False)
class Viewer:
    """One open connection."""

    scope: Scope
    topics: frozenset[str]
    pending: list[bytes] = field(default_factory=list)
    pending_bytes: int = 0
    overflowed: bool = False
    ended: bool = False
    # what it may see has to be asked for again
    doubtful: bool = False
    ready: asyncio.Event = field(default_factory=asyncio.Event)

    def push(self, chunk: bytes) -> None:
        """Queue a chunk; a viewer that does not read is told to reload rather than kept in memory."""
        if self.overflowed:
            return
        self.pending.append(chunk)
        self.pending_bytes += len(chunk)
        if self.pending_bytes > PENDING_BYTES:
            self.overflowed, self.pending = True, []
        self.ready.set()

    def take(self) -> bytes:
        """Return what is queued, as one frame."""
        chunk, self.pending, self.pending_bytes = b"".join(self.pending), [], 0
        self.ready.clear()
        return chunk


class Relay:
    """Reads the outbox once for all viewers of this process.

    Parameters
    ----------
    database_url : of the application role.
    """

    def __init__(self, database_url: str) -> None:
        self._url = libpq_url(database_url)
        self._pool = ThreadPoolExecutor(max_workers=4, thread_name_prefix="relay")
        self._connection: Any = None
        self._kept: deque[Event] = deque(maxlen=KEPT_EVENTS)
        self._groups: dict[tuple[str, frozenset[str]], set[Viewer]] = {}
        self._task: asyncio.Task[None] | None = None
        self._started = asyncio.Event()
        self.cursor = Cursor(0, 0)
        self.healthy = False

    @property
    def viewers(self) -> int:
        return sum(len(group) for group in self._groups.values())

    def start(self) -> None:
        """Begin to read; call within the running loop, once."""
        if self._task is None:
            self._task = asyncio.create_task(self._run(), name="outbox relay")

    async def stop(self) -> None:
        """End the reading and every viewer."""
        for group in self._groups.values():
            for viewer in group:
                viewer.ended = True
                viewer.ready.set()
        if self._task:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
        self._pool.shutdown(wait=False)

    async def _run(self) -> None:
        """Poll for ever; a lost database is tried again, and nothing is skipped meanwhile: the cursor stands."""
        loop = asyncio.get_running_loop()
        pause = POLL_S
        while True:
            try:
                if not self._started.is_set():
                    self.cursor = await loop.run_in_executor(self._pool, self._horizon)
                    self._started.set()
                events = await loop.run_in_executor(self._pool, self._poll, self.cursor)
                self.healthy, pause = True, POLL_S
            except psycopg2.Error as error:
                self.healthy = False
                log.warning("the outbox cannot be read: %s", str(error).strip())
                pause = min(5.0, pause * 2)
                events = []
            if events:
                self.cursor = events[-1].cursor
                self._kept.extend(events)
                self._distribute(events)
            if len(events) < READ_ROWS:
                await asyncio.sleep(pause)

    def _open(self) -> Any:
        connection = psycopg2.connect(
            self._url,
            connect_timeout=5,
            application_name="onegrid-relay",
            options="-c onegrid.purpose=relay -c statement_timeout=10000 -c timezone=UTC -c jit=off",
        )
        connection.autocommit = True
        return connection

    def _query(self, statement: str, params: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
        """Run on the relay's own connection (only the polling thread does)."""
        if self._connection is None or self._connection.closed:
            self._connection = self._open()
        try:
            with self._connection.cursor() as cursor:
                cursor.execute(statement, params)
                return cursor.fetchall()
        except psycopg2.Error:
            with suppress(psycopg2.Error):
                self._connection.close()
            self._connection = None
            raise

    def _horizon(self) -> Cursor:
        rows = self._query(outbox.HORIZON)
        return Cursor(*rows[0]) if rows else Cursor(0, 0)

    def _poll(self, after: Cursor) -> list[Event]:
        return [
            outbox.event_from_row(row) for row in self._query(outbox.READ, (str(after.xid), after.position, READ_ROWS))
        ]

    def _distribute(self, events: Iterable[Event]) -> None:
        for key, group in list(self._groups.items()):
            some = next(iter(group), None)
            if some is None:
                continue
            chunk = b"".join(encode(event, some.scope, key[1]) for event in events)
            if chunk:
                for viewer in group:
                    viewer.push(chunk)
        changed = {user for event in events if event.topic == "account" for user in event.user_ids}
        if changed:
            self._end_for(changed)
        if towns := {event.town_id for event in events if (event.topic, event.kind) == ("area", "published")}:
            self._doubt(towns)

    def _end_for(self, users: set[int]) -> None:
        for viewer in self._viewers():
            if viewer.scope.user_id in users:
                viewer.ended = True
                viewer.ready.set()

    def _doubt(self, towns: set[int]) -> None:
        """Boundaries changed: a post over areas may reach others now."""
        for viewer in self._viewers():
            if viewer.scope.town_id in towns:
                viewer.doubtful = True
                viewer.ready.set()

    def _viewers(self) -> Iterator[Viewer]:
        return chain.from_iterable(self._groups.values())

    async def join(self, scope: Scope, topics: frozenset[str], after: Cursor | None) -> tuple[Viewer, bytes]:
        """Add a viewer; return it with the first frame: hello, and what it missed since its cursor.

        Between reading what was missed and joining there is no await, so no event falls in between.
        """
        await self._started.wait()
        viewer = Viewer(scope, topics)
        missed: list[Event] = []
        reset = False
        if after is not None:
            loop = asyncio.get_running_loop()
            reset = await loop.run_in_executor(self._pool, self._is_too_old, after)
            at = after
            while not reset and at < self.cursor and (not self._kept or at < self._kept[0].cursor):
                rows = await loop.run_in_executor(self._pool, self._read_apart, at)
                if not rows:
                    break
                missed.extend(rows)
                at = rows[-1].cursor
            # no await from here on: what the relay has not read yet will come to the viewer with the others
            missed = [event for event in missed if event.cursor <= self.cursor]
            if not reset and at < self.cursor:
                missed.extend(event for event in self._kept if event.cursor > at)
        self._groups.setdefault((scope.key, topics), set()).add(viewer)
        chunks = [chunk for event in missed if (chunk := encode(event, scope, topics))]
        first = message("reset", {"reason": "too_old"}) if reset else b"".join(chunks)
        hello = message("hello", {"cursor": str(self.cursor), "caught_up": len(chunks)}, self.cursor)
        return viewer, b"retry: 1000\n" + first + hello

    def leave(self, viewer: Viewer) -> None:
        """Forget a viewer."""
        key = (viewer.scope.key, viewer.topics)
        group = self._groups.get(key, set())
        group.discard(viewer)
        if not group:
            self._groups.pop(key, None)

    def _read_apart(self, after: Cursor) -> list[Event]:
        connection = self._open()
        try:
            with connection.cursor() as cursor:
                cursor.execute(outbox.READ, (str(after.xid), after.position, READ_ROWS))
                return [outbox.event_from_row(row) for row in cursor.fetchall()]
        finally:
            connection.close()

    def _is_too_old(self, cursor: Cursor) -> bool:
        """Tell whether events after the cursor were already dropped, or the cursor is of another database."""
        connection = self._open()
        try:
            with connection.cursor() as reader:
                reader.execute(outbox.FLOOR)
                row = reader.fetchone()
        finally:
            connection.close()
        if row is None:
            return cursor > Cursor(0, 0)
        floor = Cursor(*row)
        return (cursor < floor and floor.position > 1) or cursor > self.cursor
