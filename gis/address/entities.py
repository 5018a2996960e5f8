"""Entities by name: whole names in one scan, half-remembered and misheard ones by shared syllable pairs."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from functools import cached_property
from typing import NamedTuple

from rapidfuzz import fuzz

from gis.address.fold import fold_name
from gis.address.names import NameIndex
from gis.address.rows import Entity
from gis.address.sound import sound_of
from gis.address.variants import entity_variants

#: A pair of syllables in more names than this tells nothing ("有限", "公司").
_COMMON_PAIR = 2_000
_SHORTLIST = 30


class Likeness(NamedTuple):
    """An entity whose name resembles a piece of text, ``likeness`` 0–1."""

    start: int
    end: int
    row: int
    likeness: float


class EntityIndex:
    """Look-up over entity names; row positions are those of ``entities``.

    ``town`` and ``village`` match the names that may stand before an entity's own.
    """

    def __init__(self, entities: Sequence[Entity], town: re.Pattern[str], village: re.Pattern[str]) -> None:
        self.entities = entities
        self.names: NameIndex[int] = NameIndex()
        self._bare: list[str] = []
        add = self.names.add
        for row, entity in enumerate(entities):
            name = bare = fold_name(entity.name)
            add(name, row)
            for variant in entity_variants(name, town, village):
                add(variant, row)
                bare = variant if bare is name else bare
            self._bare.append(bare)
        self.by_id = {entity.id: row for row, entity in enumerate(entities)}

    def is_full_name(self, row: int, folded: str) -> bool:
        """Tell whether the folded text is the entity's whole name."""
        return fold_name(self.entities[row].name) == folded

    @cached_property
    def _sounds(self) -> list[str]:
        return [sound_of(name) for name in self._bare]

    @cached_property
    def _pairs(self) -> dict[str, list[int]]:
        pairs: dict[str, list[int]] = {}
        for row, sound in enumerate(self._sounds):
            for pair in {sound[at : at + 2] for at in range(len(sound) - 1)}:
                rows = pairs.get(pair)
                if rows is None:
                    pairs[pair] = [row]
                else:
                    rows.append(row)
        return {pair: rows for pair, rows in pairs.items() if len(rows) <= _COMMON_PAIR}

    def resembling(self, folded: str, floor: float = 0.75) -> list[Likeness]:
        """Return up to three entities whose names resemble a piece of the text, best first.

        The piece may be part of the name or hold it with words around; at least three characters must agree in sound.
        """
        sound = sound_of(folded)
        shared: Counter[int] = Counter()
        for pair in {sound[at : at + 2] for at in range(len(sound) - 1)}:
            shared.update(self._pairs.get(pair, ()))
        found: list[Likeness] = []
        for row, count in shared.most_common(_SHORTLIST):
            if count < 2:
                break
            name = self._sounds[row]
            aligned = fuzz.partial_ratio_alignment(name, sound, score_cutoff=floor * 100)
            if aligned is None or min(aligned.dest_end - aligned.dest_start, len(name)) < 3:
                continue
            whole = min(1.0, (aligned.dest_end - aligned.dest_start) / len(name))
            likeness = aligned.score / 100 * whole**0.5
            if likeness >= floor * 0.8:
                found.append(Likeness(aligned.dest_start, aligned.dest_end, row, likeness))
        # 惠民饭店 is all of itself in 永兴惠民范店, but 永兴惠民饭店 explains more of it.
        fullest = [like for like in found if not any(_explains_more(other, like) for other in found)]
        return sorted(fullest, key=lambda like: (-like.likeness, like.row))[:3]


def _explains_more(one: Likeness, other: Likeness) -> bool:
    longer = one.end - one.start > other.end - other.start
    return longer and one.start <= other.start and other.end <= one.end and one.likeness >= other.likeness - 0.1
