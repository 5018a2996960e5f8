"""The map of a plan's A3 sheet as SVG in millimetres, at a true scale, safe in black and white.

New borders are double lines, today's that go are dots, what changes hands is hatched: colour only repeats it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from markupsafe import Markup, escape

from layers.planning.files.sheet import Area, SheetMap
from webmap import i18n

WIDTH_MM, HEIGHT_MM = 276.0, 243.0
# What has room beside the map.
MOST_LINES, MOST_STEPS, ROOMY_LINES = 39, 10, 24
_INSET_MM = 9.0
_INNER = shapely.box(2, 4, WIDTH_MM - 2, HEIGHT_MM - 2)
_SCALES = (
    500, 1_000, 2_000, 2_500, 4_000, 5_000, 7_500, 10_000, 12_500, 15_000, 20_000, 25_000, 30_000, 40_000, 50_000, 60_000, 75_000, 100_000,
)  # fmt: skip
_STEPS_M = (100, 200, 250, 500, 1_000, 2_000, 5_000, 10_000, 20_000)
_GRID_MM, _BAR_MM = 45.0, 60.0
_MAIN_ROADS = frozenset({"motorway", "trunk", "primary", "secondary", "tertiary"})
# millimetres
_BORDER = {"grid": 0.3, "village": 0.6, "town": 1.0}
_LETTER_WIDE, _LETTER_NARROW, _LINE = 1.0, 0.56, 1.22


@dataclass(frozen=True)
class View:
    """Where metres of the town's system lie on the sheet: ``west``, ``north`` is the upper left corner, 1 : ``scale``."""

    west: float
    north: float
    scale: int

    @classmethod
    def of(cls, extent: tuple[float, float, float, float]) -> View:
        """Return the largest usual scale at which an extent fits into the frame, in its middle."""
        west, south, east, north = extent
        room = WIDTH_MM - 2 * _INSET_MM, HEIGHT_MM - 2 * _INSET_MM
        needed = max((east - west) / room[0], (north - south) / room[1]) * 1000
        scale = next((one for one in _SCALES if one >= needed), int(np.ceil(needed / 100_000)) * 100_000)
        middle = (west + east) / 2, (south + north) / 2
        return cls(middle[0] - WIDTH_MM * scale / 2000, middle[1] + HEIGHT_MM * scale / 2000, scale)

    def mm(self, xy: np.ndarray) -> np.ndarray:
        """Return millimetres from the upper left corner, (n, 2)."""
        return np.column_stack([xy[:, 0] - self.west, self.north - xy[:, 1]]) * 1000 / self.scale

    @property
    def frame(self) -> shapely.Polygon:
        """What the sheet shows, in metres."""
        east, south = self.west + WIDTH_MM * self.scale / 1000, self.north - HEIGHT_MM * self.scale / 1000
        return shapely.box(self.west, south, east, self.north)

    def path(self, shape: shapely.Geometry) -> str:
        """Return a shape as SVG path data, cut at the frame."""
        cut = shapely.intersection(shape, self.frame)
        parts = shapely.get_parts(shapely.get_parts(cut)) if not cut.is_empty else []
        out = []
        for part in parts:
            for ring in shapely.get_rings(part) if part.geom_type == "Polygon" else [part]:
                if ring.geom_type in ("LineString", "LinearRing"):
                    out.append(_points(self.mm(shapely.get_coordinates(ring)), part.geom_type == "Polygon"))
        return "".join(out)


def _points(mm: np.ndarray, closed: bool) -> str:
    rounded = np.round(mm, 2)
    keep = np.concatenate([[True], np.any(rounded[1:] != rounded[:-1], axis=1)])
    points = rounded[keep]
    if len(points) < 2:
        return ""
    return "M" + "L".join(f"{x:g} {y:g}" for x, y in points.tolist()) + ("Z" if closed else "")


