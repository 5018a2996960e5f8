"""A simulated day seen on wall and desk: both follow its clock without being loaded anew, and show what is late.

A sequence of pictures lies in the folder ``.onegrid/shots`` afterwards, if it exists: ``day-0830-wall.png`` …
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg2
import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import serving, watch_page
from tests.browser.mapping import DESK, PATIENCE_MS, READY, WALL, eventually
from tests.conftest import ROOT
from tests.web_server import WebServer

HOURS = ("08:30", "14:30")
# What a picture is given to be drawn whole; none where none is kept.
PICTURE_MS = 3_000 if (ROOT / ".onegrid" / "shots").is_dir() else 0
LATE = "() => document.querySelector('[data-figure=late] b')?.textContent"
MARK = "update town set settings = settings || jsonb_build_object('demo_logins', array(select username from app_user))"


@pytest.fixture(scope="module")
def demo(demo_template, database_server, tmp_path_factory) -> Iterator[WebServer]:
    """A demo of its own: its clock is moved."""
    databases = database_server.create("demo_day", demo_template)
    with psycopg2.connect(databases.owner_dsn) as connection, connection.cursor() as cursor:
        cursor.execute(MARK)
    connection.close()
    with serving(databases, tmp_path_factory) as running:
        yield running
    database_server.drop(databases)


def simulate(demo: WebServer, *words: str) -> dict:
    environment = {
        "ONEGRID_DATABASE_URL": demo.app_url, "ONEGRID_OWNER_URL": demo.owner_url, "ONEGRID_DATA_DIR": str(demo.data_dir),
        "ONEGRID_DEMO": "1", "PATH": "/usr/bin:/bin",
    }  # fmt: skip
    command = [sys.executable, "-m", "api.cli", "simulate", "--json", *words]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture
def at_desk(browser, demo, watch) -> Iterator[tuple[Page, Page]]:
    """The wall and the desk of the command room, on two screens of one person."""
    context = browser.new_context(
        base_url=demo.url, locale="zh-CN", timezone_id="Asia/Shanghai", reduced_motion="reduce"
    )
    context.set_default_timeout(PATIENCE_MS)
    answer = context.request.post("/api/v1/session", data={"username": "command", "password": "onegrid-demo"})
    assert answer.ok, answer.text()
    wall, desk = context.new_page(), context.new_page()
    for page, size in ((wall, WALL), (desk, DESK)):
        watch_page(page, watch, demo.url)
        page.set_viewport_size(size)
    yield wall, desk
    context.close()
    assert watch.unexpected() == []


def test_a_day_is_seen_on_wall_and_desk(demo, at_desk, shots):
    wall, desk = at_desk
    simulate(demo, "--at-once", "--from", "07:00", "--hours", "0.1", "--seed", "5")
    wall.goto("/")
    desk.goto("/desk")
    wall.wait_for_function(READY, timeout=PATIENCE_MS)
    most_late, told = 0, []
    for hour in HOURS:
        told.append(simulate(demo, "--at-once", "--until", hour, "--seed", "5"))
        # the clock on the wall follows, though nobody has loaded the page anew
        eventually(lambda hour=hour: wall.locator("#wall-time").inner_text()[:4] == hour[:4], within_s=90)
        summary = wall.request.get("/api/v1/summary").json()
        eventually(lambda summary=summary: wall.evaluate(LATE) == str(summary["late"]), within_s=90)
        most_late = max(most_late, summary["late"])
        desk.bring_to_front()
        desk.wait_for_timeout(PICTURE_MS)
        shots(desk, f"day-{hour.replace(':', '')}-desk")
        wall.bring_to_front()
        wall.wait_for_timeout(PICTURE_MS)
        shots(wall, f"day-{hour.replace(':', '')}-wall")
        keep(hour, told[-1], summary)
    assert sum(leg["reports"] for leg in told) >= 10
    assert most_late > 0
    assert summary["supervision"]["total"] > 0
    expect(wall.locator("#live")).to_have_attribute("data-state", "live")


def keep(hour: str, told: dict, summary: dict) -> None:
    """The figures behind the pictures, beside them."""
    folder = Path(ROOT) / ".onegrid" / "shots"
    if folder.is_dir():
        figures = {name: summary[name] for name in ("now", "rate", "open", "late", "amber", "supervision", "stages")}
        text = json.dumps({**told, "summary": figures}, ensure_ascii=False, indent=1)
        (folder / f"day-{hour.replace(':', '')}.json").write_text(text, encoding="utf-8")
