"""How large a request may be: refused before Flask sees it and without reading it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import time

from api.wsgi import Message, Receive, Send
from data.uuid7 import uuid7

JSON_MAX_BYTES = 2**20
# A photo of 25 MB with the frame of its form around it.
PHOTO_MAX_BYTES = 25 * 2**20 + 2**16
# So has a file that is drawn into a plan.
PLAN_FILE_MAX_BYTES = PHOTO_MAX_BYTES
# The first pattern that fits the path says how many bytes; JSON_MAX_BYTES elsewhere.
BY_PATH: tuple[tuple[re.Pattern[str], int], ...] = (
    (re.compile(r"/api/v1/incidents/[^/]+/photos/?"), PHOTO_MAX_BYTES),
    (re.compile(r"/api/v1/plans/[^/]+/file/?"), PLAN_FILE_MAX_BYTES),
)
# How long, and for how many bytes, a refused sender is listened to, so that it can read the answer instead of a broken
# pipe.
LISTEN_S = 1.0
LISTEN_BYTES = 4 * 2**20


class Exceeded(Exception):
    """A body without a stated length grew over its limit."""


def limit_of(path: str) -> int:
    """The most bytes a request body at ``path`` may have.

    Examples
    --------
    >>> limit_of("/api/v1/incidents") == JSON_MAX_BYTES
    True
    """
    return next((limit for pattern, limit in BY_PATH if pattern.fullmatch(path)), JSON_MAX_BYTES)


def counted(receive: Receive, limit: int) -> Receive:
    """``receive`` that raises `Exceeded` once more than ``limit`` bytes came: for bodies that state no length."""
    seen = 0

    async def count() -> Message:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        if seen > limit:
            raise Exceeded
        return message

    return count


async def refuse(receive: Receive, send: Send, limit: int) -> None:
    """Answers 413 at once and closes the connection, whatever is still under way."""
    request_id = uuid7().hex
    body = json.dumps(
        {
            "code": "request.too_large",
            "message": f"请求太大，最多 {limit} 字节 / the request is too large, {limit} bytes at most",
            "detail": {"limit_bytes": limit},
            "request_id": request_id,
        },
        ensure_ascii=False,
    ).encode()
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
        (b"connection", b"close"),
        (b"cache-control", b"no-store"),
        (b"x-content-type-options", b"nosniff"),
        (b"x-request-id", request_id.encode()),
    ]
    await send({"type": "http.response.start", "status": 413, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": True})
    until, heard = time.monotonic() + LISTEN_S, 0
    with contextlib.suppress(TimeoutError):
        while (left := until - time.monotonic()) > 0 and heard < LISTEN_BYTES:
            message = await asyncio.wait_for(receive(), left)
            heard += len(message.get("body", b""))
            if message["type"] == "http.disconnect" or not message.get("more_body", False):
                break
    await send({"type": "http.response.body", "body": b""})
