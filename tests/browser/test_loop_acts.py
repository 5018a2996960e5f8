"""The rare steps of the closed loop, each clicked by whom it belongs to on the page where it lives."""

from __future__ import annotations

import re
import uuid
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Page, expect

from tests.browser.acting import LoginAs, Shots, report, too_wide_px
from tests.browser.conftest import Watch
from tests.browser.loop import Staff, categories, close, of_squadron


@pytest.fixture
def command(server_url: str) -> Staff:
    return Staff(server_url, "command")


@pytest.fixture
def agency(server_url: str) -> Staff:
    return Staff(server_url, "agency")


@pytest.fixture
def mark() -> str:
    """What the titles of one test have in common: the queue of its cases alone."""
    return uuid.uuid4().hex[:6]


def at_desk(page: Page, case: str, mark: str = "") -> None:
    page.goto(f"/desk?stage=all&id={case}{'&q=' + mark if mark else ''}")
    shown(page, case)


def shown(page: Page, case: str) -> None:
    expect(page.locator(f".desk-case[data-id='{case}']")).to_be_visible()


def choose(page: Page, case: str) -> None:
    page.click(f".queue__list a[data-id='{case}']")
    shown(page, case)


def state_is(page: Page, state: str) -> None:
    expect(page.locator(".desk-case")).to_have_attribute("data-state", state)


def start(page: Page, name: str) -> None:
    """The form of a step; what is rare stands folded."""
    button = page.locator(f".act [data-act='{name}']")
    if not button.is_visible():
        page.click(".act__rare:has([data-act]) summary")
    button.click()
    expect(page.locator(f"[data-form='{name}']")).to_be_visible()


def write(page: Page, field: str, text: str) -> None:
    page.fill(f"[data-form] [name=act-{field}]", text)


def send(page: Page) -> None:
    page.click("[data-form] [type=submit]")


def last(staff: Staff, case: str) -> dict[str, object]:
    row = staff.case(case)["log"][-1]
    return {name: row[name] for name in ("name", "actor", "reason")}


def test_the_command_room_reopens_merges_takes_apart_and_corrects_the_place(
    page: Page, login: LoginAs, command: Staff, agency: Staff, mark: str, shots: Shots, watch: Watch
) -> None:
    watch.expect("422")
    again = command.dispatch(command.report(f"{mark} 渣土没扫净"))
    close(command, agency, again)
    at, aside = command.grid(), int(mark, 16) % 1000 / 500_000  # where no other test reports
    place = {"lon": at["lon"] + aside, "lat": at["lat"] + 0.001}
    first, second = (command.report(f"{mark} 渣土堆在路边", **place) for _ in range(2))
    login(page, "command")
    page.goto(f"/incidents/{again}")
    page.get_by_role("link", name="到指挥台").click()
    shown(page, again)
    start(page, "reopen")
    write(page, "reason", "回访说只扫了一半")
    send(page)
    state_is(page, "dispatched")
    assert last(command, again) == {"name": "reopen", "actor": "周敏", "reason": "回访说只扫了一半"}

    page.fill("[name=q]", mark)
    choose(page, second)
    number = command.case(first)["case_no"]
    page.locator(f"[data-twin='{first}']").get_by_role("button", name=re.compile("^并入此件")).click()
    expect(page.locator("[name=act-into]")).to_have_value(number)
    write(page, "into", "330424999")
    send(page)
    expect(page.locator(".act .fault")).to_contain_text("这个案号不是在办的件")
    write(page, "into", number)
    send(page)
    state_is(page, "merged")
    expect(page.locator(".case__merged")).to_contain_text(f"已并入 {number}")
    shots(page, "acts-merged")
    page.click(".case__merged a")
    shown(page, first)
    expect(page.locator(".case__merged")).to_contain_text("并入本件 1 件")
    page.click(".case__merged a")
    shown(page, second)
    start(page, "unmerge")
    send(page)
    expect(page.locator("[name=act-reason]")).to_have_attribute("aria-invalid", "true")
    write(page, "reason", "是路对面的另一堆")
    send(page)
    state_is(page, "reported")
    expect(page.locator(".case__merged")).to_have_count(0)

    before = command.case(second)["grid"]
    page.click(".case__move-start")
    page.fill(".case__move input", "紫金山村")
    page.locator("#place-candidates [role=option]").first.click()
    shots(page, "acts-place")
    page.fill(".case__confirm input", "上报人说在紫金山村委门口")
    page.click(".case__confirm [type=submit]")
    expect(page.locator("#toasts")).to_contain_text("紫金山村")
    expect(page.locator(".log")).to_contain_text("上报人说在紫金山村委门口")
    assert command.case(second)["grid"] != before


def test_the_command_room_reclassifies_and_sends_a_case_to_the_county_and_takes_it_back(
    page: Page, login: LoginAs, command: Staff, mark: str, shots: Shots
) -> None:
    wrong, up = command.report(f"{mark} 归错类的一件"), command.report(f"{mark} 镇里办不了的一件")
    for name in ("accept", "file"):
        command.step(wrong, name)
    command.dispatch(up)
    other = next(row for row in categories() if row["platform"] == "enforcement" and row["code"] != of_squadron())
    login(page, "command")
    at_desk(page, wrong, mark)
    page.select_option("[name=decide-category]", other["code"])
    expect(page.locator("[data-act=main]")).to_contain_text("改类别、立案并派遣")
    page.click("[data-act=main]")
    write(page, "reason", "照片上是占道经营")
    shots(page, "acts-reclassify")
    send(page)
    state_is(page, "dispatched")
    assert [row["name"] for row in command.case(wrong)["log"]][-3:] == ["reclassify", "file", "dispatch"]
    assert command.case(wrong)["category"] == other["code"]

    choose(page, up)
    start(page, "transfer_up")
    send(page)
    expect(page.locator("[name=act-reason]")).to_have_attribute("aria-invalid", "true")
    write(page, "reason", "跨镇的河道，镇里无权处置")
    write(page, "external_ref", f"海盐-{mark}")
    shots(page, "acts-county")
    send(page)
    state_is(page, "transferred_up")
    expect(page.locator("#side")).to_contain_text(f"海盐-{mark}")
    expect(page.locator("#side .limit").first).to_contain_text("暂停")
    shots(page, "acts-at-county")
    start(page, "county_return")
    write(page, "reason", "县里答复由镇办")
    send(page)
    state_is(page, "handling")
    expect(page.locator(".log")).to_contain_text("县里答复由镇办")


