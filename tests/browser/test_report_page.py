"""The public's report: sent once, and nothing that was entered is lost on the way."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import quote

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.acting import EVIL, LoginAs, Shots, jpeg, serious
from tests.browser.conftest import Watch


def fill_report(page: Page, words: str) -> None:
    page.goto("/report")
    page.wait_for_function("() => document.querySelector('#map canvas')")
    page.locator("#map canvas").click(position={"x": 220, "y": 200})
    page.fill("#words", words)
    page.locator("#categories .chip").first.click()


def test_brand_and_switches_share_one_line_on_a_phone(page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto("/report?lang=en")
    boxes = [page.locator(part).bounding_box() for part in (".brand", ".top__end")]
    brand, end = [box["y"] + box["height"] / 2 for box in boxes if box]
    assert abs(brand - end) < 4


def test_the_small_map_has_all_its_images(page: Page) -> None:
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.goto("/report")
    page.wait_for_function("() => performance.getEntriesByName('map-idle').length")
    assert [text for text in said if "could not be loaded" in text] == []


def test_a_report_is_sent_and_gives_both_numbers(page: Page, server_url: str, shots: Shots) -> None:
    fill_report(page, "桥边有人倒建筑垃圾。昨天夜里两车。")
    page.fill("#phone", "13800002017")
    page.set_input_files("#photos input", {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": jpeg()})
    expect(page.locator("#photos img")).to_be_visible()
    page.click("[type=submit]")
    expect(page.locator("[data-case-no]")).to_have_text(re.compile(r"^\d{17,}$"))
    expect(page.locator("[data-query-code]")).to_have_text(re.compile(r"^[A-Z0-9-]{6,}$"))
    assert page.locator("#receipt .fault").count() == 0
    shots(page, "report-done")
    page.reload()
    expect(page.locator(".photo-add")).to_be_visible()
    assert page.locator("#photos .photo").count() == 0
    expect(page.locator("#words")).to_have_value("")


def test_a_report_is_kept_on_the_device_when_asked_and_can_be_cleared(page: Page) -> None:
    fill_report(page, "没有要求记的一件")
    page.click("[type=submit]")
    page.get_by_role("button", name="再报一件").click()
    expect(page.locator("#mine")).to_be_hidden()
    fill_report(page, "记在本机的一件")
    page.click("[type=submit]")
    page.click("[data-remember]")
    page.get_by_role("button", name="再报一件").click()
    expect(page.locator("#mine li")).to_have_count(1)
    expect(page.locator("#mine")).to_contain_text("记在本机的一件")
    page.click("[data-forget]")
    expect(page.locator("#mine")).to_be_hidden()


def test_photos_that_did_not_arrive_go_to_their_own_report_after_a_reload(page: Page, watch: Watch) -> None:
    watch.expect("ERR_FAILED")
    fill_report(page, "照片没传上的一件")
    page.set_input_files("#photos input", {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": jpeg()})
    expect(page.locator("#photos img")).to_be_visible()
    page.route("**/photos", lambda route: route.abort())
    page.click("[type=submit]")
    number = page.locator("[data-case-no]").inner_text()
    expect(page.locator("#receipt .fault")).to_be_visible()
    page.unroute("**/photos")
    with page.expect_response("**/photos") as sent:
        page.reload()
    assert sent.value.status == 201
    expect(page.locator("[data-case-no]")).to_have_text(number)
    assert page.locator("#receipt .fault").count() == 0
    page.reload()
    expect(page.locator(".photo-add")).to_be_visible()
    assert page.locator("#photos .photo").count() == 0


def test_the_form_keeps_its_text_after_a_failed_send_and_after_a_reload(page: Page, watch: Watch) -> None:
    watch.expect("503")
    fill_report(page, "没发出去的一件")
    page.fill("#address", "某地")
    page.fill("#phone", "0573-86000000")
    page.set_input_files("#photos input", {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": jpeg()})
    expect(page.locator("#photos img")).to_be_visible()
    refusal = {"code": "database.busy", "message": "busy", "detail": {}, "request_id": "r-1"}
    page.route("**/api/v1/incidents", lambda route: route.fulfill(status=503, json=refusal))
    page.click("[type=submit]")
    expect(page.locator("#outcome")).to_contain_text("database.busy")
    for _ in range(2):
        assert page.input_value("#words") == "没发出去的一件"
        assert page.input_value("#phone") == "0573-86000000"
        assert page.input_value("#address") == "某地"
        expect(page.locator("#photos img")).to_be_visible()
        expect(page.locator("#categories [aria-pressed=true]")).not_to_have_text("说不清")
        page.reload()


def test_a_report_cut_off_is_sent_once(page: Page, server_url: str, watch: Watch, login: LoginAs) -> None:
    """The answer is lost after the server has it: the retry is the same report, and there is one case."""
    watch.expect("ERR_FAILED")
    words = "断网时报的一件"
    fill_report(page, words)
    sent: list[dict[str, Any]] = []

    def lose(route: Route) -> None:
        sent.append(json.loads(route.request.post_data or "{}"))
        if len(sent) == 1:
            route.fetch()
            route.abort()
        else:
            route.continue_()

    page.route("**/api/v1/incidents", lose)
    page.click("[type=submit]")
    expect(page.locator("[data-state=waiting]")).to_be_visible()
    assert page.input_value("#words") == words
    page.click("[data-state=waiting] button")
    expect(page.locator("[data-case-no]")).to_be_visible()
    number = page.locator("[data-case-no]").inner_text()
    assert len({body["id"] for body in sent}) == 1
    login(page, "command")
    found = page.request.get(f"{server_url}/api/v1/incidents?q={quote(words)}").json()
    assert [feature["properties"]["case_no"] for feature in found["features"]] == [number]


def test_a_waiting_report_goes_out_by_itself_on_the_next_visit(page: Page, watch: Watch) -> None:
    watch.expect("ERR_FAILED")
    fill_report(page, "下次打开自动发")
    page.route("**/api/v1/incidents", lambda route: route.abort())
    page.click("[type=submit]")
    expect(page.locator("[data-state=waiting]")).to_be_visible()
    page.unroute("**/api/v1/incidents")
    page.reload()
    expect(page.locator("[data-case-no]")).to_be_visible()


def test_what_is_missing_is_marked_and_nothing_is_sent(page: Page) -> None:
    page.goto("/report")
    page.route("**/api/v1/incidents", lambda route: pytest.fail("an incomplete report was sent"))
    page.click("[type=submit]")
    expect(page.locator("#outcome .fault")).to_be_visible()
    expect(page.locator("#words")).to_have_attribute("aria-invalid", "true")
    expect(page.locator("#address")).to_be_focused()
    assert serious(page) == []


def test_the_place_can_be_chosen_with_the_keyboard_alone(page: Page) -> None:
    page.goto("/report")
    page.wait_for_function("() => document.querySelector('#map canvas')")
    page.locator("#map canvas").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    expect(page.locator("#found")).to_be_visible()


def test_candidates_of_an_address_can_be_walked_and_taken(page: Page) -> None:
    page.goto("/report")
    grid = {"code": "1", "name": "网格一"}
    found = [
        {"lon": 120.9, "lat": 30.38, "label": "堰山路 58 号", "score": 0.9, "radius_m": 10, "grid": grid},
        {"lon": 120.91, "lat": 30.39, "label": f"堰山路 {EVIL}", "score": 0.8, "radius_m": 10, "grid": None},
    ]
    answer = {"candidates": found, "reason": None}
    page.route("**/api/v1/geocode?**", lambda route: route.fulfill(json=answer))
    page.locator("#address").press_sequentially("堰山路")
    expect(page.get_by_role("option")).to_have_count(2)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    assert page.input_value("#address") == f"堰山路 {EVIL}"
    expect(page.locator("#found")).to_contain_text("<img src=x")
    assert page.evaluate("() => window.__evil") is None


def test_a_road_taken_for_a_door_number_is_a_hint_and_the_words_stay(page: Page) -> None:
    """The number is not lost, the case waits in triage, and the receipt does not promise a grid."""
    page.goto("/report")
    road = {"lon": 120.8897, "lat": 30.3935, "label": "堰山路", "level": "road", "score": 0.3, "radius_m": 2061}
    answer = {"candidates": [road], "reason": None}
    page.route("**/api/v1/geocode?**", lambda route: route.fulfill(json=answer))
    page.locator("#address").press_sequentially("堰山路58号")
    page.get_by_role("option").first.click()
    assert page.input_value("#address") == "堰山路58号"
    expect(page.locator("#found")).to_contain_text("大致位置")
    page.fill("#words", "路边有人倒垃圾")
    with page.expect_response("**/api/v1/incidents") as sent:
        page.click("[type=submit]")
    body = json.loads(sent.value.request.post_data or "{}")
    assert (body["address"], body["accuracy_m"]) == ("堰山路58号", 2061)
    assert sent.value.json()["triage_reason"]
    expect(page.locator(".receipt__place")).to_contain_text("大致位置")


def test_a_picked_point_goes_when_the_words_no_longer_say_it(page: Page) -> None:
    page.goto("/report")
    plate = {"lon": 120.8897, "lat": 30.3935, "label": "堰山路58号", "score": 0.9, "radius_m": 10}
    answer = {"candidates": [plate], "reason": None}
    page.route("**/api/v1/geocode?**", lambda route: route.fulfill(json=answer))
    page.locator("#address").press_sequentially("堰山路58")
    page.get_by_role("option").first.click()
    expect(page.locator(".place-map__pin")).to_be_visible()
    page.fill("#address", "堰山路88号")
    expect(page.locator("#found")).to_be_hidden()
    expect(page.locator(".place-map__pin")).to_have_count(0)


def test_the_position_of_the_device_is_taken_with_its_accuracy(page: Page) -> None:
    page.goto("/report")
    page.click("[data-gps]")
    expect(page.locator("#found")).to_be_visible()
    place = page.evaluate("() => JSON.parse(localStorage.getItem('onegrid.report.draft')).place")
    assert (place["crs"], place["how"]) == ("wgs84", "gps")


def test_a_file_that_is_no_photo_is_refused_before_it_is_sent(page: Page) -> None:
    page.goto("/report")
    page.wait_for_selector("#photos input", state="attached")
    page.set_input_files("#photos input", {"name": "a.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-"})
    expect(page.locator("#photo-fault")).not_to_be_empty()
    assert page.locator("#photos .photo").count() == 0
