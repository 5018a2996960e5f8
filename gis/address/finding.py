"""Find the place an address text means."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from gis.address.candidates import Candidate, Candidates
from gis.address.gazetteer import Gazetteer
from gis.address.metric import distance_m
from gis.address.offsets import anchored, displaced
from gis.address.parsing import read
from gis.address.placing import Placer, Proposal, group_label
from gis.address.plates import group_key
from gis.address.tokens import Reading, Token
from gis.address.variants import has_han

#: Candidates of one text unless asked otherwise.
DEFAULT_LIMIT = 5
_NEAR_REACH_M = 5_000.0
_OTHER_TOWN = re.compile(
    r"[一-鿿]{1,4}(?:[省市县]|(?<![老同回下])乡|(?<![们本我全该个咱在到从去])镇|街道|(?<![小社景园发厂库片地业辖])区)"
    r"(?![道民]|[一-鿿]{0,2}(?:口|场))"
)


def find(
    text: str,
    gazetteer: Gazetteer,
    near: tuple[float, float] | None = None,
    prior_village: str | None = None,
    limit: int = DEFAULT_LIMIT,
) -> Candidates:
    """Return the places an address text may mean, best first.

    Parameters
    ----------
    text
        Anything; never raises for a bad one. Only the first 1,000 characters are read.
    gazetteer
        What is known of the town.
    near
        lon, lat in degrees in the gazetteer's CRS: among places that share a name, nearer ones come first.
    prior_village
        Area code of the village the text probably speaks of (the reporter's): among places that share a name,
        those in it come first.
    limit
        The greatest number of candidates.

    Returns
    -------
    Candidates
        Empty with a reason where nothing was found. A middle of a group, road or village carries a low score and a
        large radius: it never looks like a door.

    Examples
    --------
    >>> town = Gazetteer.build(plates=[("A1", "", "", "", "Rue Grimaldi", "12", 7.42, 43.73)])
    >>> best = find("12, rue Grimaldi", town).best
    >>> best.level, best.plate_id, best.label
    ('plate', 'A1', 'Rue Grimaldi 12')
    """
    reading = read(text, gazetteer)
    said = anchored(reading)
    proposals = []
    for proposal in Placer(reading, gazetteer, prior_village).proposals():
        about = said.get((proposal.anchor.start, proposal.anchor.end))
        proposals.append(displaced(proposal, about, _words(text, reading, about)) if about else proposal)
    if not proposals:
        return Candidates((), _reason(reading))
    strange = _names_another_town(reading)
    if reading.of("number") and not any("number" in proposal.how for proposal in proposals):
        proposals = [replace(proposal, how=(*proposal.how, "number_unknown")) for proposal in proposals]
    ranked = [_ranked(proposal, near, prior_village, strange) for proposal in proposals]
    # The sort is stable: of equals, the one proposed first (the more specific kind) stays first.
    ranked.sort(key=lambda proposal: -proposal.score)
    return Candidates(_distinct(ranked, gazetteer, max(limit, 0)))


def _words(text: str, reading: Reading, tokens: list[Token]) -> str:
    spans = (reading.folded.span(token.start, token.end) for token in tokens)
    return "".join(text[start:end] for start, end in spans)


@dataclass(frozen=True)
class Found:
    """The best candidates of many texts, as arrays in the order of the texts.

    ``lon lat score radius_m`` are float arrays of shape (n,), NaN where nothing was found; ``level village_code
    plate_id entity_id label`` are object arrays with None there (``level`` has "none"); ``candidates`` holds all
    of each text.
    """

    lon: NDArray[np.float64]
    lat: NDArray[np.float64]
    score: NDArray[np.float64]
    radius_m: NDArray[np.float64]
    level: NDArray[np.object_]
    label: NDArray[np.object_]
    village_code: NDArray[np.object_]
    plate_id: NDArray[np.object_]
    entity_id: NDArray[np.object_]
    candidates: tuple[Candidates, ...]


def find_many(
    texts: Iterable[str | None],
    gazetteer: Gazetteer,
    near: Sequence[tuple[float, float] | None] | None = None,
    prior_village: Sequence[str | None] | None = None,
    limit: int = DEFAULT_LIMIT,
) -> Found:
    """Return what `find` gives for each text, as arrays; a missing text (None, NaN) is an empty one.

    Parameters
    ----------
    near, prior_village
        One per text, or None for none at all. A repeated question is answered once.

    Raises
    ------
    ValueError
        ``near`` or ``prior_village`` is of another length than ``texts``.
    """
    asked = [text if isinstance(text, str) else "" for text in texts]
    nears = [None] * len(asked) if near is None else list(near)
    priors = [None] * len(asked) if prior_village is None else list(prior_village)
    if not len(asked) == len(nears) == len(priors):
        raise ValueError(f"{len(asked)} texts but {len(nears)} near and {len(priors)} prior_village")
    known: dict[tuple[str, tuple[float, float] | None, str | None], Candidates] = {}
    answers = []
    for question in zip(asked, nears, priors, strict=True):
        answer = known.get(question)
        if answer is None:
            answer = known[question] = find(question[0], gazetteer, question[1], question[2], limit)
        answers.append(answer)
    return _as_arrays(tuple(answers))


def _as_arrays(answers: tuple[Candidates, ...]) -> Found:
    bests = [answer.best for answer in answers]

    def numbers(field: str) -> NDArray[np.float64]:
        return np.array([np.nan if best is None else getattr(best, field) for best in bests], dtype=float)

    def objects(values: list[object]) -> NDArray[np.object_]:
        array = np.empty(len(values), dtype=object)
        array[:] = values
        return array

    words = {
        field: objects([None if best is None else getattr(best, field) for best in bests])
        for field in ("label", "village_code", "plate_id", "entity_id")
    }
    return Found(
        lon=numbers("lon"),
        lat=numbers("lat"),
        score=numbers("score"),
        radius_m=numbers("radius_m"),
        level=objects([answer.level for answer in answers]),
        candidates=answers,
        **words,
    )


def _reason(reading: Reading) -> str:
    if not reading.folded.text:
        return "empty"
    kinds = {token.kind for token in reading.tokens}
    if kinds & {"village", "natural_village", "road", "landmark", "entity", "plate_id"}:
        return "not_located"
    return "number_without_street" if kinds & {"number", "group"} else "no_name_known"


def _names_another_town(reading: Reading) -> bool:
    """An unknown county or town stands before the first known place."""
    places = reading.of("village", "natural_village", "road", "landmark", "entity", "group")
    first = places[0].start if places else 0
    return any(
        end <= first and _OTHER_TOWN.search(reading.folded.text[start:end]) is not None
        for start, end in reading.left_over
    )


def _ranked(proposal: Proposal, near: tuple[float, float] | None, prior_village: str | None, strange: bool) -> Proposal:
    score, how = proposal.score, proposal.how
    if strange:
        score, how = 0.5 * score, (*how, "outside")
    if "ambiguous" in how:
        if prior_village is not None:
            in_prior = proposal.village == prior_village
            score *= 1.15 if in_prior else 0.8
            how = (*how, "prior_village") if in_prior else how
        if near is not None:
            far_m = distance_m(proposal.lon, proposal.lat, *near)
            score *= 1.1 - 0.3 * min(1.0, far_m / _NEAR_REACH_M)
    return proposal if score == proposal.score else replace(proposal, score=min(score, 1.0), how=how)


def _distinct(ranked: list[Proposal], gazetteer: Gazetteer, limit: int) -> tuple[Candidate, ...]:
    seen: set[tuple[object, ...]] = set()
    kept: list[Candidate] = []
    for proposal in ranked:
        if len(kept) >= limit:
            break
        spot = (round(proposal.lon, 5), round(proposal.lat, 5))
        same = ("plate", proposal.plate) if proposal.plate is not None else (proposal.level, *spot)
        if same in seen:
            continue
        seen.add(same)
        kept.append(_candidate(proposal, gazetteer))
    return tuple(kept)


def _candidate(proposal: Proposal, gazetteer: Gazetteer) -> Candidate:
    moved = proposal.level == "landmark_offset"
    plate = gazetteer.plates[proposal.plate].plate_id if proposal.plate is not None and not moved else None
    entity = gazetteer.entities[proposal.entity].id if proposal.entity is not None and not moved else None
    return Candidate(
        lon=proposal.lon,
        lat=proposal.lat,
        level=proposal.level,
        score=round(proposal.score, 3),
        radius_m=round(proposal.radius_m, 1),
        label=_label(proposal, gazetteer),
        how=tuple(dict.fromkeys(proposal.how)),
        plate_id=plate,
        entity_id=entity,
        village_code=proposal.village or None,
    )


def _label(proposal: Proposal, gazetteer: Gazetteer) -> str:
    label = _place_label(proposal, gazetteer)
    if not proposal.said:
        return label
    return f"{label}{proposal.said}" if has_han(label) else f"{label} ({proposal.said})"


def _place_label(proposal: Proposal, gazetteer: Gazetteer) -> str:
    village = gazetteer.village_names.get(proposal.village, "")
    if proposal.plate is not None:
        return plate_label(proposal.plate, gazetteer)
    if proposal.entity is not None:
        return gazetteer.entities[proposal.entity].name
    name = proposal.name or proposal.anchor.value
    if name == village or "landmark" in proposal.how or not has_han(name):
        return name
    if "number" in proposal.how:
        name += "号"
    return f"{village}{name}"


def plate_label(row: int, gazetteer: Gazetteer) -> str:
    """Return a door plate as people of the place write it: 六里村3组25号, 镇中村堰山路158号, Rue Grimaldi 12."""
    plate = gazetteer.plates[row]
    number = str(plate.number)
    if plate.road and not has_han(plate.road):
        return f"{plate.road} {number}"
    village = gazetteer.village_names.get(plate.village_code, "")
    group = group_label(group_key(str(plate.villager_group))) if plate.villager_group else ""
    street = plate.road or f"{plate.natural_village or ''}{group}"
    return f"{village}{street}{number}" + ("号" if number[-1:].isdigit() else "")
