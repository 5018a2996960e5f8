"""The live map as things happen: new cases, words of people, a lost line, tabs, another user, layers that fail."""

from __future__ import annotations

import signal
import uuid

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from api.runtime import processes
from tests.browser.acting import EVIL, LoginAs
from tests.browser.conftest import Watch, watch_page
from tests.browser.mapping import (
    SIZES,
    WALL,
    centre,
    csrf,
    drawn,
    eventually,
    open_map,
    report,
    shown_number,
)
from tests.web_server import WebServer

CAMERA = "() => { const { map } = window.onegridMap.view; return [map.getZoom(), map.getCanvas().clientHeight]; }"


def test_a_new_case_is_on_the_map_within_a_second(command: Page) -> None:
    # Small: in software every frame costs by its pixels.
    command.set_viewport_size({"width": 1000, "height": 640})
    lon, lat = centre(command)
    token = csrf(command)
    open_map(command, f"?c={lon},{lat},15&tab=feed")
    # The first report of a process imports what it needs; the measure is of the second.
    report(command, token, lon, lat + 0.02, title="先热一热")
    expect(command.locator("#feed-panel .feed-row").first).to_contain_text("先热一热")
    command.evaluate(
        """() => {
            const { view } = window.onegridMap;
            const layers = ["on:incident-symbol", "on:incident-live"];
            window.__seenAt = {};
            view.map.on("render", () => {
                for (const feature of view.query(null, layers)) window.__seenAt[feature.properties.title] ??= Date.now();
            });
        }"""
    )
    waits_ms = []
    for _ in range(3):
        title = f"一秒之内 {uuid.uuid4().hex[:6]}"
        report(command, token, lon, lat, title=title)
        answered_at = command.evaluate("() => Date.now()")
        command.wait_for_function("(title) => window.__seenAt[title]", arg=title)
        waits_ms.append(command.evaluate("(title) => window.__seenAt[title]", title) - answered_at)
    # A busy test machine may hold one frame back; the way itself is well within the second.
    assert min(waits_ms) < 1000, waits_ms
    expect(command.locator("#callout h2")).to_have_text(title)
    expect(command.locator("#feed-panel .feed-row").first).to_contain_text(title)
    eventually(lambda: command.evaluate("() => window.onegridMap.live.overlay.changes.size") == 0)
    eventually(lambda: any(one.get("title") == title for one in drawn(command, ["on:incident-symbol"])))


@pytest.mark.parametrize("size", ["desk", "phone"])
def test_a_callout_never_points_off_the_map(command: Page, size: str) -> None:
    command.set_viewport_size(SIZES[size])  # type: ignore[arg-type]
    lon, lat = centre(command)
    open_map(command, f"?c={lon},{lat},15")
    report(command, csrf(command), lon, lat, title="有框的一件")
    box = command.locator("#callout")
    expect(box).to_be_visible()
    frame, shown = command.locator("#map-frame").bounding_box(), box.bounding_box()
    assert frame
    assert shown
    assert frame["x"] <= shown["x"]
    assert shown["x"] + shown["width"] <= frame["x"] + frame["width"]
    command.evaluate("([lon, lat]) => window.onegridMap.view.jump({lon, lat, zoom: 15})", [lon + 0.1, lat])
    expect(box).to_be_hidden()
    assert command.locator("#callout-line line").get_attribute("x2") == "0"
    command.evaluate("([lon, lat]) => window.onegridMap.view.jump({lon, lat, zoom: 15})", [lon, lat])
    expect(box).to_be_visible()


def test_words_of_a_reporter_stay_words(command: Page) -> None:
    command.set_viewport_size(WALL)  # type: ignore[arg-type]
    lon, lat = centre(command)
    open_map(command)
    made = report(command, csrf(command), lon, lat, title=EVIL[:100], description=EVIL)
    expect(command.locator("#callout h2")).to_have_text(EVIL[:100])
    expect(command.locator("#feed-panel .feed-row").first).to_contain_text("<img src=x")
    command.goto(f"/?sel=incident:{made['id']}")
    expect(command.locator("#detail-panel .pre")).to_have_text(EVIL)
    assert command.evaluate("() => window.__evil") is None


def test_a_report_from_the_map_loses_no_word(command: Page, watch: Watch) -> None:
    watch.expect("503")
    lon, lat = centre(command)
    open_map(command, f"?c={lon},{lat},16")
    box = command.locator("#map canvas").bounding_box()
    assert box
    command.mouse.click(box["x"] + 300, box["y"] + 200, button="right")
    expect(command.locator("#report-title")).to_be_visible()
    title = f"地图上报 {uuid.uuid4().hex[:6]}"
    command.locator("#report-dialog [name=title]").fill(title)
    command.locator("#report-dialog [name=description]").fill("写了一半")
    command.reload()
    open_map(command)
    command.keyboard.press("n")
    expect(command.locator("#report-dialog [name=description]")).to_have_value("写了一半")
    refused = {"code": "server.busy", "message": "", "detail": {}, "request_id": "r-1"}
    command.route("**/api/v1/incidents", lambda route: route.fulfill(status=503, json=refused))
    command.locator("#report-dialog [type=submit]").click()
    expect(command.locator("#report-dialog .fault")).to_contain_text("r-1")
    expect(command.locator("#report-dialog [name=title]")).to_have_value(title)
    command.unroute("**/api/v1/incidents")
    command.locator("#report-dialog [type=submit]").click()
    expect(command.locator("#report-dialog")).to_be_hidden()
    expect(command.locator("#detail-panel h2")).to_have_text(title)
    found = command.request.get("/api/v1/incidents", params={"q": title}).json()
    assert found["count"] == 1
    command.keyboard.press("n")
    expect(command.locator("#report-dialog [name=title]")).to_have_value("")


