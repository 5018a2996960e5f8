"""Natural villages: their names, their lanes with houses, their groups and door numbers."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import outline
import shapely
from frame import stream
from network import Ground, Way
from partition import Area, Areas
from plots import HALF_WIDTH_M, Hamlet, Plate, Site, along, rectangle
from shapely import LineString, Point, Polygon
from shapely.geometry.base import BaseGeometry
from streets import number_streets, premises, street_plates

SURNAMES = "徐沈朱王张许吴陆陈顾钱蔡俞冯马金何姚周赵富步干祝黄杨曹宋郭潘"


FORMS = "埭埭埭埭浜浜浜桥桥湾湾场门汇荡角圩"


PLAIN_NAMES = [
    "北团",
    "南团",
    "西场",
    "东场",
    "石帆",
    "长浜",
    "横港",
    "永福桥",
    "石屑圩",
    "小横山",
    "丁家台",
    "芦花荡",
    "万家桥",
    "夹山湾",
    "杨梅岭",
    "荷花池",
    "庙前",
    "转塘",
    "盐仓头",
    "灶墩",
    "六店湾",
    "茶亭",
    "官堂",
    "水口",
    "后山头",
    "前山下",
]


def _pieces(ways: list[Way], area: BaseGeometry, rng: np.random.Generator) -> list[tuple[LineString, float, int]]:
    """Return stretches of lanes and creeks inside the area as (line, clearance to the first row, way index)."""
    found = []
    for k, way in enumerate(ways):
        if way.kind in ("highway", "primary", "street") or (way.kind == "river" and way.width_m > 12):
            continue
        if not way.line.intersects(area):
            continue
        clear = way.width_m / 2 + 7 if way.kind in ("river", "creek") else HALF_WIDTH_M[way.kind] + 3.5
        for part in shapely.get_parts(way.line.intersection(area)):
            if part.geom_type == "LineString" and part.length > 40:
                found.append((part, clear, k))
    order = rng.permutation(len(found))
    return [found[i] for i in order]


def _row(
    line: LineString,
    clear_m: float,
    site: Site,
    area: BaseGeometry,
    quota: int,
    centre: Point,
    reach_m: float,
    rng: np.random.Generator,
) -> list[tuple[float, float, Polygon]]:
    """Return houses on both sides of a lane near the centre, in the order of the lane: (x, y, building)."""
    middle = line.project(centre)
    start, end = max(middle - reach_m, 6), min(middle + reach_m, line.length - 6)
    north_side = 1 if rng.random() < 0.5 else -1
    houses, at = [], start + rng.uniform(0, 8)
    second_row = rng.random() < 0.45
    while at < end and len(houses) < quota:
        x, y, angle = along(line, at)
        for side in (north_side, -north_side):
            if side != north_side and rng.random() < 0.42:
                continue
            for row in range(2 if second_row and rng.random() < 0.55 else 1):
                width, depth = rng.uniform(8.5, 12), rng.uniform(9, 13.5)
                off = clear_m + depth / 2 + rng.uniform(0, 3) + row * rng.uniform(19, 24)
                hx, hy = x - np.sin(angle) * off * side, y + np.cos(angle) * off * side
                building = rectangle(hx, hy, width, depth, angle + rng.normal(0, 0.03))
                if len(houses) < quota and site.fits(building, area):
                    site.take(building)
                    houses.append((hx, hy, building))
        at += rng.uniform(11.5, 14.5) if rng.random() > 0.07 else rng.uniform(25, 60)
    return houses


class Namer:
    """Names of natural villages, each used once in its village; a few come back in another village, as they do."""

    def __init__(self) -> None:
        self.rng = stream("names")
        self.used: dict[str, str] = {}
        self.plain = list(PLAIN_NAMES)

    def next(self, village_code: str) -> str:
        """Return a name new in this village."""
        while True:
            if self.plain and self.rng.random() < 0.2:
                name = self.plain.pop(int(self.rng.integers(len(self.plain))))
            else:
                surname = str(self.rng.choice(list(SURNAMES)))
                form = str(self.rng.choice(list(FORMS)))
                name = surname + form if form in "荡圩" and self.rng.random() < 0.5 else f"{surname}家{form}"
            if name not in self.used or (self.used[name] != village_code and self.rng.random() < 0.04):
                self.used[name] = village_code
                return name


def settle(ground: Ground, water: list[Way], roads: list[Way], areas: Areas) -> tuple[list[Plate], list[Hamlet]]:
    """Return all door plates and natural villages of the town."""
    site, namer = Site(ground, water, roads), Namer()
    wanted = {f"330424105{suffix}": (households, count) for suffix, *_, households, count in outline.VILLAGES}
    plates: list[Plate] = []
    hamlets: list[Hamlet] = []
    for grid in areas.grids:
        rng = stream(f"settle/{grid.code}")
        if grid.parent.endswith("001"):
            plates += street_plates(grid, site, roads, wanted[grid.parent][0] // 3, rng)
        elif grid.kind == "base":
            households, count = wanted[grid.parent]
            target = int(np.clip(households / count * rng.uniform(0.88, 1.05), 304, 470))
            hamlets += _hamlets(grid, site, water + roads, target, namer, rng)
        else:
            plates += premises(grid, site, roads, rng)
    plates += [p for h in hamlets for p in h.plates]
    _number_groups(hamlets)
    number_streets(plates, roads)
    plates.sort(key=lambda p: (p.village_code, p.road, p.group, p.natural_village, _number(p.number)))
    counter: dict[str, int] = defaultdict(int)
    people = stream("residents")
    for plate in plates:
        counter[plate.village_code] += 1
        plate.plate_id = f"MP{plate.village_code[-3:]}{counter[plate.village_code]:05d}"
        plate.residents = int(
            sum(
                people.choice([1, 2, 3, 4, 5, 6], p=[0.12, 0.25, 0.27, 0.21, 0.11, 0.04])
                for _ in range(plate.households)
            )
        )
    return plates, hamlets


def _number(number: str) -> tuple[int, int]:
    first, _, second = number.partition("-")
    return int(first), int(second or 0)


def _hamlets(
    grid: Area, site: Site, ways: list[Way], target: int, namer: Namer, rng: np.random.Generator
) -> list[Hamlet]:
    area = grid.local.buffer(-13)
    shapely.prepare(area)
    pieces = _pieces(ways, area, rng)
    weights = np.array([p.length for p, *_ in pieces])
    found: list[Hamlet] = []
    left, tries = target, 0
    while left > 0 and tries < 260:
        tries += 1
        spacing = 430 if tries < 60 else 240 if tries < 140 else 120
        line, *_ = pieces[int(rng.choice(len(pieces), p=weights / weights.sum()))]
        x, y = line.interpolate(rng.uniform(0, line.length)).coords[0]
        if any(np.hypot(h.x - x, h.y - y) < spacing for h in found):
            continue
        quota = min(left, int(rng.integers(55, 125)))
        houses = _cluster(Point(x, y), pieces, site, area, quota, rng)
        if len(houses) < 12 and (not found or not houses):
            continue
        hamlet = Hamlet(namer.next(grid.parent), grid.parent, x, y) if len(houses) >= 12 else found[-1]
        for hx, hy, building in houses:
            households = 1 if rng.random() > 0.07 else 2
            households = min(households, left)
            if households:
                hamlet.plates.append(
                    Plate(grid.parent, grid.code, hamlet.name, 0, "", "", households, hx, hy, building)
                )
                left -= households
        if hamlet not in found:
            found.append(hamlet)
    if left > 0:
        raise ValueError(f"grid {grid.code}: no room for {left} of {target} households")
    return found


def _cluster(
    centre: Point,
    pieces: list[tuple[LineString, float, int]],
    site: Site,
    area: BaseGeometry,
    quota: int,
    rng: np.random.Generator,
) -> list[tuple[float, float, Polygon]]:
    houses: list[tuple[float, float, Polygon]] = []
    near = sorted(((line.distance(centre), k) for k, (line, *_) in enumerate(pieces) if line.distance(centre) < 210))
    for distance, k in near[:4]:
        line, clear, _ = pieces[k]
        reach = 300 - distance * 0.9
        houses += _row(line, clear, site, area, quota - len(houses), centre, reach, rng)
        if len(houses) >= quota:
            break
    return houses


def _number_groups(hamlets: list[Hamlet]) -> None:
    """Give villager groups (about 40 households, numbered west to east in a village) and door numbers, in place.

    Numbers run on through a natural village, so that both 徐家埭25号 and 3组25号 name one door.
    """
    rng = stream("numbers")
    by_village: dict[str, list[Hamlet]] = defaultdict(list)
    for hamlet in hamlets:
        by_village[hamlet.village_code].append(hamlet)
    for code in sorted(by_village):
        group = 0
        for hamlet in sorted(by_village[code], key=lambda h: (h.x, h.y)):
            count = max(1, round(len(hamlet.plates) / 42))
            size = int(np.ceil(len(hamlet.plates) / count))
            number = 0
            for k, plate in enumerate(hamlet.plates):
                plate.group = group + 1 + k // size
                if number and rng.random() < 0.025:
                    branch = _number(hamlet.plates[k - 1].number)[1] or 1
                    plate.number = f"{number}-{branch + 1}"
                else:
                    number += 1 if rng.random() > 0.02 else 2
                    plate.number = str(number)
            group += count