def page_data(told: dict[str, Any], lang: str) -> dict[str, Any]:
    """Return what the page of a sheet (`layers.planning.files.sheet`) needs: the drawn map, the rows that fit, words as they are."""
    words = {name: i18n.text(lang, f"planner.sheet_{name}") for name in ("metres", "kilometres", "north")}
    words |= {"households": i18n.text(lang, "planner.sheet_hh"), "title": i18n.text(lang, "planner.sheet_map")}
    svg, scale = draw(told["map"], words, lang == "en")
    steps = told["succession"]
    rows, left_out = table_rows(told["grids"], MOST_LINES - min(len(steps), MOST_STEPS))
    return {
        "plan": told["plan"], "map": svg, "scale": f"{scale:,}", "crs": told["map"].crs, "rows": rows, "left_out": left_out,
        "succession": steps[:MOST_STEPS], "succession_left": max(0, len(steps) - MOST_STEPS), "approval": told["approval"],
        "printed_at": told["printed_at"], "is_roomy": len(rows) + len(steps) <= ROOMY_LINES,
    }  # fmt: skip


def draw(told: SheetMap, words: dict[str, str], english: bool) -> tuple[Markup, int]:
    """Return the map as an SVG element, and N of its scale 1 : N.

    Parameters
    ----------
    words : ``title`` (for who cannot see it; holds ``{scale}``), ``households``, ``metres``, ``kilometres``, ``north``.
    english : names in English where there are some.
    """
    view = View.of(told.extent)
    names = _Names(english)
    body = [
        f"<title>{escape(words['title'].format(scale=view.scale))}</title>",
        _patterns(),
        _ground(told, view),
        _areas(told, view),
        _borders(told, view),
        _kilometres(view),
        names.draw(told, view, words["households"]),
        _scale_bar(view, words),
        _north(told.north_deg, words["north"]),
        _town(told, view),
        f'<rect class="s-frame" x="0.25" y="0.25" width="{WIDTH_MM - 0.5:g}" height="{HEIGHT_MM - 0.5:g}"/>',
    ]
    head = f'<svg class="sheet-map" role="img" width="{WIDTH_MM:g}mm" height="{HEIGHT_MM:g}mm" viewBox="0 0 {WIDTH_MM:g} {HEIGHT_MM:g}">'
    return Markup(head + "".join(body) + "</svg>"), view.scale


def _patterns() -> str:
    return (
        '<defs><pattern id="s-hatch" width="1.8" height="1.8" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
        '<line class="s-hatch" x1="0" y1="0" x2="0" y2="1.8"/></pattern></defs>'
    )


def _paths(name: str, found: Iterable[str]) -> str:
    data = "".join(found)
    return f'<path class="{name}" d="{data}"/>' if data else ""


def _ground(told: SheetMap, view: View) -> str:
    """Land of the town, water, roads: faint."""
    pools = [shape for _, _, shape in told.water if shape.area]
    streams = [shape for _, _, shape in told.water if not shape.area]
    main = [line for kind, line in told.roads if kind in _MAIN_ROADS]
    others = [line for kind, line in told.roads if kind not in _MAIN_ROADS]
    return "".join(
        [
            f'<rect class="s-outside" width="{WIDTH_MM:g}" height="{HEIGHT_MM:g}"/>',
            _paths("s-land", [view.path(told.town)]),
            _paths("s-pool", map(view.path, pools)),
            _paths("s-stream", map(view.path, streams)),
            _paths("s-lane", map(view.path, others)),
            _paths("s-road", map(view.path, main)),
        ]
    )


def _areas(told: SheetMap, view: View) -> str:
    leaves = [area for area in told.areas if area.is_leaf]
    far = [view.path(area.shape) for area in leaves if not area.is_about]
    new = [view.path(area.shape) for area in leaves if area.is_new]
    handed = [view.path(shape) for shape in told.handed]
    return _paths("s-far", far) + _paths("s-new", new) + _paths("s-handed", handed)


def _borders(told: SheetMap, view: View) -> str:
    out = []
    for rank in ("grid", "village", "town"):
        same = [view.path(border.line) for border in told.borders if border.rank == rank and not border.is_new]
        out.append(_paths(f"s-border s-border--{rank}", same))
    out.append(_paths("s-gone", map(view.path, told.gone)))
    fresh = [view.path(border.line) for border in told.borders if border.is_new]
    return "".join([*out, _paths("s-fresh", fresh), _paths("s-fresh s-fresh--core", fresh)])


