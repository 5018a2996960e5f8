"""The inbox: each step by whom it belongs to, in the browser; nothing typed is lost, nothing is sent twice."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.acting import SIZES, LoginAs, Shots, open_to_everybody, settled
from tests.browser.conftest import Watch
from tests.browser.loop import Staff, close, for_the_spot, picture

Open = Callable[[str, str], None]


@pytest.fixture
def command(server_url: str) -> Staff:
    return Staff(server_url, "command")


@pytest.fixture
def agency(server_url: str) -> Staff:
    return Staff(server_url, "agency")


@pytest.fixture
def open_case(page: Page, login: LoginAs) -> Open:
    """open_case("agency", case): its case in that person's inbox."""

    def go(username: str, case: str) -> None:
        login(page, username)
        page.goto(f"/inbox?id={case}")
        expect(page.locator(f"article[data-id='{case}']")).to_be_visible()

    return go


def act(page: Page, action: str) -> None:
    page.click(f"[data-act={action}]")
    expect(page.locator(f"form[data-action={action}]")).to_be_visible()


def write(page: Page, field: str, text: str) -> None:
    box = page.locator(f".act [data-field={field}] :is(textarea, input)")
    box.fill(text)


def choose(page: Page, field: str, code: str) -> None:
    page.select_option(f".act [data-field={field}] select", code)


def add_photo(page: Page, field: str, content: bytes) -> None:
    slot = page.locator(f".act [data-field={field}]")
    slot.locator("input").last.set_input_files({"name": "photo.jpg", "mimeType": "image/jpeg", "buffer": content})
    expect(slot.locator("img")).to_be_visible()


def send(page: Page) -> None:
    page.click(".act [type=submit]")


def test_a_dispatch_is_signed_and_fed_back_with_a_photo(
    page: Page, open_case: Open, command: Staff, agency: Staff, shots: Shots
) -> None:
    case = command.dispatch(command.report("沿街店铺占用盲道"))
    open_case("agency", case)
    expect(page.locator(f"[data-group=sign] [data-id='{case}']")).to_be_visible()
    page.click("[data-act=sign]")
    expect(page.locator(".case__line")).to_contain_text("处置中")
    act(page, "feed_back")
    send(page)
    expect(page.locator(".act")).to_contain_text("还差：处置后照片、说明")
    write(page, "text", "已劝离，盲道恢复")
    add_photo(page, "photo_after", picture())
    shots(page, "inbox-feed-back")
    send(page)
    expect(page.locator(".case__line")).to_contain_text("待核查")
    expect(page.locator(".log")).to_contain_text("已劝离，盲道恢复")
    assert [row["name"] for row in agency.case(case)["log"]][-3:] == ["sign", "photo", "feed_back"]


def test_a_dispatch_comes_in_live_with_mark_and_sound_that_can_be_switched_off(
    page: Page, login: LoginAs, command: Staff
) -> None:
    page.add_init_script(
        "window.__tones = 0; const make = AudioContext.prototype.createOscillator;"
        "AudioContext.prototype.createOscillator = function () { window.__tones += 1; return make.call(this); };"
    )
    login(page, "agency")
    page.goto("/inbox")
    settled(page)
    expect(page.locator("#live")).to_have_attribute("data-state", "live")
    page.click("[data-sound]")
    page.click("[data-sound]")  # a touch, after which the browser lets it sound
    page.wait_for_function("() => window.__tones === 2")
    case = command.dispatch(command.report("夜里新派来的一件"))
    expect(page.locator(f"[data-group=unseen] [data-id='{case}']")).to_be_visible()
    page.wait_for_function("() => window.__tones === 4")
    assert re.match(r"\(\d+\) 待办", page.title())
    expect(page.locator("#speaker")).to_contain_text("夜里新派来的一件")
    page.click("[data-sound]")
    silent = command.dispatch(command.report("不响的一件"))
    expect(page.locator(f"[data-group=unseen] [data-id='{silent}']")).to_be_visible()
    assert page.evaluate("window.__tones") == 4
    page.click(f"[data-id='{case}']")
    expect(page.locator(f"[data-group=sign] [data-id='{case}']")).to_be_visible()


