"""The phrasings: each makes a text about a place of the pack, and tells the place it means.

Their order decides the half and the random stream of each: a new one goes last.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable

from tests.gis.address.distortions import called, digits_in_words, full_width, in_words, misheard, traditional
from tests.gis.address.pack_places import DIRECTIONS, GEOD, Pack, Spot, coordinates, middle, plate, point
from tests.gis.address.phrases import PINYIN

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


def in_traditional(maker: Maker) -> Maker:
    def converted(pack: Pack, rng: random.Random) -> tuple[str, Spot] | None:
        made = maker(pack, rng)
        return (traditional(made[0]), made[1]) if made else None

    return converted


for _kind, _count, _maker in [entry for entry in MAKERS if entry[0] in ("typed", "prefix", "spoken")][::4]:
    MAKERS.append(("traditional", 3, in_traditional(_maker)))


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
