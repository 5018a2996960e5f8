"""One spelling for every way of writing the same characters, with the way back to the original text.

Names and texts go through the same table, so that they meet: compatibility forms and accents are taken apart
(NFKD), letters lowered, traditional characters simplified, everything that is neither letter nor digit dropped.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from opencc import OpenCC

#: Text behind this many characters is not read: an address stands near the front, and time must stay bounded.
MAX_TEXT_CHARS = 1_000

_SKIPPED = re.compile(r"<[^<>]{0,300}>|&#?\w{1,8};")
_DASHES = frozenset("-‐‑‒–—―－~～")
_HASHES = frozenset("#＃")


@lru_cache(maxsize=1)
def _simplifier() -> OpenCC:
    return OpenCC("t2s")


def _fold_char(char: str) -> str:
    if char.isascii():
        return char.lower() if char.isalnum() else ""
    parts = (part for part in unicodedata.normalize("NFKD", char) if part.isalnum())
    folded = "".join(parts).casefold()
    return _simplifier().convert(folded) if any("⺀" <= part <= "\U0003ffff" for part in folded) else folded


class _FoldTable(dict[int, str]):
    """A table for ``str.translate`` that learns each character at its first use."""

    def __missing__(self, code: int) -> str:
        folded = _fold_char(chr(code))
        self[code] = folded
        return folded


_TABLE = _FoldTable()


def fold_name(name: str) -> str:
    """Return the one spelling under which a name is compared.

    >>> fold_name("Rue de l'Église"), fold_name("堰山路（東）")
    ('ruedeleglise', '堰山路东')
    """
    return name.translate(_TABLE)


@dataclass(frozen=True, slots=True)
class Folded:
    """A text in its folded spelling, each character with the span it came from.

    Besides letters and digits it keeps ``-`` after a digit, ``#``, and one space between two digits, since "58-2"
    is one number and "12 34" are two.
    """

    text: str
    starts: tuple[int, ...]
    ends: tuple[int, ...]

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Return the span of the original text behind ``text[start:end]``."""
        return self.starts[start], self.ends[end - 1]

    def word_starts(self, position: int) -> bool:
        """Tell whether a word may begin here: letters and digits that touch in the original are one word."""
        if position <= 0 or position >= len(self.text):
            return True
        before, here = self.text[position - 1], self.text[position]
        if not (before.isascii() and here.isascii()) or before.isdigit() != here.isdigit():
            return True
        return self.starts[position] > self.ends[position - 1] or not (before.isalnum() and here.isalnum())


def _blank_markup(text: str) -> str:
    """Tags and entities become as many spaces, so that positions stay."""
    if "<" not in text and "&" not in text:
        return text
    return _SKIPPED.sub(lambda found: " " * len(found.group()), text)


def fold_text(text: str) -> Folded:
    """Return the folded spelling of a text with the way back; any string is accepted.

    Only the first `MAX_TEXT_CHARS` characters are read. HTML tags and entities count as spaces.

    >>> folded = fold_text("澉浦鎮 ５８－２ 號")
    >>> folded.text, folded.span(3, 6)
    ('澉浦镇58-2号', (4, 7))
    """
    chars: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    gap = -1
    for position, char in enumerate(_blank_markup(text[:MAX_TEXT_CHARS])):
        folded = _TABLE[ord(char)]
        if not folded:
            if char in _HASHES:
                folded = "#"
            elif char in _DASHES and chars and chars[-1].isdigit():
                folded = "-"
            else:
                gap = position
                continue
        if gap >= 0 and chars and chars[-1].isdigit() and folded[0].isdigit():
            chars.append(" ")
            starts.append(gap)
            ends.append(gap + 1)
        gap = -1
        for part in folded:
            chars.append(part)
            starts.append(position)
            ends.append(position + 1)
    return Folded("".join(chars), tuple(starts), tuple(ends))
