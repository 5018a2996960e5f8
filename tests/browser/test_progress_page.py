"""Progress by query code: six steps, nothing personal, the code nowhere but in the fragment; answers count once."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.acting import SIZES, Shots, open_to_everybody, report, settled
from tests.browser.conftest import Watch
from tests.browser.loop import Staff, close, of_squadron


@pytest.fixture
def command(server_url: str) -> Staff:
    return Staff(server_url, "command")


@pytest.fixture
def told(server_url: str, command: Staff) -> dict[str, Any]:
    """A report of the public, placed and of a kind that the squadron leads."""
    at = command.grid()
    place = {"lon": at["lon"], "lat": at["lat"], "crs": "cgcs2000"}
    reporter = {"name": "张三丰", "phone": "13800002017"}
    return report(server_url, title="渣土堆在路边", category=of_squadron(), reporter=reporter, **place)


def show(page: Page, code: str, language: str = "zh") -> None:
    page.goto(f"/progress?lang={language}#{code}")
    expect(page.locator("[data-stage]")).to_be_visible()


def test_the_code_is_asked_for_and_stands_in_no_request(page: Page, told: dict[str, Any]) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(f"{request.url} {request.headers.get('referer', '')}"))
    page.goto("/progress")
    page.fill("#code", told["query_code"].lower().replace("-", " "))
    page.keyboard.press("Enter")
    expect(page.locator("[data-stage=received]")).to_be_visible()
    expect(page.locator(".progress__now")).to_have_text("已收到，等受理")
    assert page.url.endswith(f"#{told['query_code']}")
    assert [url for url in asked if told["query_code"] in url.partition("#")[0]] == []
    page.reload()
    expect(page.locator("[data-stage=received]")).to_be_visible()


def test_six_steps_go_on_and_nothing_personal_is_told(
    page: Page, command: Staff, server_url: str, told: dict[str, Any], shots: Shots
) -> None:
    command.dispatch(told["id"])
    show(page, told["query_code"])
    expect(page.locator(".step")).to_have_count(6)
    expect(page.locator(".step--done")).to_have_count(3)
    expect(page.locator(".step[aria-current=step]")).to_contain_text("处置")
    expect(page.locator(".progress__now")).to_contain_text("综合行政执法中队")
    close(command, Staff(server_url, "agency"), told["id"])
    page.reload()
    expect(page.locator(".step--done")).to_have_count(5)
    expect(page.locator(".progress__answer")).to_contain_text("路面已冲洗")
    text = page.locator("main").inner_text()
    for secret in ("张三丰", "13800002017", "周敏", "张伟"):
        assert secret not in text
    shots(page, "progress-closed")


def test_a_report_is_withdrawn(page: Page, told: dict[str, Any]) -> None:
    show(page, told["query_code"])
    page.fill("[data-answer=withdraw] textarea", "已经有人扫了")
    page.reload()
    expect(page.locator("[data-answer=withdraw] textarea")).to_have_value("已经有人扫了")
    page.click("[data-answer=withdraw] button")
    expect(page.locator(".progress__now")).to_have_text("你撤回了这件")
    expect(page.locator("[data-answer]")).to_have_count(0)


def test_a_closed_case_is_reopened_once_then_evaluated(
    page: Page, command: Staff, server_url: str, told: dict[str, Any]
) -> None:
    agency = Staff(server_url, "agency")
    close(command, agency, command.dispatch(told["id"]))
    show(page, told["query_code"])
    page.click("[data-answer=reopen] button")
    expect(page.locator("[data-answer=reopen]")).to_contain_text("写一句哪里没办好")
    page.fill("[data-answer=reopen] textarea", "没有扫干净")
    page.click("[data-answer=reopen] button")
    expect(page.locator("[data-stage=dispatched]")).to_be_visible()
    expect(page.locator(".step--done")).to_have_count(3)
    close(command, agency, told["id"])
    page.reload()
    expect(page.locator("[data-answer=reopen]")).to_have_count(0)
    page.click("[data-answer=evaluate] button")
    expect(page.locator("[data-answer=evaluate]")).to_contain_text("打个分")
    page.check("[name=score][value='4']")
    page.check("[name=satisfied][value=yes]")
    page.click("[data-answer=evaluate] button")
    expect(page.locator(".step--done")).to_have_count(6)
    expect(page.locator("main")).to_contain_text("4 分 好")


def test_an_answer_that_came_too_late_is_refused_in_words(
    page: Page, command: Staff, told: dict[str, Any], watch: Watch
) -> None:
    watch.expect("409")
    show(page, told["query_code"])
    page.fill("[data-answer=withdraw] textarea", "不用了")
    command.dispatch(told["id"])
    page.click("[data-answer=withdraw] button")
    expect(page.locator(".answers .fault")).to_contain_text("没有撤回")
    expect(page.locator("[data-answer=withdraw] textarea")).to_have_value("不用了")
    page.get_by_role("button", name="看最新进度").click()
    expect(page.locator("[data-stage=dispatched]")).to_be_visible()


def test_an_answer_whose_receipt_was_lost_counts_once(page: Page, told: dict[str, Any], watch: Watch) -> None:
    watch.expect("net::ERR")
    watch.expect("409")
    show(page, told["query_code"])

    def lose_the_answer(route: Route) -> None:
        route.fetch()
        route.abort()

    page.route("**/progress/answers", lose_the_answer, times=1)
    page.click("[data-answer=withdraw] button")
    expect(page.locator(".answers .fault")).to_contain_text("没有撤回")
    page.click("[data-answer=withdraw] button")
    expect(page.locator(".progress__now")).to_have_text("你撤回了这件")


def test_a_code_that_is_none_is_said(page: Page, watch: Watch) -> None:
    watch.expect("404")
    page.goto("/progress#AAAAA-AAAAA")
    expect(page.locator("#result [data-state=error]")).to_contain_text("没有这个查询码")
    page.fill("#code", "A1")
    page.keyboard.press("Enter")
    expect(page.locator("#code-fault")).to_contain_text("还差几位")


def test_the_receipt_leads_here_and_the_language_keeps_the_code(page: Page) -> None:
    page.goto("/report")
    page.fill("#words", "桥边有人倒垃圾")
    page.fill("#address", "六里村")
    page.click("[type=submit]")
    page.click("[data-remember]")
    page.locator("#receipt").get_by_role("link", name="查进度").click()
    expect(page.locator("[data-stage=received]")).to_be_visible()
    page.click("a[hreflang=en]")
    expect(page.locator(".progress__now")).to_have_text("Received; to be accepted")
    expect(page.locator("#mine")).to_contain_text("桥边有人倒垃圾")


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_page_is_open_to_everybody_in_large_text_too(
    page: Page, command: Staff, server_url: str, told: dict[str, Any], language: str
) -> None:
    close(command, Staff(server_url, "agency"), command.dispatch(told["id"]))
    show(page, told["query_code"], language)
    page.click("[data-large-text]")
    open_to_everybody(page, SIZES)


def test_a_code_in_the_query_is_not_read(page: Page, told: dict[str, Any]) -> None:
    """A query is sent, logged and passed on; the fragment is not."""
    page.goto(f"/progress?code={told['query_code']}")
    settled(page)
    expect(page.locator("[data-stage]")).to_have_count(0)
