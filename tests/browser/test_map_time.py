"""The live map at a moment: replay, the figures of that moment, and the address of every state."""

from __future__ import annotations

import re
import uuid

import pytest
from playwright.sync_api import Page, expect

from tests.browser.mapping import (
    INCIDENTS,
    WALL,
    centre,
    csrf,
    drawn,
    eventually,
    number_in,
    open_map,
    query_of,
    report,
)


def test_an_address_restores_every_part_of_the_state(command: Page) -> None:
    lon, lat = centre(command)
    made = report(command, csrf(command), lon, lat, title="网址里的那件")
    seen = f"on=incident,service-site&p=market,service&sel=grid:{made['grid']['code']}&tab=list&theme=dark&lang=en"
    open_map(command, f"?c={lon:.5f},{lat:.5f},14.5&{seen}")
    state = command.evaluate(
        """() => {
            const { map, filter } = window.onegridMap.view;
            return [map.getCenter().lng, map.getCenter().lat, map.getZoom(), [...filter.on], filter.platforms];
        }"""
    )
    assert state[0] == pytest.approx(lon, abs=1e-4)
    assert state[1] == pytest.approx(lat, abs=1e-4)
    assert state[2:] == [14.5, ["incident", "service-site"], ["market", "service"]]
    html = command.locator("html")
    assert (html.get_attribute("data-theme"), html.get_attribute("lang")) == ("dark", "en")
    expect(command.locator('button[data-tab="list"]')).to_have_attribute("aria-pressed", "true")
    expect(command.locator("#detail-panel")).to_contain_text(made["grid"]["code"])


def test_a_replay_says_so_and_returns_to_live(command: Page) -> None:
    token = csrf(command)
    lon, lat = centre(command)
    title = f"回放之后才有 {uuid.uuid4().hex[:6]}"
    report(command, token, lon, lat, title=title)
    open_map(command, f"?c={lon},{lat},16&at=2026-01-05T10:00")
    expect(command.locator(".map-page")).to_have_attribute("data-replay", "")
    expect(command.locator("#map-replay")).to_contain_text("10:00")
    assert not any(one.get("title") == title for one in drawn(command, INCIDENTS))
    before = report(command, token, lon, lat, title=f"{title} 2")
    expect(command.locator("#map-replay")).to_contain_text("新动态 1 条")
    assert not any(one.get("title") == before for one in drawn(command, INCIDENTS))
    command.keyboard.press("l")
    expect(command.locator(".map-page")).not_to_have_attribute("data-replay", "")
    eventually(lambda: any(one.get("title") == title for one in drawn(command, INCIDENTS)))
    command.keyboard.press("[")
    expect(command.locator(".map-page")).to_have_attribute("data-replay", "")
    assert "at" in query_of(command)


def test_a_replay_counts_the_late_ones_of_its_moment(command: Page) -> None:
    command.set_viewport_size(WALL)  # type: ignore[arg-type]
    open_map(command, "?at=2026-01-05T10:00")
    late = command.locator('#figures [data-figure="late"]')
    expect(late).to_have_attribute("href", re.compile("at=.*tab=list"))
    number = number_in(command, "late")
    expect(command.locator("#list-panel .row")).to_have_count(number)
    expect(command.locator('[data-layer="incident"] [data-legend="late"] b')).to_have_text(str(number))
    expect(command.locator('[data-layer="market-entity"]')).to_contain_text("不随回放")
    assert command.locator('#figures [data-figure="triage"]').count() == 0


def test_figures_of_now_never_stand_beside_another_moment(command: Page) -> None:
    open_map(command)
    platform = command.locator("#platforms .platform__open").first
    expect(platform).to_have_text(re.compile(r"\d"))
    command.route("**/api/v1/counts/**", lambda route: None)  # the counting does not end
    command.keyboard.press("[")
    expect(command.locator(".map-page")).to_have_attribute("data-replay", "")
    expect(platform).to_have_text("–")
    expect(command.locator("#platforms .figure-row b").first).to_have_text("–")
    expect(command.locator("#loop")).not_to_contain_text(re.compile(r"\d"))
    command.keyboard.press("l")
    expect(platform).to_have_text(re.compile(r"\d"))
