"""The planner: borders moved by pointer and keyboard, divided, joined, handed over; two at once; a cut line; nothing lost."""

from __future__ import annotations

import re
import time
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.acting import LoginAs, Shots, open_to_everybody, serious, settled, too_wide_px
from tests.browser.conftest import Watch
from tests.browser.loop import Staff
from tests.browser.planning import (
    Draft,
    click_map,
    drag,
    handle_at,
    inside,
    open_draft,
    pixel,
    steps,
)  # fmt: skip

SIZES = {
    "desk": {"width": 1440, "height": 900},
    "wide": {"width": 1920, "height": 1080},
    "tablet": {"width": 1024, "height": 768},
    "phone": {"width": 390, "height": 844},
}


@pytest.fixture
def planner(server_url: str) -> Staff:
    return Staff(server_url, "planner")


@pytest.fixture
def second(server_url: str) -> Staff:
    return Staff(server_url, "planner2")


@pytest.fixture
def draft(planner: Staff) -> Draft:
    return Draft(planner, "拆分与调整")


@pytest.fixture
def drawer(page: Page, login: LoginAs) -> Page:
    login(page, "planner")
    return page


def test_a_vertex_is_dragged_undone_and_stays_so_after_a_reload(drawer: Page, draft: Draft, shots: Shots) -> None:
    pair, arc = draft.border()
    at = draft.middle(arc)
    open_draft(drawer, draft, f"?sel=border:{pair}")
    drag(drawer, at, 60, 30)
    steps(drawer, 1)
    expect(drawer.locator("#saved")).to_contain_text("已保存")
    expect(drawer.locator("#effects .is-changed").first).to_be_visible()
    assert at not in {tuple(p) for one in draft.arcs() for p in one["geometry"]["coordinates"]}
    shots(drawer, "planner-dragged")
    drawer.reload()
    steps(drawer, 1)
    drawer.keyboard.press("Control+z")
    steps(drawer, 2)
    expect(drawer.locator("#history li").first).to_contain_text("撤销第 1 步")
    assert at in {tuple(p) for one in draft.arcs() for p in one["geometry"]["coordinates"]}
    drawer.keyboard.press("Control+Shift+z")
    steps(drawer, 3)
    assert at not in {tuple(p) for one in draft.arcs() for p in one["geometry"]["coordinates"]}


def test_a_grid_is_divided_and_two_are_joined(drawer: Page, draft: Draft, shots: Shots) -> None:
    leaf, a, b = draft.split_line()
    before = len(draft.areas())
    open_draft(drawer, draft, f"?sel=area:{leaf}")
    drawer.keyboard.press("x")
    click_map(drawer, a)
    drawer.mouse.move(*pixel(drawer, b))
    expect(drawer.locator("#callout")).to_contain_text("单击完成")
    shots(drawer, "planner-splitting")
    click_map(drawer, b)
    steps(drawer, 1)
    areas = draft.areas()
    (made,) = [code for code, area in areas.items() if area["properties"]["is_new"]]
    assert len(areas) == before + 1
    expect(drawer.locator(f"#effects tr[data-code='{made}'] .tag")).to_have_text("新")
    expect(drawer.locator("#checks [data-check=nobody][data-level=red]")).to_be_visible()
    expect(drawer.locator("[data-act=submit]")).to_be_disabled()
    shots(drawer, "planner-divided")
    drawer.keyboard.press("g")
    click_map(drawer, inside(areas[leaf]))
    click_map(drawer, inside(areas[made]))
    drawer.locator("#hint [data-act=merge]").click()
    steps(drawer, 2)
    assert len(draft.areas()) == before


def test_a_piece_is_handed_over(drawer: Page, draft: Draft, shots: Shots) -> None:
    pair, arc = draft.border()
    giver, taker = pair.split("-")
    open_draft(drawer, draft, f"?sel=border:{pair}")
    x, y = pixel(drawer, draft.middle(arc))
    before = draft.areas()[taker]["geometry"]
    drawer.keyboard.press("h")
    for dx, dy in ((-70, -70), (70, -70), (70, 70), (-70, 70)):
        drawer.mouse.click(x + dx, y + dy)
    drawer.keyboard.press("Enter")
    box = drawer.locator("#message [data-ring]")
    expect(box).to_be_visible()
    box.locator("select").select_option(taker)
    shots(drawer, "planner-ring")
    box.locator("[data-act=hand-over]").click()
    steps(drawer, 1)
    expect(drawer.locator("#history li").first).to_contain_text("划给")
    areas = draft.areas()
    assert giver in areas
    assert areas[taker]["geometry"] != before


