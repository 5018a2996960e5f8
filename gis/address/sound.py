"""How names sound: one character per syllable class, so that homophones are found by plain string search."""

from __future__ import annotations

from functools import lru_cache

from pypinyin import Style
from pypinyin.constants import PINYIN_DICT
from pypinyin.style import convert as convert_style

_INITIALS = ("zh", "ch", "sh", *"bpmfdtnlgkhjqxrzcsyw")
#: Pairs many speakers do not tell apart.
_SAME_INITIAL = {"zh": "z", "ch": "c", "sh": "s"}
_SAME_FINAL = {"ing": "in", "eng": "en", "ang": "an", "uang": "uan", "iang": "ian"}
_CODES: dict[str, str] = {}


def _toneless(reading: str) -> str:
    return convert_style(reading, Style.NORMAL, strict=False)


@lru_cache(maxsize=30_000)
def readings(char: str) -> tuple[str, ...]:
    """Return the toneless pinyin readings of a character, the usual one first; empty where it has none."""
    return tuple(dict.fromkeys(_toneless(reading) for reading in PINYIN_DICT.get(ord(char), "").split(",") if reading))


def _split(syllable: str) -> tuple[str, str]:
    initial = next((start for start in _INITIALS if syllable.startswith(start)), "")
    final = syllable[len(initial) :]
    return _SAME_INITIAL.get(initial, initial), _SAME_FINAL.get(final, final)


class _SoundTable(dict[int, str]):
    """A table for ``str.translate``: each Han character becomes the private character of its syllable class."""

    def __missing__(self, code: int) -> str:
        spoken = readings(chr(code)) if code > 0x2E7F else ()
        if spoken:
            syllable = "".join(_split(spoken[0]))
            sound = _CODES.setdefault(syllable, chr(0xE000 + len(_CODES)))
        else:
            sound = chr(code)
        self[code] = sound
        return sound


_TABLE = _SoundTable()


def sound_of(folded: str) -> str:
    """Return a string of the same length in which characters that sound alike are equal (tones do not count)."""
    return folded.translate(_TABLE)


@lru_cache(maxsize=100_000)
def sounds_near(one: str, other: str) -> bool:
    """Tell whether two characters share a syllable, or at least its initial or its final, in any of their readings.

    >>> sounds_near("六", "禄"), sounds_near("澉", "坎"), sounds_near("六", "山")
    (True, True, False)
    """
    pairs = [(_split(first), _split(second)) for first in readings(one) for second in readings(other)]
    return any((first[0] and first[0] == second[0]) or first[1] == second[1] for first, second in pairs)


def romanise(folded: str) -> str:
    """Return the usual pinyin of a name without tones or spaces: "堰山" gives "yanshan"."""
    return "".join((readings(char) or (char,))[0] for char in folded)
