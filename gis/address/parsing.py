"""Read a text: gazetteer names first (longest and most telling cover), grammar second, misspelt names last."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import replace

from gis.address.fold import MAX_TEXT_CHARS, Folded, fold_name, fold_text
from gis.address.gazetteer import Gazetteer, Ref
from gis.address.grammar import read_grammar
from gis.address.misspelling import Guess
from gis.address.names import Span, best_cover
from gis.address.numerals import NUMERAL_CHARS
from gis.address.sound import sound_of
from gis.address.tokens import MARKS, TRUST, Component, Match, Reading, Token

#: Where one name means several kinds of thing, the kind a token is called by.
_KIND_ORDER = {"village": 0, "natural_village": 1, "road": 2, "landmark": 3, "group": 4, "entity": 5, "prefix": 6}
_WORTH = {"exact": 1.0, "alias": 1.0, "short": 0.95, "homophone": 0.75}
_COORDINATE = re.compile(r"(?<![\d.])(-?\d{1,3}\.\d{2,})\D{1,8}?(-?\d{1,3}\.\d{2,})(?![\d.])")
_ID_RUN = re.compile(r"[0-9A-Za-z０-９Ａ-Ｚａ-ｚ][0-9A-Za-z０-９Ａ-Ｚａ-ｚ_－-]{2,60}")
_NUMBER_NEXT = re.compile(rf"(?:\d+|[{NUMERAL_CHARS}]+)(?!\d|[{NUMERAL_CHARS}]|村民|小组|组|里|米|m)")
_VILLAGE_NEXT = re.compile(rf"$|[村社的这那有往向在东西南北第\d\x01-\x1f#{NUMERAL_CHARS}]|附近|边")
_HAN_RUN = re.compile(r"[⺀-鿿]{2,}")
_LATIN_RUN = re.compile(r"[a-z][a-z0-9]*")
#: With one of these found, or with village and group, a misspelt name is not looked for.
_TELLING = frozenset({"natural_village", "road", "landmark", "entity", "plate_id", "coordinate"})


def parse(text: str, gazetteer: Gazetteer) -> tuple[Component, ...]:
    """Return the components of an address with the span of the original text each came from.

    Parameters
    ----------
    text
        Anything a person or program wrote; only the first 1,000 characters are read.
    gazetteer
        What is known of the town.

    Returns
    -------
    tuple of Component
        In the order of the text, never overlapping; empty for a text without any. Kinds: plate_id, coordinate, prefix,
        village, natural_village, group, road, number, landmark, entity, building, unit, floor, room, offset, relation.

    Examples
    --------
    >>> town = Gazetteer.build(villages=[("330424105206", "六里村委会")])
    >>> [(part.kind, part.text, part.value) for part in parse("六里村三組廿五號", town)]
    [('village', '六里村', '330424105206'), ('group', '三組', '3'), ('number', '廿五號', '25')]
    """
    reading = read(text, gazetteer)
    components = []
    for token in reading.tokens:
        start, end = reading.folded.span(token.start, token.end)
        value = token.value or _value_of(token, gazetteer)
        components.append(Component(token.kind, text[start:end], start, end, value, token.match))
    return tuple(components)


def _value_of(token: Token, gazetteer: Gazetteer) -> str:
    ref = token.refs[0] if token.refs else Ref(token.kind)
    if ref.kind == "entity":
        return gazetteer.entities[ref.row].name
    if ref.kind == "landmark":
        return gazetteer.places[ref.row].name
    return ref.key


def read(text: str, gazetteer: Gazetteer) -> Reading:
    """Return the tokens of a text and what is left over; never raises for any string."""
    folded = fold_text(text)
    if not folded.text:
        return Reading(folded, (), ())
    tokens = _coordinates_and_ids(text, folded, gazetteer)
    marked = _mark(folded.text, tokens)
    tokens += _names(folded, marked, gazetteer)
    marked = _mark(folded.text, tokens)
    grammar = read_grammar(marked, folded.word_starts)
    marked = _mark(marked, grammar)
    kinds = {token.kind for token in tokens + grammar}
    if not (kinds & _TELLING or {"village", "group"} <= kinds):
        guessed = _misspelt(folded, marked, gazetteer)
        if guessed:
            # A name found late changes what stands before and after the numbers.
            tokens += guessed
            grammar = read_grammar(_mark(folded.text, tokens), folded.word_starts)
            marked = _mark(_mark(folded.text, tokens), grammar)
    tokens = sorted(_settled(tokens, marked) + grammar, key=lambda token: token.start)
    left_over = tuple(found.span() for found in re.finditer(r"[^\x01-\x1f]+", marked))
    return Reading(folded, tuple(tokens), left_over)


def _mark(text: str, tokens: list[Token]) -> str:
    if not tokens:
        return text
    marked = list(text)
    for token in tokens:
        marked[token.start : token.end] = MARKS[token.kind] * (token.end - token.start)
    return "".join(marked)


def _coordinates_and_ids(text: str, folded: Folded, gazetteer: Gazetteer) -> list[Token]:
    text = text[:MAX_TEXT_CHARS]
    tokens: list[Token] = []
    if "." in text:
        found = _COORDINATE.search(text)
        if found is not None:
            value = f"{float(found[1])} {float(found[2])}"
            tokens.append(Token("coordinate", *_folded_span(folded, *found.span()), value=value))
    by_id = gazetteer.plate_index.by_id
    for found in _ID_RUN.finditer(text) if by_id else ():
        run = fold_name(found.group())
        position = by_id.get(run)
        # A bare short number is a house number, whatever else it may be.
        if position is not None and not (run.isdigit() and len(run) < 6):
            start, end = _folded_span(folded, *found.span())
            if not any(token.start < end and start < token.end for token in tokens) and start < end:
                ref = Ref("plate_id", gazetteer.plates[position].plate_id, row=position)
                tokens.append(Token("plate_id", start, end, (ref,)))
    return tokens


def _folded_span(folded: Folded, start: int, end: int) -> tuple[int, int]:
    return bisect_left(folded.starts, start), bisect_left(folded.starts, end)


def _names(folded: Folded, marked: str, gazetteer: Gazetteer) -> list[Token]:
    """The best cover of the text by names: places and entities as written, places by sound."""
    candidates = list(_as_written(folded, marked, gazetteer))
    taken = {(token.start, token.end) for token in candidates}
    if not marked.isascii():
        candidates += (token for token in _as_heard(folded, marked, gazetteer) if (token.start, token.end) not in taken)
    spans = [
        Span(
            token.start,
            token.end,
            _WORTH[token.match] * (token.end - token.start) ** 1.3 * (0.95 if token.kind == "prefix" else 1.0),
            at,
        )
        for at, token in enumerate(candidates)
    ]
    return [candidates[span.item] for span in best_cover(spans)]


def _as_written(folded: Folded, marked: str, gazetteer: Gazetteer) -> Iterator[Token]:
    entities: dict[tuple[int, int], list[int]] = {}
    for start, end, rows in gazetteer.entity_index.names.scan(marked):
        if end - start >= 3 and folded.word_starts(start) and folded.word_starts(end):
            entities[start, end] = rows
    for start, end, refs in gazetteer.names.scan(marked):
        if not (folded.word_starts(start) and folded.word_starts(end)):
            continue
        kept = [ref for ref in refs if ref.via != "short" or _short_form_fits(ref, marked, end)]
        if kept:
            rows = entities.pop((start, end), [])
            yield _name_token(start, end, kept + [Ref("entity", row=row) for row in rows[:20]], gazetteer, marked)
    for (start, end), rows in entities.items():
        yield _name_token(start, end, [Ref("entity", row=row) for row in rows[:20]], gazetteer, marked)


def _short_form_fits(ref: Ref, marked: str, end: int) -> bool:
    """A road without its last word is believed only before a house number."""
    return ref.kind != "road" or _NUMBER_NEXT.match(marked, end) is not None


def _name_token(start: int, end: int, refs: list[Ref], gazetteer: Gazetteer, marked: str) -> Token:
    refs = sorted(refs, key=lambda ref: _KIND_ORDER[ref.kind] + (10 if ref.via == "short" and len(refs) > 1 else 0))
    first = refs[0]
    match: Match = first.via
    if first.kind == "entity" and not gazetteer.entity_index.is_full_name(first.row, marked[start:end]):
        match = "alias"
    return Token(first.kind, start, end, tuple(refs), match, TRUST[match])


def _as_heard(folded: Folded, marked: str, gazetteer: Gazetteer) -> Iterator[Token]:
    for start, end, refs in gazetteer.sounds.scan(sound_of(marked)):
        if marked[start:end].isascii():
            continue
        if end - start == 2:
            follower = marked[end : end + 1]
            kept = [
                ref
                for ref in refs
                if (ref.kind == "prefix" and start == 0)
                or (ref.kind == "village" and (follower == "第" or _group_follows(marked, end)))
            ]
        else:
            kept = [ref for ref in refs if not (ref.kind == "road" and ref.via == "short")]
        if kept:
            kept.sort(key=lambda ref: _KIND_ORDER[ref.kind])
            yield Token(kept[0].kind, start, end, tuple(kept), "homophone", TRUST["homophone"])


def _group_follows(marked: str, position: int) -> bool:
    return re.compile(rf"第?(?:\d+|[{NUMERAL_CHARS}]+)(?:村民)?(?:小组|组|队)").match(marked, position) is not None


def _settled(tokens: list[Token], marked: str) -> list[Token]:
    """Short village names inside other words ("永乐" in 永乐饭店) lose trust."""
    settled = []
    for token in tokens:
        if token.kind == "village" and token.match == "short" and not _VILLAGE_NEXT.match(marked, token.end):
            token = Token(token.kind, token.start, token.end, token.refs, token.match, 0.6)
        settled.append(token)
    return settled


def _misspelt(folded: Folded, marked: str, gazetteer: Gazetteer) -> list[Token]:
    """Names with one error in what is left over, the most trusted ones that do not overlap."""
    spelling = gazetteer.misspellings
    guesses = []
    for run in _HAN_RUN.finditer(marked):
        for guess in spelling.in_han(run.group()):
            start, end = run.start() + guess.start, run.start() + guess.end
            if end - start > 2 or _group_follows(folded.text, end) or folded.text[end : end + 1] == "村":
                guesses.append((start, end, guess))
    words = [(found.start(), found.end(), found.group()) for found in _LATIN_RUN.finditer(marked)]
    if words:
        guesses += [(guess.start, guess.end, guess) for guess in spelling.in_latin(_latin_words(folded, marked))]
    return _most_trusted(guesses, gazetteer)


def _most_trusted(guesses: list[tuple[int, int, Guess]], gazetteer: Gazetteer) -> list[Token]:
    """Tokens that do not overlap; less trusted names for the same piece stay as its further meanings."""
    tokens: dict[tuple[int, int], Token] = {}
    for start, end, guess in sorted(guesses, key=lambda item: (-item[2].trust * (item[1] - item[0]), item[0])):
        refs = [ref for ref in gazetteer.names.get(guess.name) if ref.kind != "prefix"]
        first = tokens.get((start, end))
        if first is not None:
            share = guess.trust / first.trust
            tokens[start, end] = replace(first, refs=(*first.refs, *(ref._replace(trust=share) for ref in refs)))
        elif refs and not any(token.start < end and start < token.end for token in tokens.values()):
            refs.sort(key=lambda ref: _KIND_ORDER[ref.kind])
            tokens[start, end] = Token(refs[0].kind, start, end, tuple(refs), "misspelt", guess.trust)
    return list(tokens.values())


def _latin_words(folded: Folded, marked: str) -> list[tuple[int, int, str]]:
    words: list[tuple[int, int, str]] = []
    start = 0
    for position in range(1, len(marked) + 1):
        if folded.word_starts(position):
            word = marked[start:position]
            if word.isascii() and word[:1].isalpha():
                words.append((start, position, word))
            start = position
    return words
