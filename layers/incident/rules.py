"""What a report is about: category, platform and lead organisation suggested from its words. Pure.

Three kinds of evidence count for a category: the suggestion rules of the town (words that must be there, words that must
not, sometimes a channel) with the weight the town gave them, the category's own keywords, and how like the text is to
what is known of the category and to cases that were decided. The best category wins; the confidence is its share of all
evidence, held down while there is little of it, and while the text is put otherwise than reports of that category are:
likeness alone suggests, but is never sure enough to decide, and one word found by chance is not either.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from layers.incident.wording import Wording

# One keyword weighs half a rule of weight 1: a rule is written on purpose, a keyword is one word of many.
KEYWORD_WEIGHT = 0.5
# Evidence of weight 0.5 alone gives a confidence of one half.
PRIOR_WEIGHT = 0.5
ALTERNATIVES = 3
# Likeness counts less than any keyword, and the runners-up hardly at all.
LIKENESS_WEIGHT = 0.4
LIKENESS_POWER = 8
LEAST_LIKENESS = 0.05
# Words that name one category in a text that is quite unlike it count against that much doubt: then a person is asked.
DOUBT_WEIGHT = 1.5
# A decided case tells less of its category than a word that somebody chose for it.
CHOSEN_WEIGHT, TOLD_WEIGHT, DECIDED_WEIGHT = 0.7, 1.0, 0.2


@dataclass(frozen=True)
class Category:
    """What the rules need to know about a minor class of incidents. ``keywords`` as the town wrote them.

    ``told`` are its name and conditions: texts that say what it is.
    """

    code: str
    platform: str
    urgency: str = "U3"
    lead_org: str | None = None
    keywords: tuple[str, ...] = ()
    minor: str | None = None
    told: tuple[str, ...] = ()


@dataclass(frozen=True)
class SuggestionRule:
    """One rule of the town.

    Any one of ``words`` suffices; a word written ``a+b`` asks for both parts, a part written ``c|d`` for either. None of
    ``not_words`` may occur. With a ``channel`` the rule holds for reports of that channel only.
    """

    code: str
    words: tuple[str, ...]
    category: str
    weight: float = 1.0
    not_words: tuple[str, ...] = ()
    channel: str | None = None


@dataclass(frozen=True)
class Alternative:
    """A category that is less likely than the suggested one."""

    category: str
    platform: str
    confidence: float


@dataclass(frozen=True)
class Suggestion:
    """What the words say. ``confidence`` in 0–1; ``rules`` are the codes that fired, ``keyword:<word>`` for keywords,
    ``likeness`` for the way it is put; ``words`` are those of the text that fired the coded rules.

    Everything is None and the confidence 0 when no word says anything.
    """

    platform: str | None = None
    category: str | None = None
    lead_org: str | None = None
    urgency: str | None = None
    confidence: float = 0.0
    rules: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    alternatives: tuple[Alternative, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """The suggestion as it is stored and sent."""
        return {
            "platform": self.platform,
            "category": self.category,
            "lead_org": self.lead_org,
            "urgency": self.urgency,
            "confidence": self.confidence,
            "rules": list(self.rules),
            "words": list(self.words),
            "alternatives": [
                {"category": other.category, "platform": other.platform, "confidence": other.confidence}
                for other in self.alternatives
            ],
        }


def fold(text: str) -> str:
    """The text with full-width and letter case folded, so that words compare.

    Examples
    --------
    >>> fold("ＫＴＶ 噪音")
    'ktv 噪音'
    """
    return unicodedata.normalize("NFKC", text).casefold()


Parts = tuple[str, ...]
# Parts that must all occur, each by one of its spellings.
Asked = tuple[Parts, ...]


@dataclass(frozen=True)
class RuleBook:
    """Categories and rules of one town, folded and turned round once, so that `suggest` looks at each word once."""

    categories: dict[str, Category]
    # Every word that matters, then by word: what it may fire.
    _words: tuple[str, ...] = field(repr=False)
    _rules: dict[str, tuple[tuple[SuggestionRule, Asked], ...]] = field(repr=False)
    _not_words: dict[str, Parts] = field(repr=False)
    _keywords: dict[str, tuple[tuple[str, str], ...]] = field(repr=False)
    _wording: Wording = field(repr=False)

    @classmethod
    def of(
        cls,
        categories: Iterable[Category],
        rules: Iterable[SuggestionRule] = (),
        decided: Iterable[tuple[str, str]] | None = None,
    ) -> RuleBook:
        """A book of the categories and rules; rules for categories that are not there are left out.

        With ``decided``, pairs of category and text of cases that people have filed, it also learns how things are put.
        """
        known, rules = {category.code: category for category in categories}, list(rules)
        by_word: dict[str, list[tuple[SuggestionRule, Asked]]] = {}
        not_words: dict[str, Parts] = {}
        for rule in rules:
            if rule.category not in known:
                continue
            not_words[rule.code] = tuple(fold(word) for word in rule.not_words if word.strip())
            for word in rule.words:
                parts = [tuple(filter(None, part.split("|"))) for part in fold(word).split("+")]
                first, *others = [part for part in parts if part] or [()]
                for spelling in first:
                    by_word.setdefault(spelling, []).append((rule, tuple(others)))
        keywords: dict[str, list[tuple[str, str]]] = {}
        for category in known.values():
            for word in category.keywords:
                if word.strip():
                    keywords.setdefault(fold(word), []).append((word, category.code))
        return cls(
            known,
            tuple(dict.fromkeys((*by_word, *keywords))),
            {word: tuple(found) for word, found in by_word.items()},
            not_words,
            {word: tuple(found) for word, found in keywords.items()},
            Wording() if decided is None else Wording.of(_examples(known, rules, decided)),
        )

    def evidence(self, text: str, channel: str | None) -> dict[str, dict[str, float]]:
        """Weight by rule code by category of all that fires."""
        folded = fold(text)
        found: dict[str, dict[str, float]] = {}
        for word in [word for word in self._words if word in folded]:
            for rule, others in self._rules.get(word, ()):
                if rule.channel and rule.channel != channel:
                    continue
                if rule.code in found.get(rule.category, ()):
                    continue
                asked = all(any(part in folded for part in spellings) for spellings in others)
                if asked and not any(w in folded for w in self._not_words[rule.code]):
                    found.setdefault(rule.category, {})[rule.code] = rule.weight
            for written, category in self._keywords.get(word, ()):
                found.setdefault(category, {})[f"keyword:{written}"] = KEYWORD_WEIGHT
        for category, likeness in self._wording.likeness(folded).items():
            if likeness**LIKENESS_POWER >= LEAST_LIKENESS:
                found.setdefault(category, {})["likeness"] = LIKENESS_WEIGHT * likeness**LIKENESS_POWER
        return found

    def words_of(self, text: str, codes: Iterable[str]) -> tuple[str, ...]:
        """The words of the text by which these rules, which have fired, did so; folded, each once."""
        folded, fired = fold(text), frozenset(codes)
        words: list[str] = []
        for word, asking in self._rules.items():
            for rule, others in asking:
                if rule.code in fired and word in folded:
                    hits = [next((part for part in spellings if part in folded), None) for spellings in others]
                    if None not in hits:
                        words += [word, *filter(None, hits)]
        return tuple(dict.fromkeys(words))


def _examples(
    categories: dict[str, Category], rules: Iterable[SuggestionRule], decided: Iterable[tuple[str, str]]
) -> Iterator[tuple[str, str, float]]:
    for category in categories.values():
        for text in (category.minor or "", *category.told, *category.keywords):
            yield category.code, text, TOLD_WEIGHT
    for rule in rules:
        if rule.category in categories:
            for word in re.split(r"[|+]", "|".join(rule.words)):
                yield rule.category, word, CHOSEN_WEIGHT
    for code, text in decided:
        if code in categories:
            yield code, text, DECIDED_WEIGHT


def suggest(text: str, channel: str | None, book: RuleBook) -> Suggestion:
    """The category that the words point to, with its platform, lead organisation and the reasons.

    Parameters
    ----------
    text
        Title and description, in any order.
    channel
        Code of the channel the report came by; some rules hold for one channel only.

    Returns
    -------
    Suggestion
        Empty when nothing fires. Equal evidence is settled by the code of the category, so that the answer is stable.

    Examples
    --------
    >>> book = RuleBook.of([Category("ZF-1", "enforcement", keywords=("占道",))])
    >>> found = suggest("老街占道经营", "web", book)
    >>> found.category, found.confidence, found.rules
    ('ZF-1', 0.5, ('keyword:占道',))
    """
    evidence = book.evidence(text, channel)
    weights = {code: sum(fired.values()) for code, fired in evidence.items()}
    ranked = sorted((code for code in weights if weights[code] > 0), key=lambda code: (-weights[code], code))
    if not ranked:
        return Suggestion()
    total = sum(weights[code] for code in ranked) + PRIOR_WEIGHT + _doubt(evidence, ranked[0])

    def confidence(code: str) -> float:
        return round(weights[code] / total, 3)

    best = book.categories[ranked[0]]
    rules = tuple(sorted(evidence[best.code], key=lambda code: (-evidence[best.code][code], code)))
    return Suggestion(
        platform=best.platform,
        category=best.code,
        lead_org=best.lead_org,
        urgency=best.urgency,
        confidence=confidence(best.code),
        rules=rules,
        words=book.words_of(text, rules),
        alternatives=_alternatives(ranked[1 : 1 + ALTERNATIVES], book, confidence),
    )


def _doubt(evidence: dict[str, dict[str, float]], best: str) -> float:
    """How much less the text is like the best category than like another one, as a weight; 0 in a book without examples."""
    likest = max(fired.get("likeness", 0.0) for fired in evidence.values())
    return DOUBT_WEIGHT * (likest - evidence[best].get("likeness", 0.0)) / LIKENESS_WEIGHT


def _alternatives(codes: Sequence[str], book: RuleBook, confidence: Any) -> tuple[Alternative, ...]:
    return tuple(Alternative(code, book.categories[code].platform, confidence(code)) for code in codes)
