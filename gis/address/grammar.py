"""What needs no gazetteer: groups, house numbers, buildings and rooms, distances and directions, relations.

The reader works on the folded text in which every name already found is blanked by the mark of its kind, so that a rule
can ask what stands before and after without knowing any name.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from gis.address.numerals import FORMAL_CHARS, NUMERAL_CHARS, parse_number
from gis.address.tokens import MARKS, Token

_NUM = rf"(?:\d{{1,6}}|[{NUMERAL_CHARS}]{{1,9}}|[{FORMAL_CHARS}]{{2,9}})"
_ROAD, _PLACE = MARKS["road"], "".join(MARKS[kind] for kind in ("road", "group", "natural_village", "village"))

_GROUP = re.compile(
    rf"第?(?P<zh>{_NUM})(?:村民)?(?:小组|组|生产队|大队|小队|队|社(?!区|保|会|团))(?!长|织|员)"
    r"|(?:villagers?)?(?:group|team)(?:no)?(?P<en>\d{1,3})|(?:no)?(?P<th>\d{1,3})(?:st|nd|rd|th)?(?:villagers?)?(?:group|zu(?![a-z]))"
)
_DIRECTION = "东南|东北|西南|西北|东|南|西|北"
_DIRECTION_EN = "north(?:east|west)|south(?:east|west)|north|south|east|west"
_BEARING = {
    "东": "e", "南": "s", "西": "w", "北": "n", "东南": "se", "东北": "ne", "西南": "sw", "西北": "nw",
    "north": "n", "south": "s", "east": "e", "west": "w",
    "northeast": "ne", "northwest": "nw", "southeast": "se", "southwest": "sw",
}  # fmt: skip
_METRES = {
    "米": 1.0, "公尺": 1.0, "m": 1.0, "metre": 1.0, "meter": 1.0, "metres": 1.0, "meters": 1.0, "公里": 1000.0,
    "千米": 1000.0,
    "km": 1000.0, "里": 500.0, "里路": 500.0, "里地": 500.0, "华里": 500.0, "丈": 3.33, "步": 0.7,
}  # fmt: skip
_UNIT = "公里|千米|公尺|米|华里|里路|里地|里|丈|步|km|metres|meters|metre|meter|m(?![a-z])"
_AMOUNT = (
    rf"(?:大约|大概|差不多|约莫|约|有|再走|走|再)*(?P<num>{_NUM}|半|几十|几百)(?:多|来|把|几)?(?:个)?"
    rf"(?P<unit>{_UNIT})(?P<half>半)?"
)
_TAIL = "(?:左右|上下|开外|远|外|处|光景|的?地方|的?位置)*"
_OFFSET = re.compile(
    rf"(?:往|向|朝|以|偏|正|在|的)*(?P<dir>{_DIRECTION})(?:面|边|侧|方向|方|头|首|部|走|行|开|去|过去|一直|再)*{_AMOUNT}{_TAIL}"
)
_OFFSET_AFTER = re.compile(
    rf"(?:离|距|距离|相距)?{_AMOUNT}{_TAIL}(?:往|向|朝|以|偏|在|的)*(?:(?P<dir>{_DIRECTION})(?:面|边|侧|方向|方|首))?"
)
_DIRECTION_ONLY = re.compile(
    rf"(?:往|向|朝|以|偏)(?P<lead>{_DIRECTION})(?:面|边|侧|方向|方|走|去|一点|点)*|(?P<dir>{_DIRECTION})(?:面|边|侧|首|头|方向)"
)
_OFFSET_EN = re.compile(
    rf"(?:about)?(?P<num>\d{{1,5}})(?P<unit>km|metres|meters|metre|meter|m)(?:tothe|dueto|due)?(?P<dir>{_DIRECTION_EN})(?:of|from)?"
    rf"|(?:tothe|just)?(?P<only>{_DIRECTION_EN})of|(?P<far>\d{{1,5}})(?P<farunit>km|metres|meters|metre|meter|m)(?:away)?(?:from|before|after|past)"
)
#: Relation → by how many metres the place is less certain than its landmark.
_RELATIONS = {
    "斜对面": 60, "斜对过": 60, "正对面": 40, "对面": 40, "对过": 40, "对门": 30, "隔壁": 30, "间壁": 30,
    "旁边": 40, "边上": 40, "旁": 40,
    "附近": 150, "一带": 200, "周边": 150, "周围": 150, "门口": 20, "门前": 20, "前面": 50, "前边": 50,
    "后面": 50, "后边": 50,
    "背后": 50, "楼下": 15, "楼上": 15, "里面": 20, "桥头": 30, "桥堍": 30, "桥下": 20, "桥上": 15, "路口": 60,
    "交叉口": 40, "十字路口": 60,
    "村口": 150, "口子": 60, "弄堂口": 60, "口": 60, "头上": 40, "头": 40,
}  # fmt: skip
_RELATIONS_EN = {
    "diagonallyopposite": 60, "opposite": 40, "acrossfrom": 40, "nextdoorto": 30, "nextto": 30, "beside": 40,
    "closeto": 150,
    "near": 150, "behind": 50, "infrontof": 40, "enfacede": 40, "acotede": 40, "pres": 150, "cornerof": 40,
}  # fmt: skip
_RELATION = re.compile("|".join(sorted(_RELATIONS, key=len, reverse=True)))
_RELATION_EN = re.compile("|".join(sorted(_RELATIONS_EN, key=len, reverse=True)))
_INDOORS = (
    ("building", re.compile(rf"(?P<num>{_NUM}|[a-z])(?:幢|栋|号楼(?![下上道梯顶前后旁边])|座(?!桥|山|房))")),
    ("unit", re.compile(rf"(?P<num>{_NUM})单元")),
    ("room", re.compile(rf"(?P<num>\d{{1,4}}[a-z]?|[{NUMERAL_CHARS}]{{2,6}})室")),
    ("floor", re.compile(rf"(?P<num>{_NUM})(?:楼|层)")),
)
_SUB = (
    rf"(?:弄(?P<lane>{_NUM})(?=号)"
    rf"|号?(?:之|-|杠|附)(?P<sub>{_NUM})|(?P<suffix>bis|ter|quater|[a-f](?![a-z])|[甲乙丙丁]))"
)
_NUMBER = re.compile(
    rf"(?P<lead>门牌号码?|门牌|numero|no|nr|n|#)?(?<!月)(?<![\d-])(?P<main>{_NUM}){_SUB}?(?P<end>号|#|hao(?![a-z]))?(?!\d)"
)
#: What follows 号 where it numbers no house (3号线, 2号门), and what follows a bare number that counts something.
_NAMED_THING = re.compile(
    r"[线桥码井泵闸机]|车(?![库棚位旁])|门(?![口前外牌面旁边对内])|厂房|楼(?![下上道梯顶前后旁边])"
)
_COUNTED = re.compile(r"[线桥门车块元年月日岁点个辆人户次天时分亩斤吨级楼幢栋排米里家条只名]")
_WordTest = Callable[[int], bool]


class _Text:
    """The text with marks, and the tokens taken out of it so far."""

    def __init__(self, marked: str, word_starts: _WordTest) -> None:
        self.marked = marked
        self.word_starts = word_starts
        self.tokens: list[Token] = []

    def take(self, token: Token) -> None:
        self.tokens.append(token)
        filled = MARKS[token.kind] * (token.end - token.start)
        self.marked = self.marked[: token.start] + filled + self.marked[token.end :]

    def found(self, pattern: re.Pattern[str]) -> Iterator[re.Match[str]]:
        for found in list(pattern.finditer(self.marked)):
            if self.word_starts(found.start()) and self.word_starts(found.end()):
                yield found


def read_grammar(marked: str, word_starts: _WordTest) -> list[Token]:
    """Return the groups, offsets, relations, indoor parts and numbers of a text with marks.

    ``word_starts(position)`` tells whether a word may begin there (see `Folded.word_starts`).
    """
    text = _Text(marked, word_starts)
    _read_groups(text)
    _read_offsets(text)
    _read_indoors(text)
    _read_numbers(text)
    _read_relations(text)
    return text.tokens


def _read_groups(text: _Text) -> None:
    for found in text.found(_GROUP):
        value = parse_number(found.group("zh") or found.group("en") or found.group("th"))
        if value is not None and 0 < value < 200:
            text.take(Token("group", *found.span(), value=str(value)))


def _metres(amount: str, unit: str, half: bool) -> tuple[float, bool] | None:
    """The distance, and whether it is a rough one."""
    rough = {"半": 0.5, "几十": 40.0, "几百": 400.0}.get(amount)
    value = rough if rough is not None else parse_number(amount)
    if value is None:
        return None
    return (value + (0.5 if half else 0.0)) * _METRES[unit], rough is not None and amount != "半"


def _take_offset(text: _Text, span: tuple[int, int], direction: str, amount: tuple[float, bool] | None) -> None:
    bearing = _BEARING.get(direction, "")
    if amount is None:
        text.take(Token("offset", *span, direction=bearing, radius_m=80.0, value=bearing))
        return
    metres, rough = amount
    if not 0 < metres <= 5_000:
        return
    spread = max(25.0, (0.6 if rough else 0.3) * metres) if bearing else metres
    value = f"{bearing} {metres:g}".strip()
    text.take(Token("offset", *span, direction=bearing, distance_m=metres, radius_m=spread, value=value))


def _read_offsets(text: _Text) -> None:
    for pattern in (_OFFSET, _OFFSET_AFTER):
        for found in text.found(pattern):
            amount = _metres(found["num"], found["unit"], bool(found["half"]))
            _take_offset(text, found.span(), found["dir"] or "", amount)
    for found in text.found(_OFFSET_EN):
        if found["only"]:
            _take_offset(text, found.span(), found["only"], None)
        else:
            amount = _metres(found["num"] or found["far"], found["unit"] or found["farunit"], False)
            _take_offset(text, found.span(), found["dir"] or "", amount)
    for found in text.found(_DIRECTION_ONLY):
        _take_offset(text, found.span(), found["lead"] or found["dir"], None)


def _read_indoors(text: _Text) -> None:
    for kind, pattern in _INDOORS:
        for found in text.found(pattern):
            value = parse_number(found["num"])
            text.take(Token(kind, *found.span(), value=found["num"] if value is None else str(value)))


def _read_numbers(text: _Text) -> None:
    for found in text.found(_NUMBER):
        start, end = found.span()
        before, after = text.marked[start - 1 : start], text.marked[end : end + 1]
        western = after == _ROAD and found["main"].isdigit()
        named = bool(found["end"] and not _NAMED_THING.match(text.marked, end)) or found["lead"] not in (None, "n")
        bare = before != "" and before in _PLACE and not found["end"] and not _COUNTED.match(text.marked, end)
        main = parse_number(found["main"])
        if main is None or not (western or named or bare) or main > 99_999:
            continue
        sub = found["sub"] or found["lane"] or found["suffix"]
        sub_value = parse_number(sub) if sub else None
        joint = "弄" if found["lane"] else "-"
        value = f"{main}{joint}{sub_value}" if sub_value is not None else f"{main}{sub or ''}"
        text.take(Token("number", start, end, value=value))


def _read_relations(text: _Text) -> None:
    for found in text.found(_RELATION):
        short = len(found.group()) == 1
        before = text.marked[found.start() - 1 : found.start()]
        # A lone 口, 头 or 旁 means something only right behind a name.
        if short and (before == "" or before > "\x1f"):
            continue
        text.take(Token("relation", *found.span(), value=found.group(), radius_m=float(_RELATIONS[found.group()])))
    for found in text.found(_RELATION_EN):
        text.take(Token("relation", *found.span(), value=found.group(), radius_m=float(_RELATIONS_EN[found.group()])))
