"""The desk: a case goes its whole way by keyboard; nobody's change is overwritten, nothing typed is lost, nothing is done twice."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.browser.acting import (
    EVIL,
    SIZES,
    LoginAs,
    Shots,
    center_of,
    jpeg,
    open_to_everybody,
    report,
    settled,
)
from tests.browser.conftest import Watch, watch_page
from tests.browser.mapping import csrf, eventually


@pytest.fixture
def other(browser: Browser, server_url: str, login: LoginAs) -> Iterator[Page]:
    """A second browser, of the organisation that handles."""
    context = browser.new_context(
        base_url=server_url, locale="zh-CN", timezone_id="Asia/Shanghai", reduced_motion="reduce"
    )
    opened = context.new_page()
    login(opened, "agency")
    yield opened
    context.close()


@pytest.fixture
def squad_category(command: Page) -> str:
    """A category that the organisation of `other` leads."""
    told = command.request.get("/api/v1/case-choices").json()
    return next(one["code"] for one in told["categories"] if one["lead_org"] == "enforcement_squadron")


def new_case(page: Page, server_url: str, title: str, **fields: Any) -> str:
    lon, lat = center_of(server_url, page)
    fields = {"lon": lon, "lat": lat, "crs": "cgcs2000", "title": title, "description": title, **fields}
    return report(server_url, **fields)["id"]


def open_case(page: Page, case: str, stage: str = "accept") -> None:
    page.goto(f"/desk?stage={stage}&id={case}")
    expect(page.locator(f".desk-case[data-id='{case}']")).to_be_visible()
    expect(page.locator("#live")).to_have_attribute("data-state", "live")
    settled(page)


def step(page: Page, case: str, name: str, **facts: Any) -> dict[str, Any]:
    headers = {"X-CSRF-Token": csrf(page)}
    answer = page.request.post(f"/api/v1/incidents/{case}/transitions", headers=headers, data={"name": name, **facts})
    assert answer.ok, answer.text()
    return answer.json()["properties"]


def case_of(page: Page, case: str) -> dict[str, Any]:
    return page.request.get(f"/api/v1/incidents/{case}").json()["properties"]


def state_is(page: Page, state: str) -> None:
    expect(page.locator(".desk-case")).to_have_attribute("data-state", state)


def handled(other: Page, case: str) -> None:
    step(other, case, "sign")
    photo = other.request.post(
        f"/api/v1/incidents/{case}/photos",
        headers={"X-CSRF-Token": csrf(other)},
        multipart={"photo": {"name": "after.jpg", "mimeType": "image/jpeg", "buffer": jpeg()}},
    )
    step(other, case, "feed_back", text="路面已扫净", photo_after=photo.json()["id"])


def test_a_case_goes_its_whole_way_by_keyboard(
    command: Page, other: Page, server_url: str, squad_category: str
) -> None:
    case = new_case(command, server_url, "键盘走完全程", category=squad_category)
    open_case(command, case)
    expect(command.locator("[data-act=main]")).to_contain_text("受理、立案并派遣给综合行政执法中队")
    command.keyboard.press("Control+Enter")
    state_is(command, "dispatched")
    names = [row["name"] for row in case_of(command, case)["log"]]
    assert names[-3:] == ["accept", "file", "dispatch"]
    handled(other, case)
    state_is(command, "awaiting_inspection")
    expect(command.locator(".log")).to_contain_text("路面已扫净")
    command.keyboard.press("Control+Enter")
    expect(command.locator("[data-form=pass_inspection] textarea")).to_be_focused()
    command.keyboard.type("现场已看")
    command.keyboard.press("Control+Enter")
    expect(command.locator("[data-act=main]")).to_contain_text("结案")
    command.keyboard.press("Control+Enter")
    form = command.locator("[data-form=close]")
    expect(form).to_contain_text("结案条件")
    command.keyboard.press("Control+Enter")
    expect(form.locator("[name=act-condition_met]")).to_have_attribute("aria-invalid", "true")
    command.keyboard.press("Space")
    command.keyboard.press("Control+Enter")
    state_is(command, "closed")


def test_keys_walk_the_queue_and_the_address_follows(command: Page, server_url: str) -> None:
    for title in ("走一件", "走二件", "走三件"):
        new_case(command, server_url, title)
    command.goto("/desk?stage=accept")
    rows = command.locator(".queue__list a.entry")
    expect(rows.nth(2)).to_be_visible()
    ids = [rows.nth(i).get_attribute("data-id") for i in range(3)]
    expect(command).to_have_url(re.compile(f"id={ids[0]}"))
    command.keyboard.press("j")
    command.keyboard.press("j")
    expect(command).to_have_url(re.compile(f"id={ids[2]}"))
    expect(command.locator(f".desk-case[data-id='{ids[2]}']")).to_be_visible()
    command.keyboard.press("k")
    expect(rows.nth(1)).to_have_attribute("aria-current", "true")
    command.go_back()
    expect(rows.nth(2)).to_have_attribute("aria-current", "true")
    command.keyboard.press("Enter")
    expect(command.locator("#case-title")).to_be_focused()


def test_a_stage_says_as_many_as_its_queue_lists(command: Page) -> None:
    command.goto("/desk?stage=handle")
    settled(command)
    told = command.request.get("/api/v1/queue/figures").json()
    for stage in ("accept", "handle", "evaluate", "supervised"):
        expect(command.locator(f"[data-stage={stage}] b")).to_have_text(str(told[stage]))
    late = command.locator("[name=waiting-late]")
    number = late.locator("b").inner_text()
    late.click()
    expect(command.locator("#queue-foot")).to_have_text(re.compile(f"^全部 {number} 件"))
    expect(command.locator("[data-stage][aria-current]")).to_have_count(0)
    command.locator("[data-stage=handle]").click()
    expect(command.locator("#queue-foot")).to_contain_text(f"下方还有 {told['handle'] - 50} 件")
    command.locator("#queue").evaluate("one => one.scrollTo(0, one.scrollHeight)")
    expect(command.locator(".queue__list > li")).to_have_count(min(100, told["handle"]))


def test_declining_asks_for_the_reason_in_place(command: Page, server_url: str) -> None:
    case = new_case(command, server_url, "不归本镇的一件")
    open_case(command, case)
    command.keyboard.press("d")
    form = command.locator("[data-form=decline]")
    expect(form.locator("select")).to_be_focused()
    command.keyboard.press("Control+Enter")
    expect(form.locator("[name=act-reason]")).to_be_focused()
    command.keyboard.type("不在本镇")
    form.get_by_role("button", name="不属本镇管辖，已告知向相应部门反映。").click()
    command.keyboard.press("Control+Enter")
    state_is(command, "declined")
    expect(command.locator(".log")).to_contain_text("不在本镇")


def test_whoever_comes_second_is_told_and_loses_nothing(
    command: Page, watch: Watch, context: Any, server_url: str
) -> None:
    watch.expect("409 (Conflict)")
    case = new_case(command, server_url, "两人同办一件")
    open_case(command, case)
    command.keyboard.press("d")
    command.locator("[name=act-reason]").fill("写了一半的原因")
    step(command, case, "accept")
    expect(command.locator("#fresh")).to_contain_text("案卷有更新")
    command.keyboard.press("Control+Enter")
    refused = command.locator("[data-refused='incident.version_conflict']")
    expect(refused).to_contain_text("没有不予受理")
    expect(refused).to_contain_text("周敏")
    expect(refused).to_contain_text("上报，版本 1")
    expect(refused).to_contain_text("已受理，版本 2")
    expect(refused).to_contain_text("立案")
    expect(command.locator("[name=act-reason]")).to_have_value("写了一半的原因")
    state_is(command, "accepted")


def test_three_steps_stop_at_the_first_refusal_and_say_so(
    command: Page, watch: Watch, server_url: str, squad_category: str
) -> None:
    watch.expect("409 (Conflict)")
    case = new_case(command, server_url, "第二步被拒", category=squad_category)
    open_case(command, case)
    fault = {
        "code": "transition.place_missing",
        "message": "",
        "detail": {"state": "accepted", "version": 2, "allowed": ["file"]},
    }

    def answer(route: Route) -> None:
        if route.request.post_data_json["name"] == "file":
            route.fulfill(status=409, json=fault)
        else:
            route.continue_()

    command.route("**/transitions", answer)
    command.keyboard.press("Control+Enter")
    expect(command.locator("[data-refused]")).to_contain_text("已受理，没有立案")
    state_is(command, "accepted")


def lose_the_answer(route: Route) -> None:
    """The server has it; its answer is lost on the way."""
    route.fetch()
    route.abort()


def test_what_is_half_written_outlives_a_reload_and_is_done_once(
    command: Page, watch: Watch, server_url: str, squad_category: str
) -> None:
    watch.expect("net::ERR")
    case = new_case(command, server_url, "写到一半重开", category=squad_category)
    open_case(command, case)
    command.locator("[name=decide-urgency]").select_option("U2")
    command.locator("[name=correct-words]").click()
    command.locator("[name=words-title]").fill("改到一半的标题")
    command.keyboard.press("Escape")
    command.locator("[name=correct-words]").click()
    expect(command.locator("[name=words-title]")).to_have_value("写到一半重开")
    command.locator("[name=words-title]").fill("改到一半的标题")
    command.locator("[data-act=decline]").click()
    command.locator("[name=act-reason_code]").select_option("not_a_matter")
    command.locator("[name=act-reason]").fill("写了一半的原因")
    command.reload()
    expect(command.locator("[name=act-reason]")).to_have_value("写了一半的原因")
    expect(command.locator("[name=act-reason_code]")).to_have_value("not_a_matter")
    expect(command.locator("[name=words-title]")).to_have_value("改到一半的标题")
    expect(command.locator("[name=decide-urgency]")).to_have_value("U2")

    command.route("**/transitions", lose_the_answer, times=1)
    command.locator("[data-form=decline] [type=submit]").click()
    expect(command.locator(".act .fault")).to_be_visible()
    command.reload()
    expect(command.locator("[data-form=decline] .hint")).to_contain_text("现在是“不予受理”")
    command.locator("[data-form=decline]").get_by_role("button", name="取消").click()
    command.reload()
    state_is(command, "declined")
    expect(command.locator("[data-form]")).to_have_count(0)
    assert [row["name"] for row in case_of(command, case)["log"]].count("decline") == 1


def test_a_reminder_whose_answer_was_lost_is_sent_again_as_the_same(
    command: Page, watch: Watch, server_url: str, squad_category: str
) -> None:
    watch.expect("net::ERR")
    case = new_case(command, server_url, "催了没回音", category=squad_category)
    for name in ("accept", "file", "dispatch"):
        step(command, case, name)
    open_case(command, case, "handle")
    command.locator("[data-act=remind]").click()
    command.locator("[name=act-text]").fill("请今天到场")

    command.route("**/transitions", lose_the_answer, times=1)
    command.locator("[data-form=remind] [type=submit]").click()
    expect(command.locator(".act .fault")).to_be_visible()
    command.reload()
    command.locator("[data-form=remind] [type=submit]").click()
    expect(command.locator("[data-form]")).to_have_count(0)
    assert [row["name"] for row in case_of(command, case)["log"]].count("remind") == 1


def test_offline_says_so_and_the_same_press_again_is_done_once(
    command: Page, watch: Watch, context: Any, server_url: str
) -> None:
    watch.expect("ERR_INTERNET_DISCONNECTED")
    case = new_case(command, server_url, "断网时催办")
    for name in ("accept", "file", "dispatch"):
        step(command, case, name, **({"category": "ZZ-02-01-001"} if name == "file" else {}))
    open_case(command, case, "handle")
    command.locator("[data-act=remind]").click()
    command.locator("[name=act-text]").fill("断网时写的话")
    context.set_offline(True)
    command.keyboard.press("Control+Enter")
    expect(command.locator(".act .fault")).to_contain_text("没有催办")
    expect(command.locator("[name=act-text]")).to_have_value("断网时写的话")
    expect(command.locator("#banner")).to_contain_text("连接中断")
    expect(command.locator("#live")).to_have_text("连接中断")
    context.set_offline(False)
    expect(command.locator("#live")).to_have_text("实时")
    command.locator("[name=act-text]").press("Control+Enter")
    expect(command.locator(".log")).to_contain_text("断网时写的话")
    assert [row["name"] for row in case_of(command, case)["log"]].count("remind") == 1


def test_a_new_case_is_marked_without_moving_what_is_read(command: Page, server_url: str) -> None:
    command.goto("/desk?stage=handle")
    settled(command)
    queue = command.locator("#queue")
    chosen = command.locator(".queue__list a[aria-current]").get_attribute("data-id")
    queue.evaluate("one => one.scrollTo(0, 900)")
    at = queue.evaluate("one => one.scrollTop")
    case = new_case(command, server_url, "正在读时来的一件")
    expect(command.locator("#speaker")).to_contain_text("正在读时来的一件")
    expect(command.locator("[data-stage=accept] b")).to_have_text(
        str(command.request.get("/api/v1/queue/figures").json()["accept"])
    )
    assert queue.evaluate("one => one.scrollTop") == at
    assert command.locator(".queue__list a[aria-current]").get_attribute("data-id") == chosen
    command.goto("/desk?stage=accept")
    settled(command)
    second = new_case(command, server_url, "开着页面时来的")
    row = command.locator(f".queue__list li[data-id='{second}']")
    expect(row).to_contain_text("新")
    expect(command).to_have_title(re.compile(r"^\(1\) "))
    row.locator("a").click()
    expect(row.locator(".tag--strong", has_text="新")).to_have_count(0)
    assert case != second


def test_several_are_accepted_at_once(command: Page, server_url: str) -> None:
    mark = uuid.uuid4().hex[:6]
    cases = [new_case(command, server_url, f"批量 {mark} {n}") for n in (1, 2)]
    command.goto(f"/desk?stage=accept&q={mark}")
    expect(command.locator(".queue__list > li")).to_have_count(2)
    command.locator("#bulk-switch").click()
    for case in cases:
        command.locator(f".queue__list li[data-id='{case}'] input").check()
    command.locator("[data-bulk=accept]").click()
    expect(command.locator("#toasts")).to_contain_text("受理 2 件")
    assert {case_of(command, case)["state"] for case in cases} == {"accepted"}


def test_what_is_not_a_duplicate_goes_and_comes_back(command: Page, server_url: str) -> None:
    lon, lat = center_of(server_url, command)
    first, second = (new_case(command, server_url, "渣土车抛洒两次报", lon=lon + 0.004, lat=lat) for _ in range(2))
    open_case(command, second)
    twin = command.locator(f"[data-twin='{first}']")
    expect(twin).to_contain_text("相距 0 米")
    twin.get_by_role("button", name=re.compile("^不是重复")).click()
    expect(twin).to_have_count(0)
    command.locator("#toasts button").click()
    expect(twin).to_be_visible()
    command.keyboard.press("m")
    expect(command.locator("[name=act-into]")).to_have_value(case_of(command, first)["case_no"])
    command.keyboard.press("Control+Enter")
    state_is(command, "merged")


def test_words_are_corrected_in_place(command: Page, server_url: str) -> None:
    case = new_case(command, server_url, "标题里有错字")
    open_case(command, case)
    command.locator("[name=correct-words]").click()
    command.locator("[name=words-title]").fill("标题改好了")
    command.locator("[name=words-reason]").fill("错字")
    command.keyboard.press("Enter")
    expect(command.locator("#case-title")).to_have_text("标题改好了")
    expect(command.locator(".log")).to_contain_text("错字")


def test_letters_can_be_turned_off_and_do_nothing_while_typing(command: Page, server_url: str) -> None:
    case = new_case(command, server_url, "按键的一件")
    open_case(command, case)
    command.keyboard.press("/")
    expect(command.locator("[name=q]")).to_be_focused()
    command.keyboard.press("a")
    assert case_of(command, case)["state"] == "reported"
    command.locator("[name=q]").fill("")
    command.locator("#case-title").click()
    command.keyboard.press("?")
    dialog = command.locator("#help-dialog")
    expect(dialog).to_contain_text("Ctrl Enter")
    dialog.get_by_label("用字母键").uncheck()
    dialog.get_by_role("button", name="关闭").click()
    command.keyboard.press("d")
    expect(command.locator("[data-form]")).to_have_count(0)


def test_what_people_wrote_is_shown_as_text(command: Page, server_url: str) -> None:
    case = new_case(command, server_url, EVIL[:200])
    open_case(command, case)
    assert command.evaluate("() => window.__evil") is None
    expect(command.locator("#case-title")).to_contain_text("<img")


def test_an_empty_stage_says_what_is_true(command: Page) -> None:
    command.goto("/desk?stage=accept&q=zzzzzzzz")
    expect(command.locator("#queue [data-state=empty]")).to_contain_text("没有符合的事件")
    command.get_by_role("link", name="清除筛选").click()
    expect(command.locator(".queue__list a.entry").first).to_be_visible()


def test_a_queue_that_fails_stays_in_its_panel(command: Page, watch: Watch) -> None:
    watch.expect("503 (Service Unavailable)")
    fault = {"code": "database.busy", "message": "busy", "detail": {}, "request_id": "01958f3c-7b42"}
    command.route(re.compile(r"/api/v1/queue\?"), lambda route: route.fulfill(status=503, json=fault))
    command.goto("/desk")
    expect(command.locator("#queue [data-state=error]")).to_contain_text("01958f3c-7b42")
    command.unroute(re.compile(r"/api/v1/queue\?"))
    command.locator("#queue").get_by_role("button", name="重试").click()
    expect(command.locator(".queue__list a.entry").first).to_be_visible()
    command.route(re.compile(r"/api/v1/queue\?"), lambda route: route.fulfill(status=503, json=fault))
    command.evaluate("() => document.dispatchEvent(new Event('visibilitychange'))")
    expect(command.locator("#queue-fault")).to_contain_text(re.compile(r"这是 \d\d:\d\d 的情况"))
    expect(command.locator(".queue__list a.entry").first).to_be_visible()


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_desk_is_usable_by_everybody(command: Page, shots: Shots, server_url: str, lang: str) -> None:
    case = new_case(command, server_url, "看得见读得到")
    command.goto(f"/desk?stage=accept&id={case}&lang={lang}")
    settled(command)
    expect(command.locator(".desk-case")).to_be_visible()
    command.locator("[data-act=decline]").click()

    def look(size: str) -> None:
        cut = "rows => rows.filter(row => row.scrollWidth > row.clientWidth).map(row => row.textContent)"
        assert command.locator(".queue__list small, .queue__list small span").evaluate_all(cut) == []
        shots(command, f"desk-{size}-{lang}")

    open_to_everybody(command, SIZES, look)


def test_on_a_phone_the_queue_and_the_case_take_turns(command: Page, server_url: str) -> None:
    new_case(command, server_url, "手机上看的一件")
    command.set_viewport_size(SIZES["phone"])
    command.goto("/desk?stage=accept")
    first = command.locator(".queue__list a.entry").first
    first.click()
    expect(command.locator("#case-title")).to_be_visible()
    expect(first).to_be_hidden()
    command.locator(".desk-back").click()
    expect(first).to_be_visible()


def test_an_organisation_has_no_desk(page: Page, watch: Watch, login: LoginAs) -> None:
    watch.expect("403 (Forbidden)")
    login(page, "agency")
    page.goto("/desk")
    expect(page.locator("main")).to_contain_text("没有权限看这一页")
    expect(page.locator("[data-tab=desk]")).to_have_count(0)


def test_two_desks_see_each_other(
    command: Page, browser: Browser, watch: Watch, server_url: str, login: LoginAs
) -> None:
    case = new_case(command, server_url, "两台一起看的")
    open_case(command, case)
    second = browser.new_context(
        base_url=server_url, locale="zh-CN", timezone_id="Asia/Shanghai", viewport={"width": 1440, "height": 900}
    )
    page = second.new_page()
    watch_page(page, watch, server_url)
    login(page, "command")
    open_case(page, case)
    command.locator("body").press("a")
    state_is(command, "accepted")
    state_is(page, "accepted")
    eventually(lambda: page.locator(".log li").count() == command.locator(".log li").count())
    second.close()


def test_a_suspended_case_is_not_late_anywhere(command: Page) -> None:
    command.goto("/desk?stage=handle&state=suspended")
    settled(command)
    expect(command.locator(".desk-case")).to_have_attribute("data-state", "suspended")
    expect(command.locator("#side .limit").first).to_contain_text("暂停")
    expect(command.locator("#side .limit--late")).to_have_count(0)
