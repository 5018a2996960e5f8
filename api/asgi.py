"""The one ASGI application of a web process: the event stream natively, everything else by Flask."""

from __future__ import annotations

import contextlib
import logging
import re
from collections.abc import AsyncIterator

from api import limits, metrics
from api.auth.rate import Rates
from api.flask_app import make_app
from api.relay import Relay
from api.runtime.settings import Settings
from api.state import State
from api.stream import EventStream, caller_scope
from api.wsgi import FlaskBridge, Message, Receive, Send
from data import clock

EVENTS = "/api/v1/events"
# Answers that may be long are sent in parts.
STREAMED = re.compile(r"/(api/v1/export|static/)")

log = logging.getLogger("onegrid.api")


class Application:
    """Routes each request to the event stream or to Flask, and refuses bodies that are too large."""

    def __init__(self, state: State) -> None:
        self.state = state
        self.flask = make_app(state)
        self._bridge = FlaskBridge(self.flask, lambda path: STREAMED.match(path) is not None)
        self.relay = Relay(state.database.url)
        self._stream = EventStream(self.relay, lambda headers, query: caller_scope(state, headers, query))

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer one ASGI scope."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http":
            await self._answer(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1000})

    async def _answer(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["path"] == EVENTS:
            await self._stream(scope, receive, send)
            return
        limit = limits.limit_of(scope["path"])
        length = _stated_length(scope)
        if length is not None and length > limit:
            await limits.refuse(receive, send, limit)
            return
        # A body without a stated length is counted as it comes.
        try:
            await self._bridge(scope, limits.counted(receive, limit) if length is None else receive, send)
        except limits.Exceeded:
            await limits.refuse(receive, send, limit)

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        async with self._running():
            await send({"type": "lifespan.startup.complete"})
            await receive()
        await send({"type": "lifespan.shutdown.complete"})

    @contextlib.asynccontextmanager
    async def _running(self) -> AsyncIterator[None]:
        """While the process serves: the reader of the outbox runs, connections are open."""
        self.relay.start()
        try:
            yield
        finally:
            await self.relay.stop()
            self._bridge.close()
            self.state.close()


def _stated_length(scope: Message) -> int | None:
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit():
            return int(value)
    return None


def create_app(settings: Settings | None = None, rates: Rates | None = None) -> Application:
    """The application of one web process.

    Parameters
    ----------
    settings
        Default: read from the environment, as the supervisor passes them on.
    rates
        Other rate limits, for tests.
    """
    settings = settings or Settings.from_environment()
    if settings.now:
        if not settings.demo:
            raise SystemExit("ONEGRID_NOW is for the demo and for tests: set ONEGRID_DEMO=1 with it")
        clock.set_now(settings.now)
    clock.follow(settings.clock_path if settings.demo else None)
    metrics.share(settings.data_dir / "metrics")
    return Application(State.of(settings, rates))
