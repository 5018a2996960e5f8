"""The answer to "where is it": one value for every way of asking."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from layers.area.index import Leaf

REASONS = (
    "no_place",  # neither coordinate nor text
    "crs_unknown",  # a coordinate whose system nobody names
    "zero",  # 0/0: a device without a fix
    "bad_coordinate",  # not a number, or beyond 180 or 90 degrees
    "swapped",  # in the town with latitude and longitude exchanged
    "outside_town",  # in no area
    "other_town",  # the text names another town or county
    "place_not_found",  # nothing in the text is known
    "ambiguous",  # several places fit the text equally
    "vague",  # a group, road, village or circle so wide that its leaf is a guess
)


@dataclass(frozen=True, slots=True)
class Share:
    """A candidate leaf with its part of the circle of uncertainty, 0 to 1."""

    area_id: int
    code: str
    name: str
    share: float
    name_en: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return what the API and `incident.grid_shares` hold."""
        return {"code": self.code, "name": self.name, "name_en": self.name_en, "share": round(self.share, 4)}


@dataclass(frozen=True, slots=True)
class Place:
    """A place, or the reason why there is none.

    Attributes
    ----------
    lon, lat : EPSG:4490 degrees; None where no position is known or its system is not.
    leaf : the leaf area; None outside every area and without a position.
    level : `coordinate`, `plate`, `number_interpolated`, `entity`, `landmark`, `landmark_offset`, `road`, `group`,
        `natural_village`, `village` or `none`.
    score : 0 to 1. radius_m : the place lies within so many metres.
    shares : leaves that the circle of uncertainty crosses, largest first; empty if the radius is not known.
    triage_reason : why a person must look (`REASONS`); None if nobody must.
    suggested_crs : system in which the numbers as given lie in the town, where they do not as stated; never applied.
    label : the place in words. how : what was used, for people who check it.
    """

    lon: float | None = None
    lat: float | None = None
    leaf: Leaf | None = None
    level: str = "none"
    score: float = 0.0
    radius_m: float | None = None
    shares: tuple[Share, ...] = ()
    triage_reason: str | None = None
    suggested_crs: str | None = None
    label: str | None = None
    plate_id: str | None = None
    entity_id: str | None = None
    how: dict[str, Any] = field(default_factory=dict)

    @property
    def grid_id(self) -> int | None:
        """`area_id` of the leaf."""
        return None if self.leaf is None else self.leaf.area_id

    @property
    def grid(self) -> dict[str, str | None] | None:
        """The leaf as the API names it."""
        return (
            None
            if self.leaf is None
            else {"code": self.leaf.code, "name": self.leaf.name, "name_en": self.leaf.name_en}
        )

    @property
    def village(self) -> dict[str, str | None] | None:
        """The village of the leaf; None in a zone and outside."""
        leaf = self.leaf
        if leaf is None or leaf.village_code is None:
            return None
        return {"code": leaf.village_code, "name": leaf.village_name, "name_en": leaf.village_name_en}

    def as_dict(self) -> dict[str, Any]:
        """Return the place as the API answers it."""
        return {
            "lon": self.lon,
            "lat": self.lat,
            "label": self.label,
            "level": self.level,
            "score": round(self.score, 3),
            "radius_m": self.radius_m,
            "grid": self.grid,
            "village": self.village,
            "shares": [share.as_dict() for share in self.shares],
            "plate_id": self.plate_id,
            "how": self.how,
        }


@dataclass(frozen=True, slots=True)
class Geocoded:
    """All places a text may mean, best first, and the one to use.

    `place` is the first candidate; if others are as good it carries the triage reason `ambiguous` and the score of one
    of several.
    """

    place: Place
    candidates: tuple[Place, ...]
    reason: str | None

    def as_dict(self) -> dict[str, Any]:
        """Return the answer of `/api/v1/geocode`."""
        return {"candidates": [place.as_dict() for place in self.candidates], "reason": self.reason}