def test_what_was_typed_outlives_reload_and_lost_network_and_is_sent_once(
    page: Page, open_case: Open, command: Staff, agency: Staff, watch: Watch
) -> None:
    watch.expect("net::ERR")
    case = command.dispatch(command.report("河边建筑垃圾"))
    agency.step(case, "sign")
    open_case("agency", case)
    act(page, "feed_back")
    write(page, "text", "写了一半")
    add_photo(page, "photo_after", picture())
    page.reload()
    expect(page.locator(".act textarea").first).to_have_value("写了一半")
    expect(page.locator(".act [data-field=photo_after] img")).to_be_visible()
    keys: list[str] = []

    def arrive_but_lose_the_answer(route: Route) -> None:
        keys.append(route.request.headers["idempotency-key"])
        if len(keys) == 1:
            route.fetch()
            route.abort()
        else:
            route.continue_()

    page.route("**/transitions", arrive_but_lose_the_answer)
    send(page)
    expect(page.locator(".act [data-state=waiting]")).to_be_visible()
    page.reload()  # what was under way is asked for again with the same key
    expect(page.locator(".case__line")).to_contain_text("待核查")
    names = [row["name"] for row in agency.case(case)["log"]]
    assert names.count("feed_back") == 1
    page.wait_for_function("() => !localStorage['onegrid.action.agency'].includes('写了一半')")
    assert (len(keys), len(set(keys))) == (2, 1)


def test_whoever_comes_second_is_told_who_did_what_and_keeps_the_words(
    page: Page, open_case: Open, command: Staff, agency: Staff, watch: Watch, shots: Shots
) -> None:
    watch.expect("409")
    case = command.dispatch(command.report("占道经营"))
    agency.step(case, "sign")
    open_case("agency", case)
    act(page, "return")
    choose(page, "reason_code", "not_our_duty")
    write(page, "reason", "桥归水利站")
    before = agency.case(case)["version"]
    command.step(case, "remind", text="请抓紧")
    page.route(f"**/api/v1/incidents/{case}/transitions", lambda route: _as_of(route, before))
    send(page)
    told = page.locator("[data-state=refused]")
    expect(told).to_contain_text("没有退回")
    expect(told).to_contain_text("周敏")
    expect(told).to_contain_text("催办")
    expect(told).to_contain_text(f"第 {before + 1} 版")
    expect(told).to_contain_text("现在可以：")
    expect(page.locator(".act textarea")).to_have_value("桥归水利站")
    shots(page, "inbox-refused")
    page.unroute(f"**/api/v1/incidents/{case}/transitions")
    send(page)
    expect(page.locator(".case__line")).to_contain_text("已退回")


def _as_of(route: Route, version: int) -> None:
    """The request as it would be had the page not heard of the change."""
    body = route.request.post_data_json
    route.continue_(post_data={**body, "version": version})


def test_a_step_that_is_not_open_is_named_with_its_reason(
    page: Page, open_case: Open, command: Staff, agency: Staff
) -> None:
    case = command.dispatch(command.report("两次退回"))
    for _ in range(2):
        agency.step(case, "return", reason="不归本队", reason_code="not_our_duty")
        command.step(case, "redispatch")
    open_case("agency", case)
    expect(page.locator("[data-blocked=return]")).to_contain_text("已退回两次")
    expect(page.locator("[data-act=return]")).to_have_count(0)


