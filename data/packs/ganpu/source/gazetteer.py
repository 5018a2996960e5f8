"""Addresses, service sites and the names people use for places."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import numpy as np
import outline
import shapely
from basemap import merged
from frame import stream, to_lonlat
from landmarks import LANDMARKS, OLD_NAMES, ROAD_ALIASES, SITES, WINDOWS
from network import Way
from partition import Areas
from people import phone
from plots import Hamlet, Plate


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


def site_rows(areas: Areas, plates: list[Plate]) -> list[dict[str, Any]]:
    """Return halls, windows, village stations and the other service sites, each at a real door plate."""
    used: set[str] = set()

    def row(
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
        near = [p for p in plates if p.plate_id not in used and (not village or p.village_code == village)]
        plate = min(near, key=lambda p: (p.x - x) ** 2 + (p.y - y) ** 2)
        used.add(plate.plate_id)
        ((lon, lat),) = np.round(to_lonlat(np.array([(plate.x, plate.y)])), 7)
        names = {v.code: v.name for v in areas.villages}
        return {
            "code": code,
            "name": name,
            "name_en": name_en,
            "kind": kind,
            "platform": platform,
            "org": org,
            "address": "堰山路1号" if code == "GOV" else full_address(plate, names),
            "hours": hours,
            "phone": phone(5000 + len(used)),
            "lon": float(lon),
            "lat": float(lat),
        }

    rows = [
        row(code, name, name_en, kind, platform, org, x * 1000, y * 1000, hours)
        for code, name, name_en, kind, platform, org, (x, y), hours in SITES
    ]
    hall = rows[0]
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
    for (suffix, name, name_en, _, (x, y), *_), area in zip(outline.VILLAGES, areas.villages, strict=True):
        rows.append(
            row(
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
        )
    return rows


def full_address(plate: Plate, village_names: dict[str, str]) -> str:
    """Return the address as written on a form, from the village or the road on."""
    village = village_names[plate.village_code]
    if plate.road:
        return f"{plate.road}{plate.number}号"
    if not plate.group:
        return f"{village}{plate.natural_village}{plate.number}幢"
    return f"{village}{plate.natural_village}{plate.number}号"


def gazetteer_rows(
    areas: Areas,
    plates: list[Plate],
    hamlets: list[Hamlet],
    roads: list[Way],
    sites: list[dict[str, Any]],
    water: list[Way],
) -> list[dict[str, Any]]:
    """Return villages, natural villages, groups, roads, landmarks and old names."""
    rows: list[dict[str, Any]] = []
    codes = {v.code: v for v in areas.villages}
    shapes = {v.code: v.local for v in areas.villages}

    def add(
        kind: str, name: str, x: float, y: float, radius: float, aliases: str = "", village: str = "", target: str = ""
    ) -> None:
        if not village:
            hit = [c for c, s in shapes.items() if shapely.contains_xy(s, x, y)]
            village = hit[0] if hit else ""
        ((lon, lat),) = np.round(to_lonlat(np.array([(x, y)])), 7)
        rows.append(
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

    for code, village in codes.items():
        own = np.array([(p.x, p.y) for p in plates if p.village_code == code])
        middle = own[np.hypot(*(own - np.median(own, axis=0)).T).argmin()]
        short = village.name.removesuffix("村").removesuffix("社区")
        add(
            "village",
            village.name,
            *middle,
            float(np.sqrt(shapes[code].area / np.pi)),
            f"{short};{short}村委会",
            code,
            code,
        )
    for hamlet in sorted(hamlets, key=lambda h: (h.village_code, h.name)):
        xy = np.array([(p.x, p.y) for p in hamlet.plates])
        middle = xy.mean(axis=0)
        other = (
            hamlet.name.replace("埭", "带")
            if "埭" in hamlet.name
            else hamlet.name.replace("浜", "滨")
            if "浜" in hamlet.name
            else ""
        )
        add(
            "natural_village", hamlet.name, *middle, float(np.hypot(*(xy - middle).T).max()), other, hamlet.village_code
        )
    estates: dict[tuple[str, str], list[Plate]] = defaultdict(list)
    groups: dict[tuple[str, int], list[Plate]] = defaultdict(list)
    for plate in plates:
        if plate.group:
            groups[plate.village_code, plate.group].append(plate)
        elif plate.natural_village:
            estates[plate.village_code, plate.natural_village].append(plate)
    for (code, name), members in sorted(estates.items()):
        xy = np.array([(p.x, p.y) for p in members])
        add(
            "natural_village",
            name,
            *xy.mean(axis=0),
            float(np.hypot(*(xy - xy.mean(axis=0)).T).max()),
            f"{name}小区",
            code,
        )
    for (code, number), members in sorted(groups.items()):
        xy = np.array([(p.x, p.y) for p in members])
        village = codes[code].name
        add(
            "group",
            f"{village}{number}组",
            *xy.mean(axis=0),
            float(np.hypot(*(xy - xy.mean(axis=0)).T).max()),
            f"{village.removesuffix('村')}{number}组;{village}第{number}村民小组",
            code,
        )
    _roads_and_landmarks(add, areas, roads, water, sites)
    _old_names(add, codes, hamlets)
    return rows


def _roads_and_landmarks(
    add: Any, areas: Areas, roads: list[Way], water: list[Way], sites: list[dict[str, Any]]
) -> None:
    town = areas.town.local
    for name in sorted({r.name for r in roads if r.name}):
        line = merged(roads, name).intersection(town)
        if line.is_empty:
            continue
        longest = max(shapely.get_parts(line), key=lambda g: g.length)
        point = longest.interpolate(0.5, normalized=True)
        add("road", name, point.x, point.y, line.length / 2, ROAD_ALIASES.get(name, ""))
    for name, aliases, x, y, radius in LANDMARKS:
        add("landmark", name, x * 1000, y * 1000, radius, aliases)
    for site in sites:
        if site["kind"] != "window":
            x, y = ((site["lon"] - 120.80) * 96_105.0, (site["lat"] - 30.33) * 110_857.0)
            add("landmark", site["name"], x, y, 40, "镇政府" if site["code"] == "GOV" else _office_names(site))
    for river in (w for w in water if w.name and w.width_m >= 14):
        for road in (r for r in roads if r.name and r.kind in ("primary", "secondary", "tertiary")):
            hit = river.line.intersection(road.line)
            if not hit.is_empty and town.contains(hit.representative_point()):
                point = hit.representative_point()
                add("landmark", f"{road.name}{river.name}桥", point.x, point.y, 40, "")


def _office_names(site: dict[str, Any]) -> str:
    """A village's service station is in its committee's office: people name the place by that."""
    village = site["name"].removesuffix("便民服务站")
    if site["kind"] != "station" or village == site["name"]:
        return ""
    short = village.removesuffix("村").removesuffix("社区")
    return (
        f"{short}居委会;{village}居委会" if village.endswith("社区") else f"{short}村委会;{village}村委会;{village}部"
    )


def _old_names(add: Any, codes: dict[str, Any], hamlets: list[Hamlet]) -> None:
    rng = stream("old names")
    for code in codes:
        seat = next((x * 1000, y * 1000) for s, _, _, _, (x, y), *_ in outline.VILLAGES if code.endswith(s))
        add("alias", OLD_NAMES[code[-3:]], *seat, 900, "", code, code)
        own = [h for h in hamlets if h.village_code == code and len(h.name) == 3]
        stems: set[str] = set()
        for k in rng.permutation(len(own)):
            hamlet = own[k]
            if len(stems) == 2 or hamlet.name[:2] in stems:
                continue
            stems.add(hamlet.name[:2])
            add("alias", f"{hamlet.name[:2]}村", hamlet.x, hamlet.y, 500, "", code, code)
