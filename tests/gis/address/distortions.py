"""What typing and speaking do to a name or a number: digits in words, full width, characters misheard."""

from __future__ import annotations

import random
import re

import opencc

from tests.gis.address.phrases import MISHEARD

#: Simplified characters to traditional ones.
traditional = opencc.OpenCC("s2t").convert


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


def called(name: str) -> str:
    """An entity as people call it: without town and legal form."""
    bare = re.sub(r"^(浙江省?|嘉兴市?|海盐县?|澉浦镇?)+", "", name)
    return re.sub(r"(（.*?）|\(.*?\)|股份有限公司|有限责任公司|有限公司)$", "", bare) or name
