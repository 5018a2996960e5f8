"""A thousand open event streams while tiles are served: from commit to the viewer, and nothing missed."""

from __future__ import annotations

import asyncio
import json
import statistics
import threading
import time
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import text

from bench.stage import Stage
from bench.tiles import Client, row, sign_in, town_tiles

VIEWERS, EVENTS, PER_SECOND = 1_000, 200, 10
GOAL_P99_MS = 100.0


class Viewer:
    """One stream, read as bytes; notes when each event arrived."""

    def __init__(self) -> None:
        self.arrived: dict[str, float] = {}
        self.ready = asyncio.Event()

    async def run(self, host: str, port: int, cookie: str) -> None:
        reader, writer = await asyncio.open_connection(host, port)
        writer.write(f"GET /api/v1/events HTTP/1.1\r\nHost: {host}\r\nCookie: {cookie}\r\n\r\n".encode())
        buffer = b""
        try:
            while chunk := await reader.read(65536):
                now = time.time()
                buffer += chunk
                *whole, buffer = buffer.split(b"\n\n")
                for block in whole:
                    if b"event: hello" in block:
                        self.ready.set()
                    elif b"event: bench" in block:
                        self.arrived[json.loads(block.split(b"data: ", 1)[1].split(b"\n")[0])["ref"]] = now
        finally:
            writer.close()


async def watch(url: str, cookie: str, write: Any) -> tuple[list[Viewer], dict[str, float]]:
    """Open the streams, write the events, and wait until they have all come."""
    at = urlsplit(url)
    viewers = [Viewer() for _ in range(VIEWERS)]
    tasks = []
    for number, viewer in enumerate(viewers):
        tasks.append(asyncio.create_task(viewer.run(at.hostname or "", at.port or 80, cookie)))
        if number % 50 == 49:
            await asyncio.sleep(0.1)
    await asyncio.wait_for(asyncio.gather(*(viewer.ready.wait() for viewer in viewers)), 120)
    written = await asyncio.get_running_loop().run_in_executor(None, write)
    for _ in range(100):
        if all(len(viewer.arrived) == EVENTS for viewer in viewers):
            break
        await asyncio.sleep(0.1)
    for task in tasks:
        task.cancel()
    return viewers, written


def rows(stage: Stage) -> list[dict[str, Any]]:
    """Return p50 and p99 from commit to viewer in milliseconds, events missed, and the tiles served meanwhile."""
    server = stage.server(workers=2)
    url = server.start()
    served = 0
    stop = threading.Event()
    try:
        headers = sign_in(url, "command", "onegrid-bench")
        at = town_tiles(stage, 15)[:200]

        def load() -> None:
            nonlocal served
            client = Client(url, headers)
            while not stop.is_set():
                client.get("/tiles/market-entity/{}/{}/{}.mvt".format(*at[served % len(at)]))
                served += 1
                time.sleep(0.02)

        def write() -> dict[str, float]:
            database, committed = stage.database(), {}
            statement = text("select emit_event('bench', 'made', :ref, '{}', '{}', '{}', '{}', '{}', true)")
            for number in range(EVENTS):
                due = time.monotonic() + 1 / PER_SECOND
                with database.transaction(stage.scope) as session:
                    session.execute(statement, {"ref": str(number)})
                committed[str(number)] = time.time()
                time.sleep(max(0.0, due - time.monotonic()))
            database.close()
            return committed

        loader = threading.Thread(target=load)
        loader.start()
        viewers, committed = asyncio.run(watch(url, headers["Cookie"], write))
    finally:
        stop.set()
        server.stop()
    loader.join()
    delays = sorted(
        (viewer.arrived[ref] - at_s) * 1e3
        for viewer in viewers
        for ref, at_s in committed.items()
        if ref in viewer.arrived
    )
    missed = VIEWERS * EVENTS - len(delays)
    job = f"{VIEWERS:,} viewers, {PER_SECOND} events/s, {served} tiles served meanwhile"
    return [
        row(job, "ms from commit to viewer, p50", statistics.median(delays), GOAL_P99_MS, below=True),
        row(job, "ms from commit to viewer, p99", delays[int(len(delays) * 0.99)], GOAL_P99_MS, below=True),
        row(job, "events missed", missed, 0, below=True),
    ]
