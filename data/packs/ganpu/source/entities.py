"""Market entities: where they trade, who is responsible for them, when they were last inspected."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import numpy as np
from frame import stream, to_lonlat
from gazetteer import full_address
from partition import Areas
from people import person
from plots import Plate

ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
INTERVAL_DAYS = {"A": 365, "B": 270, "C": 150, "D": 100}

# kind: count, where, risk shares A–D, what it is called
KINDS: dict[str, tuple[int, str, tuple[float, float, float, float], list[str]]] = {
    "retail": (
        235,
        "street",
        (0.6, 0.3, 0.1, 0.0),
        ["百货店", "五金店", "服装店", "手机店", "电动车行", "文具店", "花店", "家电行", "母婴店"],
    ),
    "food_trade": (
        235,
        "mixed",
        (0.3, 0.5, 0.18, 0.02),
        ["超市", "便利店", "水果店", "副食店", "粮油店", "海鲜干货行", "烟酒店", "冷库"],
    ),
    "catering": (
        180,
        "street",
        (0.15, 0.45, 0.32, 0.08),
        ["饭店", "面馆", "酒家", "海鲜大排档", "羊肉馆", "火锅店", "土菜馆"],
    ),
    "small_catering": (95, "mixed", (0.1, 0.4, 0.4, 0.1), ["早餐店", "小吃店", "馄饨店", "奶茶店", "烧烤店", "快餐店"]),
    "homestay": (70, "lake", (0.2, 0.5, 0.25, 0.05), ["农家乐", "民宿", "山庄", "客栈"]),
    "workshop": (
        58,
        "village",
        (0.05, 0.35, 0.45, 0.15),
        ["熟食店", "豆腐坊", "酱鸭坊", "年糕坊", "糕点坊", "榨油坊", "卤味坊"],
    ),
    "food_production": (20, "works", (0.05, 0.5, 0.35, 0.1), ["食品有限公司", "水产加工厂", "茶业有限公司", "橘酒厂"]),
    "vendor": (62, "market", (0.2, 0.5, 0.25, 0.05), ["水产摊", "蔬菜摊", "肉摊", "禽蛋摊", "豆制品摊", "熟食摊"]),
    "drug_device": (22, "street", (0.3, 0.5, 0.2, 0.0), ["大药房", "药店", "医疗器械店", "诊所"]),
    "special_equipment": (
        42,
        "works",
        (0.1, 0.45, 0.35, 0.1),
        ["机械厂", "热处理厂", "纺织有限公司", "包装厂", "物流仓储"],
    ),
    "farm_supplies": (30, "village", (0.3, 0.5, 0.2, 0.0), ["农资部", "农机维修部", "种子店", "饲料店"]),
    "breeding": (46, "edge", (0.1, 0.45, 0.35, 0.1), ["养猪场", "养鸭场", "湖羊场", "养殖塘", "家庭农场"]),
    "manufacture": (
        90,
        "works",
        (0.35, 0.45, 0.18, 0.02),
        ["标准件厂", "紧固件有限公司", "针织厂", "塑料制品厂", "五金加工厂", "灯饰厂", "木业有限公司"],
    ),
    "service": (
        58,
        "street",
        (0.7, 0.25, 0.05, 0.0),
        ["理发店", "汽修厂", "洗车店", "照相馆", "打印店", "棋牌室", "快递驿站"],
    ),
}
WORDS = [
    "兴旺",
    "永丰",
    "湖畔",
    "古城",
    "南北湖",
    "新世纪",
    "阿芳",
    "老街",
    "海风",
    "金橘",
    "顺发",
    "惠民",
    "佳佳",
    "百顺",
    "东门",
    "西门",
    "山水",
    "好又多",
    "万家",
    "澉湖",
    "鹰窠顶",
    "聚贤",
    "小林",
    "福来",
    "长山",
    "潮起",
    "建民",
    "天天",
    "鑫源",
    "恒达",
    "同心",
    "宏泰",
]


def uscc(serial: int, company: bool) -> str:
    """Return an 18-character credit code with a valid check character, of a body code nobody has (DEM…).

    Source: GB 32100-2015 (check over 17 characters, weights 3^i mod 31) and GB 11714-1997 (check of the body code).

    >>> uscc(1, False)[:8], len(uscc(1, False))
    ('92330424', 18)
    """
    body = f"DEM{serial:05d}"
    weights = (3, 7, 9, 10, 5, 8, 4, 2)
    values = [int(c) if c.isdigit() else ord(c) - 55 for c in body]
    rest = 11 - sum(w * v for w, v in zip(weights, values, strict=True)) % 11
    code = f"9{1 if company else 2}330424{body}{'X' if rest == 10 else 0 if rest == 11 else rest}"
    total = sum(ALPHABET.index(c) * pow(3, i, 31) for i, c in enumerate(code))
    return code + ALPHABET[(31 - total % 31) % 31]


def _spots(areas: Areas, plates: list[Plate]) -> dict[str, tuple[list[Plate], np.ndarray]]:
    """Return for each kind of place the plates that may hold it, and their weights."""

    def weighted(
        found: list[Plate], centre: tuple[float, float], scale_m: float, floor: float
    ) -> tuple[list[Plate], np.ndarray]:
        far = np.array([np.hypot(p.x - centre[0], p.y - centre[1]) for p in found])
        weight = np.exp(-far / scale_m) + floor
        return found, weight / weight.sum()

    town = [p for p in plates if p.village_code.endswith("001") and p.road]
    liuli = [p for p in plates if p.village_code.endswith("206") and p.group]
    village = [p for p in plates if p.group]
    works = [p for p in plates if p.grid_code.endswith("901") and not p.village_code.endswith("204")]
    lake = [p for p in plates if p.village_code[-3:] in ("204", "212") or p.grid_code.endswith("204901")]
    street_a, weight_a = weighted(town, (8_640, 7_050), 420, 0.02)
    street_b, weight_b = weighted(liuli, (5_780, 10_220), 330, 0.004)
    street_c, weight_c = weighted(village, (8_150, 8_900), 500, 0.0006)
    street = (street_a + street_b + street_c, np.concatenate([weight_a * 0.56, weight_b * 0.2, weight_c * 0.24]))
    everywhere = weighted(village, (8_000, 8_500), 2_500, 0.25)
    mixed = (street[0] + everywhere[0], np.concatenate([street[1] * 0.5, everywhere[1] * 0.5]))
    return {
        "street": street,
        "village": everywhere,
        "edge": everywhere,
        "mixed": mixed,
        "works": weighted(works, (8_000, 7_000), 9e9, 1),
        "lake": weighted(lake, (6_700, 7_300), 900, 0.02),
        "market": weighted(town, (8_720, 7_120), 70, 0.0),
    }


def entity_rows(
    areas: Areas, plates: list[Plate], staff: list[dict[str, Any]], duties: list[dict[str, Any]], anchor: date
) -> list[dict[str, Any]]:
    """Return the rows of entities.csv; dates are as they stand in the week that begins with the anchor."""
    rng = stream("entities")
    spots, names = _spots(areas, plates), {v.code: v.name for v in areas.villages}
    regulators = [s["name"] for s in staff if s["org"] == "market_station"]
    name_of = {s["code"]: s["name"] for s in staff}
    territorial = {d["area_code"]: name_of[d["staff"]] for d in duties if d["role"] == "primary_responsible"}
    used: dict[str, int] = {}
    rows: list[dict[str, Any]] = []
    for kind, (count, where, shares, calls) in KINDS.items():
        found, weight = spots[where]
        limit = {"market": 12, "works": 6, "lake": 3}.get(where, 2)  # stalls, halls of one works, a farm and its inn
        room = np.array([limit > used.get(p.plate_id, 0) for p in found])
        for _ in range(count):
            free = weight * room + room * 1e-9
            k = int(rng.choice(len(found), p=free / free.sum()))
            plate = found[k]
            used[plate.plate_id] = used.get(plate.plate_id, 0) + 1
            room[k] = used[plate.plate_id] < limit
            rows.append(_entity(len(rows) + 1, kind, where, plate, shares, calls, names, rng))
            rows[-1]["territorial_responsible"] = territorial[plate.grid_code]
            rows[-1]["regulator_responsible"] = regulators[int(rng.integers(len(regulators)))]
    _inspections(rows, anchor, rng)
    _gaps(rows, rng)
    return rows


def _entity(
    serial: int,
    kind: str,
    where: str,
    plate: Plate,
    shares: tuple[float, ...],
    calls: list[str],
    names: dict[str, str],
    rng: np.random.Generator,
) -> dict[str, Any]:
    village = names[plate.village_code].removesuffix("村").removesuffix("社区")
    call = str(rng.choice(calls))
    owner = person(rng)
    style = rng.random()
    if where == "works" or "有限公司" in call:
        name = f"海盐{rng.choice(WORDS)}{call}"
    elif style < 0.4:
        name = f"{village}{owner[0]}记{call}"
    elif style < 0.75:
        name = f"{village}{rng.choice(WORDS)}{call}"
    else:
        name = f"{owner[1:]}{call}" if len(owner) > 2 else f"{owner}{call}"
    dx, dy = rng.normal(0, 90, 2) if where == "edge" else rng.normal(0, 2.5, 2)
    ((lon, lat),) = np.round(to_lonlat(np.array([(plate.x + dx, plate.y + dy)])), 7)
    until = date(2026, 12, 1) + timedelta(days=int(rng.integers(5, 1500)))
    return {
        "uscc": uscc(serial, "公司" in call or "厂" in call),
        "name": name,
        "kind": kind,
        "platform": "market",
        "licence_no": f"演示{kind[:2].upper()}{serial:06d}",
        "licence_until": until.isoformat(),
        "status": str(rng.choice(["active", "suspended", "closed"], p=[0.955, 0.025, 0.02])),
        "address": full_address(plate, names),
        "plate_id": plate.plate_id,
        "lon": float(lon),
        "lat": float(lat),
        "risk_level": str(rng.choice(list("ABCD"), p=shares)),
        "credit_level": str(rng.choice(list("ABCD"), p=[0.55, 0.33, 0.1, 0.02])),
        "own_responsible": owner,
    }


def _inspections(rows: list[dict[str, Any]], anchor: date, rng: np.random.Generator) -> None:
    """Set last and next inspection in place: about 3 in 100 late, 8 in 100 due within thirty days, a few never seen."""
    for row in rows:
        interval = INTERVAL_DAYS[row["risk_level"]]
        draw = rng.random()
        if draw < 0.033:
            ahead = -int(rng.integers(3, 80))
        elif draw < 0.115:
            ahead = int(rng.integers(8, 34))
        else:
            ahead = int(rng.integers(35, max(interval - 3, 60)))
        following = anchor + timedelta(days=ahead)
        row["next_inspection_on"] = following.isoformat()
        row["last_inspected_on"] = (following - timedelta(days=interval)).isoformat() if rng.random() > 0.006 else ""


def _gaps(rows: list[dict[str, Any]], rng: np.random.Generator) -> None:
    """Take one responsible person from 23 active entities, in place."""
    active = [row for row in rows if row["status"] == "active" and row["kind"] not in ("retail", "service")]
    columns = ["territorial_responsible"] * 11 + ["regulator_responsible"] * 5 + ["own_responsible"] * 7
    for k, column in zip(rng.choice(len(active), len(columns), replace=False), columns, strict=True):
        active[int(k)][column] = ""
