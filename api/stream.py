"""The event stream /api/v1/events: one reader of the outbox a process, any number of viewers, nothing missed.

A viewer is told `hello` with the cursor of that moment, then each event of its scope as it commits; after a lost
connection it comes back with Last-Event-ID and gets what it missed. What left its scope comes as `removed`; when the
cursor is older than what is kept, `reset` asks for a reload; `end` says that the account changed: sign in again.
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

import psycopg2

from data import outbox
from data.errors import OneGridError, Unauthenticated
from data.outbox import Cursor, Event
from data.scope import Scope
from data.session import libpq_url

if TYPE_CHECKING:
    from api.state import State

log = logging.getLogger("onegrid.stream")

POLL_S = 0.05
FRAME_S = 0.25
HEARTBEAT_S = 15.0
RECHECK_S = 60.0
KEPT_EVENTS = 20_000
PENDING_BYTES = 2_000_000
READ_ROWS = 2_000

Send = Callable[[dict[str, Any]], Awaitable[None]]
Receive = Callable[[], Awaitable[dict[str, Any]]]
# Given the request headers (lower-case names) and query, the scope of the caller; raises Unauthenticated.
Authenticate = Callable[[dict[str, str], dict[str, list[str]]], Scope]


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
            event.topic, {"kind": event.kind, "ref": event.ref, "at": event.at.isoformat(), **payload}, event.cursor
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

    def _end_for(self, users: set[int]) -> None:
        for group in self._groups.values():
            for viewer in group:
                if viewer.scope.user_id in users:
                    viewer.ended = True
                    viewer.ready.set()

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


def caller_scope(state: State, headers: dict[str, str], query: dict[str, list[str]]) -> Scope:
    """Return the scope of whoever opens the stream, by bearer token or session cookie.

    Raises
    ------
    Unauthenticated : nobody is signed in, or the session has ended.
    """
    kind, _, token = headers.get("authorization", "").partition(" ")
    if kind.lower() == "bearer" and token:
        return state.callers.by_token(token.strip()).scope
    cookie = SimpleCookie(headers.get("cookie", "")).get("onegrid_session")
    caller = state.callers.by_session(cookie.value) if cookie else None
    if caller is None:
        raise Unauthenticated("session.required", "sign in first")
    return caller.scope


class EventStream:
    """The ASGI application of /api/v1/events.

    Parameters
    ----------
    relay : the reader of this process.
    authenticate : from headers and query to the caller's scope; may block, it runs in a thread.
    """

    def __init__(self, relay: Relay, authenticate: Authenticate) -> None:
        self.relay = relay
        self._authenticate = authenticate
        self._pool = ThreadPoolExecutor(max_workers=8, thread_name_prefix="stream-auth")

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
        query = parse_qs(scope.get("query_string", b"").decode("latin-1"))
        self.relay.start()
        try:
            if scope["method"] != "GET":
                raise OneGridError("request.method", "the event stream is read with GET")
            caller = await self._who(headers, query)
            given = headers.get("last-event-id") or next(iter(query.get("after", [])), None)
            after = Cursor.parse(given) if given else None
        except OneGridError as error:
            await _refuse(send, 401 if isinstance(error, Unauthenticated) else 422, error)
            return
        topics = frozenset(t for value in query.get("topics", []) for t in value.split(",") if t)
        await _open(send)
        viewer, first = await self.relay.join(caller, topics, after)
        gone = asyncio.create_task(_disconnected(receive))
        try:
            await _body(send, first)
            await self._serve(viewer, headers, query, gone, send)
        finally:
            self.relay.leave(viewer)
            gone.cancel()

    async def _who(self, headers: dict[str, str], query: dict[str, list[str]]) -> Scope:
        return await asyncio.get_running_loop().run_in_executor(self._pool, self._authenticate, headers, query)

    async def _serve(
        self, viewer: Viewer, headers: dict[str, str], query: dict[str, list[str]], gone: asyncio.Task[None], send: Send
    ) -> None:
        """Send frames until the viewer leaves, its account changes, or it stops reading."""
        checked = time.monotonic()
        while not gone.done():
            woken = asyncio.create_task(viewer.ready.wait())
            await asyncio.wait({woken, gone}, timeout=HEARTBEAT_S, return_when=asyncio.FIRST_COMPLETED)
            woken.cancel()
            if gone.done():
                return
            if viewer.ended:
                await _body(send, message("end", {"reason": "account_changed"}), more=False)
                return
            if viewer.overflowed:
                await _body(send, message("reset", {"reason": "too_slow"}), more=False)
                return
            chunk = viewer.take()
            await _body(send, chunk or f": still here\nid: {self.relay.cursor}\n\n".encode())
            if time.monotonic() - checked > RECHECK_S:
                checked = time.monotonic()
                try:
                    if (await self._who(headers, query)).key != viewer.scope.key:
                        raise Unauthenticated("session.changed", "the account changed")
                except OneGridError:
                    viewer.ended = True
                    viewer.ready.set()
                    continue
            if chunk:
                await asyncio.sleep(FRAME_S)


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _open(send: Send) -> None:
    await send(
        {
            "type": "http.response.start",
            "status": 200,
            "headers": [
                (b"content-type", b"text/event-stream; charset=utf-8"),
                (b"cache-control", b"no-store"),
                (b"x-accel-buffering", b"no"),
                (b"x-content-type-options", b"nosniff"),
            ],
        }
    )


async def _body(send: Send, chunk: bytes, more: bool = True) -> None:
    await send({"type": "http.response.body", "body": chunk, "more_body": more})


async def _refuse(send: Send, status: int, error: OneGridError) -> None:
    """Answer an error in the one body shape."""
    body = json.dumps({"code": error.code, "message": error.message, "detail": error.detail, "request_id": ""}).encode()
    headers = [(b"content-type", b"application/json"), (b"cache-control", b"no-store")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await _body(send, body, more=False)
