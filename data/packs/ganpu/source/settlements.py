"""Natural villages, lanes with houses on door plates, the old town's streets and its blocks of flats."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

import numpy as np
import outline
import shapely
from frame import Floats, stream
from network import Ground, Way
from partition import Area, Areas
from shapely import LineString, Point, Polygon
from shapely.geometry.base import BaseGeometry
from shapely.ops import substring

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
HALF_WIDTH_M = {"highway": 26, "primary": 13, "secondary": 9, "tertiary": 7, "street": 6, "lane": 4, "track": 3}


@dataclass
class Plate:
    """One door plate and the building behind it; x, y in local metres."""

    village_code: str
    grid_code: str
    natural_village: str
    group: int
    road: str
    number: str
    households: int
    x: float
    y: float
    building: Polygon
    residents: int = 0
    plate_id: str = ""

    @property
    def street(self) -> str:
        """The plate as people write it, without the town."""
        if self.road:
            return f"{self.road}{self.number}号"
        return f"{self.natural_village}{self.number}号"


@dataclass
class Hamlet:
    """A natural village: its plates lie along a few lanes."""

    name: str
    village_code: str
    x: float
    y: float
    plates: list[Plate] = field(default_factory=list)


class Site:
    """Where a house may stand: clear of water, roads, steep ground and other houses."""

    def __init__(self, ground: Ground, water: list[Way], roads: list[Way]) -> None:
        self.ground = ground
        self.lines = [w.line for w in water + roads]
        self.clear = [w.width_m / 2 + 5 for w in water] + [HALF_WIDTH_M[r.kind] + 1.5 for r in roads]
        self.tree = shapely.STRtree(self.lines)
        self.taken: dict[tuple[int, int], list[Polygon]] = defaultdict(list)

    def fits(self, building: Polygon, area: BaseGeometry) -> bool:
        """Return whether the building may stand there inside the area (local metres)."""
        middle = building.centroid
        if not shapely.contains_xy(area, middle.x, middle.y):
            return False
        if self.ground.relief.at(np.array([[middle.x, middle.y]]))[0] > 9:
            return False
        for i in self.tree.query(building.buffer(30)):
            if building.distance(self.lines[int(i)]) < self.clear[int(i)]:
                return False
        grown = building.buffer(1.6)
        key = (int(middle.x // 50), int(middle.y // 50))
        return not any(
            grown.intersects(other)
            for dx in (-1, 0, 1)
            for dy in (-1, 0, 1)
            for other in self.taken.get((key[0] + dx, key[1] + dy), ())
        )

    def take(self, building: Polygon) -> None:
        """Remember a building."""
        middle = building.centroid
        self.taken[(int(middle.x // 50), int(middle.y // 50))].append(building)


def rectangle(x: float, y: float, width_m: float, depth_m: float, angle_rad: float) -> Polygon:
    """Return a rectangle about its centre, the width along the angle."""
    c, s = np.cos(angle_rad), np.sin(angle_rad)
    corners = [(-1, -1), (1, -1), (1, 1), (-1, 1)]
    return Polygon(
        [(x + (a * width_m * c - b * depth_m * s) / 2, y + (a * width_m * s + b * depth_m * c) / 2) for a, b in corners]
    )


def along(line: LineString, at: float) -> tuple[float, float, float]:
    """Return x, y and direction (radians) of the line at a distance from its start."""
    x, y = line.interpolate(at).coords[0]
    x1, y1 = line.interpolate(max(at - 4, 0)).coords[0]
    x2, y2 = line.interpolate(min(at + 4, line.length)).coords[0]
    return x, y, float(np.arctan2(y2 - y1, x2 - x1))


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
            plates += _premises(grid, site, roads, rng)
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


def _premises(grid: Area, site: Site, roads: list[Way], rng: np.random.Generator) -> list[Plate]:
    """Return the larger buildings of an exclusive grid (works, hotels, offices), without households."""
    area = grid.local.buffer(-20)
    shapely.prepare(area)
    scenic = grid.parent.endswith("204")
    plates: list[Plate] = []
    count = 0
    estate = {"204": "南北湖景区", "205": "临港工业区", "206": "六里工业园"}[grid.parent[-3:]]
    for road in roads:
        if road.kind == "highway" or not road.line.intersects(area):
            continue
        for line in shapely.get_parts(road.line.intersection(area)):
            at = 30.0
            while line.geom_type == "LineString" and at < line.length - 20:
                x, y, angle = along(line, at)
                for side in (1, -1):
                    width, depth = (
                        (rng.uniform(14, 30), rng.uniform(10, 18))
                        if scenic
                        else (rng.uniform(35, 90), rng.uniform(28, 60))
                    )
                    off = HALF_WIDTH_M[road.kind] + 6 + depth / 2
                    bx, by = x - np.sin(angle) * off * side, y + np.cos(angle) * off * side
                    building = rectangle(bx, by, width, depth, angle)
                    if rng.random() < (0.3 if scenic else 0.75) and site.fits(building, area):
                        site.take(building)
                        named = bool(road.name) and road.kind != "track"
                        count += not named
                        plates.append(
                            Plate(
                                grid.parent,
                                grid.code,
                                "" if named else estate,
                                0,
                                road.name if named else "",
                                "" if named else str(count),
                                int(scenic and rng.random() < 0.4),
                                bx,
                                by,
                                building,
                            )
                        )
                at += rng.uniform(40, 75) if scenic else rng.uniform(70, 120)
    if not scenic:
        plates += _halls(grid, site, area, estate, count, rng)
    return plates


def _halls(
    grid: Area, site: Site, area: BaseGeometry, estate: str, count: int, rng: np.random.Generator
) -> list[Plate]:
    """Return works halls in rows behind those on the roads, at most forty."""
    west, south, east, north = area.bounds
    angle = np.radians(rng.uniform(-20, 20))
    plates: list[Plate] = []
    for y in np.arange(north, south, -82):
        for x in np.arange(west, east, 98):
            building = rectangle(x + rng.uniform(-6, 6), y, rng.uniform(45, 80), rng.uniform(28, 52), angle)
            if len(plates) < 40 and rng.random() < 0.8 and site.fits(building, area):
                site.take(building)
                plates.append(
                    Plate(grid.parent, grid.code, estate, 0, "", str(count + len(plates) + 1), 0, x, y, building)
                )
    return plates


def street_plates(grid: Area, site: Site, roads: list[Way], target: int, rng: np.random.Generator) -> list[Plate]:
    """Return the plates of an old-town grid: shop houses along streets, then flats in the blocks."""
    area = grid.local.buffer(-3)
    shapely.prepare(area)
    plates, left = [], int(np.clip(target * rng.uniform(0.9, 1.03), 304, 480))
    for road in sorted(
        (r for r in roads if r.kind in ("street", "primary", "secondary", "tertiary") and r.name), key=lambda r: r.name
    ):
        for line in shapely.get_parts(road.line.intersection(area)):
            if line.geom_type != "LineString" or line.length < 25:
                continue
            for at in np.arange(9, line.length - 8, 9.5):
                x, y, angle = along(line, float(at))
                for side in (1, -1):
                    depth = rng.uniform(9, 14)
                    off = HALF_WIDTH_M[road.kind] + 2.5 + depth / 2
                    bx, by = x - np.sin(angle) * off * side, y + np.cos(angle) * off * side
                    building = rectangle(bx, by, rng.uniform(8, 9.2), depth, angle)
                    households = int(rng.choice([0, 1, 2], p=[0.34, 0.5, 0.16]))
                    if left - households >= 90 and rng.random() < 0.86 and site.fits(building, area):
                        site.take(building)
                        plates.append(Plate(grid.parent, grid.code, "", 0, road.name, "", households, bx, by, building))
                        left -= households
    plates += _flats(grid, site, area, left, rng)
    return plates


def _flats(grid: Area, site: Site, area: BaseGeometry, left: int, rng: np.random.Generator) -> list[Plate]:
    """Return blocks of flats in rows facing south until the households left are housed."""
    west, south, east, north = area.bounds
    plates: list[Plate] = []
    estate = {"1": "文昌苑", "2": "澉川新村", "3": "古城小区"}[grid.code[-1]]
    spots = [(x, y) for y in np.arange(north, south, -27) for x in np.arange(west, east, 50)]
    for k in rng.permutation(len(spots)):
        if left <= 0:
            break
        x, y = spots[k]
        building = rectangle(x, y, 40, 11.5, np.radians(-6))
        if site.fits(building, area):
            site.take(building)
            households = min(left, int(rng.integers(12, 21)))
            plates.append(
                Plate(grid.parent, grid.code, estate, 0, "", str(len(plates) + 1), households, x, y, building)
            )
            left -= households
    if left > 0:
        raise ValueError(f"grid {grid.code}: no room for {left} households in flats")
    return plates


def number_streets(plates: list[Plate], roads: list[Way]) -> None:
    """Number the plates on named streets, in place: from the east or north, odd on the north or west side.

    Source: GB/T 35639-2017, annex B.
    """
    by_road: dict[str, list[Plate]] = defaultdict(list)
    for plate in plates:
        if plate.road and not plate.number:
            by_road[plate.road].append(plate)
    lines = {r.name: r.line for r in roads if r.name in by_road}
    for name, members in by_road.items():
        line = lines[name]
        xy = shapely.get_coordinates(line)
        east_west = np.ptp(xy[:, 0]) >= np.ptp(xy[:, 1])
        low_first = xy[0, 0] > xy[-1, 0] if east_west else xy[0, 1] > xy[-1, 1]
        placed = []
        for plate in members:
            at = line.project(Point(plate.x, plate.y))
            x, y, _ = along(line, at)
            off = (plate.x - x, plate.y - y)
            odd = off[1] > 0 if east_west else off[0] < 0
            placed.append((at if low_first else line.length - at, odd, plate))
        placed.sort(key=lambda item: item[0])
        count = {True: -1, False: 0}
        for _, odd, plate in placed:
            count[odd] += 2
            plate.number = str(count[odd])


def stretch(line: LineString, start: float, end: float) -> Floats:
    """Return the coordinates of the part of a line between two distances."""
    return shapely.get_coordinates(substring(line, start, end))