def test_suspension_extension_and_reply_are_asked_and_given(
    page: Page, open_case: Open, command: Staff, agency: Staff
) -> None:
    case = command.dispatch(command.report("桥栏杆缺一段"))
    agency.step(case, "sign")
    command.step(case, "supervise", level=1, reason="快到时限")
    open_case("agency", case)
    expect(page.locator(".inbox-case__due")).to_contain_text("督办 1 级")
    act(page, "reply")
    write(page, "text", "下午三点到场")
    send(page)
    expect(page.locator(".inbox-case__due")).to_have_count(0)
    act(page, "ask_extension")
    write(page, "reason", "等构件到货")
    send(page)
    expect(page.locator("[data-blocked=ask_extension]")).to_be_visible()
    act(page, "ask_suspend")
    choose(page, "reason_code", "needs_budget")
    write(page, "reason", "等资金")
    day = (datetime.now(UTC) + timedelta(days=10)).date().isoformat()
    write(page, "review_on", day)
    send(page)
    expect(page.locator("[data-blocked=ask_suspend]")).to_be_visible()
    now = agency.case(case)
    assert (now["extension"], now["suspension"], now["reply_due_at"]) == ("pending", "pending", None)


def test_the_returned_slip_is_entered_in_one_go_with_its_times(
    page: Page, open_case: Open, command: Staff, agency: Staff, watch: Watch
) -> None:
    watch.expect("422")
    case = command.dispatch(command.report("纸单办的一件"))
    open_case("agency", case)
    act(page, "paper")
    on_paper = (datetime.now(UTC) + timedelta(hours=8)).strftime("%Y-%m-%dT%H:%M")  # the town's clock
    write(page, "signer", "张伟")
    write(page, "signed_at", on_paper)
    write(page, "handled_at", "2020-01-01T08:00")
    write(page, "text", "已清运")
    add_photo(page, "photo_after", picture())
    send(page)
    expect(page.locator(".act .fault")).to_contain_text("没有录入移交单")
    expect(page.locator(".act .fault")).to_contain_text("纸上的办结时间：早于签收")
    expect(page.locator("[data-field=handled_at] input")).to_have_attribute("aria-invalid", "true")
    assert agency.case(case)["state"] == "dispatched"
    write(page, "handled_at", on_paper)
    send(page)
    expect(page.locator(".case__line")).to_contain_text("待核查")
    expect(page.locator(".log")).to_contain_text("按移交单录入")
    rows = {row["name"]: row for row in agency.case(case)["log"]}
    assert rows["sign"]["facts"]["text"] == "张伟"
    assert rows["feed_back"]["facts"]["happened_at"] < rows["feed_back"]["at"]


def test_a_grid_worker_verifies_on_the_phone(page: Page, open_case: Open, command: Staff, shots: Shots) -> None:
    page.set_viewport_size(SIZES["phone"])
    case = command.report("请去看一眼", for_the_spot())
    command.step(case, "ask_verify")
    open_case("gridworker", case)
    act(page, "verify")
    write(page, "text", "到现场没看到")
    send(page)
    expect(page.locator(".act")).to_contain_text("还差：结果")
    small = "() => [...document.querySelectorAll('main :is(button, a.button, label.button, .act__choice, textarea)')]"
    heights = page.evaluate(
        f"{small}.filter(one => one.checkVisibility()).map(one => one.getBoundingClientRect().height)"
    )
    assert min(heights) >= 48
    assert page.locator(".act [type=submit]").bounding_box()["height"] >= 62
    shots(page, "inbox-phone-verify")
    page.click(".act__choice >> text=不属实")
    send(page)
    expect(page.locator(".case__line")).to_contain_text("不予受理")
    page.click(".inbox-case__back button")
    expect(page.locator("#list")).to_be_visible()


def test_a_grid_worker_settles_on_the_spot_and_is_warned_of_a_far_photo(
    page: Page, open_case: Open, server_url: str, shots: Shots
) -> None:
    page.set_viewport_size(SIZES["phone"])
    worker = Staff(server_url, "gridworker")
    case = worker.report("绿化带里有垃圾", for_the_spot(), channel="grid_worker")
    lon, lat = worker.get(f"/api/v1/incidents/{case}")["geometry"]["coordinates"]
    open_case("gridworker", case)
    act(page, "self_handle")
    add_photo(page, "photo_before", picture(lon, lat))
    add_photo(page, "photo_after", picture(lon + 0.01, lat))
    write(page, "text", "已清走")
    send(page)
    warned = page.locator(".act [data-state=far]")
    expect(warned).to_contain_text(re.compile(r"离现场 9\d\d 米"))
    assert worker.case(case)["state"] == "reported"
    shots(page, "inbox-phone-far")
    warned.get_by_role("button").click()
    expect(page.locator(".case__line")).to_contain_text("已结案")
    assert len(worker.case(case)["photos"]) == 2


