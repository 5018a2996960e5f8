"""The live map and its panels: draws the town, shows every case once, and each part of it is reached and works."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.acting import LoginAs, Shots, serious, too_wide_px
from tests.browser.mapping import (
    DESK,
    INCIDENTS,
    SIZES,
    WALL,
    centre,
    count,
    csrf,
    drawn,
    eventually,
    number_in,
    open_map,
    query_of,
    report,
    shown_number,
)


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("size", SIZES)
def test_the_map_is_accessible_and_clean(command: Page, shots: Shots, size: str, lang: str) -> None:
    command.set_viewport_size(SIZES[size])  # type: ignore[arg-type]
    open_map(command, f"?lang={lang}")
    expect(command.locator("#map-notice")).to_be_visible()
    assert command.locator("html").get_attribute("data-theme") == ("dark" if size == "wall" else "light")
    assert serious(command) == []
    assert too_wide_px(command) == 0
    # A key of the catalogue that is shown is a missing string.
    assert re.findall(r"\b(?:map|common|incident|state)\.[a-z_]+", command.locator("body").inner_text()) == []
    shots(command, f"map-{size}-{lang}")


def test_the_title_of_the_day_is_whole_on_a_small_desk(command: Page) -> None:
    command.set_viewport_size({"width": 1366, "height": 768})
    open_map(command)
    hidden_px = command.locator(".time__head h2").evaluate("(title) => title.scrollWidth - title.clientWidth")
    assert hidden_px <= 0
    expect(command.locator('[data-layer="market-entity"]')).to_have_attribute("data-off", "")


def test_the_town_is_drawn(command: Page) -> None:
    open_map(command)
    for layer in ("land", "town-border", "village-border", "grid-border", "water", "landuse", "road-primary-surface"):
        assert drawn(command, [layer]), f"{layer} is not drawn"
    names = {one["name"] for one in drawn(command, ["village-name"])}
    assert len(names) > 3, "names of villages"
    town = command.request.get("/api/v1/features/village?limit=500").json()["features"]
    assert names <= {one["properties"]["name"] for one in town}


def test_figures_open_lists_of_the_same_number(command: Page) -> None:
    command.set_viewport_size(WALL)  # type: ignore[arg-type]
    lon, lat = centre(command)
    report(command, csrf(command), lon, lat)
    report(command, csrf(command), 0, 0, title="没有位置的一件")
    open_map(command)
    figures = command.locator("#figures a")
    expect(figures).to_have_count(5)
    # What the map does not show waits for a place; a vague place is drawn and waits too.
    eventually(lambda: 0 < number_in(command, "open") - shown_number(command) <= number_in(command, "triage"))
    for figure in figures.all():
        shown = int(figure.locator("b").inner_text().replace(",", ""))
        query = urlsplit(figure.get_attribute("href") or "").query
        assert count(command, query) == shown, figure.inner_text()


def test_the_stages_show_each_of_their_states_whole(command: Page) -> None:
    open_map(command)
    states = command.locator("#loop .stage__state")
    expect(states.first).to_be_visible()
    strip = command.locator("#strip").bounding_box()
    assert strip
    for state in states.all():
        box = state.bounding_box()
        assert box
        assert strip["y"] <= box["y"]
        assert box["y"] + box["height"] <= min(strip["y"] + strip["height"], DESK["height"])
        query = urlsplit(state.get_attribute("href") or "").query
        assert count(command, query) == int(state.locator("b").inner_text()), query


def test_each_stage_stands_in_one_line_on_the_wall(command: Page) -> None:
    """Every state of the first two stages has cases, in two and three figures."""
    command.set_viewport_size(WALL)  # type: ignore[arg-type]

    def busy(route: Route) -> None:
        answer = route.fetch()
        told = answer.json()
        for stage in ("accept", "handle"):
            told["stages"][stage] = dict.fromkeys(told["stages"][stage], 23)
        told["stages"]["handle"]["handling"] = 104
        route.fulfill(response=answer, json=told)

    command.route("**/api/v1/summary", busy)
    open_map(command)
    for stage in ("accept", "handle", "evaluate"):
        box = command.locator(f"#loop [data-stage={stage}]")
        middles = box.locator("a").evaluate_all(
            "(all) => all.map((one) => one.getBoundingClientRect()).map(({ top, bottom }) => (top + bottom) / 2)"
        )
        assert max(middles) - min(middles) < 12, (stage, middles)
    command.unroute("**/api/v1/summary")


def test_the_map_shows_as_many_cases_as_the_figure(command: Page) -> None:
    token = csrf(command)
    lon, lat = centre(command)
    for step in range(6):
        report(command, token, lon + step * 1e-5, lat, title=f"同一处第 {step} 件")
    open_map(command)
    # A case whose place is unknown has a row but no symbol.
    placed = count(command, "open=1") - sum(
        1 for one in command.request.get("/api/v1/incidents?open=1&limit=500").json()["features"] if not one["geometry"]
    )
    eventually(lambda: shown_number(command) == placed)
    assert any(one.get("cluster") for one in drawn(command, INCIDENTS))


def test_a_platform_can_be_switched_off_and_back(command: Page) -> None:
    token = csrf(command)
    lon, lat = centre(command)
    made = report(command, token, lon, lat, title="渣土车抛洒", description="渣土车沿路抛洒")
    platform = made["suggestion"]["platform"]
    open_map(command, f"?c={lon},{lat},15")
    eventually(lambda: any(one.get("platform") == platform for one in drawn(command, INCIDENTS)))
    command.locator(f'[data-switch="platform:{platform}"]').uncheck()
    eventually(lambda: not any(one.get("platform") == platform for one in drawn(command, INCIDENTS)))
    assert platform not in query_of(command)["p"][0].split(",")
    expect(command.locator(f'[data-switch="platform:{platform}"]')).to_be_focused()
    command.locator(".toast button").first.click()
    eventually(lambda: any(one.get("platform") == platform for one in drawn(command, INCIDENTS)))
    assert "p" not in query_of(command)


def test_every_layer_of_the_registry_has_its_switch(command: Page) -> None:
    open_map(command)
    registry = command.request.get("/api/v1/layers").json()
    wanted = [one["id"] for one in registry if not one["base"]]
    assert [row.get_attribute("data-layer") for row in command.locator("[data-layer]").all()] == wanted
    for one in registry:
        if not one["base"]:
            rows = command.locator(f'[data-layer="{one["id"]}"] [data-legend]')
            expect(rows).to_have_count(len(one["legend"]))
            command.locator(f'[data-switch="layer:{one["id"]}"]').uncheck()
    eventually(lambda: drawn(command, INCIDENTS) == [])
    assert query_of(command)["on"] == [""]


def test_search_finds_by_case_number_and_grid_code(command: Page) -> None:
    lon, lat = centre(command)
    made = report(command, csrf(command), lon, lat, title="要找的那件")
    open_map(command)
    command.keyboard.press("/")
    command.keyboard.type(made["case_no"])
    expect(command.locator("#search-results [role=option]").first).to_contain_text("要找的那件")
    command.keyboard.press("Enter")
    expect(command.locator("#detail-panel h2")).to_have_text("要找的那件")
    assert query_of(command)["sel"] == [f"incident:{made['id']}"]
    command.locator("#search").fill(made["grid"]["code"])
    expect(command.locator("#search-results [role=option]").first).to_contain_text(made["grid"]["code"])
    command.locator("#search").press("Enter")
    expect(command.locator("#detail-panel h2")).to_have_text(made["grid"]["name"])
    command.locator("#search").fill("堰山路")
    below = command.locator("#search-results .sub")
    expect(below.first).to_be_visible()
    assert not [words for words in below.all_inner_texts() if re.fullmatch(r"[a-z_]+", words)]


def test_a_click_on_a_case_opens_it_and_its_address_opens_it_again(command: Page) -> None:
    lon, lat = centre(command)
    east, north = lon + 0.00413, lat + 0.00207
    made = report(command, csrf(command), east, north, title="点开看看")
    open_map(command, f"?c={east},{north},18")
    eventually(lambda: any(one.get("title") == "点开看看" for one in drawn(command, INCIDENTS)))
    box = command.locator("#map canvas").bounding_box()
    assert box
    command.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    expect(command.locator("#detail-panel h2")).to_have_text("点开看看")
    address = command.url
    command.goto("/incidents")
    open_map(command, address[len(command.url.split("/incidents")[0]) + 1 :])
    expect(command.locator("#detail-panel h2")).to_have_text("点开看看")
    command.keyboard.press("Escape")
    expect(command.locator("#detail-panel")).to_be_hidden()
    assert "sel" not in query_of(command)
    command.go_back()
    expect(command.locator("#detail-panel h2")).to_have_text("点开看看")
    assert made["id"] in command.url


@pytest.mark.parametrize("size", ["desk", "phone"])
def test_the_place_of_a_report_stays_in_sight(command: Page, size: str) -> None:
    command.set_viewport_size(SIZES[size])  # type: ignore[arg-type]
    lon, lat = centre(command)
    open_map(command, f"?c={lon},{lat},15")
    command.evaluate("([lon, lat]) => window.onegridMap.report({lon, lat})", [lon, lat])
    expect(command.locator("#report-dialog")).to_be_visible()
    covered = """() => {
        const pin = document.querySelector(".map-pin").getBoundingClientRect();
        const [dialog, map] = ["#report-dialog", "#map"].map((at) => document.querySelector(at).getBoundingClientRect());
        const apart = pin.right < dialog.left || pin.left > dialog.right || pin.bottom < dialog.top || pin.top > dialog.bottom;
        return !apart || pin.left < map.left || pin.top < map.top || pin.right > map.right || pin.bottom > map.bottom;
    }"""
    eventually(lambda: not command.evaluate(covered))


def test_an_empty_list_says_what_is_true(command: Page) -> None:
    open_map(command, "?c=121.9,30.0,15&tab=list")
    command.get_by_role("button", name="图上", exact=True).click()
    expect(command.locator("#list-panel [data-state=empty]")).to_contain_text("图上没有在办件")


def test_the_keyboard_reaches_everything_and_is_never_caught(command: Page) -> None:
    token = csrf(command)
    lon, lat = centre(command)
    for step in range(2):
        report(command, token, lon + step * 5e-4, lat, title=f"键盘走到第 {step} 件")
    open_map(command, f"?c={lon},{lat},17")
    eventually(lambda: len(drawn(command, INCIDENTS)) >= 2)
    command.locator("#map canvas").focus()
    seen = set()
    for _ in range(200):
        command.keyboard.press("Tab")
        if not command.evaluate("() => document.activeElement?.classList.contains('maplibregl-canvas')"):
            break
        seen.add(command.locator("#speaker").inner_text())
    else:
        pytest.fail("Tab never left the map")
    assert len(seen) >= 2
    command.locator("#map canvas").focus()
    command.keyboard.press("Tab")
    command.keyboard.press("Enter")
    expect(command.locator("#detail-panel")).to_be_visible()
    command.keyboard.press("Escape")
    command.keyboard.press("?")
    expect(command.locator("#help-dialog")).to_be_visible()
    command.keyboard.press("Escape")
    expect(command.locator("#help-dialog")).to_be_hidden()


def test_letters_in_a_field_are_letters(command: Page) -> None:
    open_map(command)
    command.locator("#search").click()
    command.keyboard.type("l?n0")
    expect(command.locator("#search")).to_have_value("l?n0")
    expect(command.locator("#report-dialog")).to_be_hidden()
    expect(command.locator("#help-dialog")).to_be_hidden()


def test_a_theme_switch_keeps_what_is_seen(command: Page) -> None:
    lon, lat = centre(command)
    report(command, csrf(command), lon, lat)
    open_map(command, f"?c={lon},{lat},15")
    number = shown_number(command)
    command.locator("#theme-switch").click()
    expect(command.locator("html")).to_have_attribute("data-theme", "dark")
    eventually(lambda: shown_number(command) == number and bool(drawn(command, ["town-border", "land"])))
    assert query_of(command)["theme"] == ["dark"]


def test_a_grid_worker_is_shown_the_own_grid_only(page: Page, login: LoginAs) -> None:
    login(page, "gridworker")
    open_map(page)
    own = set(page.request.get("/api/v1/me").json()["areas"])
    shown: dict[str, Any] = page.request.get("/api/v1/incidents?open=1&limit=500").json()
    assert all(one["properties"]["grid"] in own for one in shown["features"])
    placed = sum(1 for one in shown["features"] if one["geometry"])
    eventually(lambda: shown_number(page) == placed)


def test_a_layer_out_of_reach_is_not_offered(page: Page, login: LoginAs) -> None:
    login(page, "agency")
    open_map(page)
    expect(page.locator('[data-layer="incident"]')).to_be_visible()
    expect(page.locator('[data-layer="market-entity"]')).to_have_count(0)
    assert page.request.get("/api/v1/counts/market-entity").json()["count"] == 0
