"""From a reading to places: every way its tokens can be put together becomes a proposal with a score."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from gis.address.candidates import BASE_SCORE, Level
from gis.address.fold import fold_name
from gis.address.gazetteer import Gazetteer, Ref, Spot
from gis.address.metric import distance_m, middle_and_reach
from gis.address.plates import Hit, Number, Street, split_number
from gis.address.rows import Place, finite
from gis.address.tokens import Reading, Token
from gis.address.variants import has_han

#: Proposals closer together than this are one place, however many names it has.
_SAME_PLACE_M = 120.0
#: A place in another village than the one named may still be meant: people name the village they feel to be in.
_CONFLICT = 0.7
#: The short form of a landmark behind another name (南北湖东门) is rather something of that name.
_OF_ANOTHER = 0.5
_LEADING = frozenset({"village", "natural_village", "landmark"})
_ENTITY_FLOOR = 0.75
_GROUP: tuple[str, ...] = ("group",)


@dataclass(frozen=True, slots=True)
class Proposal:
    """A place with the token that says so; ``village`` "" where it is not known, ``said`` the offset in the text's
    words."""

    anchor: Token
    level: Level
    lon: float
    lat: float
    radius_m: float
    score: float
    how: tuple[str, ...]
    village: str = ""
    plate: int | None = None
    entity: int | None = None
    name: str = ""
    said: str = ""


class Placer:
    """Proposals for one reading; everything is read from the gazetteer, nothing is kept."""

    def __init__(self, reading: Reading, gazetteer: Gazetteer, prior_village: str | None) -> None:
        self.reading = reading
        self.gazetteer = gazetteer
        self.plates = gazetteer.plate_index
        self.prior = prior_village
        self.numbers = [(token, number) for token in reading.of("number") if (number := split_number(token.value))]
        self.groups = self._with_groups()
        self.villages = self._named_villages()

    def _with_groups(self) -> list[tuple[Token, str, str]]:
        """(token, village or "", group) for numbered and for named groups."""
        found = [(token, "", token.value) for token in self.reading.of("group") if token.value]
        return found + [(token, ref.village, ref.key) for token, ref in self._refs("group")]

    def _named_villages(self) -> dict[str, Token]:
        """Village code → the token that names it, the most trusted one.

        A short name that is also the town's or a lake's counts only before a group or number, and only if no other
        village is named.
        """
        sure: dict[str, Token] = {}
        weak: dict[str, Token] = {}
        followers = {token.start for token in self.reading.of("group", "number")}
        for token in self.reading.tokens:
            for ref in token.refs:
                if ref.kind != "village":
                    continue
                if token.kind == "village":
                    sure.setdefault(
                        ref.key, replace(token, trust=token.trust * ref.trust) if ref.trust < 1.0 else token
                    )
                elif token.end in followers:
                    weak.setdefault(ref.key, replace(token, trust=0.75 * token.trust))
        return sure or weak

    def _refs(self, kind: str) -> Iterator[tuple[Token, Ref]]:
        for token in self.reading.tokens:
            for ref in token.refs:
                if ref.kind == kind:
                    yield token, ref

    def proposals(self) -> list[Proposal]:
        """Return every proposal, unordered."""
        slots: list[Iterable[Proposal]] = [
            self._ids(),
            self._coordinates(),
            *(self._road_numbers(token, number) for token, number in self.numbers),
            *(self._group_numbers(token, number) for token, number in self.numbers),
            self._settlement_numbers(),
            *(self._village_numbers(token, number) for token, number in self.numbers),
            self._entities(),
            self._landmarks(),
            self._crossings(),
            self._roads(),
            self._settlements("natural_village"),
            self._group_middles(),
            self._village_middles(),
        ]
        found = [proposal for slot in slots for proposal in self._weighed(list(slot))]
        if not any(proposal.score >= 0.6 and proposal.level != "coordinate" for proposal in found):
            found += self._weighed(list(self._resembling_entities()))
        return found

    def _weighed(self, slot: list[Proposal]) -> list[Proposal]:
        """Lower the scores of proposals that conflict with the named village or with each other."""
        if not slot:
            return slot
        fits = [self._fits(proposal) for proposal in slot]
        rivals = [proposal for proposal, fit in zip(slot, fits, strict=True) if fit or not any(fits)]
        places = self._apart(rivals)
        weighed = []
        for proposal, fit in zip(slot, fits, strict=True):
            factor, how = 1.0, proposal.how
            if not fit:
                factor, how = _CONFLICT, (*how, "village_conflict")
            elif places > 1:
                factor, how = {2: 0.85, 3: 0.75}.get(places, 0.65), (*how, "ambiguous")
            weighed.append(proposal if factor == 1.0 else replace(proposal, score=proposal.score * factor, how=how))
        return weighed

    def _fits(self, proposal: Proposal) -> bool:
        if not self.villages:
            return True
        if proposal.village:
            return proposal.village in self.villages
        spots = [self.gazetteer.village_spots[code] for code in self.villages if code in self.gazetteer.village_spots]
        return not spots or any(
            distance_m(proposal.lon, proposal.lat, lon, lat) <= 1.5 * radius + proposal.radius_m
            for lon, lat, radius in spots
        )

    @staticmethod
    def _apart(proposals: list[Proposal]) -> int:
        """The number of different places among the best of the proposals, counted up to four."""
        best = max((proposal.score for proposal in proposals), default=0.0)
        places: list[Proposal] = []
        for proposal in proposals:
            if proposal.score < 0.9 * best:
                continue
            if all(distance_m(proposal.lon, proposal.lat, other.lon, other.lat) > _SAME_PLACE_M for other in places):
                places.append(proposal)
            if len(places) == 4:
                break
        return len(places)

    def _ids(self) -> Iterator[Proposal]:
        for token, ref in self._refs("plate_id"):
            plate = self.gazetteer.plates[ref.row]
            if finite(plate.lon, plate.lat):
                how = ("plate_id",)
                yield Proposal(
                    token, "plate", plate.lon, plate.lat, 10.0, 1.0, how, plate.village_code or "", plate=ref.row
                )

    def _coordinates(self) -> Iterator[Proposal]:
        for token in self.reading.of("coordinate"):
            first, second = (float(part) for part in token.value.split())
            # Latitude first is common; only one order can be a place where the first number passes 90.
            lon, lat = (second, first) if abs(first) <= 90 < abs(second) else (first, second)
            if abs(lon) <= 180 and abs(lat) <= 90:
                how = ("coordinate", "crs_unknown") + (("swapped",) if lon == second else ())
                yield Proposal(token, "coordinate", lon, lat, 20.0, BASE_SCORE["coordinate"], how)

    def _from_hit(self, token: Token, hit: Hit, trust: float, how: tuple[str, ...], street: str) -> Proposal:
        level: Level = "plate" if hit.match == "plate" else "number_interpolated"
        factor = {"plate": 1.0, "part": 1.05, "between": 1.0, "end": 0.7}[hit.match]
        score = BASE_SCORE[level] * factor * trust
        how = (
            how
            if hit.match == "plate"
            else (*how, {"part": "main_number", "between": "interpolated", "end": "beyond_end"}[hit.match])
        )
        plate = hit.plate if hit.match == "plate" else None
        name = street + token.value if plate is None else ""
        return Proposal(
            token, level, hit.lon, hit.lat, hit.radius_m, score, how, hit.village_code, plate=plate, name=name
        )

    def _road_numbers(self, token: Token, number: Number) -> Iterator[Proposal]:
        for road_token, ref in self._refs("road"):
            trust, how = self._trusted(road_token, ref, ("road", "number"))
            hits = self.plates.look_up(("road", ref.key, ""), number)
            if not hits or hits[0].match in ("between", "end"):
                villages = self.plates.villages_of.get(("road", ref.key), [])
                named = [code for code in villages if code in self.villages]
                in_villages = [hit for code in named for hit in self.plates.look_up(("road", ref.key, code), number)]
                hits = in_villages or hits
            for hit in hits:
                name = self.gazetteer.spelling("road", ref.key)
                name += "" if has_han(name) else " "
                yield self._from_hit(token, hit, trust, how, name)

    def _group_streets(self) -> Iterator[tuple[Street, float, tuple[str, ...]]]:
        for group_token, village, group in self.groups:
            known = self.plates.villages_of.get(("group", group), [])
            villages = [village] if village else [code for code in self.villages if code in known] or known
            for code in villages:
                trust, how = group_token.trust, _GROUP
                if code in self.villages:
                    trust, how = (
                        trust * self.villages[code].trust,
                        (*_tolerated(self.villages[code]), "village", "group"),
                    )
                yield ("group", code, group), trust, how

    def _group_numbers(self, token: Token, number: Number) -> Iterator[Proposal]:
        for street, trust, how in self._group_streets():
            hits = self.plates.look_up(street, number)
            for hit in [hit for hit in hits if self._in_named_settlement(hit)] or hits:
                yield self._from_hit(token, hit, trust, (*how, "number"), group_label(street[2]))

    def _settlement_numbers(self) -> Iterator[Proposal]:
        """Numbers of natural villages; in an estate, whose plates are its buildings, 3幢 is what 3号 is elsewhere."""
        buildings = [(token, number) for token in self.reading.of("building") if (number := split_number(token.value))]
        for settlement_token, ref in self._refs("natural_village"):
            trust, how = self._trusted(settlement_token, ref, ("natural_village", "number"))
            for token, number in buildings or self.numbers:
                for hit in self.plates.look_up(("natural_village", ref.village, ref.key), number):
                    in_group = not self.groups or hit.plate is None or self._in_named_group(hit.plate)
                    yield self._from_hit(token, hit, trust if in_group else 0.85 * trust, how, ref.key)

    def _in_named_settlement(self, hit: Hit) -> bool:
        return hit.plate is not None and any(
            hit.plate in self.plates.members(("natural_village", ref.village, ref.key))
            for _, ref in self._refs("natural_village")
        )

    def _in_named_group(self, plate: int) -> bool:
        village = self.gazetteer.plates[plate].village_code
        return any(plate in self.plates.members(("group", village, group)) for _, _, group in self.groups)

    def _village_numbers(self, token: Token, number: Number) -> Iterator[Proposal]:
        streets = [("road", ref.key, "") for _, ref in self._refs("road")]
        streets += [("natural_village", ref.village, ref.key) for _, ref in self._refs("natural_village")]
        if self.groups or any(street in self.plates for street in streets):
            return
        named = dict(self.villages)
        if not named and self.prior:
            named = {self.prior: replace(token, trust=0.6)}
        for code, village_token in named.items():
            hits = [hit for hit in self.plates.look_up(("village", code, ""), number) if hit.match == "plate"]
            for hit in hits:
                how = (*_tolerated(village_token), "village", "number")
                yield self._from_hit(token, hit, 0.8 * village_token.trust, how, "")

    def _entities(self) -> Iterator[Proposal]:
        for token, ref in self._refs("entity"):
            if ref.row >= 0:
                trust, how = self._trusted(token, ref, ("entity",))
                yield self._entity(token, ref.row, BASE_SCORE["entity"] * trust, how)

    def _entity(self, token: Token, row: int, score: float, how: tuple[str, ...]) -> Proposal:
        entity = self.gazetteer.entities[row]
        return Proposal(
            token, "entity", entity.lon, entity.lat, 20.0, score, how, entity.village_code or "", entity=row
        )

    def _resembling_entities(self) -> Iterator[Proposal]:
        for start, end in self.reading.left_over[:4]:
            run = self.reading.folded.text[start : min(end, start + 40)]
            if len(run) < 3:
                continue
            for like in self.gazetteer.entity_index.resembling(run, _ENTITY_FLOOR):
                token = Token("entity", start + like.start, start + like.end, match="misspelt", trust=like.likeness)
                yield self._entity(token, like.row, 0.8 * BASE_SCORE["entity"] * like.likeness, ("entity", "resembles"))

    def _landmarks(self) -> Iterator[Proposal]:
        for token, ref in self._refs("landmark"):
            place = self.gazetteer.places[ref.row]
            lon, lat, radius_m = self.gazetteer.place_spot(place)
            trust, how = self._trusted(token, ref, ("landmark",))
            if self._is_of_another(token, place):
                trust, how = _OF_ANOTHER * trust, (*how, "other_name")
            score = BASE_SCORE["landmark"] * trust * (1.0 if radius_m <= 300 else 0.7)
            yield Proposal(token, "landmark", lon, lat, radius_m, score, how, place.village_code or "", name=place.name)

    def _is_of_another(self, token: Token, place: Place) -> bool:
        """Tell whether right before a landmark's short form stands a name that is not its own."""
        text, name = self.reading.folded.text, fold_name(place.name)
        if text[token.start : token.end] == name or place.village_code in self.villages:
            return False
        return any(
            other.kind in _LEADING
            and text[other.end : token.start] in ("", "的")
            and other.end <= token.start
            and text[other.start : other.end] not in name
            and (other.kind == "landmark" or all(ref.village != place.village_code for ref in other.refs))
            for other in self.reading.tokens
        )

    def _crossings(self) -> Iterator[Proposal]:
        """Two roads named: where their door plates come closest."""
        roads = list({ref.key: token for token, ref in self._refs("road")}.items())
        if len(roads) != 2 or self.numbers:
            return
        (first, _), (second, token) = roads
        pairs = [
            (distance_m(*here, *there), here, there)
            for here in self.plates.points(("road", first, ""))[:400]
            for there in self.plates.points(("road", second, ""))[:400]
        ]
        gap_m, here, there = min(pairs, default=(9e9, (0.0, 0.0), (0.0, 0.0)))
        if gap_m <= 300.0:
            lon, lat = (here[0] + there[0]) / 2, (here[1] + there[1]) / 2
            yield Proposal(
                token, "road", lon, lat, max(60.0, gap_m), 0.6, ("road", "crossing"), name=f"{first}/{second}"
            )

    def _roads(self) -> Iterator[Proposal]:
        for token, ref in self._refs("road"):
            trust, how = self._trusted(token, ref, ("road",))
            named = [code for code in self.villages if ("road", ref.key, code) in self.plates]
            for code in named or [""]:
                spot = self.gazetteer.spot("road", code, ref.key)
                if spot is not None:
                    yield _middle(token, "road", spot, trust, how, code, self.gazetteer.spelling("road", ref.key))

    def _settlements(self, kind: str) -> Iterator[Proposal]:
        for token, ref in self._refs(kind):
            spot = self.gazetteer.spot(kind, ref.village, ref.key)
            if spot is not None:
                trust, how = self._trusted(token, ref, (kind,))
                # A group named beside it says more, unless the two are one place (see _group_middles).
                trust *= 0.95 if self.groups else 1.0
                yield _middle(token, "natural_village", spot, trust, how, ref.village, ref.key)

    def _group_middles(self) -> Iterator[Proposal]:
        tokens = {group: token for token, _, group in self.groups}
        settlements = {(ref.village, ref.key): token for token, ref in self._refs("natural_village")}
        for street, trust, how in self._group_streets():
            village, group = street[1:]
            name = group_label(group)
            for (place, key), token in settlements.items():
                common = self._common_middle(street, ("natural_village", place, key)) if place == village else None
                if common is not None:
                    used = (*how, "natural_village")
                    yield _middle(token, "group", common, 1.05 * trust, used, village, key + name)
            spot = self.gazetteer.spot("group", village, group)
            if spot is not None:
                yield _middle(tokens[group], "group", spot, trust, how, village, name)

    def _common_middle(self, one: Street, other: Street) -> Spot | None:
        """The middle of the door plates that two streets share."""
        plates = [self.gazetteer.plates[row] for row in self.plates.members(one) & self.plates.members(other)]
        if not plates:
            return None
        lon, lat, reach_m = middle_and_reach([plate.lon for plate in plates], [plate.lat for plate in plates])
        return lon, lat, max(reach_m, 80.0)

    def _village_middles(self) -> Iterator[Proposal]:
        for code, token in self.villages.items():
            spot = self.gazetteer.village_spots.get(code)
            if spot is not None:
                name = self.gazetteer.village_names.get(code, code)
                yield _middle(token, "village", spot, token.trust, (*_tolerated(token), "village"), code, name)

    def _trusted(self, token: Token, ref: Ref, used: tuple[str, ...]) -> tuple[float, tuple[str, ...]]:
        """Trust in a name; that of a named village counts where it had to decide."""
        trust, how = token.trust * ref.trust, (*_tolerated(token), *used)
        if ref.village and ref.village in self.villages:
            how = ("village", *how)
        return trust, how


def _middle(
    token: Token, level: Level, spot: Spot, trust: float, how: tuple[str, ...], village: str, name: str
) -> Proposal:
    return Proposal(token, level, *spot, BASE_SCORE[level] * trust, how, village, name=name)


def group_label(group: str) -> str:
    """Return a villager group as people write it: 3组, 东组."""
    return f"{group}组" if group.isdigit() else group


def _tolerated(token: Token) -> tuple[str, ...]:
    return () if token.match == "exact" else (token.match,)
