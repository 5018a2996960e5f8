"""Door plates by road, group, natural village and village, with interpolation between known numbers."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence
from typing import Literal, NamedTuple

from gis.address.fold import fold_name
from gis.address.metric import distance_m, middle_and_reach
from gis.address.numerals import NUMERAL_CHARS, parse_number
from gis.address.rows import Plate, finite

#: What numbers belong to: ("road", road, village or ""), ("group", village, group), ("natural_village", village, name),
#: ("village", village, ""); names folded.
Street = tuple[str, str, str]
Number = tuple[int, str]

_NUMBER = re.compile(r"^\D{0,6}?(\d{1,6})[^0-9a-z一-鿿]*(.*)$")
_GROUP_NUMBER = re.compile(rf"(\d+|[{NUMERAL_CHARS}]+)(?:村民)?(?:小组|组|生产队|小队|队|社)?$")
#: Neighbours further apart than this in number or metres tell nothing about what lies between.
_MAX_GAP = 60
_MAX_GAP_M = 1_500.0


class Hit(NamedTuple):
    """A number found on a street: the plate itself (``plate``), its main number (``part``) or a place between
    (``between``)."""

    match: Literal["plate", "part", "between", "end"]
    lon: float
    lat: float
    radius_m: float
    plate: int | None
    village_code: str


def split_number(text: str) -> Number | None:
    """Return the main number and what follows it, or None where there is no number.

    >>> [split_number(text) for text in ("58", "58-2号", "58号之2", "12 bis", "4B", "－")]
    [(58, ''), (58, '2'), (58, '2'), (12, 'bis'), (4, 'b'), None]
    """
    found = _NUMBER.match(text.strip().lower().replace("号", "-").replace("之", "-"))
    if found is None:
        return None
    rest = fold_name(found.group(2))
    value = parse_number(rest)
    return int(found.group(1)), rest if value is None else str(value)


def group_key(text: str) -> str:
    """Return how a villager group is compared: by its number where it has one, else by its folded name.

    >>> [group_key(text) for text in ("3", "第三组", "石桥村第3村民小组", "东组")]
    ['3', '3', '3', '东组']
    """
    folded = fold_name(text)
    found = _GROUP_NUMBER.search(folded)
    value = parse_number(found.group(1)) if found else None
    return str(value) if value is not None else folded


class PlateIndex:
    """Immutable look-up over plates whose position is known; row positions are those of ``plates``."""

    def __init__(self, plates: Sequence[Plate]) -> None:
        self.plates = plates
        self._streets: dict[Street, dict[Number, list[int]]] = {}
        self._mains: dict[Street, list[int]] = {}
        self._extents: dict[Street, tuple[float, float, float] | None] = {}
        self.by_id: dict[str, int] = {}
        #: Villages that have the street, for ("road", name), ("group", number) and ("natural_village", name).
        self.villages_of: dict[tuple[str, str], list[str]] = {}
        for position, plate in enumerate(plates):
            if plate.plate_id:
                self.by_id.setdefault(fold_name(plate.plate_id), position)
            if finite(plate.lon, plate.lat):
                self._file(position, plate)

    def _file(self, position: int, plate: Plate) -> None:
        village = plate.village_code or ""
        number = split_number(plate.number or "") or (-1, "")
        streets: dict[Street, tuple[str, str] | None] = {("village", village, ""): None}
        road = fold_name(plate.road or "")
        if road:
            streets[("road", road, "")] = None
            streets[("road", road, village)] = ("road", road)
        if plate.villager_group:
            group = group_key(str(plate.villager_group))
            streets[("group", village, group)] = ("group", group)
        if plate.natural_village:
            settlement = fold_name(plate.natural_village)
            streets[("natural_village", village, settlement)] = ("natural_village", settlement)
        for street, named in streets.items():
            numbers = self._streets.get(street)
            if numbers is None:
                numbers = self._streets[street] = {}
                if named is not None:
                    self.villages_of.setdefault(named, []).append(village)
            numbers.setdefault(number, []).append(position)

    def __contains__(self, street: Street) -> bool:
        return street in self._streets

    def extent(self, street: Street) -> tuple[float, float, float] | None:
        """Return lon, lat of the middle plate of a street and its reach in metres; None for an unknown street."""
        if street not in self._extents:
            points = self.points(street)
            self._extents[street] = middle_and_reach(*zip(*points, strict=True)) if points else None
        return self._extents[street]

    def points(self, street: Street) -> list[tuple[float, float]]:
        """Return lon, lat of every plate of a street."""
        numbers = self._streets.get(street, {})
        return [(self.plates[at].lon, self.plates[at].lat) for positions in numbers.values() for at in positions]

    def members(self, street: Street) -> set[int]:
        """Return the plates of a street."""
        return {position for positions in self._streets.get(street, {}).values() for position in positions}

    def look_up(self, street: Street, number: Number) -> list[Hit]:
        """Return where a number is or must be on a street; several hits where the number is given more than once."""
        numbers = self._streets.get(street)
        if numbers is None:
            return []
        exact = numbers.get(number)
        if exact:
            return [self._hit("plate", position, 10.0) for position in exact]
        part = numbers.get((number[0], "")) if number[1] else None
        if part is None:
            part = [positions[0] for known, positions in numbers.items() if known[0] == number[0]]
        if part:
            return [self._hit("part", position, 30.0 if street[0] == "road" else 60.0) for position in part[:3]]
        between = self._between(street, number[0])
        return [between] if between is not None else []

    def _hit(self, match: Literal["plate", "part"], position: int, radius_m: float) -> Hit:
        plate = self.plates[position]
        return Hit(match, plate.lon, plate.lat, radius_m, position, plate.village_code or "")

    def _main_numbers(self, street: Street) -> list[int]:
        mains = self._mains.get(street)
        if mains is None:
            mains = self._mains[street] = sorted({number[0] for number in self._streets[street] if number[0] >= 0})
        return mains

    def _at(self, street: Street, main: int) -> Plate:
        numbers = self._streets[street]
        positions = numbers.get((main, ""))
        if positions is None:
            positions = next(found for known, found in numbers.items() if known[0] == main)
        return self.plates[positions[0]]

    def _neighbours(self, street: Street, main: int) -> tuple[int | None, int | None]:
        """The next lower and higher number, on the same side of the road (odd or even) where that side has both."""
        mains = self._main_numbers(street)
        for side in ([other for other in mains if (other - main) % 2 == 0], mains):
            place = bisect_left(side, main)
            lower = side[place - 1] if place else None
            upper = side[place] if place < len(side) else None
            if lower is not None and upper is not None and upper - lower <= _MAX_GAP:
                return lower, upper
        return lower, upper

    def _between(self, street: Street, main: int) -> Hit | None:
        lower, upper = self._neighbours(street, main)
        if lower is not None and upper is not None and upper - lower <= _MAX_GAP:
            first, last = self._at(street, lower), self._at(street, upper)
            gap_m = distance_m(first.lon, first.lat, last.lon, last.lat)
            if gap_m > _MAX_GAP_M:
                return None
            share = (main - lower) / (upper - lower)
            lon = first.lon + share * (last.lon - first.lon)
            lat = first.lat + share * (last.lat - first.lat)
            nearer = first if share <= 0.5 else last
            # Measured by leaving plates out: along a road neighbours say more than among the houses of a settlement.
            radius_m = max(25.0, 0.6 * gap_m) if street[0] == "road" else max(50.0, gap_m)
            return Hit("between", lon, lat, radius_m, None, nearer.village_code or "")
        ends = [known for known in (lower, upper) if known is not None and abs(known - main) <= 20]
        if not ends:
            return None
        nearest = min(ends, key=lambda known: abs(known - main))
        plate = self._at(street, nearest)
        return Hit("end", plate.lon, plate.lat, 60.0 + 20.0 * abs(nearest - main), None, plate.village_code or "")
