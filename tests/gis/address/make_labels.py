"""Writes tests/data/address_labels.csv: texts as people type and say them, each with the place it means.

    python -m tests.gis.address.make_labels

Seeded, from the rows of the shipped town pack. It shares no code with the parser: names are taken apart, misspelt and
put into sentences by hand-written tables, and points are moved on the ellipsoid. Each template belongs to one half for
good: the parser may be tuned on ``tune`` only, so that ``held_out`` also holds phrasings not looked at while tuning.
"""

from __future__ import annotations

import csv
import random
import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import NamedTuple

import opencc
import pyproj

from tests.gis.address.phrases import ELSEWHERE, FRESH, HAND, MISHEARD, PINYIN

PACK = Path(__file__).resolve().parents[3] / "data" / "packs" / "ganpu"
TARGET = Path(__file__).resolve().parents[2] / "data" / "address_labels.csv"
GEOD = pyproj.Geod(ellps="GRS80")
TRADITIONAL = opencc.OpenCC("s2t").convert
DIRECTIONS = {"东": 90, "南": 180, "西": 270, "北": 0, "东南": 135, "东北": 45, "西南": 225, "西北": 315}
SPOKEN_METRES = {
    50: "五十",
    80: "八十",
    100: "一百",
    120: "一百二十",
    150: "一百五",
    200: "两百",
    250: "两百五十",
    300: "三百",
    500: "五百",
}


@dataclass
class Label:
    """One labelled text; ``level`` "none" means that nothing of this town is meant.

    ``hidden`` is a door plate that the gazetteer must not know when the labels are tried: its true place is known all
    the same, and its number can only be found between its neighbours.
    """

    half: str
    kind: str
    text: str
    level: str
    plate_id: str = ""
    lon: str = ""
    lat: str = ""
    tolerance_m: int = 0
    village_code: str = ""
    prior_village: str = ""
    hidden: str = ""


class Spot(NamedTuple):
    """What a text means."""

    level: str
    lon: float
    lat: float
    tolerance_m: float
    village_code: str = ""
    plate_id: str = ""
    hidden: str = ""


class Pack:
    """The rows of the pack, and names as people use them."""

    def __init__(self, folder: Path) -> None:
        def rows(name: str) -> list[dict[str, str]]:
            with (folder / name).open(encoding="utf-8", newline="") as file:
                return list(csv.DictReader(file))

        every_plate = [row for row in rows("addresses.csv") if row["lon"]]
        self.hidden = [
            row for row in random.Random(7).sample(every_plate, 60) if row["number"].isdigit() and row["number"] > "2"
        ]
        hidden = {row["plate_id"] for row in self.hidden}
        self.plates = [row for row in every_plate if row["plate_id"] not in hidden]
        self.places = rows("gazetteer.csv")
        self.entities = [row for row in rows("entities.csv") if row["lon"]]
        self.villages = {row["village_code"]: row["name"] for row in self.places if row["kind"] == "village"}
        self.groups: dict[tuple[str, str], list[dict[str, str]]] = defaultdict(list)
        self.roads: dict[str, list[dict[str, str]]] = defaultdict(list)
        self.settlements: dict[tuple[str, str], list[dict[str, str]]] = defaultdict(list)
        for row in self.plates:
            if row["villager_group"]:
                self.groups[row["village_code"], row["villager_group"]].append(row)
            if row["road"]:
                self.roads[row["road"]].append(row)
            if row["natural_village"]:
                self.settlements[row["village_code"], row["natural_village"]].append(row)
        self.landmarks = [row for row in self.places if row["kind"] == "landmark" and row["lon"]]
        names = [row["name"] for row in self.landmarks]
        self.lone_landmarks = [row for row in self.landmarks if names.count(row["name"]) == 1]
        spellings = [
            spelling
            for row in [*self.places, *self.entities]
            for spelling in {row["name"], *row.get("aliases", "").split(";")}
        ]
        self.lone_names = {name for name in spellings if len(name) > 1 and spellings.count(name) == 1}
        villages_of = defaultdict(set)
        for village, name in self.settlements:
            villages_of[name].add(village)
        self.lone_settlements = {name for name, villages in villages_of.items() if len(villages) == 1}
        self.on_road = [row for row in self.plates if row["road"]]
        self.in_group = [row for row in self.plates if row["villager_group"] and not row["road"]]
        self.in_settlement = [row for row in self.in_group if row["natural_village"]]

    def short(self, code: str) -> str:
        """六里村 for 六里村委会."""
        return self.villages[code].replace("委会", "").replace("社区居民委员会", "社区").replace("社区居委会", "社区")

    def bare(self, code: str) -> str:
        """六里 for 六里村委会."""
        return re.sub("(村|社区)$", "", self.short(code))


