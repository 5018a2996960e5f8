"""List, triage queue and case: figures equal lists, places are set with a reason, nobody's change is overwritten."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.acting import EVIL, LoginAs, center_of, report, settled, too_wide_px
from tests.browser.conftest import Watch

Point = tuple[float, float]


@pytest.fixture
def center(page: Page, server_url: str) -> Point:
    """Where the town's map begins, lon and lat."""
    return center_of(server_url, page)


@pytest.fixture
def evil_case(page: Page, server_url: str, center: Point) -> dict[str, Any]:
    """A case with HTML in every text field."""
    return report(
        server_url,
        title=EVIL,
        description=EVIL,
        address=EVIL,
        lon=center[0],
        lat=center[1],
        crs="cgcs2000",
        reporter={"name": EVIL[:90], "phone": EVIL[:30]},
    )


def test_html_in_a_case_is_shown_as_text(page: Page, login: LoginAs, evil_case: dict[str, Any]) -> None:
    login(page, "command")
    for path in ("/incidents?q=onerror", f"/incidents/{evil_case['id']}"):
        page.goto(path)
        settled(page)
        expect(page.locator("main")).to_contain_text('<img src=x onerror="window.__evil=1">')
        assert page.locator("main img[src=x]").count() == 0
        assert page.evaluate("() => window.__evil") is None


def test_each_figure_equals_the_list_it_opens(page: Page, login: LoginAs, server_url: str) -> None:
    login(page, "command")
    page.goto("/incidents")
    expect(page.locator("[data-figure]")).to_have_count(6)
    for index in range(6):
        figure = page.locator("[data-figure]").nth(index)
        said = int(re.sub(r"\D", "", figure.locator("b").inner_text()))
        link = figure.get_attribute("href") or ""
        answer = page.request.get(f"{server_url}/api/v1{link}")
        assert answer.json()["count"] == said, link


def test_filters_are_in_the_address_and_survive_back_and_reload(page: Page, login: LoginAs) -> None:
    login(page, "command")
    page.goto("/incidents?open=1")
    settled(page)
    everything = page.locator("#count").inner_text()
    page.click("[name=platform-enforcement]")
    expect(page).to_have_url(re.compile(r"platform=enforcement.*open=1"))
    settled(page)
    assert page.locator("tbody tr:not([data-platform=enforcement])").count() == 0
    filtered = page.locator("#count").inner_text()
    assert filtered != everything
    page.reload()
    settled(page)
    expect(page.locator("#count")).to_have_text(filtered)
    page.go_back()
    settled(page)
    expect(page.locator("#count")).to_have_text(everything)


def test_a_long_list_comes_in_pages_without_doubles(page: Page, login: LoginAs) -> None:
    login(page, "command")
    page.goto("/incidents")
    settled(page)
    expect(page.locator("tbody tr")).to_have_count(50)
    page.locator("#foot button").click()
    expect(page.locator("tbody tr")).to_have_count(100)
    ids = page.evaluate("() => [...document.querySelectorAll('tbody tr')].map(row => row.dataset.id)")
    assert len(set(ids)) == 100


def test_on_a_phone_the_filters_wait_behind_a_button(page: Page, login: LoginAs) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    login(page, "command")
    page.goto("/incidents?open=1")
    settled(page)
    expect(page.locator("[name=platform-market]")).to_be_hidden()
    more = page.get_by_role("button", name="筛选（已选 1 项）")
    more.click()
    page.click("[name=platform-market]")
    expect(page).to_have_url(re.compile("platform=market"))
    expect(page.get_by_role("button", name="筛选（已选 2 项）")).to_have_attribute("aria-expanded", "true")
    assert too_wide_px(page) == 0


def test_keys_walk_the_list_and_open_a_case(page: Page, login: LoginAs) -> None:
    login(page, "command")
    page.goto("/incidents?open=1")
    settled(page)
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("k")
    first = page.locator("tbody tr").first
    expect(first).to_have_class(re.compile("is-selected"))
    page.keyboard.press("/")
    expect(page.locator("[name=q]")).to_be_focused()
    page.keyboard.type("j")
    expect(page.locator("[name=q]")).to_have_value("j")


