"""What a reading of a text is made of, and what callers get to see of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from gis.address.fold import Folded
from gis.address.gazetteer import Ref

#: How a name was recognised, best first.
Match = Literal["exact", "alias", "short", "homophone", "misspelt"]
#: How far a match of each kind is trusted.
TRUST: dict[str, float] = {"exact": 1.0, "alias": 0.97, "short": 0.96, "homophone": 0.85, "misspelt": 0.7}

#: Each kind of token has a control character that stands for it while the rest of the text is read.
MARKS = {
    "prefix": "\x01", "village": "\x02", "natural_village": "\x03", "group": "\x04", "road": "\x05", "landmark": "\x06",
    "entity": "\x07", "number": "\x0e", "offset": "\x0f", "relation": "\x10", "building": "\x11", "unit": "\x11",
    "floor": "\x11", "room": "\x11", "plate_id": "\x12", "coordinate": "\x13",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Token:
    """A piece ``start:end`` of the folded text that has been understood."""

    kind: str
    start: int
    end: int
    refs: tuple[Ref, ...] = ()
    match: Match = "exact"
    trust: float = 1.0
    value: str = ""
    direction: str = ""
    distance_m: float | None = None
    radius_m: float = 0.0


@dataclass(frozen=True, slots=True)
class Component:
    """One component of an address and where it stands.

    ``text`` is ``original[start:end]``. ``value`` is the normal form: the area code of a village, the name as the
    gazetteer writes it, the number in digits, for an offset "<direction> <metres>". ``match`` says how a name was
    recognised.
    """

    kind: str
    text: str
    start: int
    end: int
    value: str
    match: Match


@dataclass(frozen=True, slots=True)
class Reading:
    """A folded text with its tokens in the order of the text, and the runs nobody understood."""

    folded: Folded
    tokens: tuple[Token, ...]
    left_over: tuple[tuple[int, int], ...]

    def of(self, *kinds: str) -> list[Token]:
        """Return the tokens of these kinds."""
        return [token for token in self.tokens if token.kind in kinds]