def plate(row: dict[str, str]) -> Spot:
    return Spot("plate", float(row["lon"]), float(row["lat"]), 15, row["village_code"], row["plate_id"])


def middle(rows: list[dict[str, str]], level: str, village: str) -> Spot:
    """The mean of plates; any answer within their reach is right."""
    lon = sum(float(row["lon"]) for row in rows) / len(rows)
    lat = sum(float(row["lat"]) for row in rows) / len(rows)
    reach = sorted(GEOD.inv(lon, lat, float(row["lon"]), float(row["lat"]))[2] for row in rows)[int(0.9 * len(rows))]
    return Spot(level, lon, lat, max(80, reach), village)


def point(row: dict[str, str], level: str, tolerance_m: float) -> Spot:
    return Spot(level, float(row["lon"]), float(row["lat"]), tolerance_m, row.get("village_code", ""))


def digits_in_words(text: str, rng: random.Random) -> str:
    """A house number in Chinese: as a number, or digit by digit with 幺 for one."""
    main, _, sub = text.partition("-")
    if not main.isdigit():
        return text
    words = (
        "".join("零幺二三四五六七八九"[int(digit)] for digit in main)
        if len(main) >= 3 and rng.random() < 0.5
        else in_words(int(main))
    )
    return words + (f"号之{in_words(int(sub))}" if sub.isdigit() else "")


def in_words(value: int) -> str:
    """A number below 10,000 as it is written in Chinese."""
    out, skipped = "", False
    for unit, name in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit, value = divmod(value, unit)
        if digit:
            out += ("零" if skipped and out else "") + "零一二三四五六七八九"[digit] + name
        skipped = not digit
    return out.removeprefix("一") if out.startswith("一十") else out


def full_width(text: str) -> str:
    return "".join(chr(ord(char) + 0xFEE0) if char.isascii() and char.isalnum() else char for char in text)


def misheard(name: str, rng: random.Random) -> str:
    """The name with one of its characters wrong (its last character only if no other can be)."""
    places = [at for at, char in enumerate(name[:-1]) if char in MISHEARD] or [
        at for at, char in enumerate(name) if char in MISHEARD
    ]
    if not places:
        return name
    at = rng.choice(places)
    return name[:at] + rng.choice(MISHEARD[name[at]]) + name[at + 1 :]


Maker = Callable[[Pack, random.Random], tuple[str, Spot] | None]
MAKERS: list[tuple[str, int, Maker]] = []


def texts(kind: str, count: int) -> Callable[[Maker], Maker]:
    """Register one phrasing and how many texts it gives."""

    def register(maker: Maker) -> Maker:
        MAKERS.append((kind, count, maker))
        return maker

    return register


def from_road(kind: str, count: int, *templates: str) -> None:
    """Templates over a plate on a road: V village, R road, N number, W number in words, F full width."""
    for template in templates:

        @texts(kind, count)
        def maker(pack: Pack, rng: random.Random, template: str = template) -> tuple[str, Spot] | None:
            row = rng.choice(pack.on_road)
            return filled(template, pack, row, rng), plate(row)


