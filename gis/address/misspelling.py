"""Names with one wrong, missing or extra character, and Latin names with a typing error."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np
from rapidfuzz import fuzz, process

from gis.address.sound import sounds_near

_LONGEST = 9
#: Leftover text behind this many characters is not searched for misspelt names.
_MAX_RUN = 60
_LATIN_FLOOR = 84.0


class Guess(NamedTuple):
    """A piece ``start:end`` of the text that may be a misspelt ``name``, trusted 0–1."""

    start: int
    end: int
    name: str
    trust: float


class Misspellings:
    """One-error look-up over names by their spellings with a gap (``?``) at each place; the index is immutable."""

    def __init__(self, names: Iterable[str]) -> None:
        self._gapped: dict[str, list[str]] = {}
        self._shortened: dict[str, list[str]] = {}
        self._whole: set[str] = set()
        self._alphabet: set[str] = set()
        latin: list[str] = []
        for name in names:
            if name.isascii():
                if len(name) >= 6 and not name.isdigit():
                    latin.append(name)
            elif 2 <= len(name) <= _LONGEST:
                self._add(name)
        self._latin = latin

    def _add(self, name: str) -> None:
        self._whole.add(name)
        self._alphabet.update(name)
        for at in range(len(name)):
            self._gapped.setdefault(f"{name[:at]}?{name[at + 1 :]}", []).append(name)
            if len(name) >= 4:
                self._shortened.setdefault(name[:at] + name[at + 1 :], []).append(name)

    def in_han(self, run: str) -> Iterator[Guess]:
        """Yield names of Chinese characters that a piece of the run misses by one character."""
        run = run[:_MAX_RUN]
        strange = [char not in self._alphabet for char in run]
        for start in range(len(run) - 1):
            wrong = int(strange[start])
            for end in range(start + 2, min(len(run), start + _LONGEST + 1) + 1):
                wrong += strange[end - 1]
                if wrong > 1:
                    break
                window = run[start:end]
                yield from (Guess(start, end, name, trust) for name, trust in self._near(window))

    def _near(self, window: str) -> Iterator[tuple[str, float]]:
        for at, char in enumerate(window):
            rest = f"{window[:at]}?{window[at + 1 :]}"
            for name in self._gapped.get(rest, ()):
                trust = self._trust_replaced(name, char, name[at])
                if trust:
                    yield name, trust
            if len(window) >= 4 and window[:at] + window[at + 1 :] in self._whole:
                yield window[:at] + window[at + 1 :], 0.7
        for name in self._shortened.get(window, ()) if len(window) >= 3 else ():
            yield name, 0.7

    def _trust_replaced(self, name: str, wrong: str, right: str) -> float:
        near = sounds_near(wrong, right)
        if len(name) >= 4:
            return 0.75 if near else 0.6
        if len(name) == 3:
            return 0.7 if near else 0.45
        return 0.6 if near else 0.0

    def in_latin(self, words: list[tuple[int, int, str]]) -> Iterator[Guess]:
        """Yield Latin names that resemble one to five words in a row, given as (start, end, folded word)."""
        words = words[:24]
        windows = [
            (words[first][0], words[last][1], "".join(word for _, _, word in words[first : last + 1]))
            for first in range(len(words))
            for last in range(first, min(len(words), first + 5))
        ]
        windows = [window for window in windows if len(window[2]) >= 6]
        if not windows or not self._latin:
            return
        likeness = process.cdist(
            [text for _, _, text in windows], self._latin, scorer=fuzz.ratio, score_cutoff=_LATIN_FLOOR
        )
        for row, column in np.argwhere(likeness >= _LATIN_FLOOR):
            start, end, _ = windows[row]
            yield Guess(start, end, self._latin[column], float(likeness[row, column]) / 125.0)
