"""Folding, numerals and parsing: what is recognised, and that spans lead back to the original text."""

from __future__ import annotations

import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gis.address import Gazetteer, parse
from gis.address.fold import fold_name, fold_text
from gis.address.names import Span, best_cover
from gis.address.numerals import parse_number
from gis.address.sound import sound_of, sounds_near
from tests.gis.address.willow_town import GARDEN, LIUTANG, SHIQIAO, ZHENNAN, willow_town

ADDRESS_ALPHABET = st.sampled_from(
    "柳塘鎮镇村石橋桥三3组組号號路-－ １２<b>&;😀éÉ王家埭东南50米対面对 \n\t廿百零#.,，。"
)
TOWN = willow_town()


@given(st.text(ADDRESS_ALPHABET, max_size=60) | st.text(max_size=40))
def test_each_folded_character_comes_from_its_span(text: str) -> None:
    folded = fold_text(text)
    assert len(folded.starts) == len(folded.ends) == len(folded.text)
    assert list(folded.starts) == sorted(folded.starts)
    for at, char in enumerate(folded.text):
        source = text[folded.starts[at] : folded.ends[at]]
        assert char in fold_name(source) or char in "-# "


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("澉浦鎮 ５８－２ 號", "澉浦镇58-2号"),
        ("Rue de l'Église, 12", "ruedeleglise12"),
        ("<b>石桥</b>&nbsp;村", "石桥村"),
        ("12 34", "12 34"),
        ("①号", "1号"),
        ("😀", ""),
        ("\ud800", ""),
    ],
)
def test_text_is_folded(text: str, folded: str) -> None:
    assert fold_text(text).text == folded


def in_words(value: int) -> str:
    """A number below 10,000 as it is written in Chinese, by its grammar rather than by the code's."""
    digits, out, skipped = "零一二三四五六七八九", "", False
    for unit, name in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit, value = divmod(value, unit)
        if digit:
            out += ("零" if skipped and out else "") + digits[digit] + name
            skipped = False
        else:
            skipped = True
    return out


@given(st.integers(1, 9999))
def test_written_numbers_are_read_back(value: int) -> None:
    assert parse_number(in_words(value)) == value
    assert parse_number(in_words(value).removeprefix("一") if 10 <= value < 20 else str(value)) == value


@given(st.integers(10, 9999))
def test_digits_spoken_one_by_one_are_read_back(value: int) -> None:
    spoken = "".join("零幺二三四五六七八九"[int(digit)] for digit in str(value))
    assert parse_number(spoken) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("廿五", 25),
        ("卅", 30),
        ("两百", 200),
        ("一百二", 120),
        ("两千五", 2500),
        ("三四十", 35),
        ("壹佰贰拾", 120),
        ("", None),
        ("3a", None),
    ],
)
def test_spoken_numbers_are_read(text: str, value: int | None) -> None:
    assert parse_number(text) == value


def test_homophones_are_equal_and_neighbours_near() -> None:
    assert sound_of("堰山路") == sound_of("燕山陆")
    assert sound_of("堰山路") != sound_of("堰南路")
    assert sounds_near("禄", "六")
    assert not sounds_near("三", "路")


@given(st.lists(st.tuples(st.integers(0, 12), st.integers(1, 5), st.floats(0.1, 5)), max_size=9))
def test_cover_is_the_best_of_all_covers(raw: list[tuple[int, int, float]]) -> None:
    spans = [Span(start, start + length, worth, at) for at, (start, length, worth) in enumerate(raw)]

    def best(rest: list[Span], taken: tuple[Span, ...]) -> float:
        if not rest:
            return sum(span.worth for span in taken)
        without = best(rest[1:], taken)
        if any(rest[0].start < span.end and span.start < rest[0].end for span in taken):
            return without
        return max(without, best(rest[1:], (*taken, rest[0])))

    chosen = best_cover(spans)
    assert all(one.end <= other.start for one, other in pairwise(chosen))
    assert sum(span.worth for span in chosen) == pytest.approx(best(spans, ()))


PARSED = [
    (
        "江南省云州市青溪县柳塘镇石桥村三组5号",
        "prefix prefix prefix prefix village group number",
        f"柳塘镇 {SHIQIAO} 3 5",
    ),
    ("石橋村第三村民小組廿五號", "village group number", f"{SHIQIAO} 3 25"),
    ("石桥三组老王家隔壁", "village group relation", f"{SHIQIAO} 3 隔壁"),
    ("柳塘镇南村一组", "prefix village group", f"柳塘镇 {ZHENNAN} 1"),
    ("柳溪路幺五八号2幢3单元401室", "road number building unit room", "柳溪路 158 2 3 401"),
    ("柳溪路58号之2", "road number", "柳溪路 58-2"),
    ("柳溪路５８－２號", "road number", "柳溪路 58-2"),
    ("柳溪158", "road number", "柳溪路 158"),
    ("老街桥头南50米", "landmark relation offset", "老街桥 头 s 50"),
    ("大塘往东一里", "landmark offset", "柳塘水库 e 500"),
    ("老街桥东北方向大约两百米处", "landmark offset", "老街桥 ne 200"),
    ("离老街桥半里路", "landmark offset", "老街桥 250"),
    ("王家埭2号", "natural_village number", "王家埭 2"),
    ("花园居委会", "village", GARDEN),
    ("石码头村2组", "village group", f"{SHIQIAO} 2"),
    ("流溪路30号", "road number", "柳溪路 30"),
    ("柳四路30号", "road number", "柳溪路 30"),
    ("No. 30 Liuxi Road", "number road", "30 柳溪路"),
    ("liu tang cun 2 zu", "village group", f"{LIUTANG} 2"),
    ("120.9012，30.4021", "coordinate", "120.9012 30.4021"),
    ("扫码 http://q.cn/?id=L030", "plate_id", "L030"),
    ("200 m south of 老街桥", "offset landmark", "s 200 老街桥"),
    ("电话13800000000", "", ""),
    ("11月24号", "", ""),
]


@pytest.mark.parametrize(("text", "kinds", "values"), PARSED)
def test_components_are_recognised(town: Gazetteer, text: str, kinds: str, values: str) -> None:
    parts = parse(text, town)
    assert " ".join(part.kind for part in parts) == kinds
    assert " ".join(part.value for part in parts).endswith(values)


@given(st.text(ADDRESS_ALPHABET, max_size=60) | st.text(max_size=60))
def test_spans_are_slices_of_the_text_that_never_overlap(text: str) -> None:
    parts = parse(text, TOWN)
    assert all(text[part.start : part.end] == part.text and part.text for part in parts)
    assert all(one.end <= other.start for one, other in pairwise(parts))


def test_span_leads_back_through_markup_and_width(town: Gazetteer) -> None:
    text = "<p>石橋村</p>　第３組 ５號"
    assert [(part.text, part.start) for part in parse(text, town)] == [("石橋村", 3), ("第３組", 11), ("５號", 15)]


@pytest.mark.parametrize(
    "piece", ["石桥村三组", "柳", "1", "１２ ", "<", "&amp;", "南50米", "六", "老街桥", "Rue ", "😀", "-"]
)
def test_long_text_is_read_in_bounded_time(town: Gazetteer, piece: str) -> None:
    started = time.perf_counter()
    parse(piece * (100_000 // len(piece)), town)
    assert time.perf_counter() - started < 1.0
