"""The answer of the geocoder: candidates with level, score and radius, and the scores they start from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Level = Literal[
    "plate", "number_interpolated", "entity", "landmark", "landmark_offset", "road", "group", "natural_village",
    "village", "coordinate", "none",
]  # fmt: skip

#: What an answer of each level is worth when every name was written as the gazetteer has it.
BASE_SCORE: dict[str, float] = {
    "plate": 1.0, "coordinate": 0.95, "entity": 0.92, "landmark": 0.85, "number_interpolated": 0.78,
    "landmark_offset": 0.72,
    "natural_village": 0.5, "group": 0.5, "road": 0.4, "village": 0.3,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Candidate:
    """One place a text may mean.

    Attributes
    ----------
    lon, lat
        Degrees in the CRS of the gazetteer; of level ``coordinate`` as written in the text, whose CRS is not known.
    level
        What was matched, from ``plate`` (a door) to ``village`` (a middle with a large radius).
    score
        0–1, comparable between candidates of one text and between texts.
    radius_m
        The place lies within so many metres of the point, in about nine cases of ten.
    label
        The place in words, for people.
    how
        Keys of what was used and what was tolerated: ``road number homophone ambiguous village_conflict
        prior_village`` …
    """

    lon: float
    lat: float
    level: Level
    score: float
    radius_m: float
    label: str
    how: tuple[str, ...] = ()
    plate_id: str | None = None
    entity_id: str | None = None
    village_code: str | None = None


@dataclass(frozen=True, slots=True)
class Candidates:
    """The candidates of one text, best first; empty with a ``reason`` where nothing was found.

    Reasons: ``empty`` (no letter or digit in it), ``no_name_known`` (nothing of the gazetteer in it),
    ``number_without_street`` (a number but no road, group or village), ``not_located`` (names whose position
    nobody has entered).
    """

    items: tuple[Candidate, ...] = ()
    reason: str | None = None

    @property
    def best(self) -> Candidate | None:
        """The first candidate, or None."""
        return self.items[0] if self.items else None

    @property
    def level(self) -> Level:
        """The level of the first candidate, ``none`` without any."""
        return self.items[0].level if self.items else "none"

    def __len__(self) -> int:
        return len(self.items)

    def __bool__(self) -> bool:
        return bool(self.items)
