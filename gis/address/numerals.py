"""Numbers as people write and say them: 158, 一百五十八, 幺五八, 廿五, 两百."""

from __future__ import annotations

_FORMAL_DIGITS = "壹贰叁肆伍陆柒捌玖"
_FORMAL_UNITS = "拾佰仟"
_DIGITS = {
    **dict(zip("〇零一二三四五六七八九", (0, *range(10)), strict=True)),
    **dict(zip(_FORMAL_DIGITS, range(1, 10), strict=True)),
    "两": 2, "俩": 2, "幺": 1, "仨": 3,
}  # fmt: skip
_UNITS = {"十": 10, "拾": 10, "百": 100, "佰": 100, "千": 1_000, "仟": 1_000, "万": 10_000}
_TENS = {"廿": 20, "卅": 30, "卌": 40}

#: The characters a Chinese number is made of, for use inside a regular expression's brackets: those of everyday, and
#: those of forms and banknotes. They are not mixed, so that the 陆 of a misspelt 路 does not join the number behind it.
NUMERAL_CHARS = "".join(char for char in (*_DIGITS, *_UNITS, *_TENS) if char not in _FORMAL_DIGITS + _FORMAL_UNITS)
FORMAL_CHARS = _FORMAL_DIGITS + _FORMAL_UNITS


def parse_number(text: str) -> int | None:
    """Return the value of a written number, or None where the text is none.

    Digits spoken one by one ("幺五八") are read as such; "一百二" is 120 as in speech; in "三四十" the mean is taken.

    >>> [parse_number(text) for text in ("158", "一百五十八", "幺五八", "廿五", "一百二", "三四十", "路")]
    [158, 158, 158, 25, 120, 35, None]
    """
    if not text:
        return None
    if text.isascii():
        return int(text) if text.isdigit() and len(text) <= 9 else None
    if any(char not in _DIGITS and char not in _UNITS and char not in _TENS for char in text) or len(text) > 12:
        return None
    if all(char in _DIGITS for char in text):
        return int("".join(str(_DIGITS[char]) for char in text))
    return _value_with_units(text)


def _value_with_units(text: str) -> int:
    total = 0
    pending: list[int] = []
    unit = 1
    for position, char in enumerate(text):
        if char in "零〇":
            unit = 1
            continue
        if char in _DIGITS:
            pending.append(_DIGITS[char])
            continue
        if char in _TENS:
            total, unit, pending = total + _TENS[char], 1, []
            continue
        size = _UNITS[char]
        amount = sum(pending) / len(pending) if pending else 1
        if size == 10_000 and position:
            total = int((total + (amount if pending else 0)) * size)
        else:
            total += int(amount * size)
        pending, unit = [], size
    if pending:
        # 一百二 is 120 and 两千五 is 2,500, but 一百零二 is 102 and 十二 is 12.
        spoken = len(pending) == 1 and unit >= 100
        total += pending[-1] * (unit // 10 if spoken else 1)
    return total


def spell_digits(name: str) -> str:
    """Return the name with its Arabic digits as Chinese ones: "2号桥" becomes "二号桥"."""
    return "".join("零一二三四五六七八九"[int(char)] if char in "0123456789" else char for char in name)


def unspell_digits(name: str) -> str:
    """Return the name with its Chinese digits 一 to 九 as Arabic ones: "二号桥" becomes "2号桥"."""
    return "".join(str(_DIGITS[char]) if char in "一二三四五六七八九" else char for char in name)