def _kilometres(view: View) -> str:
    """Crosses and figures of the metric grid."""
    step = next((one for one in _STEPS_M if one * 1000 / view.scale >= _GRID_MM), _STEPS_M[-1])
    west, south, east, north = view.frame.bounds
    xs = np.arange(np.ceil(west / step), np.floor(east / step) + 1) * step
    ys = np.arange(np.ceil(south / step), np.floor(north / step) + 1) * step
    out = []
    for x in xs.tolist():
        for y in ys.tolist():
            mx, my = view.mm(np.array([[x, y]]))[0].round(2).tolist()
            if 3 < mx < WIDTH_MM - 3 and 3 < my < HEIGHT_MM - 3:
                out.append(f"M{mx - 1.5:g} {my:g}h3M{mx:g} {my - 1.5:g}v3")
    figures = []
    for x in xs.tolist():
        mx = float(view.mm(np.array([[x, north]]))[0][0])
        if 14 < mx < WIDTH_MM - 14:
            figures.append(f'<text class="s-km" x="{mx:.2f}" y="3.4" text-anchor="middle">{x / 1000:g}</text>')
            out.append(f"M{mx:.2f} 0v1.2M{mx:.2f} {HEIGHT_MM - 1.2:g}v1.2")
    for y in ys.tolist():
        my = float(view.mm(np.array([[west, y]]))[0][1])
        if 14 < my < HEIGHT_MM - 22:
            figures.append(f'<text class="s-km" x="1.8" y="{my + 0.7:.2f}">{y / 1000:g}</text>')
            out.append(f"M0 {my:.2f}h1.2M{WIDTH_MM - 1.2:g} {my:.2f}h1.2")
    return f'<path class="s-cross" d="{"".join(out)}"/>' + "".join(figures)