def from_group(kind: str, count: int, *templates: str) -> None:
    """Templates over a plate of a group: V village, B its bare name, G group, g group in words, S settlement."""
    for template in templates:

        @texts(kind, count)
        def maker(pack: Pack, rng: random.Random, template: str = template) -> tuple[str, Spot] | None:
            rows = pack.in_settlement if "S" in template else pack.in_group
            if "S" in template and "V" not in template and "B" not in template:
                rows = [row for row in rows if row["natural_village"] in pack.lone_settlements]
            if not rows:
                return None
            row = rng.choice(rows)
            spot = plate(row)
            if not any(mark in template for mark in "NWF"):
                key = (row["village_code"], row["villager_group"])
                spot = middle(pack.groups[key], "group", row["village_code"])
                if "G" not in template and "g" not in template:
                    key = (row["village_code"], row["natural_village"])
                    spot = middle(pack.settlements[key], "natural_village", row["village_code"])
            return filled(template, pack, row, rng), spot


def filled(template: str, pack: Pack, row: dict[str, str], rng: random.Random) -> str:
    group = re.sub(r"\D", "", row["villager_group"]) or "1"
    values = {
        "V": pack.short(row["village_code"]),
        "B": pack.bare(row["village_code"]),
        "R": row["road"],
        "N": row["number"],
        "W": digits_in_words(row["number"], rng),
        "F": full_width(row["number"]),
        "G": group,
        "g": in_words(int(group)),
        "S": row["natural_village"],
        "M": misheard(row["road"], rng),
        "X": misheard(pack.short(row["village_code"]), rng),
        "Y": misheard(pack.bare(row["village_code"]), rng),
        "Z": misheard(row["natural_village"], rng),
    }
    return "".join(values.get(char, char) for char in template)


TOWN = "浙江省嘉兴市海盐县澉浦镇"
from_road("typed", 3, "RN号", "澉浦镇RN号", "VRN号", "R N 号", "RN", "RF号", "R第N号", "门牌：RN号", "RN#", "澉浦R N号")
from_group(
    "typed",
    3,
    "VG组N号",
    "V第G村民小组N号",
    "BgN号".replace("g", "g组"),
    "V G组 N号",
    "VSN号",
    "VGx".replace("x", "组N"),
)
from_group("typed", 2, "V（S）G组N号", "BG组N", "VG小组FＮ".replace("Ｎ", "号"), "SN号")
from_road(
    "prefix", 3, f"{TOWN}RN号", f"{TOWN}VRN号", "嘉兴市海盐县澉浦镇RN号", "海盐澉浦RN号", "中国浙江省海盐县澉浦镇RN号"
)
from_group(
    "prefix",
    3,
    f"{TOWN}VG组N号",
    "海盐县澉浦镇VSN号",
    "浙江海盐澉浦镇VG组N号",
    f"{TOWN}VG组",
    "海盐县澉浦VgＧ".replace("Ｇ", "组"),
)
from_road(
    "spoken",
    2,
    "我在RW号",
    "RW号门口",
    "喂你好，RW号那里有人在吵架",
    "麻烦派人到RW号看一下",
    "就是RW号嘛",
    "R上面，N号",
    "RW",
    "我是V的，住在RW号",
    "RW号二楼漏水",
    "R上N号那户人家门前堆了好多垃圾",
    "人在RN号楼下",
    "澉浦的RW号，两只狗没牵绳",
)
from_group(
    "spoken",
    2,
    "Bg组的，路灯不亮了",
    "我们Vg组这边停电了",
    "Vg组W号",
    "B村g组N号，屋后的沟堵了",
    "住V S W号",
    "我家在B g 组 N 号",
    "S那边有人烧秸秆",
    "VS路面塌了一块",
    "V的S，W号人家",
    "Bg组老王家隔壁",
    "喂，是Bg小组，井盖没了",
    "Vg队N号",
)
from_road("misspelt", 3, "MN号", "敢浦镇MN号", "MW号", "坎浦镇RN号", "海盐县赶浦镇VMN号", "澉浦镇XRN号")
from_group("misspelt", 3, "XG组N号", "Yg组", "敢浦镇XG组N号", "坎浦Xg组N号", "VZN号", "澉蒲镇XG组")


