"""Every page but the map: accessible, clean under its policy, in both languages and sizes; nothing entered is lost."""

from __future__ import annotations

import re
from urllib.parse import quote

import psycopg2
import pytest
from playwright.sync_api import Page, expect

from tests.browser.acting import (
    SIZES,
    LoginAs,
    Shots,
    center_of,
    open_to_everybody,
    report,
    settled,
    too_wide_px,
)
from tests.browser.conftest import Watch
from tests.conftest import Databases

# path, who looks
PAGES = {
    "login": ("/login", None),
    "report": ("/report", None),
    "browser": ("/browser", None),
    "incidents": ("/incidents?open=1", "command"),
    "triage": ("/incidents?triage=1", "command"),
    "account": ("/account", "command"),
    "admin": ("/admin", "admin"),
    "appraisal": ("/appraisal?by=village", "command"),
    "roles": ("/admin?show=roles", "admin"),
    "tokens": ("/admin?show=tokens", "admin"),
    "missing": ("/no-such-page", None),
}


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_accessible_and_clean(
    page: Page, watch: Watch, login: LoginAs, shots: Shots, name: str, lang: str
) -> None:
    path, person = PAGES[name]
    watch.expect("404 (Not Found)" if name == "missing" else "no expectation")
    if person:
        login(page, person)
    page.goto(f"{path}{'&' if '?' in path else '?'}lang={lang}")
    settled(page)
    assert page.locator("html").get_attribute("lang") == ("zh-CN" if lang == "zh" else "en")
    assert page.locator("h1").count() >= 1
    open_to_everybody(page, SIZES, lambda size: shots(page, f"{name}-{lang}-{size}"))


def test_a_case_is_accessible_and_clean(page: Page, login: LoginAs, shots: Shots, server_url: str) -> None:
    lon, lat = center_of(server_url, page)
    made = report(server_url, lon=lon, lat=lat, crs="cgcs2000", accuracy_m=50)
    report(server_url, lon=lon, lat=lat, crs="cgcs2000")
    login(page, "command")
    page.goto(f"/incidents/{made['id']}")
    expect(page.locator("#case-title")).to_have_text("路灯不亮")
    expect(page.locator(".place-map canvas")).to_be_visible()
    expect(page.locator(".twin").first).to_be_visible()
    open_to_everybody(page, SIZES, lambda size: shots(page, f"case-zh-{size}"))


def test_a_person_without_session_is_sent_to_the_login_and_back(page: Page) -> None:
    page.goto("/incidents?late=1")
    expect(page).to_have_url(re.compile(r"/login\?next=%2Fincidents%3Flate%3D1"))
    page.fill("[name=username]", "command")
    page.fill("[name=password]", "onegrid-demo")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/incidents\?late=1$"))


ELSEWHERE = ["//evil.example/", "/\\evil.example", "https://evil.example/", "/login?next=/login"]


@pytest.mark.parametrize("target", ELSEWHERE)
def test_the_login_leads_nowhere_else(page: Page, target: str) -> None:
    page.goto(f"/login?next={quote(target)}")
    assert page.evaluate("() => JSON.parse(document.getElementById('frame').textContent).data.next") == "/"


def test_a_wrong_password_is_said_and_what_was_typed_stays(page: Page, watch: Watch) -> None:
    watch.expect("401 (Unauthorized)")
    page.goto("/login")
    page.fill("[name=username]", "nobody-here")
    page.fill("[name=password]", "wrong")
    page.click("[type=submit]")
    expect(page.get_by_role("alert")).to_contain_text("session.wrong")
    assert page.input_value("[name=username]") == "nobody-here"


@pytest.fixture
def demo_logins(demo_databases: Databases) -> None:
    """The accounts are marked as demo logins, as `make run` does after it has loaded the town."""
    with psycopg2.connect(demo_databases.owner_dsn) as connection, connection.cursor() as cursor:
        cursor.execute(
            "update town set settings = settings || jsonb_build_object('demo_logins',"
            " (select jsonb_agg(username order by user_id) from app_user where app_user.town_id = town.town_id))"
        )
    connection.close()


@pytest.mark.usefixtures("demo_logins")
def test_a_demo_login_is_filled_in_by_one_press(page: Page) -> None:
    page.goto("/login")
    page.click("[data-login=leader]")
    page.click("[type=submit]")
    expect(page.locator("nav.tabs")).to_be_visible()
    expect(page).to_have_url(re.compile(r"/$"))


def test_who_may_not_manage_users_gets_a_page_that_says_so(page: Page, watch: Watch, login: LoginAs) -> None:
    watch.expect("403 (Forbidden)")
    login(page, "gridworker")
    answer = page.goto("/admin")
    assert answer is not None
    assert answer.status == 403
    expect(page.locator("main")).to_contain_text("scope.forbidden")
    assert page.locator("[data-tab=admin]").count() == 0


def test_the_large_text_switch_holds(page: Page) -> None:
    page.goto("/report")
    size = "() => parseFloat(getComputedStyle(document.querySelector('#words')).fontSize)"
    before = page.evaluate(size)
    page.click("[data-large-text]")
    page.reload()
    assert page.evaluate(size) == pytest.approx(before * 1.25)
    assert too_wide_px(page) == 0


def test_an_indicator_opens_the_cases_it_counts(page: Page, login: LoginAs) -> None:
    login(page, "command")
    page.goto("/appraisal?by=town&from=2020-01-01&to=2099-12-31")
    figure = page.locator(".indicators tbody td:not(.quiet)").first
    below = figure.locator("a").last
    expect(below).to_be_visible()
    told = int((below.text_content() or "").replace(",", ""))
    below.click()
    expect(page.locator(".filters__count")).to_contain_text(re.compile(rf"\b{told:,}\b"))