def test_a_border_gets_a_new_course_a_ring_becomes_a_grid_and_a_piece_is_painted(
    drawer: Page, draft: Draft, shots: Shots
) -> None:
    pair, arc = draft.border()
    points = arc["geometry"]["coordinates"]
    taker = pair.split("-")[1]
    open_draft(drawer, draft, f"?sel=border:{pair}")
    x, y = pixel(drawer, draft.middle(arc))

    drawer.keyboard.press("m")
    for dx, dy in ((-60, -60), (60, -60), (60, 60)):
        drawer.mouse.click(x + dx, y + dy)
    expect(drawer.locator("#callout")).to_contain_text("公顷")
    drawer.keyboard.press("Escape")

    drawer.keyboard.press("t")
    click_map(drawer, inside(draft.areas()[taker]))
    drawer.mouse.move(x - 30, y - 30)
    drawer.mouse.down()
    for dx, dy in ((30, -30), (30, 30), (-30, 30), (-30, -30)):
        drawer.mouse.move(x + dx, y + dy, steps=6)
    drawer.mouse.up()
    steps(drawer, 1)
    expect(drawer.locator("#history li").first).to_contain_text("划给")
    drawer.keyboard.press("Control+z")
    steps(drawer, 2)
    drawer.locator("#hint [data-act=units]").click()
    expect(drawer.locator("#hint b")).to_contain_text("0 块")
    drawer.mouse.click(x - 12, y)
    drawer.mouse.click(x + 12, y)  # one of the two is the taker's own already
    expect(drawer.locator("#hint b")).to_contain_text("1 块")
    shots(drawer, "planner-blocks")
    drawer.keyboard.press("Enter")
    steps(drawer, 3)
    drawer.keyboard.press("Control+z")
    steps(drawer, 4)

    drawer.keyboard.press("b")
    click_map(drawer, tuple(points[len(points) // 2 - 3]))
    drawer.mouse.click(x + 45, y - 25)
    click_map(drawer, tuple(points[len(points) // 2 + 3]))
    steps(drawer, 5)
    expect(drawer.locator("#history li").first).to_contain_text("推边界")
    shots(drawer, "planner-pushed")

    drawer.keyboard.press("h")
    for dx, dy in ((-150, -40), (-90, -40), (-90, 20), (-150, 20)):
        drawer.mouse.click(x + dx, y + dy)
    drawer.keyboard.press("Enter")
    box = drawer.locator("#message [data-ring]")
    expect(box).to_have_attribute("aria-label", re.compile(r"\d"))
    box.locator("input").fill("村口专属网格")
    box.locator("[data-act=cut-out]").click()
    steps(drawer, 6)
    (made,) = [area for area in draft.areas().values() if area["properties"]["is_new"]]
    assert made["properties"]["name"] == "村口专属网格"
    shots(drawer, "planner-cut-out")


def base_grids(draft: Draft, village: str) -> list[dict[str, Any]]:
    """The grids of a village that proposals draw anew."""
    told = [area["properties"] for area in draft.areas().values()]
    return [one for one in told if one["parent"] == village and one["is_leaf"] and one["kind"] == "base"]


def test_proposals_stand_beside_today_and_one_is_taken(drawer: Page, draft: Draft, watch: Watch, shots: Shots) -> None:
    watch.expect("422")
    village = min(one["properties"]["parent"] for one in draft.areas().values() if one["properties"]["level"] == "grid")
    before = base_grids(draft, village)
    open_draft(drawer, draft, f"?proposals={village}")
    panel = drawer.locator("#proposals")
    expect(panel.locator("[name=count]")).to_have_attribute("placeholder", str(len(before)))
    panel.locator("[name=least]").fill("90000")
    panel.locator("[data-act=ask]").click()
    expect(panel.locator(".proposals__fault")).to_contain_text("没有方案")
    panel.locator("[name=least]").fill("1")
    panel.locator("[name=most]").fill("90000")
    panel.locator("[name=count]").fill(str(len(before) + 1))
    panel.locator("[data-act=ask]").click()
    cards = panel.locator(".proposal")
    expect(cards.first).to_contain_text("今日")
    expect(panel.locator("[data-proposal=draft]")).to_contain_text(f"{len(before)} 格")
    expect(panel.locator("[data-proposal=asked]")).to_have_attribute("aria-pressed", "true")
    shots(drawer, "planner-proposals")
    panel.locator("[data-act=beside]").click()
    expect(drawer.locator("#dialog .beside__one")).to_have_count(cards.count())
    shots(drawer, "planner-beside")
    drawer.keyboard.press("Escape")
    cards.last.click()
    panel.locator("[data-act=take]").click()
    steps(drawer, 1)
    after = base_grids(draft, village)
    assert len(after) == len(before) + 1
    assert all(one["name"] for one in after)
    drawer.keyboard.press("Control+z")
    steps(drawer, 2)
    panel.locator("[name=area]").select_option("town")
    panel.locator("[name=least]").fill("")
    panel.locator("[name=most]").fill("")
    panel.locator("[data-act=ask]").click()
    expect(panel.locator("[data-act=cancel]")).to_be_visible()
    expect(panel.locator("progress")).to_have_attribute("value", re.compile(r"[1-9]"))
    panel.locator("[data-act=cancel]").click()
    expect(panel.locator("progress")).to_have_count(0)
    expect(panel.locator("[data-act=ask]")).to_be_enabled()


def test_a_border_is_moved_by_keyboard_alone(drawer: Page, draft: Draft) -> None:
    pair, _ = draft.border()
    leaf = pair.split("-")[0]
    open_draft(drawer, draft, "?scope=all")
    drawer.locator(f"#effects tr[data-code='{leaf}'] button").focus()
    drawer.keyboard.press("Enter")
    expect(drawer).to_have_url(re.compile(f"sel=area:{leaf}"))
    drawer.locator(f"#selection [data-border='{pair}']").focus()
    drawer.keyboard.press("Enter")
    expect(drawer.locator(".handle--vertex").first).to_be_visible()
    drawer.locator("#map canvas").focus()
    for _ in range(6):
        drawer.keyboard.press("Tab")
        if drawer.evaluate("() => document.activeElement.classList.contains('handle')"):
            break
    focused = drawer.locator(".handle:focus")
    expect(focused).to_have_count(1)
    while focused.get_attribute("data-handle") != "vertex":
        drawer.keyboard.press("Tab")
    for _ in range(3):
        drawer.keyboard.press("ArrowRight")
    drawer.keyboard.press("Enter")
    steps(drawer, 1)
    expect(focused).to_have_count(1)
    drawer.keyboard.press("Shift+ArrowUp")
    steps(drawer, 2)
    # pressed on while the answer to the last move is on its way
    drawer.route("**/edits", lambda route: (time.sleep(0.5), route.continue_()))
    drawer.keyboard.press("ArrowUp")
    drawer.keyboard.press("Enter")
    drawer.wait_for_timeout(200)
    drawer.keyboard.press("ArrowUp")
    steps(drawer, 4)
    drawer.keyboard.press("Delete")
    steps(drawer, 5)
    assert [step["kind"] for step in draft.plan()["steps"]] == ["reshape", *["move_vertex"] * 4]


def test_a_dot_between_two_points_becomes_a_point(drawer: Page, draft: Draft) -> None:
    pair, _ = draft.border()
    open_draft(drawer, draft, f"?sel=border:{pair}")
    dot = drawer.locator(".handle--middle").first
    box = dot.bounding_box()
    assert box
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    assert drawer.evaluate("([x, y]) => document.elementFromPoint(x, y).dataset.handle", [x, y]) == "middle"
    drawer.mouse.move(x, y)
    drawer.mouse.down()
    drawer.mouse.move(x + 15, y + 15, steps=3)
    drawer.mouse.up()
    steps(drawer, 1)
    assert draft.plan()["steps"][0]["kind"] == "reshape"


def test_of_two_planners_the_second_sees_both_lines_and_redoes(
    drawer: Page, draft: Draft, second: Staff, watch: Watch, shots: Shots
) -> None:
    watch.expect("409")
    pair, arc = draft.border()
    at = draft.middle(arc)
    open_draft(drawer, draft, f"?sel=border:{pair}")

    done: list[int] = []

    def first_the_other(route: Route) -> None:
        if not done:
            to = [at[0] + 3e-4, at[1] + 2e-4]
            body = {"version": 0, "operation": {"kind": "move_vertex", "at": list(at), "to": to}}
            done.append(second.post(f"{draft.path}/edits", json=body)["version"])
        route.continue_()

    drawer.route("**/edits", first_the_other)
    drag(drawer, at, -50, 40)
    box = drawer.locator("[data-refused='plan.conflict']")
    expect(box).to_contain_text("沈国强")
    box.locator("[data-act=see]").click()
    shots(drawer, "planner-conflict")
    drawer.reload()
    expect(box).to_be_visible(timeout=45_000)
    box.locator("[data-act=redo]").click()
    steps(drawer, 2)
    expect(box).to_have_count(0)
    expect(drawer.locator("#head")).to_contain_text("沈国强")


def test_what_another_planner_does_appears(drawer: Page, draft: Draft, second: Staff) -> None:
    pair, arc = draft.border()
    at = draft.middle(arc)
    open_draft(drawer, draft, f"?sel=border:{pair}")
    expect(drawer.locator("#live")).to_have_attribute("data-state", "live")
    body = {"version": 0, "operation": {"kind": "move_vertex", "at": list(at), "to": [at[0] + 2e-4, at[1]]}}
    second.post(f"{draft.path}/edits", json=body)
    steps(drawer, 1)
    expect(drawer.locator("#toasts")).to_contain_text("沈国强")
    expect(handle_at(drawer, at)).to_have_count(0)


def test_an_edit_waits_out_a_cut_line_and_a_reload_and_is_done_once(
    drawer: Page, draft: Draft, watch: Watch, shots: Shots
) -> None:
    watch.expect("ERR_FAILED")
    pair, arc = draft.border()
    open_draft(drawer, draft, f"?sel=border:{pair}")

    lost: list[int] = []
    mended: list[bool] = []

    def lose(route: Route) -> None:
        if mended:
            return route.continue_()
        if not lost:  # the first time the server has it, and only its answer is lost
            lost.append(route.fetch().status)
        return route.abort()

    drawer.route("**/edits", lose)
    drag(drawer, draft.middle(arc), 50, -30)
    waiting = drawer.locator("[data-waiting='1']")
    expect(waiting).to_be_visible()
    shots(drawer, "planner-waiting")
    drawer.reload()
    expect(waiting).to_be_visible(timeout=45_000)
    mended.append(True)
    waiting.locator("button").evaluate_all("all => all.forEach(one => one.click())")  # it may have gone by itself
    expect(waiting).to_have_count(0)
    steps(drawer, 1)
    assert draft.plan()["version"] == 1


def test_a_refused_line_says_why_and_what_to_do(drawer: Page, draft: Draft, watch: Watch, shots: Shots) -> None:
    watch.expect("422")
    leaf, _, _ = draft.split_line()
    open_draft(drawer, draft, f"?sel=area:{leaf}")
    x, y = pixel(drawer, inside(draft.areas()[leaf]))
    drawer.keyboard.press("x")
    drawer.mouse.click(x, y)
    drawer.mouse.click(x + 30, y)
    drawer.locator("#map canvas").focus()
    drawer.keyboard.press("Enter")
    box = drawer.locator("[data-refused^='partition.']")
    expect(box).to_contain_text("从边界画到对面的边界")
    shots(drawer, "planner-refused")
    drawer.keyboard.press("Escape")
    drawer.keyboard.press("Escape")
    expect(box).to_have_count(0)
    assert draft.plan()["version"] == 0


def test_a_draft_is_opened_from_the_list(drawer: Page) -> None:
    drawer.goto("/planner")
    settled(drawer)
    drawer.locator("#new [name=name]").fill("从列表开的草案")
    drawer.locator("#new button").click()
    expect(drawer.locator("#head h1")).to_have_text("从列表开的草案")
    drawer.locator("#head h1 + p a").click()
    expect(drawer.locator("#plans")).to_contain_text("从列表开的草案")


def test_a_draft_is_submitted_returned_and_approved_by_another(
    drawer: Page, login: LoginAs, draft: Draft, shots: Shots
) -> None:
    _, arc = draft.border()
    at = draft.middle(arc)
    body = {"version": 0, "operation": {"kind": "move_vertex", "at": list(at), "to": [at[0] + 2e-5, at[1]]}}
    draft.planner.post(f"{draft.path}/edits", json=body)
    open_draft(drawer, draft)
    drawer.locator("[data-act=submit]").click()
    expect(drawer.locator(".steps [aria-current=step]")).to_contain_text("待审")
    expect(drawer.locator("[data-act=approve]")).to_have_count(0)

    login(drawer, "planner2")
    open_draft(drawer, draft)
    drawer.locator("[data-act=return]").click()
    drawer.locator("#dialog [name=reason]").fill("六里那段再看看")
    shots(drawer, "planner-return")
    drawer.locator("#dialog [type=submit]").click()
    expect(drawer.locator("#review")).to_contain_text("六里那段再看看")
    draft.planner.post(f"{draft.path}/submit", json={})
    open_draft(drawer, draft)
    drawer.locator("[data-act=approve]").click()
    drawer.locator("[data-act=publish]").click()
    expect(drawer.locator("#dialog [name=count]")).to_be_visible()
    shots(drawer, "planner-publish")


def test_the_back_key_takes_back_a_selection(drawer: Page, draft: Draft) -> None:
    pair, _ = draft.border()
    open_draft(drawer, draft, "?scope=all")
    drawer.locator(f"#effects tr[data-code='{pair.split('-')[0]}'] button").click()
    expect(drawer.locator("#selection")).to_be_visible()
    drawer.go_back()
    expect(drawer.locator("#selection")).to_be_hidden()
    drawer.locator("[data-view=today]").click()
    expect(drawer).to_have_url(re.compile("view=today"))


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_page_fits_and_is_accessible(drawer: Page, draft: Draft, shots: Shots, lang: str) -> None:
    pair, arc = draft.border()
    at = draft.middle(arc)
    body = {"version": 0, "operation": {"kind": "move_vertex", "at": list(at), "to": [at[0] + 8e-4, at[1]]}}
    draft.planner.post(f"{draft.path}/edits", json=body)
    open_draft(drawer, draft, f"?sel=border:{pair}&lang={lang}")
    settled(drawer)
    handles = drawer.locator(".handle")
    for handle in handles.all():
        assert handle.get_attribute("aria-label")
    layer = drawer.locator("#handles")
    show = "(element, how) => { element.style.visibility = how }"
    for size, viewport in SIZES.items():
        drawer.set_viewport_size(viewport)  # type: ignore[arg-type]
        settled(drawer)
        assert (size, too_wide_px(drawer)) == (size, 0)
        expect(handles).to_have_count(0) if size == "phone" else expect(handles.first).to_be_visible()
        # points of a border lie where they lie, closer than targets may be (WCAG 2.5.8: essential); keys reach each of them
        layer.evaluate(show, "hidden")
        assert (size, serious(drawer)) == (size, [])
        layer.evaluate(show, "")
        shots(drawer, f"planner-{size}-{lang}")
    drawer.goto(f"/planner?lang={lang}")
    open_to_everybody(drawer, SIZES, lambda size: shots(drawer, f"planner-list-{size}-{lang}"))


def test_all_grids_of_the_town_are_listed(drawer: Page, draft: Draft, shots: Shots) -> None:
    open_draft(drawer, draft, "?scope=all")
    leaves = [area for area in draft.areas().values() if area["properties"]["is_leaf"]]
    expect(drawer.locator("#effects tbody tr")).to_have_count(len(leaves))
    shots(drawer, "planner-all")