@texts("misspelt", 3)
def dialect_village(pack: Pack, rng: random.Random) -> tuple[str, Spot] | None:
    rows = [row for row in pack.in_group if pack.bare(row["village_code"]) == "六里"]
    row = rng.choice(rows)
    return filled("禄里村G组N号", pack, row, rng), plate(row)


def traditional(maker: Maker) -> Maker:
    def converted(pack: Pack, rng: random.Random) -> tuple[str, Spot] | None:
        made = maker(pack, rng)
        return (TRADITIONAL(made[0]), made[1]) if made else None

    return converted


for _kind, _count, _maker in [entry for entry in MAKERS if entry[0] in ("typed", "prefix", "spoken")][::4]:
    MAKERS.append(("traditional", 3, traditional(_maker)))


def aliases(pack: Pack) -> list[dict[str, str]]:
    """Old names that stand for one village only."""
    return [
        row
        for row in pack.places
        if row["kind"] == "alias" and row["target"] in pack.villages and row["name"] in pack.lone_names
    ]


def from_alias(template: str) -> None:
    @texts("old_name", 5)
    def maker(pack: Pack, rng: random.Random) -> tuple[str, Spot] | None:
        alias = rng.choice(aliases(pack))
        rows = [row for row in pack.in_group if row["village_code"] == alias["target"]]
        if not rows:
            return None
        row = rng.choice(rows)
        spot = plate(row)
        if "N" not in template and "W" not in template:
            spot = middle(pack.groups[row["village_code"], row["villager_group"]], "group", row["village_code"])
        return filled(template, pack, row, rng).replace("O", alias["name"]), spot


@texts("old_name", 6)
def old_name_alone(pack: Pack, rng: random.Random) -> tuple[str, Spot]:
    """A small village that has become part of another: its own middle is meant."""
    row = rng.choice([row for row in aliases(pack) if float(row["radius_m"]) <= 500])
    return f"以前{row['name']}那里", point(row, "natural_village", float(row["radius_m"]))


@texts("old_name", 6)
def old_name_in_address(pack: Pack, rng: random.Random) -> tuple[str, Spot]:
    row = rng.choice([row for row in aliases(pack) if float(row["radius_m"]) <= 500])
    return f"澉浦镇{row['name']}", point(row, "natural_village", float(row["radius_m"]))


for _template in ("OG组N号", "澉浦镇OG组", "我是原来的Og组的", "海盐县澉浦镇Og组N号", "Og组W号", "老早叫O的，g组"):
    from_alias(_template)


def from_landmark(kind: str, count: int, *templates: str) -> None:
    """Templates over a landmark: L its name, V its village."""
    for template in templates:

        @texts(kind, count)
        def maker(pack: Pack, rng: random.Random, template: str = template) -> tuple[str, Spot] | None:
            row = rng.choice(pack.lone_landmarks)
            names = [row["name"], *(alias for alias in row["aliases"].split(";") if alias in pack.lone_names)]
            name = misheard(row["name"], rng) if "M" in template else rng.choice(names)
            text = template.replace("L", name).replace("M", name)
            text = text.replace(
                "V", pack.short(row["village_code"]) if row["village_code"] in pack.villages else "澉浦镇"
            )
            level = "landmark_offset" if kind == "landmark_offset" and "门口" not in template else "landmark"
            return text, point(row, level, 60 + float(row["radius_m"] or 0) / 2)


