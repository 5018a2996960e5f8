"""Names in Latin letters, for readers of English: pinyin, with the word for what it is where there is one."""

from __future__ import annotations

from pypinyin import Style, lazy_pinyin

_WORDS = {"河": " River", "港": "gang River", "塘": "tang Canal"}
# The reading in names of this town where the usual one is another.
_READ = {"长": "chang"}


def pinyin(name: str) -> str:
    """Return a name as one word.

    >>> pinyin("丁家台"), pinyin("长浜")
    ('Dingjiatai', 'Changbang')
    """
    usual = (lazy_pinyin(mark, style=Style.NORMAL)[0] for mark in name)
    return "".join(_READ.get(mark, sound) for mark, sound in zip(name, usual, strict=True)).capitalize()


def water(name: str) -> str:
    """Return the English name of a river or canal; of none, none.

    >>> water("长山河"), water("紫金港"), water("六里塘"), water("")
    ('Changshan River', 'Zijingang River', 'Liulitang Canal', '')
    """
    word = _WORDS.get(name[-1:])
    return pinyin(name[:-1]) + word if word else pinyin(name)