def test_after_a_lost_server_the_map_catches_up_exactly(command: Page, watch: Watch, server: WebServer) -> None:
    for part in ("ERR_", "Failed to load resource", "network"):
        watch.expect(part)
    lon, lat = centre(command)
    token = csrf(command)
    open_map(command, f"?c={lon},{lat},16&tab=feed")
    for child in server.web_processes():
        processes.end(child, signal.SIGKILL, 5)
    expect(command.locator("#map-band")).to_contain_text("连接中断")
    expect(command.locator("#live")).to_have_attribute("data-state", "lost")
    server.start_web()
    eventually(server.ready, 30)
    titles = [f"断线时第 {n} 件 {uuid.uuid4().hex[:6]}" for n in range(5)]
    for step, title in enumerate(titles):
        report(command, token, lon + step * 2e-4, lat, title=title)
    expect(command.locator("#live")).to_have_attribute("data-state", "live", timeout=30_000)
    for title in titles:
        expect(command.locator("#feed-panel .feed-row", has_text=title)).to_have_count(1)
    eventually(lambda: {one.get("title") for one in drawn(command, ["on:incident-symbol"])} >= set(titles))
    expect(command.locator("#map-band")).to_be_hidden(timeout=15_000)


def test_the_last_picture_stays_while_the_line_is_down(command: Page, watch: Watch) -> None:
    for part in ("ERR_", "Failed to fetch", "Failed to load resource"):
        watch.expect(part)
    lon, lat = centre(command)
    report(command, csrf(command), lon, lat, title="断线前的一件")
    open_map(command, f"?c={lon},{lat},15")
    before = (shown_number(command), command.evaluate(CAMERA))
    assert before[0] > 0
    for path in ("**/tiles/**", "**/api/v1/summary", "**/readyz"):
        command.route(path, lambda route: route.abort())
    command.evaluate("() => window.dispatchEvent(new Event('offline'))")
    command.evaluate("() => window.onegridMap.live.all(window.onegridMap.live.layers)")
    expect(command.locator("#map-band")).to_contain_text("连接中断")
    command.wait_for_timeout(6_000)
    assert (shown_number(command), command.evaluate(CAMERA)) == before
    assert command.locator("#banner .banner").count() == 0
    expect(command.locator("body")).not_to_contain_text("AJAXError")
    for path in ("**/tiles/**", "**/api/v1/summary", "**/readyz"):
        command.unroute(path)
    command.evaluate("() => window.dispatchEvent(new Event('online'))")
    expect(command.locator("#map-band")).to_be_hidden()


def test_figures_that_cannot_be_had_are_said_though_the_stream_stands(command: Page, watch: Watch) -> None:
    watch.expect("503")
    open_map(command)
    command.route("**/api/v1/summary", lambda route: route.fulfill(status=503, json={"code": "server.busy"}))
    command.evaluate("() => window.onegridMap.summarise()")
    expect(command.locator("#live")).to_have_attribute("data-state", "lost")
    expect(command.locator("#map-band")).to_contain_text("连接中断")
    command.unroute("**/api/v1/summary")
    command.locator("#map-band button").click()
    expect(command.locator("#live")).to_have_attribute("data-state", "live")
    expect(command.locator("#map-band")).to_be_hidden()


def test_a_layer_that_fails_says_so_in_its_place(command: Page, watch: Watch) -> None:
    watch.expect("500")
    lon, lat = centre(command)
    command.route("**/tiles/market-entity/**", lambda route: route.fulfill(status=500, body="{}"))
    command.goto(f"/?c={lon},{lat},15&on=incident,market-entity")
    place = command.locator('[data-layer="market-entity"]')
    expect(place.locator("[data-state=error]")).to_be_visible()
    expect(command.locator('[data-layer="incident"] [data-state=error]')).to_have_count(0)
    command.unroute("**/tiles/market-entity/**")
    place.locator(".button--main").click()
    expect(place.locator("[data-state=error]")).to_have_count(0)


def test_two_tabs_share_one_stream(command: Page, context: BrowserContext, watch: Watch, server_url: str) -> None:
    open_map(command)
    other = context.new_page()
    watch_page(other, watch, server_url)
    asked = []
    other.on("request", lambda request: asked.append(request.url) if "/api/v1/events" in request.url else None)
    open_map(other)
    assert asked == []


def test_another_user_in_the_same_browser_gets_the_own_events_only(
    command: Page, context: BrowserContext, watch: Watch, server_url: str, login: LoginAs
) -> None:
    watch.expect("401")
    open_map(command)
    other = context.new_page()
    watch_page(other, watch, server_url)
    login(other, "gridworker")
    open_map(other, "?tab=feed")
    expect(command.locator("#map-band")).to_be_visible()
    assert command.evaluate("() => window.onegridMap.connection.status") == "ended"
    own = set(other.request.get("/api/v1/me").json()["areas"])
    shown = other.evaluate("() => window.onegridMap.listener.state.feed.map((event) => event.data.grid)")
    assert set(shown) <= own
