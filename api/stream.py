"""The event stream /api/v1/events: one reader of the outbox a process, any number of viewers, nothing missed.

A viewer is told `hello` with the cursor of that moment, then each event of its scope as it commits; after a lost
connection it comes back with Last-Event-ID and gets what it missed. What left its scope comes as `removed`; when the
cursor is older than what is kept, `reset` asks for a reload; `end` says that the account changed: sign in again.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from http.cookies import SimpleCookie
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from api.auth import cookie
from api.auth.caller import unknown
from api.errors import status_of
from api.relay import Relay, Viewer, message
from data.errors import Forbidden, OneGridError
from data.outbox import Cursor
from data.scope import Scope
from data.uuid7 import uuid7

if TYPE_CHECKING:
    from api.state import State

# Frames of one viewer are this far apart at most, and closer the fewer viewers this process has: so many frames a second.
FRAME_S, FRAMES_PER_S = 0.25, 20_000
HEARTBEAT_S = 15.0
RECHECK_S = 60.0

Send = Callable[[dict[str, Any]], Awaitable[None]]
Receive = Callable[[], Awaitable[dict[str, Any]]]
# Given the request headers (lower-case names) and query, the scope of the caller; raises Unauthenticated.
Authenticate = Callable[[dict[str, str], dict[str, list[str]]], Scope]


def caller_scope(state: State, headers: dict[str, str], query: dict[str, list[str]]) -> Scope:
    """Return the scope of whoever opens the stream, by bearer token or session cookie.

    Raises
    ------
    Unauthenticated : nobody is signed in, or the session has ended. Forbidden : the account or token may not view.
    """
    kind, _, token = headers.get("authorization", "").partition(" ")
    if kind.lower() == "bearer" and token:
        caller = state.callers.by_token(token.strip())
    else:
        sent = SimpleCookie(headers.get("cookie", "")).get(cookie.NAME)
        found = state.callers.by_session(sent.value) if sent else None
        if found is None:
            raise unknown(sent is not None)
        caller = found
    if caller.must_change_password:
        raise Forbidden("password.must_change", "set a new password first")
    caller.scope.require("view")
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
            await _refuse(send, status_of(error), error)
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
            if viewer.doubtful or time.monotonic() - checked > RECHECK_S:
                checked, viewer.doubtful = time.monotonic(), False
                try:
                    reaches = (await self._who(headers, query)).key
                except OneGridError:
                    viewer.ended = True
                    viewer.ready.set()
                    continue
                if reaches != viewer.scope.key:
                    # it comes back at once with its cursor, and sees what it may see now
                    await _body(send, b"", more=False)
                    return
            if chunk:
                await asyncio.sleep(min(FRAME_S, self.relay.viewers / FRAMES_PER_S))


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
    request_id = uuid7().hex
    body = json.dumps(
        {"code": error.code, "message": error.message, "detail": error.detail, "request_id": request_id}
    ).encode()
    headers = [
        (b"content-type", b"application/json"),
        (b"cache-control", b"no-store"),
        (b"x-request-id", request_id.encode()),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await _body(send, body, more=False)