class _Names:
    """Names on the map: the larger the place the sooner; each where it hides no other."""

    def __init__(self, english: bool) -> None:
        self.english = english
        self.taken: list[shapely.Polygon] = []

    def name(self, area: Area) -> str:
        return (area.name_en if self.english else None) or area.name

    def draw(self, told: SheetMap, view: View, households: str) -> str:
        corners = [
            (0, HEIGHT_MM - 24, 100, HEIGHT_MM),
            (WIDTH_MM - 24, 0, WIDTH_MM, 28),
            (WIDTH_MM - 46, HEIGHT_MM - 42, WIDTH_MM, HEIGHT_MM),
        ]
        self.taken = [shapely.box(*corner) for corner in corners]
        leaves = sorted(
            (area for area in told.areas if area.is_leaf), key=lambda one: (not one.is_changed, -one.room_m)
        )
        villages = [area for area in told.areas if area.level == "village"]
        above = sorted((self.name(area) for area in villages), key=len, reverse=True)
        about = [self._leaf(area, above, view, households) for area in leaves if area.is_about]
        far = [self._far(area, view) for area in villages if not _holds(told, area)]
        pools = sorted((one for one in told.water if one[0] and one[2].area), key=lambda one: -one[2].area)
        water = [self._water(name, english, shape, view) for name, english, shape in pools[:6]]
        return "".join([*about, *far, *water])

    def _leaf(self, area: Area, villages: Sequence[str], view: View, unit: str) -> str:
        """A grid's name and households; where there is little room, the name in two lines, or alone, or not at all."""
        today, draft = area.figures["households"][0], area.figures["households"][1] or 0
        by = "" if today is None or today == draft else f" {'+' if draft > today else '−'}{abs(draft - today):g}"
        room_mm = area.room_m * 1000 / view.scale
        size = float(np.clip(room_mm * 0.42, 2.0, 4.2))
        name = self.name(area)
        above = next((one for one in villages if name.startswith(one) and len(name) > len(one)), "")
        short = [part for part in (above, name[len(above) :].strip()) if part]
        count = (f"{draft:g} {unit}", "s-count", size * 0.86)
        whole, parted = [(name, "s-name", size)], [(part, "s-name", size) for part in short]
        first = parted if _width(name, size) > 3.2 * room_mm else whole
        small = [(part, "s-name", 2.0) for part in short]
        for lines, more in (([*first, count], by), ([*parted, count], by), (first, ""), (small, "")):
            placed = self._place(view.mm(np.array([[area.spot.x, area.spot.y]]))[0], lines, len(more))
            if placed is not None:
                return _text(placed, lines, more)
        return ""

    def _far(self, area: Area, view: View) -> str:
        """The name of a village of which no grid is named."""
        return self._wide(area.shape, self.name(area), "s-village", 5.0, (2.6, 4.6), view)

    def _water(self, name: str | None, english: str | None, shape: shapely.Geometry, view: View) -> str:
        words = (english if self.english else None) or name or ""
        return self._wide(shape, words, "s-water", 4.0, (2.6, 3.4), view)

    def _wide(
        self, shape: shapely.Geometry, words: str, kind: str, least_mm: float, sizes: tuple[float, float], view: View
    ) -> str:
        """Write one line in the widest spot of what is seen of a shape, where it has so much room around."""
        seen = shapely.get_parts(shapely.intersection(shape, view.frame))
        part = max(seen, key=shapely.area, default=None)
        if part is None or not part.area:
            return ""
        circle = shapely.maximum_inscribed_circle(part, tolerance=view.scale / 1000)
        room_mm = circle.length * 1000 / view.scale
        lines = [(words, kind, float(np.clip(room_mm * 0.4, *sizes)))]
        spot = view.mm(shapely.get_coordinates(circle)[:1])[0]
        placed = self._place(spot, lines, 0) if room_mm > least_mm else None
        return "" if placed is None else _text(placed, lines, "")

    def _place(
        self, spot: np.ndarray, lines: Sequence[tuple[str, str, float]], more: int
    ) -> tuple[float, float] | None:
        """Return the middle of the block of lines near a spot, where it lies in the frame and hides nothing; None for nowhere."""
        wide = max(_width(text, size) + (more * size * 0.5 if n else 0) for n, (text, _, size) in enumerate(lines))
        high = sum(size * _LINE for *_, size in lines)
        for dx, dy in ((0, 0), (0, -0.7), (0, 0.7), (-0.3, 0), (0.3, 0), (0, -1.3), (0, 1.3)):
            x, y = spot[0] + dx * wide, spot[1] + dy * high
            box = shapely.box(x - wide / 2, y - high / 2, x + wide / 2, y + high / 2)
            inside = _INNER.contains(box)
            if inside and not any(box.intersects(other) for other in self.taken):
                self.taken.append(box)
                return float(x), float(y - high / 2)
        return None


def _holds(told: SheetMap, village: Area) -> bool:
    """Whether grids of a village are named themselves."""
    return any(area.is_about and area.is_leaf and village.shape.contains(area.spot) for area in told.areas)


def _width(text: str, size: float) -> float:
    return sum(size * (_LETTER_WIDE if ord(letter) > 0x2E7F else _LETTER_NARROW) for letter in text)


def _text(at: tuple[float, float], lines: Sequence[tuple[str, str, float]], by: str) -> str:
    x, y = at
    out = []
    for n, (words, name, size) in enumerate(lines):
        y += size * _LINE
        more = f'<tspan class="s-by">{escape(by)}</tspan>' if by and n == len(lines) - 1 else ""
        out.append(
            f'<text class="{name}" x="{x:.2f}" y="{y - size * 0.25:.2f}" font-size="{size:.2f}">{escape(words)}{more}</text>'
        )
    return "".join(out)


