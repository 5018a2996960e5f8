"""The planner for long and under faults: two hundred steps back, a killed server, fingers, a plan in force on open maps. `make soak`.

The town is one of its own: its boundaries change.
"""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, Request, Route, expect

from api.runtime import processes
from tests.browser.acting import settled
from tests.browser.conftest import PASSWORD, Watch, serving, watch_page
from tests.browser.loop import Staff
from tests.browser.mapping import eventually, open_map
from tests.browser.planning import PATIENCE_MS, Draft, drag, open_draft, pixel, steps
from tests.web_server import WebServer

pytestmark = pytest.mark.skipif(not os.environ.get("ONEGRID_SOAK"), reason="part of make soak")
STEPS = 200


@pytest.fixture(scope="module")
def town(demo_template, database_server, tmp_path_factory) -> Iterator[WebServer]:
    databases = database_server.create("demo_planner", demo_template)
    with serving(databases, tmp_path_factory) as running:
        yield running
    database_server.drop(databases)


@pytest.fixture
def draft(town: WebServer) -> Draft:
    return Draft(Staff(town.url, "planner"), "长跑")


def opened(browser: Browser, town: WebServer, watch: Watch, username: str, **more) -> Page:
    context = browser.new_context(
        base_url=town.url, locale="zh-CN", timezone_id="Asia/Shanghai", reduced_motion="reduce",
        viewport={"width": 1440, "height": 900}, **more,
    )  # fmt: skip
    context.set_default_timeout(PATIENCE_MS)
    answer = context.request.post("/api/v1/session", data={"username": username, "password": PASSWORD})
    assert answer.ok, answer.text()
    page = context.new_page()
    watch_page(page, watch, town.url)
    return page


@pytest.fixture
def drawer(browser: Browser, town: WebServer, watch: Watch) -> Iterator[Page]:
    page = opened(browser, town, watch, "planner")
    yield page
    page.context.close()
    assert watch.unexpected() == []


def shapes(draft: Draft) -> dict[str, str]:
    return {code: str(area["geometry"]) for code, area in draft.areas().items()}


def test_proposals_of_the_whole_town_are_taken_and_no_village_changes(drawer: Page, draft: Draft) -> None:
    before = draft.areas()
    villages = {one["properties"]["parent"] for one in before.values() if one["properties"]["level"] == "grid"}
    open_draft(drawer, draft, "?proposals=town")
    panel = drawer.locator("#proposals")
    panel.locator("[data-act=ask]").click()
    expect(panel.locator(".proposal").first).to_be_visible()
    panel.locator(".proposal").last.click()
    panel.locator("[data-act=take]").click()
    expect(drawer.locator("#saved")).to_have_attribute("data-state", "saved")
    expect(drawer.locator("#message [data-refused]")).to_have_count(0)
    after = draft.areas()
    assert draft.plan()["version"] > len(villages) / 2
    assert {code: after[code]["geometry"] for code in villages} == {code: before[code]["geometry"] for code in villages}


@pytest.mark.timeout(1200)
def test_two_hundred_steps_are_taken_back_across_a_reload(drawer: Page, draft: Draft) -> None:
    start = shapes(draft)
    for n in range(STEPS):
        arc = max(
            draft.arcs(), key=lambda one: (one["properties"]["rank"] == "grid", len(one["geometry"]["coordinates"]))
        )
        lon, lat = arc["geometry"]["coordinates"][1 + n % (len(arc["geometry"]["coordinates"]) - 2)]
        operation = {
            "kind": "move_vertex",
            "at": [lon, lat],
            "to": [round(lon + (n % 3 - 1) * 1e-6, 7), round(lat + 1e-6, 7)],
        }
        draft.planner.post(f"{draft.path}/edits", json={"version": n, "operation": operation})
    assert shapes(draft) != start
    open_draft(drawer, draft)
    settled(drawer)
    steps(drawer, STEPS)
    for n in range(STEPS):
        if n == STEPS // 2:
            drawer.reload()
            steps(drawer, STEPS + n)
        expect(drawer.locator("[data-act=undo]")).to_be_enabled()
        drawer.keyboard.press("Control+z")
        steps(drawer, STEPS + n + 1)
    expect(drawer.locator("[data-act=undo]")).to_be_disabled()
    assert shapes(draft) == start


