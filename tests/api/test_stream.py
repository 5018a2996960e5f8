"""The event stream: what a viewer is told equals what the database holds, however often the connection is cut."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import random
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from sqlalchemy import text

from api.relay import Relay
from api.stream import EventStream
from data import outbox
from data.errors import Unauthenticated
from data.outbox import Cursor
from data.scope import Scope
from data.session import Database
from tests.scopes import every_scope
from tests.small_town import GRIDS, SmallTown


def report(database: Database, scope: Scope, title: str, lon: float = 120.885, lat: float = 30.405, **more: Any) -> str:
    body = {"title": title, "channel": "phone", "lon": lon, "lat": lat, **more}
    with database.transaction(scope) as session:
        return session.execute(text("select submit_incident(cast(:p as jsonb))"), {"p": json.dumps(body)}).scalar_one()[
            "id"
        ]


class Browser:
    """Reads the stream as EventSource does: remembers the last id, hands out messages."""

    def __init__(self, stream: EventStream, query: str = "") -> None:
        self.stream, self.query = stream, query
        self.last_id: str | None = None
        self.messages: list[tuple[str, dict[str, Any]]] = []
        self.status: int | None = None
        self._task: asyncio.Task[None] | None = None
        self._leave = asyncio.Event()
        self._buffer = b""

    def open(self) -> None:
        headers = [(b"last-event-id", self.last_id.encode())] if self.last_id else []
        scope = {"type": "http", "method": "GET", "headers": headers, "query_string": self.query.encode()}
        self._leave, self._buffer = asyncio.Event(), b""
        self._task = asyncio.create_task(self.stream(scope, self._receive, self._send))

    async def cut(self) -> None:
        """End the connection at once; a half-read message is lost, as on a real line."""
        assert self._task
        self._leave.set()
        await self._task

    async def _receive(self) -> dict[str, Any]:
        await self._leave.wait()
        return {"type": "http.disconnect"}

    async def _send(self, event: dict[str, Any]) -> None:
        if event["type"] == "http.response.start":
            self.status = event["status"]
            return
        if self._leave.is_set():
            return
        self._buffer += event["body"]
        while b"\n\n" in self._buffer:
            block, self._buffer = self._buffer.split(b"\n\n", 1)
            fields = dict(line.split(": ", 1) for line in block.decode().split("\n") if ": " in line and line[0] != ":")
            self.last_id = fields.get("id", self.last_id)
            if "data" in fields:
                self.messages.append((fields.get("event", "message"), json.loads(fields["data"])))

    async def until(self, done: Any, seconds: float = 10) -> None:
        async with asyncio.timeout(seconds):
            while not done(self):
                await asyncio.sleep(0.01)

    def titles(self) -> list[str]:
        return [data["title"] for event, data in self.messages if event == "incident" and data["kind"] == "created"]


@asynccontextmanager
async def running(database: Database, scopes: dict[str, Scope]) -> AsyncIterator[EventStream]:
    """A stream whose callers name themselves: ?topics=…&who=name."""

    def authenticate(headers: dict[str, str], query: dict[str, list[str]]) -> Scope:
        name = query.get("who", ["system"])[0]
        if name not in scopes:
            raise Unauthenticated("session.required", "sign in first")
        return scopes[name]

    relay = Relay(database.url)
    relay.start()
    try:
        yield EventStream(relay, authenticate)
    finally:
        await relay.stop()


def saw_hello(browser: Browser) -> bool:
    return any(event == "hello" for event, _ in browser.messages)


def test_viewer_cut_at_random_ends_equal_to_the_database(database: Database, small_town: SmallTown) -> None:
    """Two writers at once, the line cut again and again: each incident is told exactly once, in the end all of them."""

    async def main() -> tuple[list[str], list[str]]:
        async with running(database, every_scope(small_town)) as stream:
            browser = Browser(stream, "who=system")
            browser.open()
            await browser.until(saw_hello)
            writers = [
                threading.Thread(
                    target=lambda k=k: [
                        report(database, Scope.system(small_town.town_id), f"{k}-{n}") for n in range(60)
                    ]
                )
                for k in range(2)
            ]
            for writer in writers:
                writer.start()
            rng = random.Random(5)
            while any(writer.is_alive() for writer in writers):
                await asyncio.sleep(rng.random() * 0.08)
                await browser.cut()
                browser.open()
            await browser.until(lambda b: len(b.titles()) >= 120)
            await asyncio.sleep(0.4)
            await browser.cut()
            with database.transaction(Scope.system(small_town.town_id)) as session:
                stored = list(session.execute(text("select title from incident")).scalars())
            return browser.titles(), stored

    told, stored = asyncio.run(main())
    assert sorted(told) == sorted(stored)
    assert len(stored) == 120


def test_viewers_see_their_scope_and_are_told_what_left_it(database: Database, small_town: SmallTown) -> None:
    async def main() -> None:
        async with running(database, every_scope(small_town)) as stream:
            browsers = {
                name: Browser(stream, f"who={name}")
                for name in ("worker-a1", "worker-b2", "squad", "other leader", "command")
            }
            for browser in browsers.values():
                browser.open()
            for browser in browsers.values():
                await browser.until(saw_hello)
            system = Scope.system(small_town.town_id)
            inside = report(database, system, "在 A-1")
            report(database, system, "归中队", 120.895, 30.415, lead_org_id=small_town.organisations["squad"])
            await browsers["command"].until(lambda b: len(b.titles()) == 2)
            await asyncio.sleep(0.3)
            assert {name: browser.titles() for name, browser in browsers.items()} == {
                "worker-a1": ["在 A-1"],
                "worker-b2": ["归中队"],
                "squad": ["归中队"],
                "other leader": [],
                "command": ["在 A-1", "归中队"],
            }
            with database.transaction(system) as session:
                session.execute(
                    text(
                        "update incident set geom = st_setsrid(st_makepoint(120.895, 30.415), 4490), grid_now_id = :g, grid_id = :g"
                        " where incident_id = cast(:i as uuid)"
                    ),
                    {"i": inside, "g": small_town.areas["330499101202002"]},
                )
            await browsers["worker-a1"].until(
                lambda b: any(e == "removed" and d["ref"] == inside for e, d in b.messages)
            )
            await browsers["worker-b2"].until(
                lambda b: any(e == "incident" and d["ref"] == inside for e, d in b.messages)
            )
            assert all("scope_before" not in data for browser in browsers.values() for _, data in browser.messages)
            for browser in browsers.values():
                await browser.cut()

    asyncio.run(main())


def test_cursor_older_than_what_is_kept_gets_reset(database: Database, small_town: SmallTown) -> None:
    system = Scope.system(small_town.town_id)
    for n in range(3):
        report(database, system, str(n))
    with database.transaction(Scope.relay()) as session:
        first = outbox.read(session, Cursor(0, 0))[0].cursor
        session.execute(text("select drop_old_events('0 seconds')"))

    async def main() -> None:
        async with running(database, every_scope(small_town)) as stream:
            for cursor, expected in ((str(first), ["reset", "hello"]), ("999999999-1", ["reset", "hello"])):
                browser = Browser(stream)
                browser.last_id = cursor
                browser.open()
                await browser.until(saw_hello)
                assert [event for event, _ in browser.messages] == expected
                await browser.cut()

    asyncio.run(main())


def test_changed_account_ends_the_stream_and_strangers_are_refused(database: Database, small_town: SmallTown) -> None:
    async def main() -> None:
        async with running(database, every_scope(small_town)) as stream:
            browser, stranger, bad = Browser(stream, "who=worker-a1"), Browser(stream, "who=stranger"), Browser(stream)
            bad.last_id = "not-a-cursor"
            for one in (browser, stranger, bad):
                one.open()
            await browser.until(saw_hello)
            await stranger.until(lambda b: b.status == 401)
            await bad.until(lambda b: b.status == 422)
            with database.transaction(Scope.system(small_town.town_id)) as session:
                session.execute(
                    text("update app_user set disabled_at = now() where user_id = :u"),
                    {"u": small_town.users["worker-a1"]},
                )
            await browser.until(lambda b: any(event == "end" for event, _ in b.messages))

    asyncio.run(main())


def test_whose_areas_become_more_comes_back_and_hears_of_them(database: Database, small_town: SmallTown) -> None:
    """A grid is divided: whoever is posted to the village hears of the new one, without signing in again."""
    scopes = every_scope(small_town)

    async def main() -> None:
        async with running(database, scopes) as stream:
            cadre, squad = Browser(stream, "who=cadre-a"), Browser(stream, "who=squad")
            for one in (cadre, squad):
                one.open()
                await one.until(saw_hello)
            before = scopes["cadre-a"]
            scopes["cadre-a"] = dataclasses.replace(before, area_ids=before.area_ids | {small_town.areas[GRIDS[2]]})
            with database.transaction(Scope.system(small_town.town_id)) as session:
                outbox.emit(session, "area", "published", payload={"codes": []}, is_public=True)
            assert cadre._task
            await asyncio.wait_for(asyncio.shield(cadre._task), 10)
            assert not any(event == "end" for event, _ in cadre.messages)
            cadre.open()
            report(database, scopes["system"], "新网格里的一件", 120.895, 30.405)
            await cadre.until(lambda b: "新网格里的一件" in b.titles())
            assert squad._task
            assert not squad._task.done()
            for one in (cadre, squad):
                await one.cut()

    asyncio.run(main())


@pytest.mark.parametrize("wait", [0.0, 0.2])
def test_slow_viewer_is_told_to_reload_and_holds_no_memory(
    wait: float, database: Database, small_town: SmallTown
) -> None:
    from api.relay import PENDING_BYTES, Viewer

    async def main() -> None:
        viewer = Viewer(Scope.system(small_town.town_id), frozenset())
        for _ in range(5):
            viewer.push(b"x" * (PENDING_BYTES // 4))
        await asyncio.sleep(wait)
        assert viewer.overflowed
        assert viewer.pending == []

    asyncio.run(main())