def test_a_suspension_is_asked_by_the_organisation_given_by_the_head_and_ended(
    page: Page, login: LoginAs, command: Staff, agency: Staff, mark: str, shots: Shots
) -> None:
    case = command.dispatch(command.report(f"{mark} 桥栏杆缺一段"))
    agency.step(case, "sign")
    day = (datetime.now(UTC) + timedelta(days=10)).date().isoformat()
    login(page, "agency")
    page.goto(f"/inbox?id={case}")
    page.click("[data-act=ask_suspend]")
    page.select_option(".act [data-field=reason_code] select", "needs_budget")
    page.fill(".act [data-field=reason] textarea", "等下月资金")
    page.fill(".act [data-field=review_on] input", day)
    page.click(".act [type=submit]")
    expect(page.locator("[data-blocked=ask_suspend]")).to_be_visible()

    login(page, "head")
    page.goto(f"/desk?stage=all&asked=1&id={case}")
    shown(page, case)
    expect(page.locator(f".queue__list a[data-id='{case}']")).to_be_visible()
    page.click("[data-act=main]")
    form = page.locator("[data-form=suspend]")
    expect(form).to_contain_text("张伟")
    expect(form).to_contain_text("等资金、等下月资金")
    expect(form.locator("[name=act-review_on]")).to_have_value(day)
    shots(page, "acts-suspend")
    send(page)
    state_is(page, "suspended")
    expect(page.locator("#side .limit").first).to_contain_text("暂停")

    login(page, "agency")
    page.goto(f"/inbox?id={case}")
    expect(page.locator(".case__side")).to_contain_text("复查日")
    shots(page, "acts-suspended-inbox")
    page.click("[data-act=resume]")
    page.fill(".act [data-field=reason] textarea", "资金到了")
    page.click(".act [type=submit]")
    expect(page.locator(".case__line")).to_contain_text("处置中")
    assert last(agency, case) == {"name": "resume", "actor": "张伟", "reason": "资金到了"}


def test_a_case_is_voided_by_two_people_each_of_whom_types_its_number(
    page: Page, login: LoginAs, command: Staff, mark: str, shots: Shots
) -> None:
    case = command.report(f"{mark} 试报的一件")
    tail = command.case(case)["case_no"][-4:]
    login(page, "supervisor")
    at_desk(page, case)
    start(page, "ask_void")
    write(page, "reason", "演练时误报")
    write(page, "typed", "0")
    send(page)
    expect(page.locator("[name=act-typed]")).to_have_attribute("aria-invalid", "true")
    write(page, "typed", tail)
    send(page)
    expect(page.locator(".log")).to_contain_text("演练时误报")
    expect(page.locator(".act")).to_contain_text("同意作废：作废要第二个人同意")
    shots(page, "acts-void-asked")
    start(page, "unask_void")
    write(page, "reason", "再核一次")
    send(page)
    expect(page.locator(".log")).to_contain_text("再核一次")
    start(page, "ask_void")
    write(page, "reason", "确是误报")
    write(page, "typed", tail)
    send(page)

    login(page, "admin")
    at_desk(page, case)
    start(page, "void")
    write(page, "reason", "核对无误")
    write(page, "typed", tail)
    send(page)
    state_is(page, "voided")
    assert last(command, case) == {"name": "void", "actor": "系统管理员", "reason": "核对无误"}


def test_whoever_reported_takes_a_report_back(
    page: Page, login: LoginAs, server_url: str, command: Staff, mark: str, shots: Shots
) -> None:
    worker = Staff(server_url, "gridworker")
    own, others = worker.report(f"{mark} 报错了地方", channel="grid_worker"), command.report(f"{mark} 别人报的")
    page.set_viewport_size({"width": 390, "height": 844})
    login(page, "gridworker")
    page.goto(f"/incidents/{own}")
    page.get_by_role("link", name="办理").click()
    page.click("[data-act=withdraw]")
    page.fill(".act [data-field=reason] textarea", "走近看不是垃圾")
    shots(page, "acts-withdraw-phone")
    assert too_wide_px(page) == 0
    page.click(".act [type=submit]")
    expect(page.locator(".case__line")).to_contain_text("不予受理")
    page.goto(f"/inbox?id={others}")
    expect(page.locator(f"article[data-id='{others}']")).to_be_visible()
    expect(page.locator(".acts")).not_to_contain_text("撤回")

    told = report(server_url, title=f"{mark} 公众报的", category=of_squadron())
    page.goto(f"/progress#{told['query_code']}")
    page.fill("[data-answer=withdraw] textarea", "已经有人扫了")
    page.click("[data-answer=withdraw] button")
    expect(page.locator(".progress__now")).to_have_text("你撤回了这件")