def test_an_edit_outlives_a_server_that_is_killed_while_it_has_it(
    drawer: Page, draft: Draft, town: WebServer, watch: Watch
) -> None:
    for part in ("ERR_", "Failed to load resource", "network"):
        watch.expect(part)
    pair, arc = draft.border()
    open_draft(drawer, draft, f"?sel=border:{pair}")
    killed: list[Request] = []

    def kill(route: Route) -> None:
        if killed:
            return route.continue_()
        killed.append(route.request)
        route.continue_()
        for child in town.web_processes():
            processes.end(child, signal.SIGKILL, 5)

    drawer.route("**/edits", kill)
    drag(drawer, draft.middle(arc), 45, -25)
    expect(drawer.locator("#saved")).to_have_attribute("data-state", re.compile("sending|waiting"))
    town.start_web()
    eventually(town.ready, 30)
    steps(drawer, 1)
    expect(drawer.locator("#saved")).to_have_attribute("data-state", "saved")
    assert draft.plan()["version"] == 1


def test_a_finger_moves_a_point_and_taps_divide_a_grid(
    browser: Browser, town: WebServer, watch: Watch, draft: Draft
) -> None:
    page = opened(browser, town, watch, "planner", has_touch=True)
    pair, _ = draft.border()
    open_draft(page, draft, f"?sel=border:{pair}")
    vertex = page.locator("[data-handle=vertex]").first  # under fingers only points with room between them are shown
    at = tuple(float(vertex.get_attribute(name) or "") for name in ("data-lon", "data-lat"))
    x, y = pixel(page, at)
    touch = page.context.new_cdp_session(page)
    for kind, points in (
        ("touchStart", [(x, y)]),
        ("touchMove", [(x + 20, y + 10)]),
        ("touchMove", [(x + 40, y + 20)]),
        ("touchEnd", []),
    ):
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": px, "y": py} for px, py in points]})
    steps(page, 1)
    assert at not in {tuple(point) for one in draft.arcs() for point in one["geometry"]["coordinates"]}
    leaf, a, b = draft.split_line()
    open_draft(page, draft, f"?sel=area:{leaf}&tool=split")
    page.touchscreen.tap(*pixel(page, a))
    page.touchscreen.tap(*pixel(page, b))
    steps(page, 2)
    assert any(area["properties"]["is_new"] for area in draft.areas().values())
    page.context.close()
    assert watch.unexpected() == []


def test_a_plan_comes_into_force_on_an_open_map_and_goes_back(
    browser: Browser, town: WebServer, drawer: Page, draft: Draft, watch: Watch
) -> None:
    start = {code: area["geometry"] for code, area in draft.areas().items()}
    wall = opened(browser, town, watch, "command")
    open_map(wall)
    pair, arc = draft.border()
    taker = pair.split("-")[1]
    open_draft(drawer, draft, f"?sel=border:{pair}")
    x, y = pixel(drawer, draft.middle(arc))
    drawer.keyboard.press("h")
    for dx, dy in ((-40, -40), (40, -40), (40, 40), (-40, 40)):
        drawer.mouse.click(x + dx, y + dy)
    drawer.keyboard.press("Enter")
    drawer.locator("#message [data-ring] select").select_option(taker)
    drawer.locator("#message [data-act=hand-over]").click()
    steps(drawer, 1)
    drawer.locator("[data-act=submit]").click()
    expect(drawer.locator(".steps [aria-current=step]")).to_contain_text("待审")

    reviewer = opened(browser, town, watch, "planner2")
    asked: list[str] = []
    wall.on("request", lambda request: asked.append(request.url))
    in_force(reviewer, draft.id)
    eventually(lambda: any("/grid/" in url for url in asked))  # the open map draws the new borders by itself
    assert Draft(Staff(town.url, "planner"), "之后").areas()[taker]["geometry"] != start[taker]

    reviewer.goto(f"/planner/{draft.id}")
    reviewer.locator("[data-act=retire]").click()
    back = Staff(town.url, "planner").get("/api/v1/plans?state=draft")["plans"]
    way = next(one["id"] for one in back if one["name"].startswith("↩"))
    Staff(town.url, "planner2").post(f"/api/v1/plans/{way}/submit", json={})
    in_force(drawer, way)
    again = Draft(Staff(town.url, "planner"), "回来").areas()
    assert {code: area["geometry"] for code, area in again.items()} == start
    wall.context.close()
    reviewer.context.close()


def in_force(page: Page, plan: str) -> None:
    """Approve and publish on the page, typing the number of cases that change hands."""
    page.goto(f"/planner/{plan}")
    page.locator("[data-act=approve]").click()
    page.locator("[data-act=publish]").click()
    count = page.locator("#dialog [name=count]")
    expect(count).to_be_visible()
    said = re.search(r"在办 (\d+) 件", page.locator("#dialog").inner_text())
    assert said
    count.fill(said[1])
    page.locator("#dialog [type=submit]").click()
    expect(page.locator(".steps [aria-current=step]")).to_contain_text("发布")
