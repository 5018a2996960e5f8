"""The other ways people write a name: without its last word, with other numerals, in pinyin or English, abbreviated.

Facts of the languages, not of a town: what one town alone calls its places stands in its gazetteer as an alias.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from gis.address.fold import fold_name
from gis.address.numerals import NUMERAL_CHARS, spell_digits, unspell_digits
from gis.address.sound import romanise

_VILLAGE_ENDS = ("村民委员会", "社区居民委员会", "居民委员会", "社区居委会", "村委会", "居委会", "社区", "村")
_VILLAGE_SPELLINGS = ("村", "村委会", "村民委员会", "村委", "村村委会", "村村民委员会")
_COMMUNITY_SPELLINGS = ("社区", "社区居委会", "居委会", "社区居民委员会", "居民委员会")
_OFFICE = re.compile("(?:村民委员会|村委会|村委|村部)$")
_ADMIN_ENDS = ("特别行政区", "自治区", "自治州", "自治县", "省", "市", "区", "县", "街道", "镇", "乡")
_ROAD_ENDS = ("大道", "公路", "路", "街", "弄", "巷", "道", "里", "线")
_LEGAL_FORM = re.compile(r"(?:股份)?(?:有限责任|有限)?公司$|个体工商户$|分公司$|经营部$|商行$")
_ROMAN_ENDS = {
    "大道": ("dadao", "avenue", "ave"), "路": ("lu", "road", "rd"), "街": ("jie", "street", "st"),
    "巷": ("xiang", "lane"),
    "弄": ("long", "lane"), "公路": ("gonglu", "highway"), "村": ("cun", "village"), "社区": ("shequ", "community"),
    "镇": ("zhen", "town"), "桥": ("qiao", "bridge"), "湖": ("hu", "lake"), "山": ("shan", "hill"),
    "街道": ("jiedao", "subdistrict"), "县": ("xian", "county"), "市": ("shi", "city"), "省": ("sheng", "province"),
}  # fmt: skip
_ABBREVIATED = {
    "avenue": ("av", "ave"), "boulevard": ("bd", "blvd", "boul"), "saint": ("st",), "sainte": ("ste",),
    "street": ("st",),
    "road": ("rd",), "place": ("pl",), "square": ("sq",), "drive": ("dr",), "lane": ("ln",), "highway": ("hwy",),
    "north": ("n",), "south": ("s",), "east": ("e",), "west": ("w",), "chemin": ("ch",), "impasse": ("imp",),
}  # fmt: skip
_WORD = re.compile(r"[^\W_]+")
_HAN = re.compile(r"[⺀-鿿]")


def _without(name: str, ends: Sequence[str], keep: int) -> str | None:
    for end in ends:
        if name.endswith(end) and len(name) - len(end) >= keep:
            return name[: -len(end)]
    return None


def numeral_variants(name: str) -> Iterator[str]:
    """Yield the name with the other kind of digits, where it has any."""
    for variant in (spell_digits(name), unspell_digits(name)):
        if variant != name:
            yield variant


def village_variants(name: str) -> Iterator[tuple[str, bool]]:
    """Yield other spellings of a folded village name, each with whether it is a short form.

    >>> [name for name, short in village_variants("澉川社区居民委员会") if short]
    ['澉川']
    """
    core = _without(name, _VILLAGE_ENDS, 2)
    if core is None:
        return
    community = name.removeprefix(core)[0] in "社居"
    for end in _COMMUNITY_SPELLINGS if community else _VILLAGE_SPELLINGS:
        if core + end != name:
            yield core + end, False
    yield core, True


def landmark_variants(name: str) -> Iterator[str]:
    """Yield other spellings of a folded landmark name: of the office of a village (澉东村村部 for 澉东村委会).

    >>> list(landmark_variants("澉东村委会"))
    ['澉东村村委会', '澉东村村部', '澉东村部']
    """
    core = _OFFICE.sub("", name).removesuffix("村")
    if core and core != name and not name.endswith("村"):
        yield from (spelling for end in ("村委会", "村村委会", "村村部", "村部") if (spelling := core + end) != name)


def road_variants(name: str) -> Iterator[tuple[str, bool]]:
    """Yield the short form of a folded road name ("堰山" for 堰山路), to be trusted only before a number."""
    core = _without(name, _ROAD_ENDS, 2)
    if core is not None and _HAN.search(core):
        yield core, True


def prefix_variants(name: str) -> Iterator[str]:
    """Yield the folded name of a province, city, county or town without its last word, if two characters remain."""
    core = _without(name, _ADMIN_ENDS, 2)
    if core is not None:
        yield core


def roman_variants(name: str) -> Iterator[str]:
    """Yield a folded Chinese name in pinyin, and with its last word in English.

    >>> list(roman_variants("堰山路"))
    ['yanshanlu', 'yanshanroad', 'yanshanrd']
    """
    if not _HAN.search(name):
        return
    for end, words in sorted(_ROMAN_ENDS.items(), key=lambda item: -len(item[0])):
        if name.endswith(end) and len(name) > len(end):
            core = romanise(name[: -len(end)])
            yield from (core + word for word in words)
            return
    roman = romanise(name)
    if len(roman) >= 5:
        yield roman


def abbreviations(name: str) -> Iterator[str]:
    """Yield folded spellings of a name in Latin letters with its usual abbreviations.

    >>> list(abbreviations("Place Saint-Nicolas"))
    ['placestnicolas', 'plsaintnicolas', 'plstnicolas']
    """
    words = [fold_name(word) for word in _WORD.findall(name)]
    spellings = [""]
    for word in words:
        choices = (word, *_ABBREVIATED.get(word, ()))
        spellings = [spelling + choice for spelling in spellings for choice in choices][:24]
    yield from (spelling for spelling in spellings if spelling != "".join(words))


def leading(names: Iterable[str]) -> re.Pattern[str]:
    """Return a pattern that matches any of the folded names, one or more, at the start of a text, the longest first."""
    longest_first = sorted(filter(None, set(names)), key=lambda name: (-len(name), name))
    return re.compile(f"(?:{'|'.join(map(re.escape, longest_first))})+" if longest_first else "(?!)")


def entity_variants(name: str, town: re.Pattern[str], village: re.Pattern[str]) -> Iterator[str]:
    """Yield a folded entity name without town before it, then without legal form, then without its village.

    Each only if it is another and has three characters left.
    """
    bare = _cut(name, town)
    short = _LEGAL_FORM.sub("", bare)
    for shorter, longer in ((bare, name), (short, bare), (_cut(short, village), short)):
        if shorter != longer and len(shorter) >= 3:
            yield shorter


def _cut(name: str, pattern: re.Pattern[str]) -> str:
    found = pattern.match(name)
    return name[found.end() :] if found else name


def has_numeral(name: str) -> bool:
    """Tell whether a folded name holds a digit of either kind."""
    return any(char in NUMERAL_CHARS or char.isdigit() for char in name)


def has_han(name: str) -> bool:
    """Tell whether a name holds Chinese characters."""
    return _HAN.search(name) is not None
