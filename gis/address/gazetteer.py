"""The gazetteer: everything the geocoder knows of one town, as one immutable value built from plain rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, NamedTuple

from gis.address.entities import EntityIndex
from gis.address.fold import fold_name
from gis.address.misspelling import Misspellings
from gis.address.names import NameIndex
from gis.address.plates import PlateIndex, group_key
from gis.address.rows import PLACE_KINDS, Entity, Place, Plate, Village, coerce, finite
from gis.address.sound import sound_of
from gis.address.variants import (
    abbreviations,
    has_numeral,
    landmark_variants,
    leading,
    numeral_variants,
    prefix_variants,
    road_variants,
    roman_variants,
    village_variants,
)

Via = Literal["exact", "alias", "short"]
#: Where a place is: lon, lat in degrees, radius in metres.
Spot = tuple[float, float, float]

_DEFAULT_RADIUS_M = {"village": 1_200.0, "natural_village": 250.0, "group": 200.0, "road": 500.0, "landmark": 60.0}
_LEAST_RADIUS_M = {"village": 300.0, "natural_village": 80.0, "group": 80.0, "road": 100.0, "landmark": 15.0}


class Ref(NamedTuple):
    """What a name stands for.

    ``key`` is the area code of a village, the folded name of a road or natural village, the number of a group;
    ``row`` is the position of a landmark among the places or of an entity among the entities.
    """

    kind: str
    key: str = ""
    village: str = ""
    row: int = -1
    via: Via = "exact"
    trust: float = 1.0


@dataclass(frozen=True, eq=False)
class Gazetteer:
    """Names and positions of one town; all coordinates are degrees in one geographic CRS (the pack's, EPSG:4490).

    Build it once and use it for any number of texts; nothing in it changes. Indexes come with the first use
    (`warm` asks for them at once).

    Parameters
    ----------
    plates, places, entities, villages
        Rows as in `gis.address.rows`: named tuples, plain tuples in the same order, or mappings with those keys.
    prefixes
        Names of the country, province, city, county and town, older ones too. They are read over, with or without their
        last word.

    Raises
    ------
    ValueError
        A place is of an unknown kind.
    """

    plates: tuple[Plate, ...] = ()
    places: tuple[Place, ...] = ()
    entities: tuple[Entity, ...] = ()
    villages: tuple[Village, ...] = ()
    prefixes: tuple[str, ...] = ()

    @classmethod
    def build(
        cls,
        plates: Iterable[Any] = (),
        places: Iterable[Any] = (),
        entities: Iterable[Any] = (),
        villages: Iterable[Any] = (),
        prefixes: Iterable[str] = (),
    ) -> Gazetteer:
        """Return the gazetteer of these rows, indexes included."""
        rows = (coerce(Plate, plates), coerce(Place, places), coerce(Entity, entities), coerce(Village, villages))
        unknown = sorted({place.kind for place in rows[1]} - set(PLACE_KINDS))
        if unknown:
            raise ValueError(f"unknown kind of place: {', '.join(unknown)} (known: {', '.join(PLACE_KINDS)})")
        return cls(*rows, prefixes=tuple(prefixes)).warm()

    def warm(self) -> Gazetteer:
        """Return the same gazetteer with its indexes built."""
        _ = self.plate_index, self.names, self.sounds, self.entity_index.names
        return self

    @cached_property
    def plate_index(self) -> PlateIndex:
        """Door plates by street and number."""
        return PlateIndex(self.plates)

    @cached_property
    def entity_index(self) -> EntityIndex:
        """Entities by name."""
        prefixes = {fold_name(name) for name in self.prefixes}
        villages = {fold_name(name) for name in self.village_names.values()}
        town = leading(prefixes | {short for name in prefixes for short in prefix_variants(name)})
        village = leading(villages | {short for name in villages for short, _ in village_variants(name)})
        return EntityIndex(self.entities, town, village)

    @cached_property
    def names(self) -> NameIndex[Ref]:
        """All place names in all their spellings (entities have an index of their own)."""
        index: NameIndex[Ref] = NameIndex()
        for name, ref in self._place_names():
            index.add(name, ref)
        for name, ref in list(self._alias_names(index)):
            index.add(name, ref)
        return index

    @cached_property
    def sounds(self) -> NameIndex[Ref]:
        """The place names of Chinese characters by their sound."""
        index: NameIndex[Ref] = NameIndex()
        for name in self.names:
            if not name.isascii():
                for ref in self.names.get(name):
                    index.add(sound_of(name), ref)
        return index

    @cached_property
    def misspellings(self) -> Misspellings:
        """The place names by their spellings with one error; short forms are left out as too easily mistaken."""
        kept = (name for name in self.names if any(self._may_be_misspelt(name, ref) for ref in self.names.get(name)))
        return Misspellings(kept)

    def _may_be_misspelt(self, name: str, ref: Ref) -> bool:
        if ref.kind == "prefix":
            return False
        return ref.via != "short" or (ref.kind == "village" and len(name) == 2)

    @cached_property
    def village_names(self) -> dict[str, str]:
        """Village code → its name in few words (六里村 rather than 六里村委会)."""
        names = {row.code: row.name for row in self.villages}
        for place in self.places:
            if place.kind == "village" and place.village_code:
                names.setdefault(place.village_code, place.name)
        return {
            code: name.removesuffix("委会").replace("社区居民", "社区").replace("社区委员会", "社区")
            for code, name in names.items()
        }

    @cached_property
    def village_spots(self) -> dict[str, Spot]:
        """Village code → its middle and reach."""
        spots: dict[str, Spot] = {}
        rows: list[Village | Place] = [*self.villages, *(place for place in self.places if place.kind == "village")]
        for row in rows:
            code = row.code if isinstance(row, Village) else row.village_code
            if code and row.lon is not None and row.lat is not None and finite(row.lon, row.lat):
                spots.setdefault(code, (row.lon, row.lat, row.radius_m or _DEFAULT_RADIUS_M["village"]))
        for code in self.village_names:
            if code not in spots and (extent := self.plate_index.extent(("village", code, ""))):
                spots[code] = _grown("village", extent)
        return spots

    @cached_property
    def _spots(self) -> dict[tuple[str, str, str], Spot]:
        """(kind, village or "", key) → position, for places that are no plates' street."""
        spots: dict[tuple[str, str, str], Spot] = {}
        for place in self.places:
            if place.lon is None or place.lat is None or not finite(place.lon, place.lat):
                continue
            key = group_key(place.name) if place.kind == "group" else fold_name(place.name)
            village = place.village_code or ""
            if place.kind in ("natural_village", "group", "road"):
                spots.setdefault((place.kind, village, key), self.place_spot(place))
                if place.kind == "road":
                    spots.setdefault(("road", "", key), self.place_spot(place))
            elif place.kind == "alias" and self._is_part_of_village(place):
                spots.setdefault(("natural_village", place.target, key), self.place_spot(place))
        return spots

    def _is_part_of_village(self, place: Place) -> bool:
        """An old village name with a point of its own, clearly smaller than the village it has become part of."""
        whole = self.village_spots.get(place.target)
        return whole is not None and finite(place.lon, place.lat) and (place.radius_m or 1e9) < 0.8 * whole[2]

    def place_spot(self, place: Place) -> Spot:
        """Return position and radius of a place whose coordinates are known."""
        assert place.lon is not None
        assert place.lat is not None
        return place.lon, place.lat, place.radius_m or _DEFAULT_RADIUS_M.get(place.kind, 100.0)

    def spot(self, kind: str, village: str, key: str) -> Spot | None:
        """Return the middle and reach of a road, group or natural village; ``village`` "" means all of a road.

        Door plates say it best; without any, the place's own row; None if neither is known.
        """
        street = ("road", key, village) if kind == "road" else (kind, village, key)
        extent = self.plate_index.extent(street)
        return _grown(kind, extent) if extent else self._spots.get((kind, village, key))

    def _place_names(self) -> Iterator[tuple[str, Ref]]:
        """Every spelling with its meaning, aliases of kind ``alias`` left for later."""
        for prefix in self.prefixes:
            yield from _spelled(prefix, Ref("prefix", prefix))
        for village in self.villages:
            yield from _spelled(village.name, Ref("village", village.code, village.code))
        for row, place in enumerate(self.places):
            ref = self._place_ref(row, place)
            if ref is None:
                continue
            yield from _spelled(place.name, ref)
            for alias in (*place.spellings, *(self._landmark_cores(place.name) if place.kind == "landmark" else ())):
                yield from _spelled(alias, ref._replace(via="alias"))
        for (kind, key), villages in self.plate_index.villages_of.items():
            if kind == "road":
                yield from _spelled(self._road_spelling[key], Ref("road", key))
            elif kind == "natural_village":
                for village_code in villages:
                    yield from _spelled(key, Ref(kind, key, village_code))

    def spelling(self, kind: str, key: str) -> str:
        """Return how the gazetteer writes a folded road name (other kinds are written as they are folded)."""
        return self._road_spelling.get(key, key) if kind == "road" else key

    def _landmark_cores(self, name: str) -> Iterator[str]:
        """The landmark without the town or road before it: 汽车站 for 柳塘汽车站, 长河桥 for 柳溪路长河桥."""
        folded = fold_name(name)
        for length in range(min(len(folded) - 3, 8), 1, -1):
            if folded[:length] in self._leading_names:
                yield folded[length:]
                return

    @cached_property
    def _leading_names(self) -> frozenset[str]:
        prefixes = {fold_name(name) for name in self.prefixes}
        return frozenset(
            (*prefixes, *(short for name in prefixes for short in prefix_variants(name)), *self._road_spelling)
        )

    @cached_property
    def _road_spelling(self) -> dict[str, str]:
        """Folded road name → the name as the plates write it (abbreviations need its words)."""
        rows = [place.name for place in self.places if place.kind == "road"]
        return {fold_name(name): name for name in (*rows, *{plate.road for plate in self.plates if plate.road})}

    def _place_ref(self, row: int, place: Place) -> Ref | None:
        village = place.village_code or ""
        key = fold_name(place.name)
        if place.kind == "alias":
            return None
        if place.kind == "village":
            return Ref("village", village, village)
        if place.kind == "landmark":
            return Ref("landmark", key, village, row) if finite(place.lon, place.lat) else None
        if place.kind == "group":
            number = group_key(place.name)
            return None if number.isdigit() else Ref("group", number, village)
        return Ref(place.kind, key, "" if place.kind == "road" else village)

    def _alias_names(self, index: NameIndex[Ref]) -> Iterator[tuple[str, Ref]]:
        """Spellings of rows of kind ``alias``: of a village by code, of a named place, of an entity, or of a point."""
        codes = {village.code for village in self.villages} | {place.village_code for place in self.places}
        for row, place in enumerate(self.places):
            if place.kind != "alias":
                continue
            target, refs = (place.target or "").strip(), []
            if target in codes and target:
                refs = [Ref("village", target, target)]
                if self._is_part_of_village(place):
                    refs.append(Ref("natural_village", fold_name(place.name), target))
            elif target:
                refs = list(index.get(fold_name(target)))
                entity = self.entity_index.by_id.get(target)
                rows = [entity] if entity is not None else self.entity_index.names.get(fold_name(target))
                refs = refs or [Ref("entity", row=at) for at in rows]
            if not refs and finite(place.lon, place.lat):
                refs = [Ref("landmark", fold_name(place.name), place.village_code or "", row)]
            for name in (place.name, *place.spellings):
                for ref in refs:
                    if not (place.village_code and ref.village and place.village_code != ref.village):
                        yield from _spelled(name, ref._replace(via="alias"))


def _spelled(name: str, ref: Ref) -> Iterator[tuple[str, Ref]]:
    """Yield the folded name and its usual variants."""
    folded = fold_name(name)
    alias = ref._replace(via="alias")
    yield folded, ref
    if has_numeral(folded):
        for variant in numeral_variants(folded):
            yield variant, alias
    if ref.kind == "village":
        for variant, short in village_variants(folded):
            yield variant, ref._replace(via="short") if short else ref
    elif ref.kind == "road":
        for variant, _short in road_variants(folded):
            yield variant, ref._replace(via="short")
    elif ref.kind == "landmark":
        for variant in landmark_variants(folded):
            yield variant, ref
    elif ref.kind == "prefix":
        for variant in prefix_variants(folded):
            yield variant, ref
    spoken = (
        next((name for name, short in village_variants(folded) if not short), folded)
        if ref.kind == "village"
        else folded
    )
    for variant in abbreviations(name) if folded.isascii() else roman_variants(spoken):
        yield variant, alias


def _grown(kind: str, extent: Spot) -> Spot:
    """A reach computed from few plates would look more precise than it is."""
    return extent[0], extent[1], max(extent[2], _LEAST_RADIUS_M[kind])
