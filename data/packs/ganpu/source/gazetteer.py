"""Addresses, service sites and the names people use for places."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import outline
import shapely
from basemap import merged
from frame import stream, to_lonlat
from landmarks import LANDMARKS, OLD_NAMES, ROAD_ALIASES, SITES, WINDOWS
from network import Way
from partition import Area, Areas
from people import phone
from plots import Hamlet, Plate
from shapely import Polygon


def address_rows(plates: list[Plate]) -> list[dict[str, Any]]:
    """Return the rows of addresses.csv."""
    lonlat = np.round(to_lonlat(np.array([(p.x, p.y) for p in plates])), 7)
    return [
        {
            "plate_id": p.plate_id,
            "village_code": p.village_code,
            "natural_village": p.natural_village,
            "villager_group": p.group or "",
            "road": p.road,
            "number": p.number,
            "households": p.households,
            "residents": p.residents,
            "lon": float(lon),
            "lat": float(lat),
        }
        for p, (lon, lat) in zip(plates, lonlat, strict=True)
    ]


@dataclass
class Doors:
    """The door plates, and those of them that a service site has taken."""

    plates: list[Plate]
    village_names: dict[str, str]
    used: set[str] = field(default_factory=set)

    def site(
        self,
        code: str,
        name: str,
        name_en: str,
        kind: str,
        platform: str,
        org: str,
        x: float,
        y: float,
        hours: str,
        village: str = "",
    ) -> dict[str, Any]:
        """Return the row of a site at the nearest plate that is still free, of the village if one is given."""
        near = [p for p in self.plates if p.plate_id not in self.used and (not village or p.village_code == village)]
        plate = min(near, key=lambda p: (p.x - x) ** 2 + (p.y - y) ** 2)
        self.used.add(plate.plate_id)
        ((lon, lat),) = np.round(to_lonlat(np.array([(plate.x, plate.y)])), 7)
        return {
            "code": code,
            "name": name,
            "name_en": name_en,
            "kind": kind,
            "platform": platform,
            "org": org,
            "address": "堰山路1号" if code == "GOV" else full_address(plate, self.village_names),
            "hours": hours,
            "phone": phone(5000 + len(self.used)),
            "lon": float(lon),
            "lat": float(lat),
        }


def site_rows(areas: Areas, plates: list[Plate]) -> list[dict[str, Any]]:
    """Return halls, windows, village stations and the other service sites, each at a real door plate."""
    doors = Doors(plates, {v.code: v.name for v in areas.villages})
    rows = _sites_at_plates(doors)
    return [*rows, *_windows(rows[0]), *_stations(doors, areas)]


def _sites_at_plates(doors: Doors) -> list[dict[str, Any]]:
    return [
        doors.site(code, name, name_en, kind, platform, org, x * 1000, y * 1000, hours)
        for code, name, name_en, kind, platform, org, (x, y), hours in SITES
    ]


def _windows(hall: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the windows of the hall, in a ring around its place."""
    rows = []
    for k, window in enumerate(WINDOWS, 1):
        angle = 2 * np.pi * k / len(WINDOWS)
        rows.append(
            {
                **hall,
                "code": f"W{k:02d}",
                "name": f"{k} 号窗口 {window}",
                "name_en": f"Window {k}",
                "kind": "window",
                "lon": round(hall["lon"] + 6e-5 * float(np.cos(angle)), 7),
                "lat": round(hall["lat"] + 5e-5 * float(np.sin(angle)), 7),
            }
        )
    return rows


def _stations(doors: Doors, areas: Areas) -> list[dict[str, Any]]:
    """Return the service station of each village, at a plate of its own."""
    return [
        doors.site(
            f"ST{suffix}",
            f"{name}便民服务站",
            f"{name_en} Service Station",
            "station",
            "service",
            f"village_{suffix}",
            x * 1000,
            y * 1000,
            "周一至周日 8:00–17:00",
            area.code,
        )
        for (suffix, name, name_en, _, (x, y), *_), area in zip(outline.VILLAGES, areas.villages, strict=True)
    ]


def full_address(plate: Plate, village_names: dict[str, str]) -> str:
    """Return the address as written on a form, from the village or the road on."""
    village = village_names[plate.village_code]
    if plate.road:
        return f"{plate.road}{plate.number}号"
    if not plate.group:
        return f"{village}{plate.natural_village}{plate.number}幢"
    return f"{village}{plate.natural_village}{plate.number}号"


@dataclass
class Places:
    """The rows of gazetteer.csv so far, and the villages they lie in: by code, with their shapes in local metres."""

    villages: dict[str, Area]
    shapes: dict[str, Polygon]
    rows: list[dict[str, Any]] = field(default_factory=list)

    def add(
        self,
        kind: str,
        name: str,
        x: float,
        y: float,
        radius: float,
        aliases: str = "",
        village: str = "",
        target: str = "",
    ) -> None:
        """Add a row; a place whose village is not given is of the one around it."""
        if not village:
            hit = [code for code, shape in self.shapes.items() if shapely.contains_xy(shape, x, y)]
            village = hit[0] if hit else ""
        ((lon, lat),) = np.round(to_lonlat(np.array([(x, y)])), 7)
        self.rows.append(
            {
                "kind": kind,
                "name": name,
                "aliases": aliases,
                "village_code": village,
                "target": target,
                "lon": float(lon),
                "lat": float(lat),
                "radius_m": int(max(radius, 20)),
            }
        )


