"""Accounts in bulk, out of use and back; tokens shown once."""

from __future__ import annotations

import io
import re

import httpx
from openpyxl import Workbook
from playwright.sync_api import Page, expect

from tests.browser.acting import EVIL, LoginAs, serious, settled
from tests.browser.conftest import Watch


def test_accounts_are_made_in_bulk_and_work(page: Page, watch: Watch, login: LoginAs) -> None:
    watch.expect("422 (Unprocessable Entity)")
    login(page, "admin")
    page.goto("/admin")
    settled(page)
    page.click("#tools .button--main")
    expect(page.locator(".bulk__text")).to_be_focused()
    roles = page.evaluate("() => JSON.parse(document.getElementById('frame').textContent).data.roles")
    role = next(role for role in roles if role["reach"] == "town")
    page.fill(".bulk__text", f"姓名\t用户名\t角色\n{EVIL[:60]}\tbulk-one\t{role['name']}\n李四\tbulk-two\tno-such-role")
    page.get_by_role("button", name="检查").click()
    expect(page.locator("dialog")).to_contain_text("没有这个角色")
    expect(page.get_by_role("button", name="建 2 个")).to_have_count(0)
    page.get_by_role("button", name="回去改").click()
    page.fill(".bulk__text", f"bulk-one,{EVIL[:20]},{role['code']}\nbulk-two,李四,{role['code']}")
    page.get_by_role("button", name="检查").click()
    page.get_by_role("button", name="建 2 个").click()
    secret = page.locator(".secret").first.inner_text()
    assert serious(page) == []
    page.get_by_role("button", name="完成").click()
    page.fill("[name=q]", "bulk-")
    expect(page.locator("#list tbody tr")).to_have_count(2)
    assert page.evaluate("() => window.__evil") is None
    page.context.clear_cookies()
    page.goto("/login")
    page.fill("[name=username]", "bulk-one")
    page.fill("[name=password]", secret)
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/account"))
    page.fill("[name=old]", secret)
    page.fill("[name=new]", "a sentence of my own")
    page.fill("[name=again]", "a sentence of my own")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/$"))


def test_an_excel_file_is_read_in_the_page(page: Page, login: LoginAs) -> None:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["用户名", "姓名", "角色", "区域"])
    sheet.append(["xls-one", "王五", "planner", None])
    sheet.append(["xls-two", "赵六", "planner", "330424105206;330424105201"])
    made = io.BytesIO()
    book.save(made)
    login(page, "admin")
    page.goto("/admin")
    settled(page)
    page.click("#tools .button--main")
    file = {"name": "a.xlsx", "mimeType": "application/zip", "buffer": made.getvalue()}
    page.set_input_files("dialog input[type=file]", file)
    expect(page.locator("dialog tbody tr")).to_have_count(2)
    expect(page.locator("dialog tbody tr").last).to_contain_text("330424105206、330424105201")


def test_an_account_is_disabled_and_put_back(page: Page, login: LoginAs) -> None:
    login(page, "admin")
    page.goto("/admin?q=window")
    row = page.locator("[data-username=window]")
    row.get_by_role("button", name="停用").click()
    expect(row).to_contain_text("启用")
    page.locator(".toast button").click()
    expect(row.get_by_role("button", name="停用")).to_be_visible()


def test_a_token_is_shown_once_and_can_be_revoked(page: Page, login: LoginAs, server_url: str) -> None:
    login(page, "admin")
    page.goto("/admin?show=tokens")
    settled(page)
    page.click("#tools .button--main")
    page.fill("[name=name]", "接口测试")
    page.locator("dialog [type=submit]").click()
    token = page.locator(".secret").inner_text()
    page.get_by_role("button", name="完成").click()
    headers = {"Authorization": f"Bearer {token}"}
    assert httpx.get(f"{server_url}/api/v1/me", headers=headers).status_code == 200
    page.locator("tbody tr", has_text="接口测试").first.get_by_role("button", name="撤销").click()
    page.locator("dialog .button--main").click()
    expect(page.locator(".toast")).to_be_visible()
    assert httpx.get(f"{server_url}/api/v1/me", headers=headers).status_code == 401
