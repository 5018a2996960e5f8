"""Find every known name in a text in one pass, and choose the best reading of those that overlap."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Generic, NamedTuple, TypeVar

Ref = TypeVar("Ref")


class NameIndex(Generic[Ref]):
    """Names with what they stand for.

    A lookup by the first two characters gives the lengths worth trying at a position, so a scan costs about one
    dictionary access per character whatever the number of names. Names of one character are not kept.
    """

    def __init__(self) -> None:
        self._refs: dict[str, list[Ref]] = {}
        self._lengths: dict[str, set[int]] = {}

    def add(self, name: str, ref: Ref) -> None:
        """Let the name stand for one thing more; a repeated pair counts once."""
        refs = self._refs.get(name)
        if refs is None:
            if len(name) < 2:
                return
            self._refs[name] = [ref]
            lengths = self._lengths.get(name[:2])
            if lengths is None:
                self._lengths[name[:2]] = {len(name)}
            else:
                lengths.add(len(name))
        elif ref not in refs:
            refs.append(ref)

    def get(self, name: str) -> Sequence[Ref]:
        """Return what the name stands for, empty if it is not known."""
        return self._refs.get(name, ())

    def __contains__(self, name: str) -> bool:
        return name in self._refs

    def __iter__(self) -> Iterator[str]:
        return iter(self._refs)

    def __len__(self) -> int:
        return len(self._refs)

    def scan(self, text: str) -> Iterator[tuple[int, int, list[Ref]]]:
        """Yield every occurrence of a name as (start, end, refs), overlapping ones too."""
        lengths_of, refs_of = self._lengths.get, self._refs.get
        for start in range(len(text) - 1):
            lengths = lengths_of(text[start : start + 2])
            if lengths is None:
                continue
            for length in lengths:
                refs = refs_of(text[start : start + length])
                if refs is not None and start + length <= len(text):
                    yield start, start + length, refs


class Span(NamedTuple):
    """A piece of text with the worth of reading it as one name."""

    start: int
    end: int
    worth: float
    item: int


def best_cover(spans: Iterable[Span]) -> list[Span]:
    """Return the spans without overlap whose worth is greatest in sum, in the order of the text.

    Longest match alone reads 澉浦镇中村 as 澉浦镇 + 中村; the cover finds 澉浦 + 镇中村.
    """
    ordered = sorted(spans, key=lambda span: (span.end, span.start))
    if len(ordered) < 2:
        return ordered
    # best[k] is the best cover that uses only the first k spans; the k-th either takes part or not.
    best: list[tuple[float, Span | None, int]] = [(0.0, None, 0)]
    ends = [span.end for span in ordered]
    for position, span in enumerate(ordered):
        before = position
        while before and ends[before - 1] > span.start:
            before -= 1
        taken = best[before][0] + span.worth
        best.append((taken, span, before) if taken > best[-1][0] else (best[-1][0], None, position))
    chosen: list[Span] = []
    position = len(ordered)
    while position:
        _, found, before = best[position]
        if found is not None:
            chosen.append(found)
        position = before
    return chosen[::-1]