def gazetteer_rows(
    areas: Areas,
    plates: list[Plate],
    hamlets: list[Hamlet],
    roads: list[Way],
    sites: list[dict[str, Any]],
    water: list[Way],
) -> list[dict[str, Any]]:
    """Return villages, natural villages, groups, roads, landmarks and old names."""
    places = Places({v.code: v for v in areas.villages}, {v.code: v.local for v in areas.villages})
    _villages(places, plates)
    _natural_villages(places, hamlets)
    _estates(places, plates)
    _groups(places, plates)
    _roads_and_landmarks(places, areas, roads, water, sites)
    _old_names(places, hamlets)
    return places.rows


def _middle_and_radius(plates: list[Plate]) -> tuple[float, float, float]:
    """Return x and y of the middle of the plates, and how far the farthest of them is from it."""
    xy = np.array([(p.x, p.y) for p in plates])
    middle = xy.mean(axis=0)
    return *middle, float(np.hypot(*(xy - middle).T).max())


def _villages(places: Places, plates: list[Plate]) -> None:
    """A village's place is its most central plate."""
    for code, village in places.villages.items():
        own = np.array([(p.x, p.y) for p in plates if p.village_code == code])
        middle = own[np.hypot(*(own - np.median(own, axis=0)).T).argmin()]
        short = village.name.removesuffix("村").removesuffix("社区")
        radius = float(np.sqrt(places.shapes[code].area / np.pi))
        places.add("village", village.name, *middle, radius, f"{short};{short}村委会", code, code)


def _natural_villages(places: Places, hamlets: list[Hamlet]) -> None:
    """With the name as it is often written: 带 for 埭, 滨 for 浜."""
    for hamlet in sorted(hamlets, key=lambda h: (h.village_code, h.name)):
        other = (
            hamlet.name.replace("埭", "带")
            if "埭" in hamlet.name
            else hamlet.name.replace("浜", "滨")
            if "浜" in hamlet.name
            else ""
        )
        places.add("natural_village", hamlet.name, *_middle_and_radius(hamlet.plates), other, hamlet.village_code)


def _estates(places: Places, plates: list[Plate]) -> None:
    estates: dict[tuple[str, str], list[Plate]] = defaultdict(list)
    for plate in plates:
        if plate.natural_village and not plate.group:
            estates[plate.village_code, plate.natural_village].append(plate)
    for (code, name), members in sorted(estates.items()):
        places.add("natural_village", name, *_middle_and_radius(members), f"{name}小区", code)


def _groups(places: Places, plates: list[Plate]) -> None:
    groups: dict[tuple[str, int], list[Plate]] = defaultdict(list)
    for plate in plates:
        if plate.group:
            groups[plate.village_code, plate.group].append(plate)
    for (code, number), members in sorted(groups.items()):
        village = places.villages[code].name
        aliases = f"{village.removesuffix('村')}{number}组;{village}第{number}村民小组"
        places.add("group", f"{village}{number}组", *_middle_and_radius(members), aliases, code)


def _roads_and_landmarks(
    places: Places, areas: Areas, roads: list[Way], water: list[Way], sites: list[dict[str, Any]]
) -> None:
    town = areas.town.local
    for name in sorted({r.name for r in roads if r.name}):
        line = merged(roads, name).intersection(town)
        if line.is_empty:
            continue
        longest = max(shapely.get_parts(line), key=lambda g: g.length)
        point = longest.interpolate(0.5, normalized=True)
        places.add("road", name, point.x, point.y, line.length / 2, ROAD_ALIASES.get(name, ""))
    for name, aliases, x, y, radius in LANDMARKS:
        places.add("landmark", name, x * 1000, y * 1000, radius, aliases)
    for site in sites:
        if site["kind"] != "window":
            x, y = ((site["lon"] - 120.80) * 96_105.0, (site["lat"] - 30.33) * 110_857.0)
            places.add("landmark", site["name"], x, y, 40, "镇政府" if site["code"] == "GOV" else _office_names(site))
    for river in (w for w in water if w.name and w.width_m >= 14):
        for road in (r for r in roads if r.name and r.kind in ("primary", "secondary", "tertiary")):
            hit = river.line.intersection(road.line)
            if not hit.is_empty and town.contains(hit.representative_point()):
                point = hit.representative_point()
                places.add("landmark", f"{road.name}{river.name}桥", point.x, point.y, 40, "")


def _office_names(site: dict[str, Any]) -> str:
    """A village's service station is in its committee's office: people name the place by that."""
    village = site["name"].removesuffix("便民服务站")
    if site["kind"] != "station" or village == site["name"]:
        return ""
    short = village.removesuffix("村").removesuffix("社区")
    return (
        f"{short}居委会;{village}居委会" if village.endswith("社区") else f"{short}村委会;{village}村委会;{village}部"
    )


def _old_names(places: Places, hamlets: list[Hamlet]) -> None:
    rng = stream("old names")
    for code in places.villages:
        seat = next((x * 1000, y * 1000) for s, _, _, _, (x, y), *_ in outline.VILLAGES if code.endswith(s))
        places.add("alias", OLD_NAMES[code[-3:]], *seat, 900, "", code, code)
        own = [h for h in hamlets if h.village_code == code and len(h.name) == 3]
        stems: set[str] = set()
        for k in rng.permutation(len(own)):
            hamlet = own[k]
            if len(stems) == 2 or hamlet.name[:2] in stems:
                continue
            stems.add(hamlet.name[:2])
            places.add("alias", f"{hamlet.name[:2]}村", hamlet.x, hamlet.y, 500, "", code, code)