def test_an_empty_list_says_so(page: Page, login: LoginAs) -> None:
    login(page, "command")
    page.goto("/incidents?q=nothing-is-called-like-this")
    expect(page.locator("[data-state=empty]")).to_contain_text("没有符合的事件")


@pytest.mark.parametrize("query", ["from=x", "nonsense=1"])
def test_a_filter_that_cannot_be_read_is_said_and_can_be_cleared(
    page: Page, login: LoginAs, watch: Watch, query: str
) -> None:
    watch.expect("Failed to load resource")
    login(page, "command")
    page.goto(f"/incidents?{query}")
    said = page.locator("#list [data-state=empty]")
    expect(said).to_contain_text("筛选条件读不懂")
    expect(said).to_contain_text(query)
    said.get_by_role("link", name="清除筛选").click()
    settled(page)
    expect(page.locator("tbody tr").first).to_be_visible()


def test_no_late_case_is_good_news_only_where_nothing_else_is_asked(page: Page, login: LoginAs) -> None:
    login(page, "command")
    page.goto("/incidents?late=1&q=nothing-is-called-like-this")
    expect(page.locator("[data-state=empty]")).to_contain_text("没有符合的事件")


def test_who_may_not_place_cases_is_told_who_does(page: Page, login: LoginAs) -> None:
    login(page, "gridworker")
    page.goto("/incidents?triage=1")
    settled(page)
    expect(page.locator("#list")).to_contain_text("指挥室")
    expect(page.locator("#list")).not_to_contain_text("没有待定位的事件")


def test_a_list_that_fails_stays_in_its_panel_and_can_be_tried_again(page: Page, watch: Watch, login: LoginAs) -> None:
    watch.expect("503")
    login(page, "command")
    fault = {"code": "database.busy", "message": "busy", "detail": {}, "request_id": "01958f3c-7b42"}
    page.route(re.compile(r"/api/v1/incidents\?"), lambda route: route.fulfill(status=503, json=fault))
    page.goto("/incidents")
    error = page.locator("[data-state=error]")
    expect(error).to_contain_text("01958f3c-7b42")
    expect(error).to_contain_text("database.busy")
    expect(page.locator("[data-figure]")).to_have_count(6)
    page.unroute(re.compile(r"/api/v1/incidents\?"))
    error.get_by_role("button", name="重试").click()
    expect(page.locator("tbody tr").first).to_be_visible()


def test_a_case_that_is_not_there_is_said(page: Page, watch: Watch, login: LoginAs) -> None:
    watch.expect("404 (Not Found)")
    login(page, "command")
    page.goto("/incidents/01958f3c-0000-7000-8000-000000000000")
    expect(page.locator("[data-state=error]")).to_contain_text("incident.not_found")


def test_triage_takes_the_suggested_reading_with_a_reason(
    page: Page, login: LoginAs, server_url: str, center: Point
) -> None:
    made = report(server_url, title="坐标系不明", lon=center[0], lat=center[1])
    login(page, "command")
    page.goto(f"/incidents?triage=1&id={made['id']}")
    expect(page.locator("#case-title")).to_have_text("坐标系不明")
    page.locator(".case__triage .button--main").click()
    page.locator(".case__reason input").fill("电话核对")
    page.keyboard.press("Enter")
    expect(page.locator(f".entry[data-id='{made['id']}']")).to_have_count(0)
    page.goto(f"/incidents/{made['id']}")
    expect(page.locator(".log")).to_contain_text("电话核对")
    assert page.locator(".case__triage").count() == 0


def test_a_place_is_moved_on_the_map_and_needs_a_reason(
    page: Page, login: LoginAs, server_url: str, center: Point
) -> None:
    made = report(server_url, title="要移动的一件", lon=center[0], lat=center[1], crs="cgcs2000")
    login(page, "command")
    page.goto(f"/incidents/{made['id']}")
    page.wait_for_function("() => document.querySelector('.case__map canvas')")
    page.keyboard.press("p")
    page.locator(".case__map canvas").click(position={"x": 200, "y": 150})
    reason = page.locator(".case__reason input")
    expect(reason).to_be_focused()
    reason.fill(" ")
    page.keyboard.press("Enter")
    expect(reason).to_have_attribute("aria-invalid", "true")
    reason.fill("现场看过")
    page.keyboard.press("Enter")
    expect(page.locator(".log")).to_contain_text("现场看过")


