"""The supervision page: flags decided and answered, the notice on paper, supervised cases, projects; nothing typed is lost."""

from __future__ import annotations

import re
import time
from datetime import date, timedelta

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.acting import LoginAs, Shots, open_to_everybody, serious, settled
from tests.browser.conftest import Watch
from tests.browser.loop import Staff, close

SIZES = {
    "desk": {"width": 1440, "height": 900},
    "wide": {"width": 1920, "height": 1080},
    "phone": {"width": 390, "height": 844},
}
DUE = (date.today() + timedelta(days=30)).isoformat()
AFTER = (date.today() + timedelta(days=31)).isoformat()


@pytest.fixture
def supervisor(server_url: str) -> Staff:
    return Staff(server_url, "supervisor")


@pytest.fixture
def flag(server_url: str, supervisor: Staff) -> str:
    """A flag that the worker proposes over a case closed minutes after it was sent out."""
    command, agency = Staff(server_url, "command"), Staff(server_url, "agency")
    case = command.dispatch(command.report("路边渣土"))
    close(command, agency, case)
    for _ in range(120):
        for proposed in supervisor.get("/api/v1/flags?state=proposed&rule=quick_close&limit=200")["flags"]:
            if proposed["incident_id"] == case:
                return proposed["id"]
        time.sleep(0.5)
    raise AssertionError("the worker proposed nothing")


@pytest.fixture
def project(supervisor: Staff) -> str:
    task = {"name": "划线", "org": "enforcement_squadron", "due_on": DUE}
    body = {
        "name": "菜场整治",
        "goal": "摊位全部入场",
        "org": "enforcement_squadron",
        "starts_on": date.today().isoformat(),
        "due_on": DUE,
    }
    return supervisor.post("/api/v1/projects", json={**body, "tasks": [task]})["id"]


def test_a_flag_is_issued_answered_and_lifted(page: Page, login: LoginAs, flag: str, shots: Shots) -> None:
    login(page, "supervisor")
    page.goto(f"/supervision?state=proposed&id={flag}")
    one = page.locator(f"article[data-flag='{flag}']")
    expect(one).to_contain_text("派遣后几分钟就结案")
    expect(one.locator(".log .is-basis").first).to_be_visible()
    one.locator("[data-step=issue]").click()
    expect(one.locator(".field__fault")).to_be_visible()
    one.locator("#words").fill("经查处置不实，约谈负责人")
    one.locator("[data-step=issue]").click()
    expect(one.locator("[data-step-done=issue]")).to_contain_text("经查处置不实")
    shots(page, "supervision-issued")

    login(page, "agency")
    page.goto(f"/supervision?id={flag}")
    expect(one.locator("[data-step=lift]")).to_have_count(0)
    one.locator("#words").fill("当场可清，照片为证")
    one.locator("[data-step=reply]").click()
    expect(one.locator("[data-step-done=reply]")).to_contain_text("照片为证")

    login(page, "supervisor")
    page.goto(f"/supervision?id={flag}")
    one.locator("#words").fill("说明成立")
    one.locator("[data-step=lift]").click()
    expect(one.locator("[data-step-done=lift]")).to_contain_text("说明成立")
    expect(one.locator("[data-step-done]")).to_have_count(4)


def test_whoever_was_second_is_told_and_keeps_the_words(
    page: Page, login: LoginAs, flag: str, server_url: str, watch: Watch
) -> None:
    watch.expect("409")
    login(page, "supervisor")
    page.goto(f"/supervision?id={flag}")
    page.fill("#words", "写了很久的决定")
    Staff(server_url, "leader").post(
        f"/api/v1/flags/{flag}/steps", json={"name": "issue", "version": 1, "words": "先发"}
    )
    page.click("[data-step=issue]")
    box = page.locator("[data-refused='flag.version_conflict']")
    expect(box).to_contain_text("沈建明")
    expect(box).to_contain_text("已发牌")
    expect(page.locator("#words")).to_have_value("写了很久的决定")
    expect(page.locator("[data-step=lift]")).to_be_visible()


def test_the_notice_is_one_sheet(page: Page, login: LoginAs, flag: str, supervisor: Staff, shots: Shots) -> None:
    supervisor.post(f"/api/v1/flags/{flag}/steps", json={"name": "issue", "version": 1, "words": "约谈负责人"})
    login(page, "supervisor")
    page.goto(f"/supervision/flags/{flag}/notice")
    expect(page.locator(".notice")).to_contain_text("约谈负责人")
    assert serious(page) == []
    shots(page, "supervision-notice")
    page.emulate_media(media="print")
    expect(page.locator(".top")).to_be_hidden()
    assert len(re.findall(rb"/Type\s*/Page[^s]", page.pdf(format="A4"))) == 1


def test_the_figures_are_the_lists(page: Page, login: LoginAs, flag: str) -> None:
    login(page, "supervisor")
    page.goto("/supervision")
    settled(page)
    figure = page.locator("[data-figure=proposed]")
    said = figure.locator("b").inner_text()
    figure.click()
    expect(page.locator("#count")).to_have_text(f"共 {said} 项")
    assert "state=proposed" in page.url


