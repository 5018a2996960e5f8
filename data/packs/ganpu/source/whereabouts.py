"""Where incidents of each kind happen, and how people say where."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import outline
import shapely
from basemap import merged
from frame import Floats, to_local
from gazetteer import full_address
from landmarks import LANDMARKS
from network import Ground, Way
from partition import Areas
from plots import Hamlet, Plate
from shapely import LineString, Point

# Real hot spots: category name → (x km, y km, spread m, share of that category's incidents)
HOT = {
    "流动摊占道": [(8.72, 7.12, 55, 0.45), (5.72, 10.18, 60, 0.2), (6.98, 7.32, 60, 0.1)],
    "店外堆放": [(8.62, 6.95, 120, 0.4), (5.75, 10.22, 110, 0.2)],
    "机动车乱停": [(6.98, 7.34, 110, 0.4), (8.72, 7.12, 90, 0.15), (12.2, 4.75, 130, 0.08)],
    "渣土车抛洒": [(6.3, 10.55, 200, 0.35), (10.75, 3.65, 220, 0.25)],
    "暴露垃圾": [(3.2, 11.4, 160, 0.1), (8.75, 7.2, 120, 0.12), (9.4, 5.6, 140, 0.07)],
    "露天焚烧秸秆垃圾": [(12.7, 9.35, 330, 0.28), (2.9, 11.8, 300, 0.14)],
    "污水入河": [(10.45, 7.0, 160, 0.25), (5.6, 9.65, 160, 0.15)],
    "河面漂浮物": [(13.5, 8.3, 170, 0.16), (6.6, 9.75, 140, 0.15)],
    "厂界噪声扬尘": [(11.6, 4.4, 200, 0.3), (4.3, 9.6, 220, 0.3)],
    "轻微交通事故": [(8.15, 8.95, 70, 0.22), (7.95, 11.3, 90, 0.12), (9.25, 7.65, 60, 0.1)],
    "路灯不亮": [(7.2, 9.0, 260, 0.1), (11.0, 7.2, 260, 0.08)],
    "湖区违规垂钓游泳": [(7.08, 6.2, 110, 0.35), (6.55, 7.34, 90, 0.25)],
    "后厨": [(8.62, 6.95, 120, 0.2)],
    "夜间噪声扰民": [(8.62, 6.95, 140, 0.3), (6.98, 7.32, 120, 0.15)],
}


@dataclass(frozen=True)
class Place:
    """A place of an incident: local metres and how it is written down."""

    x: float
    y: float
    address: str
    plate_id: str
    road: str
    hamlet: str
    landmark: str
    subject: str


class Whereabouts:
    """Draws places by kind."""

    def __init__(
        self,
        ground: Ground,
        areas: Areas,
        roads: list[Way],
        water: list[Way],
        plates: list[Plate],
        hamlets: list[Hamlet],
        entities: list[dict[str, Any]],
    ) -> None:
        self.ground, self.plates, self.entities = ground, plates, [e for e in entities if e["status"] == "active"]
        self.town = areas.town.local
        shapely.prepare(self.town)
        self.names = {v.code: v.name for v in areas.villages}
        self.tree = shapely.STRtree([Point(p.x, p.y) for p in plates])
        self.hamlet_tree = shapely.STRtree([Point(h.x, h.y) for h in hamlets])
        self.hamlets = hamlets
        self.marks = [(name, x * 1000, y * 1000) for name, _, x, y, _ in LANDMARKS]
        inside = ground.land.buffer(-15)
        self.roads = {n: merged(roads, n).intersection(inside) for n in sorted({r.name for r in roads if r.name})}
        kinds = {r.name: r.kind for r in roads}
        factor = {"highway": 0.1, "primary": 1.6, "secondary": 1.5, "tertiary": 0.8, "street": 1.6, "track": 0.12}
        self.road_weight = {
            n: line.length * factor.get(kinds[n], 0.3) for n, line in self.roads.items() if line.length > 60
        }
        wide = sorted({w.name for w in water if w.name and w.width_m >= 12})
        self.rivers = {n: merged(water, n).intersection(inside) for n in wide}
        self.rivers = {n: line for n, line in self.rivers.items() if line.length > 200}
        _, dyke, _ = outline.coast()
        self.dyke = LineString(dyke)
        people = np.array([p.households for p in plates], dtype=float)
        self.by_people = people / people.sum()
        self.town_plates = [k for k, p in enumerate(plates) if p.village_code.endswith("001")]
        self.works = [
            k for k, p in enumerate(plates) if p.grid_code.endswith("901") and not p.village_code.endswith("204")
        ]
        self.hall = next(k for k, p in enumerate(plates) if p is self._nearest(5_950, 10_320))

    def _nearest(self, x: float, y: float) -> Plate:
        return self.plates[int(self.tree.nearest(Point(x, y)))]

    def draw(self, kind: str, category: str, rng: np.random.Generator) -> Place:
        """Return a place inside the town for an incident of a category."""
        while True:
            place = self._draw(kind, category, rng)
            if shapely.contains_xy(self.town, place.x, place.y):
                return place

    def _draw(self, kind: str, category: str, rng: np.random.Generator) -> Place:
        draw, shares = rng.random(), HOT.get(category, [])
        for x, y, spread, share in shares:
            draw -= share
            if draw < 0:
                dx, dy = rng.normal(0, spread, 2)
                return self._at(x * 1000 + dx, y * 1000 + dy, rng, near=70 if kind != "river" else 20)
        if kind in ("house", "oldtown", "factory", "hall"):
            pool = {"oldtown": self.town_plates, "factory": self.works, "hall": [self.hall]}.get(kind)
            k = (
                int(rng.choice(len(self.plates), p=self.by_people))
                if pool is None or rng.random() < {"oldtown": 0.25, "hall": 0.8}.get(kind, 0.0)  # most ask from home
                else int(rng.choice(pool))
            )
            return self._plate(self.plates[k], rng)
        if kind == "entity":
            entity = self.entities[int(rng.integers(len(self.entities)))]
            x, y = to_local(np.array([(entity["lon"], entity["lat"])]))[0]
            return self._named(x, y, entity["address"], entity["plate_id"], entity["name"], rng)
        if kind in ("road", "street", "mainroad", "market"):
            return self._road(kind, rng)
        if kind in ("lake", "tourist"):
            return self._lake(kind, rng)
        if kind == "river":
            name = str(rng.choice(list(self.rivers)))
            return self._along(self.rivers[name], name, 14, rng)
        if kind == "shore":
            return self._along(self.dyke, "海塘", 120, rng, at=0.45 if rng.random() < 0.5 else None)
        return self._field(kind, rng)

    def _plate(self, plate: Plate, rng: np.random.Generator) -> Place:
        x, y = plate.x + rng.normal(0, 4), plate.y + rng.normal(0, 4)
        return self._named(x, y, full_address(plate, self.names), plate.plate_id, "", rng)

    def _named(self, x: float, y: float, address: str, plate_id: str, subject: str, rng: np.random.Generator) -> Place:
        hamlet = self.hamlets[int(self.hamlet_tree.nearest(Point(x, y)))].name
        name, _, _ = min(self.marks, key=lambda m: (m[1] - x) ** 2 + (m[2] - y) ** 2)
        road = min(self.road_weight, key=lambda n: self.roads[n].distance(Point(x, y)))
        if not subject:
            here = [e for e in self.entities if e["plate_id"] == plate_id]
            subject = here[0]["name"] if here else str(self.entities[int(rng.integers(len(self.entities)))]["name"])
        return Place(x, y, address, plate_id, road, hamlet, name, subject)

    def _at(self, x: float, y: float, rng: np.random.Generator, near: float) -> Place:
        plate = self._nearest(x, y)
        address = full_address(plate, self.names)
        close = np.hypot(plate.x - x, plate.y - y) < near
        text = address if close and rng.random() < 0.7 else address + str(rng.choice(["附近", "旁边", "对面", "门前"]))
        return self._named(x, y, text, plate.plate_id if close else "", "", rng)

    def _road(self, kind: str, rng: np.random.Generator) -> Place:
        names = list(self.road_weight)
        weight = np.array([self.road_weight[n] for n in names])
        if kind == "street":
            weight = weight * np.array([3.0 if self.roads[n].distance(Point(8620, 7040)) < 380 else 0.5 for n in names])
        if kind == "mainroad":
            weight = weight * np.array([1.0 if self.roads[n].length > 3500 else 0.1 for n in names])
        name = str(rng.choice(names, p=weight / weight.sum()))
        line = self.roads[name]
        point = (
            line.interpolate(rng.random(), normalized=True)
            if line.geom_type == "LineString"
            else max(line.geoms, key=lambda g: g.length).interpolate(rng.random(), normalized=True)
        )
        x, y = point.x + rng.normal(0, 4), point.y + rng.normal(0, 4)
        plate = self._nearest(x, y)
        hamlet = self.hamlets[int(self.hamlet_tree.nearest(point))].name
        style = rng.random()
        if plate.road == name:
            text = f"{name}{plate.number}号" + (
                "" if style < 0.4 else str(rng.choice(["门口", "附近", "对面", "往东50米", "往西100米"]))
            )
        else:
            village = self.names[plate.village_code]
            text = (
                f"{name}{village}段"
                if style < 0.35
                else f"{name}{hamlet}路口"
                if style < 0.7
                else f"{name}近{hamlet}{plate.number}号"
            )
        return self._named(x, y, text, "", "", rng)

    def _lake(self, kind: str, rng: np.random.Generator) -> Place:
        shore = LineString(self.ground.lake.buffer(65).exterior.coords)
        if kind == "tourist" and rng.random() < 0.25:
            return self._road("road", rng)
        return self._along(shore, "环湖路", 12, rng)

    def _along(self, line: Any, name: str, spread: float, rng: np.random.Generator, at: float | None = None) -> Place:
        share = rng.random() if at is None else float(np.clip(rng.normal(at, 0.05), 0, 1))
        parts = list(getattr(line, "geoms", [line]))
        part = max(parts, key=lambda g: g.length * rng.uniform(0.5, 1))
        point = part.interpolate(share, normalized=True)
        x, y = point.x + rng.normal(0, spread), point.y + rng.normal(0, spread)
        mark, mx, my = min(self.marks, key=lambda m: (m[1] - x) ** 2 + (m[2] - y) ** 2)
        hamlet = self.hamlets[int(self.hamlet_tree.nearest(Point(x, y)))].name
        text = f"{name}{mark}附近" if np.hypot(mx - x, my - y) < 500 else f"{name}{hamlet}段"
        place = self._named(x, y, text, "", "", rng)
        return Place(x, y, text, "", place.road, hamlet, name if name != "环湖路" else mark, place.subject)

    def _field(self, kind: str, rng: np.random.Generator) -> Place:
        hamlet = self.hamlets[int(rng.integers(len(self.hamlets)))]
        if kind == "hill":
            high = [h for h in self.hamlets if self._height(np.array([[h.x, h.y]]), 500) > 12]
            hamlet = high[int(rng.integers(len(high)))]
        angle, far = rng.uniform(0, 2 * np.pi), rng.uniform(90, 420)
        x, y = hamlet.x + far * np.cos(angle), hamlet.y + far * np.sin(angle)
        side = (
            str(rng.choice(["东面田里", "南面田里", "西面田里", "北面田里", "后面", "机耕路边"]))
            if kind == "farmland"
            else "后山"
        )
        text = f"{self.names[hamlet.village_code]}{hamlet.name}{side}"
        return self._named(x, y, text, "", "", rng)

    def _height(self, xy: Floats, reach_m: float) -> float:
        around = np.vstack([xy + reach_m * np.array([[np.cos(a), np.sin(a)]]) for a in np.arange(0, 6.3, 0.8)])
        return float(self.ground.relief.at(around).max())