def test_a_change_by_somebody_else_is_not_overwritten(
    page: Page, watch: Watch, login: LoginAs, server_url: str, center: Point
) -> None:
    watch.expect("409 (Conflict)")
    made = report(server_url, title="两人同改", lon=center[0], lat=center[1], crs="cgcs2000")
    login(page, "command")
    page.goto(f"/incidents/{made['id']}")
    expect(page.locator("#case-title")).to_be_visible()
    csrf = page.evaluate("() => JSON.parse(document.getElementById('frame').textContent).csrf")
    place = {"version": 1, "lon": center[0] + 1e-4, "lat": center[1], "crs": "cgcs2000", "reason": "先改的"}
    url = f"{server_url}/api/v1/incidents/{made['id']}/place"
    first = page.request.patch(url, data=place, headers={"X-CSRF-Token": csrf})
    assert first.ok, first.text()
    page.wait_for_function("() => document.querySelector('.case__map canvas')")
    page.evaluate("() => document.activeElement.blur()")
    page.keyboard.press("p")
    page.locator(".case__map canvas").click(position={"x": 200, "y": 150})
    page.locator(".case__reason input").fill("后改的")
    page.keyboard.press("Enter")
    refused = page.locator("[data-refused='incident.version_conflict']")
    expect(refused).to_contain_text("版本 1")
    expect(refused).to_contain_text("版本 2")
    expect(page.locator(".case__reason input")).to_have_value("后改的")
    page.locator(".case__reason input").press("Enter")
    expect(page.locator(".log")).to_contain_text("后改的")
    expect(page.locator(".log")).to_contain_text("先改的")


def test_a_new_report_is_told_on_the_open_list(page: Page, login: LoginAs, server_url: str, center: Point) -> None:
    login(page, "command")
    page.goto("/incidents")
    settled(page)
    expect(page.locator("#live")).to_have_attribute("data-state", "live")
    before = int(re.sub(r"\D", "", page.locator("[data-figure=today_reported] b").inner_text()))
    report(server_url, title="列表上应出现", lon=center[0], lat=center[1], crs="cgcs2000")
    page.locator(".fresh button").click()
    expect(page.locator("tbody tr").first).to_contain_text("列表上应出现")
    expect(page.locator("[data-figure=today_reported] b")).not_to_have_text(str(before))


def test_a_case_prints_as_one_sheet(page: Page, login: LoginAs, server_url: str, center: Point) -> None:
    made = report(server_url, title="打印的一件", lon=center[0], lat=center[1], crs="cgcs2000")
    login(page, "command")
    page.goto(f"/incidents/{made['id']}")
    expect(page.locator("#case-title")).to_be_visible()
    page.emulate_media(media="print")
    expect(page.locator(".paper")).to_be_visible()
    expect(page.locator(".top")).to_be_hidden()
    expect(page.locator(".paper")).to_contain_text(made["case_no"])
    page.emulate_media(media="screen")


def test_the_reporter_is_masked_until_somebody_says_why(
    page: Page, login: LoginAs, server_url: str, center: Point
) -> None:
    person = {"name": "王小明", "phone": "13800002017"}
    made = report(server_url, title="有上报人", lon=center[0], lat=center[1], crs="cgcs2000", reporter=person)
    login(page, "command")
    page.goto(f"/incidents/{made['id']}")
    head = page.locator(".case__head")
    expect(head).to_contain_text("138****2017")
    assert "13800002017" not in page.content()
    head.get_by_role("button", name="看明文").click()
    head.locator(".case__unmask input").fill("回电核实")
    page.keyboard.press("Enter")
    expect(head).to_contain_text("13800002017")
    login(page, "leader")
    page.reload()
    expect(head).to_be_visible()
    expect(head.get_by_role("button", name="看明文")).to_have_count(0)
    assert "13800002017" not in page.content()
