"""Which characters and pairs of characters go with which category, learnt from examples. Pure.

For reports in which no rule finds a word: somebody who writes of a hole in the road without saying "pothole" still uses
characters that such reports use. No dictionary of Chinese words is needed, and a town learns from what it has decided.

Source: TF-IDF with a logarithmic term weight and partly normalised length (Manning, Raghavan, Schütze 2008, section 6.4).
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

# A pair that nearly every category knows tells nothing.
COMMON_SHARE = 0.6
# Categories with many examples know more words; this much of their advantage is taken back.
LENGTH_POWER = 0.6


@dataclass(frozen=True)
class Wording:
    """Weights of categories by character and pair of characters; texts come folded."""

    _weights: Mapping[str, tuple[tuple[str, float], ...]] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, examples: Iterable[tuple[str, str, float]]) -> Wording:
        """What can be learnt from examples ``(category, text, weight)``."""
        counts: dict[str, Counter[str]] = defaultdict(Counter)
        for category, text, weight in examples:
            for gram in _grams(text):
                counts[category][gram] += weight  # type: ignore[assignment]
        known = Counter(gram for grams in counts.values() for gram in grams)
        rare = {gram: math.log(len(counts) / n) + 0.1 for gram, n in known.items() if n <= COMMON_SHARE * len(counts)}
        weights: dict[str, list[tuple[str, float]]] = defaultdict(list)
        for category, grams in counts.items():
            length = math.sqrt(sum(math.log1p(n) ** 2 for n in grams.values())) ** LENGTH_POWER
            for gram in grams.keys() & rare.keys():
                weight = math.sqrt(len(gram)) * rare[gram] * math.log1p(grams[gram]) / length
                weights[gram].append((category, weight))
        return cls({gram: tuple(found) for gram, found in weights.items()})

    def likeness(self, text: str) -> dict[str, float]:
        """How well the text goes with each category; 1 for the best.

        Only categories that share a pair of characters with it: single ones are in every text.
        """
        scores: dict[str, float] = defaultdict(float)
        paired: set[str] = set()
        for gram in _grams(text):
            for category, weight in self._weights.get(gram, ()):
                scores[category] += weight
                if len(gram) > 1:
                    paired.add(category)
        best = max((scores[category] for category in paired), default=0)
        return {category: score / best for category, score in scores.items() if category in paired}


def _grams(text: str) -> dict[str, None]:
    """Characters and pairs of a text, each once; in order, so that sums are the same in every process."""
    grams: dict[str, None] = {}
    for run in re.findall(r"[^\W\d_]+", text):
        grams.update(dict.fromkeys(run))
        grams.update(dict.fromkeys(run[n : n + 2] for n in range(len(run) - 1)))
    return grams