from_landmark("landmark", 3, "L", "澉浦镇L", "VL", "我在L这里", "L有人摔倒了", "请到L来一趟")
from_landmark(
    "landmark_offset",
    2,
    "L对面",
    "L隔壁",
    "L旁边",
    "就在L边上",
    "L附近",
    "L斜对面那家",
    "L门口",
    "L东侧",
    "在L后面",
    "VL对过",
)
from_landmark("misspelt", 4, "M", "M旁边".replace("旁边", ""))


def from_distance(template: str) -> None:
    """Landmark plus direction and distance: D direction, m metres in digits, s metres spoken."""

    @texts("landmark_offset", 3)
    def maker(pack: Pack, rng: random.Random) -> tuple[str, Spot] | None:
        row = rng.choice(pack.lone_landmarks)
        direction = rng.choice(list(DIRECTIONS)[:4] if rng.random() < 0.7 else list(DIRECTIONS))
        metres = rng.choice(list(SPOKEN_METRES))
        if "里" in template:
            metres = {"一里": 500, "半里": 250}[re.search("[一半]里", template).group()]
        lon, lat, _ = GEOD.fwd(float(row["lon"]), float(row["lat"]), DIRECTIONS[direction], metres)
        text = template.replace("L", row["name"]).replace("D", direction)
        text = text.replace("m", str(metres)).replace("s", SPOKEN_METRES[metres])
        return text, Spot("landmark_offset", lon, lat, max(40, 0.2 * metres), "")


for _template in (
    "LDm米",
    "L往Ds米",
    "从L往D走s米",
    "L以Dm米处",
    "L向D大约m米",
    "在LD面s米的地方",
    "离LD边s米左右",
    "L往D一里",
    "L往D半里路",
    "澉浦镇LD侧约m米",
    "LD方向m米有个坑",
    "L一直往D开s米",
    "L朝D再走s来米",
    "就L嘛，往Ds米光景",
):
    from_distance(_template)


@texts("landmark_offset", 4)
def office_offset(pack: Pack, rng: random.Random) -> tuple[str, Spot] | None:
    """澉东村委会往南两百米, where the office has a position of its own."""
    offices = [
        (row, alias) for row in pack.landmarks for alias in row["aliases"].split(";") if alias.endswith("村委会")
    ]
    if not offices:
        return None
    row, name = rng.choice(offices)
    lon, lat, _ = GEOD.fwd(*coordinates(row), 180, 200)
    return f"{name}往南两百米", Spot("landmark_offset", lon, lat, 60, row["village_code"])


def called(name: str) -> str:
    """An entity as people call it: without town and legal form."""
    bare = re.sub(r"^(浙江省?|嘉兴市?|海盐县?|澉浦镇?)+", "", name)
    return re.sub(r"(（.*?）|\(.*?\)|股份有限公司|有限责任公司|有限公司)$", "", bare) or name


def from_entity(kind: str, count: int, *templates: str) -> None:
    """Templates over an entity: E whole name, C as people call it, H misheard."""
    for template in templates:

        @texts(kind, count)
        def maker(pack: Pack, rng: random.Random, template: str = template) -> tuple[str, Spot] | None:
            names = [called(row["name"]) for row in pack.entities]
            row = rng.choice([row for row, name in zip(pack.entities, names, strict=True) if names.count(name) == 1])
            name = called(row["name"])
            text = template.replace("E", row["name"]).replace("C", name).replace("H", misheard(name, rng))
            level = "landmark_offset" if kind == "landmark_offset" and "门口" not in template else "entity"
            return text, Spot(level, *coordinates(row), 60)


def coordinates(row: dict[str, str]) -> tuple[float, float]:
    return float(row["lon"]), float(row["lat"])


from_entity(
    "entity",
    4,
    "E",
    "C",
    "澉浦镇C",
    "我在C里面",
    "C的油烟太大了",
    "要投诉C",
    "C门前".replace("门前", "这家店"),
    "去C检查一下",
)
from_entity("misspelt", 6, "H", "H有问题")
from_entity("landmark_offset", 3, "C对面", "C隔壁", "C后面的弄堂", "C门口停满了车")