def test_the_keyboard_walks_the_list(page: Page, login: LoginAs, flag: str) -> None:
    login(page, "supervisor")
    page.goto("/supervision?state=proposed")
    settled(page)
    first = page.locator("#list [aria-current]").get_attribute("data-id")
    if page.locator("#list .entry").count() > 1:
        page.keyboard.press("j")
        expect(page.locator("#list [aria-current]")).not_to_have_attribute("data-id", first or "")
        page.keyboard.press("k")
    expect(page.locator("#list [aria-current]")).to_have_attribute("data-id", first or "")
    page.keyboard.press("/")
    expect(page.locator("[name=q]")).to_be_focused()
    page.locator("[name=q]").blur()
    page.keyboard.press("?")
    expect(page.locator("#help")).to_be_visible()


def test_supervised_cases_lead_to_the_case(page: Page, login: LoginAs, shots: Shots) -> None:
    login(page, "supervisor")
    page.goto("/supervision?view=cases")
    settled(page)
    rows = page.locator(".cases tbody tr")
    if rows.count():
        expect(rows.first.locator("a.case-link")).to_have_attribute("href", re.compile("^/incidents/"))
    else:
        expect(page.locator("#list [data-state=empty]")).to_be_visible()
    shots(page, "supervision-cases")


def test_a_project_is_set_up_and_its_organisation_reports(
    page: Page, login: LoginAs, project: str, shots: Shots
) -> None:
    login(page, "agency")
    page.goto(f"/supervision?view=projects&id={project}")
    one = page.locator(f"article[data-project='{project}']")
    one.locator("[data-task] select").select_option("done")
    expect(one.locator("[data-task]")).to_contain_text("已完成")
    one.locator("[name=words]").fill("划好 40 个摊位")
    one.locator("[name=percent]").fill("60")
    one.locator("form [type=submit], form button.button--main").first.click()
    expect(one.locator("[data-entry]").first).to_contain_text("划好 40 个摊位")
    expect(one.locator(".percent")).to_contain_text("60%")
    shots(page, "supervision-project")


def test_a_new_project_from_the_form(page: Page, login: LoginAs, watch: Watch, shots: Shots) -> None:
    watch.expect("422")
    login(page, "supervisor")
    page.goto("/supervision?view=projects&id=new")
    form = page.locator("#detail form")
    form.locator("[name=name]").fill("河道清淤")
    form.locator("[name=goal]").fill("三条河通水")
    form.locator("[name=org]").select_option("water_station")
    form.locator("[name=starts_on]").fill(date.today().isoformat())
    form.locator("[name=due_on]").fill(DUE)
    form.locator("[name=task_name]").fill("六里河")
    form.locator("[name=task_org]").select_option("water_station")
    form.locator("[name=task_due_on]").fill(AFTER)
    form.locator("button.button--main").click()
    refused = form.locator(".fault")
    expect(refused).to_contain_text(f"第 1 项任务 期限：晚于项目的期限（{DUE}）")
    expect(form.locator("[name=task_due_on]")).to_be_focused()
    expect(form.locator("[name=task_due_on]")).to_have_attribute("aria-invalid", "true")
    shots(page, "supervision-project-refused")
    form.locator("[name=task_due_on]").fill(DUE)
    form.locator("button.button--main").click()
    one = page.locator("article[data-project]")
    expect(one).to_contain_text("河道清淤")
    expect(one.locator("[data-task]")).to_contain_text("六里河")
    assert re.search(r"id=[0-9a-f-]{36}", page.url)


def test_a_project_gets_another_name_goal_and_organisation(page: Page, login: LoginAs, project: str) -> None:
    login(page, "supervisor")
    page.goto(f"/supervision?view=projects&id={project}")
    one = page.locator(f"article[data-project='{project}']")
    form = one.locator("form:has([name=starts_on])")
    expect(form.locator("[name=goal]")).to_have_value("摊位全部入场")
    form.locator("[name=name]").fill("菜场整治二期")
    form.locator("[name=goal]").fill("摊位入场，通道不占")
    form.locator("[name=org]").select_option("market_station")
    form.locator("[name=reason]").fill("分工调整")
    form.locator("button.button--main").click()
    expect(one.locator("h2").first).to_contain_text("菜场整治二期")
    said = one.locator("[data-entry]").first
    expect(said).to_contain_text("摊位全部入场 → 摊位入场，通道不占")
    expect(said).not_to_contain_text("market_station")
    expect(form.locator("[name=org]")).to_have_value("market_station")


def test_an_error_stays_in_its_panel(page: Page, login: LoginAs, watch: Watch) -> None:
    watch.expect("500")
    login(page, "supervisor")

    def fail(route: Route) -> None:
        body = '{"code":"server.failed","message":"","detail":{},"request_id":"r-12345678"}'
        route.fulfill(status=500, content_type="application/json", body=body)

    page.route("**/api/v1/flags?*", fail)
    page.goto("/supervision")
    expect(page.locator("#list [data-state=error]")).to_contain_text("r-12345678")
    page.unroute("**/api/v1/flags?*")
    page.locator("#list [data-state=error] button.button--main").click()
    expect(page.locator("#list .entry, #list [data-state=empty]").first).to_be_visible()


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_page_fits_and_is_accessible(
    page: Page, login: LoginAs, flag: str, project: str, shots: Shots, lang: str
) -> None:
    login(page, "supervisor")
    for view, chosen in {"flags": f"&id={flag}", "projects": f"&id={project}", "cases": ""}.items():
        page.goto(f"/supervision?view={view}{chosen}&lang={lang}")
        open_to_everybody(page, SIZES, lambda size, view=view: shots(page, f"supervision-{view}-{size}-{lang}"))
