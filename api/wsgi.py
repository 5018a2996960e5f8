"""Flask inside the ASGI server with one hop between the threads for an ordinary request.

a2wsgi hands over each part of body and answer on its own, four or more hops a request; under load each waits for the
event loop. Here the request body is read before and the answer written after the one call in a worker thread. Large
uploads and answers that stream go through a2wsgi as they are.
"""

from __future__ import annotations

import asyncio
import io
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from a2wsgi.wsgi import WSGIMiddleware, build_environ

Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

# A body up to this is held in memory; JSON never is larger.
SMALL_BODY_BYTES = 2**20
THREADS = 24


class Disconnected(Exception):
    """The client went away before its request was complete."""


class FlaskBridge:
    """An ASGI application that answers with a WSGI one.

    Parameters
    ----------
    streams
        Tells by path whether an answer may stream; those go through a2wsgi.

    Notes
    -----
    A body without a stated length is read whole: ``receive`` has to end it (`api.limits.counted`).
    """

    def __init__(self, app: Any, streams: Callable[[str], bool]) -> None:
        self._app = app
        self._streams = streams
        self._stepwise = WSGIMiddleware(app, workers=8)
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="flask")

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer one HTTP request."""
        length = _content_length(scope)
        if length is not None and (length > SMALL_BODY_BYTES or self._streams(scope["path"])):
            await self._stepwise(scope, receive, send)  # type: ignore[arg-type]
            return
        try:
            body = b"" if length == 0 else await _read(receive)
        except Disconnected:
            return
        if length is None:
            scope = {**scope, "headers": [*scope["headers"], (b"content-length", str(len(body)).encode())]}
        loop = asyncio.get_running_loop()
        status, headers, content = await loop.run_in_executor(self._threads, self._call, scope, body)
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": content})

    def _call(self, scope: Message, body: bytes) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
        environ = build_environ(scope, io.BytesIO(body))  # type: ignore[arg-type]
        started: list[tuple[str, list[tuple[str, str]]]] = []

        def start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            started[:] = [(status, headers)]
            return lambda chunk: None

        parts = self._app(environ, start_response)
        try:
            content = b"".join(parts)
        finally:
            close = getattr(parts, "close", None)
            if close:
                close()
        status, headers = started[0]
        encoded = [(name.lower().encode("latin1"), value.encode("latin1")) for name, value in headers]
        return int(status[:3]), encoded, content

    def close(self) -> None:
        """Let the threads end once idle."""
        self._threads.shutdown(wait=False)
        self._stepwise.executor.shutdown(wait=False)


def _content_length(scope: Message) -> int | None:
    """Bytes of the request body; None when the client does not say (chunked)."""
    length: int | None = 0
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit():
            return int(value)
        if name == b"transfer-encoding":
            length = None
    return length


async def _read(receive: Receive) -> bytes:
    parts = []
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Disconnected
        parts.append(message.get("body", b""))
        if not message.get("more_body", False):
            return b"".join(parts)