@texts("plate", 4)
def bare_plate(pack: Pack, rng: random.Random) -> tuple[str, Spot]:
    row = rng.choice(pack.plates)
    return row["plate_id"], plate(row)


@texts("plate", 4)
def scanned_plate(pack: Pack, rng: random.Random) -> tuple[str, Spot]:
    row = rng.choice(pack.plates)
    return f"https://mp.example.cn/q?id={row['plate_id'].lower()}&t=1", plate(row)


@texts("plate", 4)
def plate_in_words(pack: Pack, rng: random.Random) -> tuple[str, Spot]:
    row = rng.choice(pack.plates)
    return f"门牌码 {full_width(row['plate_id'])}，垃圾没收", plate(row)


def from_hidden(template: str) -> None:
    """A plate the gazetteer lacks: its place is known, the answer can only lie between its neighbours."""

    @texts("between", 6)
    def maker(pack: Pack, rng: random.Random) -> tuple[str, Spot] | None:
        row = rng.choice(pack.hidden)
        street = row["road"] or f"{pack.short(row['village_code'])}{row['natural_village']}"
        words = template.replace("R", street).replace("N", row["number"]).replace("W", in_words(int(row["number"])))
        lon, lat = coordinates(row)
        return words, Spot("number_interpolated", lon, lat, 60, row["village_code"], hidden=row["plate_id"])


for _template in ("RN号", "澉浦镇RN号", "RW号", "海盐县澉浦镇R N号"):
    from_hidden(_template)


def from_ambiguous(template: str, prior: bool) -> None:
    @texts("ambiguous_prior" if prior else "ambiguous", 5)
    def maker(pack: Pack, rng: random.Random) -> tuple[str, Spot] | None:
        row = rng.choice(pack.in_group)
        spot = plate(row)
        if "N" not in template and "W" not in template:
            spot = middle(pack.groups[row["village_code"], row["villager_group"]], "group", row["village_code"])
        return filled(template, pack, row, rng), spot


for _template in ("g组", "G组", "第g村民小组", "我们g组没水了"):
    from_ambiguous(_template, prior=True)
for _template in ("g组N号", "G组N号"):
    from_ambiguous(_template, prior=True)


@texts("ambiguous_prior", 10)
def same_name(pack: Pack, rng: random.Random) -> tuple[str, Spot] | None:
    names = [row["name"] for row in pack.landmarks]
    twins = [row for row in pack.landmarks if names.count(row["name"]) > 1]
    row = rng.choice(twins) if twins else None
    return (row["name"], point(row, "landmark", 60 + float(row["radius_m"] or 0))) if row else None


@texts("ambiguous", 12)
def same_name_without_prior(pack: Pack, rng: random.Random) -> tuple[str, Spot] | None:
    names = [row["name"] for row in pack.landmarks]
    twins = [row for row in pack.landmarks if names.count(row["name"]) in (2, 3)]
    row = rng.choice(twins) if twins else None
    return (row["name"] + "旁边", point(row, "landmark_offset", 80 + float(row["radius_m"] or 0))) if row else None


from_group("group", 3, "VG组", "Vg组", "V第g村民小组", "澉浦镇VG组", "B g组", "VS", "VSG组", "B村G组那边")


def from_village(template: str) -> None:
    @texts("village", 3)
    def maker(pack: Pack, rng: random.Random) -> tuple[str, Spot] | None:
        code = rng.choice(sorted(pack.villages))
        rows = [row for row in pack.plates if row["village_code"] == code]
        text = template.replace("V", pack.short(code)).replace("B", pack.bare(code))
        return text, middle(rows, "village", code)


for _template in ("V", "澉浦镇V", "V这边", "海盐县澉浦镇V"):
    from_village(_template)


