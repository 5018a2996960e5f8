"""Drafts for tests of the planner: opened over HTTP, worked on by pointer and keyboard."""

from __future__ import annotations

from typing import Any

import shapely
import shapely.ops
from playwright.sync_api import Locator, Page, expect
from shapely.geometry import shape

from tests.browser.loop import Staff

PATIENCE_MS = 45_000  # software rendering on a busy machine
READY = "() => window.onegridPlanner?.draft.effects.size > 0 && window.onegridPlanner.bench.view"
PIXEL = """([lon, lat]) => { const { map } = window.onegridPlanner.bench.view, box = map.getCanvas().getBoundingClientRect(),
    at = map.project([lon, lat]); return [at.x + box.left, at.y + box.top]; }"""
Point = tuple[float, float]


class Draft:
    """A draft, as the server has it."""

    def __init__(self, planner: Staff, name: str) -> None:
        self.planner = planner
        self.id = planner.post("/api/v1/plans", json={"name": name})["id"]
        self.path = f"/api/v1/plans/{self.id}"

    def plan(self) -> dict[str, Any]:
        return self.planner.get(self.path)

    def arcs(self) -> list[dict[str, Any]]:
        return self.planner.get(f"{self.path}/borders")["features"]

    def areas(self) -> dict[str, dict[str, Any]]:
        return {area["id"]: area for area in self.planner.get(f"{self.path}/areas")["features"]}

    def border(self) -> tuple[str, dict[str, Any]]:
        """The longest border inside a village, as the address names it, and its arc."""
        inner = [arc for arc in self.arcs() if arc["properties"]["rank"] == "grid"]
        arc = max((arc for arc in inner if 12 < len(arc["geometry"]["coordinates"]) < 40), key=_length)
        return pair_of(arc), arc

    def middle(self, arc: dict[str, Any]) -> Point:
        """A vertex in the middle of an arc."""
        points = arc["geometry"]["coordinates"]
        return tuple(points[len(points) // 2])

    def split_line(self) -> tuple[str, Point, Point]:
        """A leaf and two vertices of its border that a straight line inside it joins, neither on the outline."""
        areas = self.areas()
        outline = {
            tuple(p)
            for arc in self.arcs()
            if arc["properties"]["rank"] == "town"
            for p in arc["geometry"]["coordinates"]
        }
        for code, area in areas.items():
            whole = shape(area["geometry"])
            if not area["properties"]["is_leaf"] or area["properties"]["kind"] != "base" or whole.area < 2e-4:
                continue
            points = [p for p in list(whole.geoms[0].exterior.coords)[:-1] if p not in outline]
            for a in points[::4]:
                far = [b for b in points[::4] if shapely.Point(a).distance(shapely.Point(b)) > 0.005]
                for b in far:
                    line = shapely.LineString([a, b])
                    pieces = shapely.ops.split(whole, line).geoms if whole.contains(line) else []
                    if len(pieces) == 2 and min(piece.area for piece in pieces) > 0.3 * whole.area:
                        return code, a, b
        raise AssertionError("no leaf can be divided straight")


def _length(arc: dict[str, Any]) -> float:
    return shape(arc["geometry"]).length


def pair_of(arc: dict[str, Any]) -> str:
    return "-".join(sorted((arc["properties"]["left"], arc["properties"]["right"])))


def inside(area: dict[str, Any]) -> Point:
    """A point well inside an area."""
    at = shapely.maximum_inscribed_circle(shape(area["geometry"])).coords[0]
    return at[0], at[1]


def open_draft(page: Page, draft: Draft, query: str = "") -> None:
    """Open a draft and wait until its figures are there and its map is drawn."""
    page.goto(f"/planner/{draft.id}{query}")
    page.wait_for_function(READY, timeout=PATIENCE_MS)


def pixel(page: Page, at: Point) -> tuple[float, float]:
    x, y = page.evaluate(PIXEL, list(at))
    return x, y


def click_map(page: Page, at: Point) -> None:
    page.mouse.click(*pixel(page, at))


def handle_at(page: Page, at: Point) -> Locator:
    """The handle of a vertex; the map must be near enough to show it."""
    return page.locator(f".handle[data-lon='{at[0]}'][data-lat='{at[1]}']")


def drag(page: Page, at: Point, dx: float, dy: float) -> None:
    """Drag the handle at a place by pixels."""
    expect(handle_at(page, at)).to_be_visible()
    x, y = pixel(page, at)
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + dx / 2, y + dy / 2)
    page.mouse.move(x + dx, y + dy)
    page.mouse.up()


def steps(page: Page, n: int) -> None:
    """Wait until the history shows step n as the newest."""
    expect(page.locator("#history li").first).to_have_attribute("data-seq", str(n), timeout=PATIENCE_MS)
