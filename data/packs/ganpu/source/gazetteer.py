"""Addresses, service sites and the names people use for places."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

import numpy as np
import outline
import shapely
from basemap import merged
from frame import stream, to_lonlat
from network import Way
from partition import Areas
from people import phone
from settlements import Hamlet, Plate
from shapely import Point


@dataclass(frozen=True)
class Spot:
    """A named point: x, y in local metres."""

    name: str
    x: float
    y: float
    aliases: str = ""
    radius_m: int = 60


# Landmarks that are not service sites (km): name, aliases, x, y, radius m
LANDMARKS = [
    ("澉浦古城东门", "东门;东城门", 9.06, 6.99, 60),
    ("澉浦古城西门", "西门;西城门", 8.18, 7.09, 60),
    ("澉浦古城南门", "南门;南城门", 8.58, 6.63, 60),
    ("澉浦古城北门", "北门;北城门", 8.66, 7.45, 60),
    ("澉浦农贸市场", "菜场;菜市场;农贸市场", 8.72, 7.12, 90),
    ("澉浦汽车站", "车站;汽车站", 9.12, 7.62, 70),
    ("澉浦老街", "老街;大街", 8.6, 6.95, 160),
    ("老街桥", "老街桥头", 8.56, 6.62, 40),
    ("澉浦中学", "中学", 8.32, 7.42, 120),
    ("澉浦小学", "小学;中心小学", 8.9, 7.32, 100),
    ("六里小学", "六里学校", 5.95, 10.42, 90),
    ("六里集市", "六里菜场;六里老街", 5.72, 10.18, 90),
    ("南北湖游客中心", "游客中心;景区大门", 6.95, 7.22, 90),
    ("中湖塘", "湖心堤", 6.3, 6.53, 120),
    ("载青别墅", "", 5.32, 6.85, 60),
    ("云岫庵", "云岫寺", 4.95, 5.4, 80),
    ("谈仙石城", "石城", 3.85, 5.62, 120),
    ("鹰窠顶观日台", "鹰窠顶;看日出的地方", 6.98, 4.78, 80),
    ("白鹭洲", "", 6.93, 6.44, 80),
    ("湖滨停车场", "景区停车场;北停车场", 6.88, 7.4, 80),
    ("西涧草堂", "", 5.3, 6.2, 50),
    ("长山闸", "长山河排涝闸;大闸", 14.02, 8.22, 80),
    ("南门闸", "", 11.3, 4.0, 60),
    ("长墙山观潮台", "观潮台;看潮的地方", 12.2, 4.72, 90),
    ("葫芦山炮台", "炮台", 9.95, 2.85, 70),
    ("青山公墓", "公墓", 12.75, 8.2, 120),
    ("澉浦加油站", "加油站", 9.3, 7.9, 50),
    ("六里加油站", "", 6.9, 9.15, 50),
    ("杭浦高速澉浦出口", "高速出口;高速口", 7.95, 11.5, 130),
    ("临港工业区", "临港;工业区", 11.75, 4.35, 500),
    ("六里工业园", "工业园", 4.3, 9.55, 450),
    ("紫金山公园", "", 9.2, 10.8, 120),
    ("永乐码头", "码头", 14.0, 9.35, 90),
    ("吴越王庙", "王庙", 8.35, 6.82, 40),
    ("澉浦邮政所", "邮局", 8.55, 7.2, 30),
    ("澉浦农商银行", "信用社;银行", 8.66, 7.08, 30),
]

# Service sites: code, name, English, kind, platform, organisation, km, hours
SITES = [
    (
        "HALL",
        "澉浦镇便民服务中心",
        "Ganpu Public Service Centre",
        "hall",
        "service",
        "service_centre",
        (5.95, 10.32),
        "周一至周五 8:30–17:00",
    ),
    (
        "GOV",
        "澉浦镇人民政府",
        "Ganpu Town Government",
        "office",
        "public_order",
        "town_government",
        (5.9, 10.28),
        "周一至周五 8:30–17:00",
    ),
    (
        "SSC",
        "社会服务管理中心",
        "Social Service Management Centre",
        "office",
        "public_order",
        "social_service_centre",
        (5.97, 10.25),
        "全天",
    ),
    ("POLICE", "澉浦派出所", "Ganpu Police Station", "police", "public_order", "police_station", (9.25, 7.45), "全天"),
    (
        "POLICE2",
        "六里警务室",
        "Liuli Police Post",
        "police",
        "public_order",
        "police_station",
        (5.7, 10.3),
        "8:00–22:00",
    ),
    (
        "LAKEPOLICE",
        "南北湖警务室",
        "Nanbeihu Police Post",
        "police",
        "public_order",
        "police_station",
        (6.9, 7.25),
        "8:00–20:00",
    ),
    (
        "JUDICIAL",
        "澉浦司法所",
        "Ganpu Judicial Office",
        "mediation",
        "public_order",
        "judicial_office",
        (6.02, 10.2),
        "周一至周五 8:30–17:00",
    ),
    ("FIRE", "澉浦专职消防队", "Ganpu Fire Brigade", "fire", "public_order", "fire_station", (8.2, 8.75), "全天"),
    (
        "ENF",
        "综合行政执法中队",
        "Integrated Enforcement Squadron",
        "enforcement",
        "enforcement",
        "enforcement_squadron",
        (8.95, 8.25),
        "8:00–21:00",
    ),
    (
        "ENFLAKE",
        "南北湖执法驿站",
        "Nanbeihu Enforcement Post",
        "enforcement",
        "enforcement",
        "enforcement_squadron",
        (7.05, 7.3),
        "8:00–20:00",
    ),
    (
        "ENV",
        "环境保护站",
        "Environmental Protection Station",
        "enforcement",
        "enforcement",
        "environment_office",
        (6.05, 10.35),
        "周一至周五 8:30–17:00",
    ),
    (
        "MARKET",
        "市场监管所",
        "Market Supervision Station",
        "market",
        "market",
        "market_station",
        (9.2, 7.75),
        "周一至周五 8:30–17:00",
    ),
    ("LAB", "农产品快检室", "Produce Test Room", "laboratory", "market", "quality_station", (8.75, 7.16), "6:00–11:00"),
    (
        "VET",
        "畜牧兽医站",
        "Veterinary Station",
        "market",
        "market",
        "veterinary_station",
        (7.2, 9.35),
        "周一至周五 8:30–17:00",
    ),
    (
        "HEALTH",
        "澉浦社区卫生服务中心",
        "Ganpu Community Health Centre",
        "clinic",
        "service",
        "health_centre",
        (9.3, 7.3),
        "全天急诊",
    ),
    ("HEALTH2", "六里卫生站", "Liuli Clinic", "clinic", "service", "health_centre", (5.6, 10.35), "8:00–17:00"),
    ("HEALTH3", "永乐卫生站", "Yongle Clinic", "clinic", "service", "health_centre", (12.2, 9.7), "8:00–17:00"),
    ("HEALTH4", "保山卫生站", "Baoshan Clinic", "clinic", "service", "health_centre", (2.9, 8.85), "8:00–17:00"),
    ("CULTURE", "综合文化站", "Culture Station", "culture", "service", "culture_station", (8.85, 7.55), "9:00–21:00"),
    (
        "MEAL1",
        "澉川老年食堂",
        "Ganchuan Senior Canteen",
        "canteen",
        "service",
        "civil_affairs",
        (8.5, 7.12),
        "10:00–18:00",
    ),
    (
        "MEAL2",
        "六里老年食堂",
        "Liuli Senior Canteen",
        "canteen",
        "service",
        "civil_affairs",
        (5.8, 10.4),
        "10:00–18:00",
    ),
    (
        "MEAL3",
        "澉东老年食堂",
        "Gandong Senior Canteen",
        "canteen",
        "service",
        "civil_affairs",
        (11.4, 7.3),
        "10:00–18:00",
    ),
    (
        "FEAST1",
        "六忠家宴中心",
        "Liuzhong Feast Centre",
        "feast_centre",
        "market",
        "food_safety_office",
        (3.2, 11.5),
        "按预约",
    ),
    (
        "FEAST2",
        "永新家宴中心",
        "Yongxin Feast Centre",
        "feast_centre",
        "market",
        "food_safety_office",
        (10.5, 10.05),
        "按预约",
    ),
    (
        "FEAST3",
        "澉南家宴中心",
        "Gannan Feast Centre",
        "feast_centre",
        "market",
        "food_safety_office",
        (10.2, 4.7),
        "按预约",
    ),
    (
        "SHELTER1",
        "澉浦中学避灾点",
        "Ganpu School Shelter",
        "shelter",
        "service",
        "civil_affairs",
        (8.35, 7.45),
        "应急时开放",
    ),
    (
        "SHELTER2",
        "六里文化礼堂避灾点",
        "Liuli Hall Shelter",
        "shelter",
        "service",
        "civil_affairs",
        (5.85, 10.45),
        "应急时开放",
    ),
]
WINDOWS = [
    "综合受理",
    "社保医保",
    "民政救助",
    "户籍",
    "市场准入",
    "规划建设",
    "国土",
    "计生",
    "农技",
    "水电气",
    "税务代办",
    "帮办代办",
]
OLD_NAMES = {
    "206": "里山公社",
    "209": "茶亭公社",
    "203": "永丰大队",
    "207": "新民大队",
    "208": "保卫大队",
    "211": "忠字大队",
    "212": "南山头",
    "201": "城南大队",
    "202": "城东大队",
    "205": "南塘大队",
    "200": "城北大队",
    "210": "紫云大队",
    "204": "湖山大队",
    "001": "澉城镇",
}
ROAD_ALIASES = {
    "翁金公路": "翁金线;老省道",
    "盐澉公路": "盐澉线",
    "滨海大道": "海边大道;沿海路",
    "六澉路": "六澉公路",
    "环湖路": "湖边路",
    "南大街路": "南大街",
    "北大街路": "北大街",
    "杭浦高速": "高速公路",
    "海塘路": "海塘;塘上",
}


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


def point_of(spot: Spot) -> Point:
    """Return the spot as a point in local metres."""
    return Point(spot.x, spot.y)