def test_a_grid_worker_inspects_and_sends_back(page: Page, open_case: Open, command: Staff, agency: Staff) -> None:
    case = command.dispatch(command.report("坑洞已补"))
    agency.step(case, "sign")
    agency.step(case, "feed_back", text="已补平", photo_after=agency.photo(case))
    open_case("gridworker", case)
    act(page, "inspect")
    page.click(".act__choice >> text=返工")
    write(page, "text", "边上还有裂缝")
    send(page)
    expect(page.locator(".case__line")).to_contain_text("处置中")
    assert agency.case(case)["rework_count"] == 1


def test_a_closed_case_is_appealed_from_its_page(page: Page, login: LoginAs, command: Staff, agency: Staff) -> None:
    case = command.dispatch(command.report("被扣分的一件"))
    close(command, agency, case)
    login(page, "agency")
    page.goto(f"/incidents/{case}")
    page.get_by_role("link", name="办理").click()
    act(page, "appeal")
    write(page, "reason", "当天停电，进不了场")
    send(page)
    expect(page.locator("[data-blocked=appeal]")).to_be_visible()
    assert page.request.get("/api/v1/incidents?appeal=open&q=被扣分的一件").json()["count"] == 1


def test_the_list_is_walked_and_a_form_sent_by_keyboard(
    page: Page, login: LoginAs, command: Staff, agency: Staff
) -> None:
    case = command.dispatch(command.report("只用键盘"))
    login(page, "agency")
    page.goto("/inbox")
    settled(page)
    page.keyboard.press("j")
    first = page.evaluate("document.activeElement.dataset.id")
    page.keyboard.press("j")
    assert page.evaluate("document.activeElement.dataset.id") != first
    page.keyboard.press("k")
    assert page.evaluate("document.activeElement.dataset.id") == first
    page.locator(f"#list [data-id='{case}']").focus()
    page.keyboard.press("Enter")
    page.locator("[data-act=return]").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("ArrowDown")  # the first kind of reason
    page.keyboard.press("Tab")
    page.keyboard.type("jk 不归本队")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".case__line")).to_contain_text("已退回")
    assert agency.case(case)["log"][-1]["reason"] == "jk 不归本队"


def test_an_inbox_with_nothing_in_it_says_so(page: Page, login: LoginAs) -> None:
    login(page, "leader")
    page.goto("/inbox")
    settled(page)
    expect(page.locator("#list [data-state=empty]")).to_contain_text("没有等你办的事")


@pytest.mark.parametrize("language", ["zh", "en"])
def test_list_and_forms_are_open_to_everybody(
    page: Page, login: LoginAs, command: Staff, agency: Staff, language: str
) -> None:
    case = command.dispatch(command.report("给每个人看的一件"))
    agency.step(case, "sign")
    login(page, "agency")
    for path in (
        f"/inbox?lang={language}",
        f"/inbox?lang={language}&id={case}",
        f"/incidents/{case}/slip?lang={language}",
    ):
        page.goto(path)
        settled(page)
        if "id=" in path:
            act(page, "ask_suspend")
            send(page)
        open_to_everybody(page, SIZES)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_slip_is_one_sheet_even_of_a_long_case(page: Page, login: LoginAs, command: Staff, language: str) -> None:
    case = command.dispatch(command.report("长话", description="渣土车沿路抛洒，一路到桥头。\n" * 60))
    login(page, "agency")
    page.goto(f"/incidents/{case}/slip?lang={language}")
    settled(page)
    sheet = page.pdf(format="A4", prefer_css_page_size=True)
    assert len(re.findall(rb"/Type\s*/Page\b", sheet)) == 1
    assert page.locator(".slip svg.qr").count() == 2
