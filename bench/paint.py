"""First paint of the map with 100,000 market entities, cold cache, beside the same page with every data layer off."""

from __future__ import annotations

import statistics
from typing import Any

from playwright.sync_api import Browser, sync_playwright

from bench.stage import Stage
from bench.tiles import row
from tests.browser.conftest import FLAGS

GOAL = 2.0
ROUNDS = 5


def idle_ms(browser: Browser, url: str, path: str) -> float:
    """Return milliseconds from navigation to the first idle map, in a fresh profile."""
    context = browser.new_context(base_url=url, viewport={"width": 1440, "height": 900})
    answer = context.request.post(f"{url}/api/v1/session", data={"username": "command", "password": "onegrid-bench"})
    if not answer.ok:
        raise RuntimeError(answer.text())
    page = context.new_page()
    page.goto(path)
    page.wait_for_function("() => performance.getEntriesByName('map-idle').length > 0", timeout=60_000)
    took = page.evaluate("() => performance.getEntriesByName('map-idle')[0].startTime")
    context.close()
    return float(took)


def rows(stage: Stage) -> list[dict[str, Any]]:
    """Return the ratio of the medians."""
    server = stage.server(workers=2)
    url = server.start()
    full, empty = "/?on=incident,market-entity,service-site", "/?on=none"
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
            idle_ms(browser, url, full)
            # in turns, so that whatever else the machine does falls on both
            times = [(idle_ms(browser, url, full), idle_ms(browser, url, empty)) for _ in range(ROUNDS)]
            browser.close()
    finally:
        server.stop()
    ratio = statistics.median(a for a, _ in times) / statistics.median(b for _, b in times)
    return [
        row(
            "first paint of the map, 100,000 entities, cold cache",
            "the map without data layers",
            ratio,
            GOAL,
            below=True,
        )
    ]