def from_pinyin(template: str) -> None:
    @texts("latin", 3)
    def maker(pack: Pack, rng: random.Random) -> tuple[str, Spot] | None:
        row = rng.choice([row for row in pack.on_road if row["road"] in PINYIN])
        name = PINYIN[row["road"]]
        text = template.replace("P", name).replace("p", name.lower()).replace("#", row["number"])
        return text, plate(row)


for _template in (
    "No. # P Road, Ganpu Town, Haiyan",
    "P Road #",
    "# p lu",
    "plu #hao".replace("plu", "p lu "),
    "P Lu #, Ganpu",
    "# P Rd",
):
    from_pinyin(_template)


def by_hand(pack: Pack, texts: list[tuple[str, str]]) -> Iterator[tuple[str, Spot]]:
    """Yield texts written by hand with their places; one that the pack no longer has stops the script."""
    for text, meaning in texts:
        kind, name, *rest = meaning.split()
        code = next((code for code in pack.villages if code.endswith(name)), "")
        if kind in ("landmark", "beside"):
            row = next(row for row in pack.landmarks if row["name"] == name)
            if rest:
                metres = float(rest[1])
                lon, lat, _ = GEOD.fwd(*coordinates(row), DIRECTIONS[rest[0]], metres)
                yield text, Spot("landmark_offset", lon, lat, max(50, 0.3 * metres), row["village_code"])
            else:
                yield text, point(row, "landmark_offset" if kind == "beside" else "landmark", 90)
        elif kind == "road":
            row = next((row for row in pack.roads[name] if row["number"] == rest[0]), None)
            if row is None:
                raise SystemExit(f"{text}: the pack has no {name} {rest[0]}")
            yield text, plate(row)
        elif kind == "street":
            yield text, middle(pack.roads[name], "road", "")
        elif kind == "group":
            yield text, middle(pack.groups[code, rest[0]], "group", code)
        elif kind == "settlement":
            yield text, middle(pack.settlements[code, rest[0]], "natural_village", code)
        else:
            yield text, middle([row for row in pack.plates if row["village_code"] == code], "village", code)


def label(half: str, kind: str, text: str, spot: Spot) -> Label:
    """The row of one text; the kinds that end in ``_prior`` tell the reporter's village."""
    return Label(
        half,
        kind.removesuffix("_prior"),
        text,
        spot.level,
        spot.plate_id,
        f"{spot.lon:.7f}",
        f"{spot.lat:.7f}",
        round(spot.tolerance_m),
        spot.village_code,
        spot.village_code if kind.endswith("_prior") else "",
        spot.hidden,
    )


def labels(pack: Pack, seed: int = 20261124) -> Iterator[Label]:
    """Yield all labels; templates alternate between the halves within each kind."""
    made_of: dict[str, int] = defaultdict(int)
    seen: set[str] = set()
    for number, (kind, count, maker) in enumerate(MAKERS):
        half = ("tune", "held_out")[made_of[kind] % 2]
        made_of[kind] += 1
        rng = random.Random(f"{seed} {number}")
        left = count
        for _ in range(200):
            made = maker(pack, rng) if left else None
            if made is None or made[0] in seen:
                continue
            left -= 1
            seen.add(made[0])
            text, spot = made
            yield label(half, kind, text, spot)
    for number, (text, spot) in enumerate(by_hand(pack, HAND)):
        yield label(("tune", "held_out")[number % 2], "by_hand", text, spot)
    for text, spot in by_hand(pack, FRESH):
        yield label("held_out", "by_hand", text, spot)
    for number, text in enumerate(ELSEWHERE):
        yield Label(("tune", "held_out")[number % 2], "elsewhere", text, "none")


def main() -> None:
    """Write the file."""
    rows = list(labels(Pack(PACK)))
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    with TARGET.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, [field.name for field in fields(Label)], lineterminator="\n")
        writer.writeheader()
        writer.writerows(asdict(row) for row in rows)
    print(f"{len(rows)} labels in {TARGET}")


if __name__ == "__main__":
    main()