def _scale_bar(view: View, words: dict[str, str]) -> str:
    """Four lengths of a round number of metres, and the scale in figures."""
    step = next((one for one in reversed(_STEPS_M) if 4 * one * 1000 / view.scale <= _BAR_MM * 1.35), _STEPS_M[0])
    one_mm = step * 1000 / view.scale
    left, top = 9.0, HEIGHT_MM - 9.0
    at = [f"{left + n * one_mm:.3f}" for n in range(5)]
    kinds = ("s-bar s-bar--full", "s-bar") * 2
    boxes = [
        f'<rect class="{kind}" x="{x}" y="{top:g}" width="{one_mm:.3f}" height="1.6"/>'
        for kind, x in zip(kinds, at, strict=False)
    ]
    unit, divisor = (words["kilometres"], 1000) if step >= 1000 else (words["metres"], 1)
    said = [f"{n * step / divisor:g}" for n in range(4)] + [f"{4 * step / divisor:g} {escape(unit)}"]
    figures = [
        f'<text class="s-scale" x="{at[n]}" y="{top - 1.2:g}" text-anchor="middle">{said[n]}</text>'
        for n in (0, 1, 2, 4)
    ]
    back = f'<rect class="s-plate" x="4" y="{top - 12:g}" width="{4 * one_mm + 18:.2f}" height="17.5"/>'
    title = f'<text class="s-ratio" x="{left:g}" y="{top - 6:g}">1 : {view.scale:,}</text>'
    return "".join([back, *boxes, *figures, title])


def _north(degrees: float, word: str) -> str:
    x, y = WIDTH_MM - 13.0, 17.0
    return (
        f'<g transform="translate({x:g} {y:g}) rotate({degrees:.2f})"><path class="s-north s-north--full" d="M0 -9L4 6L0 3Z"/>'
        f'<path class="s-north" d="M0 -9L-4 6L0 3Z"/><text class="s-ratio" y="-10.2" text-anchor="middle">{escape(word)}</text></g>'
    )


def _town(told: SheetMap, view: View) -> str:
    """Where in the town the sheet lies; nothing where it shows all of it."""
    west, south, east, north = told.town.bounds
    if view.frame.contains(shapely.box(west, south, east, north)):
        return ""
    room_mm, margin_mm = (38.0, 32.0), 2.5
    scale = max((east - west) / (room_mm[0] - 2 * margin_mm), (north - south) / (room_mm[1] - 2 * margin_mm))
    left, top = WIDTH_MM - room_mm[0] - 4, HEIGHT_MM - room_mm[1] - 4

    def mm(shape: shapely.Geometry) -> shapely.Geometry:
        dx = left + room_mm[0] / 2 - (west + east) / 2 / scale
        dy = top + room_mm[1] / 2 + (south + north) / 2 / scale
        return shapely.transform(shape, lambda xy: np.column_stack([xy[:, 0] / scale + dx, dy - xy[:, 1] / scale]))

    rings = shapely.get_rings(shapely.get_parts(mm(shapely.simplify(told.town, scale / 5))))
    town = "".join(_points(shapely.get_coordinates(ring), True) for ring in rings)
    box = shapely.box(left, top, left + room_mm[0], top + room_mm[1])
    seen = _points(shapely.get_coordinates(shapely.intersection(mm(view.frame), box).exterior), True)
    return (
        f'<rect class="s-plate s-plate--edge" x="{left:g}" y="{top:g}" width="{room_mm[0]:g}" height="{room_mm[1]:g}"/>'
        f'<path class="s-town" d="{town}"/><path class="s-seen" d="{seen}"/>'
    )


def table_rows(groups: Sequence[dict[str, Any]], most: int) -> tuple[list[dict[str, Any]], int]:
    """Return the rows of the table that fit, changed grids before others, in their order, and how many are left out.

    A row has ``area`` and ``is_head`` (a village above its grids).
    """
    head = {area.code: group["village"] for group in groups for area in group["grids"]}
    grids = [area for group in groups for area in group["grids"]]
    shown: set[str] = set()
    heads: set[str] = set()
    for area in sorted(grids, key=lambda one: not (one.is_changed or one.is_new)):
        above = {head[area.code].code} if head[area.code] is not None else set()
        if len(shown) + len(heads | above) < most:
            shown.add(area.code)
            heads |= above
    rows: list[dict[str, Any]] = []
    for group in groups:
        mine = [area for area in group["grids"] if area.code in shown]
        if mine and group["village"] is not None:
            rows.append({"area": group["village"], "is_head": True})
        rows += [{"area": area, "is_head": False} for area in mine]
    return rows, len(grids) - len(shown)
