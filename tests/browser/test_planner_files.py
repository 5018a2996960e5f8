"""Files in the planner: a bad file looked at beside the map, mended and drawn as one step; the plan out; the sheet on paper."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path
from typing import Any

import geopandas as gpd
import httpx
import pytest
import shapely
from playwright.sync_api import Page, expect

from tests.browser.acting import LoginAs, Shots, serious, settled
from tests.browser.conftest import Watch
from tests.browser.loop import Staff
from tests.browser.planning import PATIENCE_MS, Draft, open_draft, steps
from tests.plan_files import EAST_M, packed

VILLAGE = "330424105206"


@pytest.fixture(scope="module")
def planner(server_url: str) -> Staff:
    return Staff(server_url, "planner")


@pytest.fixture
def drawer(page: Page, login: LoginAs) -> Page:
    login(page, "planner")
    return page


def grids_of(draft: Draft) -> gpd.GeoDataFrame:
    """The grids of one village as QGIS would have them."""
    rows = [one for one in draft.areas().values() if one["properties"]["parent"] == VILLAGE]
    shapes = [shapely.geometry.shape(one["geometry"]) for one in rows]
    return gpd.GeoDataFrame({"code": [one["id"] for one in rows]}, geometry=shapes, crs=4490)


def spoilt(grids: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """The largest grid cut in two that keep its code, 2 m of the strip between them missing; the last code mistyped."""
    order = shapely.area(grids.geometry.to_numpy()).argsort()[::-1]
    grids = grids.iloc[order].reset_index(drop=True)
    largest = grids.geometry[0]
    west, south, east, north = largest.bounds
    middle = shapely.point_on_surface(largest).x
    left = shapely.intersection(largest, shapely.box(west, south, middle - EAST_M, north))
    right = shapely.intersection(largest, shapely.box(middle + EAST_M, south, east, north))
    rows = [{"code": grids.code[0], "geometry": left}, {"code": grids.code[0], "geometry": right}]
    rows += [{"code": code, "geometry": shape} for code, shape in zip(grids.code[1:], grids.geometry[1:], strict=True)]
    rows[-1]["code"] = f"{VILLAGE}777"
    return gpd.GeoDataFrame(rows, geometry="geometry", crs=4490)


def choose(page: Page, content: bytes, name: str) -> None:
    page.locator("[data-act=files]").click()
    page.locator("[data-act=file]").click()
    page.set_input_files(
        ".file input[type=file]", {"name": name, "mimeType": "application/octet-stream", "buffer": content}
    )


def test_a_bad_file_is_looked_at_mended_and_drawn(drawer: Page, planner: Staff, shots: Shots, watch: Watch) -> None:
    draft = Draft(planner, "照图画")
    before = draft.areas()
    content = packed(spoilt(grids_of(draft)))
    open_draft(drawer, draft)
    drawer.locator("[data-act=files]").click()
    drawer.locator("[data-act=file]").click()
    expect(drawer.locator(".file h2")).to_have_text("从文件画")
    drawer.set_input_files(
        ".file input[type=file]", {"name": "六里.gpkg", "mimeType": "application/geopackage+sqlite3", "buffer": content}
    )
    state = drawer.locator(".file [data-state]").first
    expect(state).to_have_attribute("data-state", "blocked", timeout=PATIENCE_MS)
    kinds = drawer.locator(".file [data-fault]").evaluate_all("all => all.map(one => one.dataset.fault)")
    assert {"duplicate_code", "unknown_code", "gap"} <= set(kinds)
    drawer.locator("[data-fault=gap] button").click()
    drawer.wait_for_timeout(600)
    assert drawer.evaluate("() => window.onegridPlanner.bench.view.map.getZoom()") > 13
    assert drawer.evaluate("() => window.onegridPlanner.bench.file.places.length") >= 3
    assert serious(drawer) == []
    shots(drawer, "planner-file-faults")
    assert draft.plan()["version"] == 0  # looking changes nothing
    drawer.locator(".file [data-act=needs]").click()
    expect(state).to_have_attribute("data-state", "mended", timeout=PATIENCE_MS)
    shots(drawer, "planner-file-mended")
    drawer.locator("[data-act=draw-file]").click()
    steps(drawer, 1)
    expect(drawer.locator(".file")).to_have_count(0)
    expect(drawer.locator("#history li").first).to_contain_text("照文件画")
    new = set(draft.areas()) - set(before)
    assert len(new) == 1
    shots(drawer, "planner-file-drawn")
    drawer.locator("[data-act=undo]").click()
    steps(drawer, 2)
    assert draft.areas() == before


def test_a_drawing_without_coordinate_system_is_read_as_one_suggested(
    drawer: Page, planner: Staff, shots: Shots
) -> None:
    draft = Draft(planner, "照图纸画")
    grids = grids_of(draft).to_crs(4549).set_crs(None, allow_override=True)
    open_draft(drawer, draft)
    choose(drawer, packed(grids), "六里.gpkg")
    suggestion = drawer.locator(".file [data-crs]").first
    expect(suggestion).to_have_attribute("data-crs", "EPSG:4549", timeout=PATIENCE_MS)
    shots(drawer, "planner-file-crs")
    suggestion.click()
    expect(drawer.locator(".file [data-state]").first).to_have_attribute("data-state", "same", timeout=PATIENCE_MS)
    drawer.keyboard.press("Escape")
    expect(drawer.locator(".file")).to_have_count(0)


def test_the_plan_goes_out_as_a_geopackage_and_on_one_sheet_at_a_true_scale(
    drawer: Page, planner: Staff, server_url: str, shots: Shots
) -> None:
    draft = Draft(planner, "六里村拆分 04 网格")
    leaf, a, b = draft.split_line()
    _edit(draft, {"kind": "split", "leaf": leaf, "line": [a, b], "values": {"name": "六里村第 9 网格"}})
    pair, arc = draft.border()
    points = arc["geometry"]["coordinates"]
    k = len(points) // 2
    bulge = [points[k - 2], [points[k][0] + 0.0009, points[k][1] + 0.0004], points[k + 2]]
    _edit(draft, {"kind": "reshape", "between": pair.split("-"), "line": bulge})
    content = httpx.get(f"{server_url}{draft.path}/file.gpkg", cookies=planner.cookies, timeout=60).content
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "plan.gpkg"
        path.write_bytes(content)
        assert len(gpd.read_file(path, layer="handed_over")) >= 2
    drawer.goto(f"/planner/{draft.id}/sheet")
    settled(drawer)
    assert serious(drawer) == []
    facts = drawer.evaluate(SHEET)
    assert facts["overflow"] == []
    # the bar is as long as it says, at the scale that stands beside it
    assert facts["bar_mm"] == pytest.approx(facts["bar_m"] * 1000 / facts["scale"], rel=1e-3)
    assert facts["svg_mm"] == pytest.approx([276, 243], rel=1e-3)
    assert min(facts[name] for name in ("fresh", "gone", "handed")) > 0
    expect(drawer.locator(".sheet__approval")).to_contain_text("审图号")
    expect(drawer.locator(".sheet__people")).to_contain_text("拟稿")
    shots(drawer, "planner-sheet-screen")
    drawer.emulate_media(media="print")
    pdf = drawer.pdf(prefer_css_page_size=True, print_background=True)
    sizes = re.findall(rb"/MediaBox *\[0 0 ([\d.]+) ([\d.]+)\]", pdf)
    assert len(sizes) == 1  # one sheet
    assert [float(points) / 72 * 25.4 for points in sizes[0]] == pytest.approx([420, 297], abs=0.5)


SHEET = """() => {
    const mm = (px) => px * 25.4 / 96, box = (one) => one.getBoundingClientRect(), all = (which) => [...document.querySelectorAll(which)];
    const bars = all('.s-bar').map(box), svg = box(document.querySelector('.sheet-map'));
    const said = all('.s-scale').pop().textContent.split(' ');
    const ratio = all('.s-ratio').map((one) => one.textContent).find((one) => one.includes(':'));
    const paper = box(document.querySelector('.sheet')), side = document.querySelector('.sheet__side');
    const leaves = ({ left, right, bottom }) => left < paper.left || right > paper.right + 0.5 || bottom > paper.bottom + 0.5;
    const length = (name) => all(`.sheet__map ${name}`).reduce((sum, one) => sum + one.getTotalLength(), 0);
    return {
        bar_mm: mm(bars[bars.length - 1].right - bars[0].left), bar_m: Number(said[0]) * (said[1] === '千米' ? 1000 : 1),
        scale: Number(ratio.split(':')[1].replaceAll(',', '')), svg_mm: [mm(svg.width), mm(svg.height)],
        fresh: length('.s-fresh'), gone: length('.s-gone'), handed: length('.s-handed'),
        overflow: [
            ...all('.sheet table, .sheet h2, .sheet h3, .sheet p, .sheet dl').filter((one) => leaves(box(one))).map((one) => one.className),
            ...(side.scrollHeight > side.clientHeight + 1 ? [`side ${side.scrollHeight} of ${side.clientHeight}`] : [])],
    };
}"""


def _edit(draft: Draft, operation: dict[str, Any]) -> None:
    version = draft.plan()["version"]
    draft.planner.post(f"{draft.path}/edits", json={"version": version, "operation": operation})
