"""What the tests of the map share: opening it, asking what it draws, reporting a case as the command room does."""

from __future__ import annotations

import time
import uuid
from collections.abc import Sequence
from typing import Any
from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import Page, expect

WALL = {"width": 1920, "height": 1080}
DESK = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}
SIZES = {"wall": WALL, "desk": DESK, "phone": PHONE}
PATIENCE_MS = 45_000  # software rendering on a busy machine
READY = "() => window.onegridMap && window.onegridMap.isSettled"
DRAWN = """(layers) => window.onegridMap.view.query(null, layers)
    .map((f) => ({...f.properties, layer: f.layer.id, fid: f.id}))"""
INCIDENTS = ("on:incident-symbol", "on:incident-cluster", "on:incident-live")


def open_map(page: Page, query: str = "") -> None:
    """Open the map and wait until everything in view is drawn and the stream is live."""
    page.goto(f"/{query}")
    page.wait_for_function(READY, timeout=PATIENCE_MS)
    expect(page.locator("#live")).to_have_attribute("data-state", "live")


def drawn(page: Page, layers: Sequence[str]) -> list[dict[str, Any]]:
    """Properties of what these style layers show now."""
    return page.evaluate(DRAWN, list(layers))


def shown_number(page: Page) -> int:
    """How many cases the map shows, clusters counted by their members, each case once."""
    seen: dict[Any, int] = {}
    for one in drawn(page, INCIDENTS):
        seen["c" if one.get("cluster") else "s", one.get("seq", one["fid"])] = one.get("n", 1)
    return sum(seen.values())


def csrf(page: Page) -> str:
    """The token of the page's session."""
    return page.request.get("/api/v1/me").json()["csrf"]


def report(page: Page, token: str, lon: float, lat: float, **fields: Any) -> dict[str, Any]:
    """Report a case with the page's session; returns the server's answer."""
    body = {"id": str(uuid.uuid4()), "title": "路灯不亮", "description": "", "lon": lon, "lat": lat, "crs": "cgcs2000",
            "channel": "map", **fields}  # fmt: skip
    answer = page.request.post("/api/v1/incidents", headers={"X-CSRF-Token": token}, data=body)
    assert answer.status in (200, 201), answer.text()
    return answer.json()


def centre(page: Page) -> tuple[float, float]:
    """Where the town's map begins."""
    lon, lat = page.request.get("/api/v1/me").json()["town"]["map"]["center"]
    return lon, lat


def count(page: Page, query: str) -> int:
    """The exact number of incidents that filters leave."""
    return page.request.get(f"/api/v1/counts/incident?{query}").json()["count"]


def query_of(page: Page) -> dict[str, list[str]]:
    """What the address of the page says."""
    return parse_qs(urlsplit(page.url).query, keep_blank_values=True)


def number_in(page: Page, figure: str) -> int:
    """The number that one of the figures above the map shows."""
    return int(page.locator(f'#figures [data-figure="{figure}"] b').inner_text().replace(",", ""))


def eventually(condition: Any, within_s: float = 10) -> None:
    """Wait until a condition over several answers holds."""
    end = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.1)
