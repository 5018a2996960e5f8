"""Use cases of finding a place. Everybody may ask; nothing is written but a cache in memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import ArrayLike, NDArray
from sqlalchemy.orm import Session

from data.scope import Scope, apply, scope_of
from gis.address import Candidate, Candidates, Gazetteer, find, find_many
from gis.crs import CrsError
from gis.locate import Shares
from layers.address import locating, queries
from layers.address.place import Geocoded, Place, Share
from layers.area import index as areas_in_force
from layers.area.index import TownAreas
from layers.area.versioned import Versioned

# Of two candidates this close in score neither is preferred.
AMBIGUOUS_SHARE = 0.9
_WIDE = frozenset({"village", "natural_village", "group", "road", "landmark_offset"})
# The middle of a village or road that reaches so far is no place to go to, whatever leaf it happens to lie in.
LARGE_M = 1_000.0
# Up to here whoever goes there decides between neighbouring leaves; beyond, the point itself is a guess.
ROUGH_M = 200.0


@contextmanager
def as_town(session: Session) -> Iterator[Session]:
    """Read under the town's own scope for a moment: names and door plates of the whole town, whoever asks."""
    asked = scope_of(session)
    apply(session, Scope.system(asked.town_id))
    try:
        yield session
    finally:
        apply(session, asked)


def _stamp(session: Session) -> str:
    with as_town(session):
        return session.execute(queries.STAMP, {"town_id": scope_of(session).town_id}).scalar_one()


def _build(session: Session) -> Gazetteer:
    areas = areas_in_force.current(session)
    town_id = scope_of(session).town_id
    with as_town(session):
        town = session.execute(queries.PREFIXES, {"town_id": town_id}).one()
        plates = [
            tuple("" if v is None else v for v in row) for row in session.execute(queries.PLATES, {"town_id": town_id})
        ]
        names = [dict(row) for row in session.execute(queries.NAMES, {"town_id": town_id}).mappings()]
        srid = int(areas.metric_crs[5:])
        roads = session.execute(queries.ROADS, {"town_id": town_id, "metric_srid": srid}).mappings().all()
        entities = [dict(row) for row in session.execute(queries.ENTITIES, {"town_id": town_id}).mappings()]
    told = {name["name"] for name in names if name["kind"] == "road"}
    places = [{**name, "aliases": tuple(name["aliases"] or ())} for name in names]
    places += [{"kind": "road", **road} for road in roads if road["name"] not in told]
    _put_in_villages(areas, entities)
    prefixes = [*town.settings.get("address_prefixes", ()), town.name]
    return Gazetteer.build(plates, places, entities, _villages(areas), prefixes)


def _put_in_villages(areas: TownAreas, entities: list[dict[str, Any]]) -> None:
    rows = areas.index.locate([entity["lon"] for entity in entities], [entity["lat"] for entity in entities])
    for entity, row in zip(entities, np.atleast_1d(rows), strict=True):
        entity["village_code"] = (areas.leaves[row].village_code or "") if row >= 0 else ""


def _villages(areas: TownAreas) -> list[dict[str, Any]]:
    villages = areas.frame[areas.frame["level"] == "village"]
    return [
        {
            "code": v.code,
            "name": v.name,
            "lon": v.label_lon,
            "lat": v.label_lat,
            "radius_m": float(np.sqrt(v.area_m2 / np.pi)),
        }
        for v in villages.itertuples(index=False)
    ]


GAZETTEER: Versioned[Gazetteer] = Versioned(
    "address", lambda session: f"{_stamp(session)}#{areas_in_force.CURRENT.stamp(session)}", _build
)


def gazetteer(session: Session) -> Gazetteer:
    """Return everything the geocoder knows of the session's town; kept between calls, at most a second old."""
    return GAZETTEER.get(session)


def locate(
    session: Session, lon: float, lat: float, crs: str | None = "wgs84", accuracy_m: float | None = None
) -> Place:
    """Return the place of a coordinate: its leaf, the leaves its accuracy circle crosses, or why a person must look.

    Parameters
    ----------
    lon, lat : degrees, or metres for a projected `EPSG:N`.
    crs : system of the numbers; None or one that is not known is quarantined with a suggestion, never guessed.
    accuracy_m : radius of the circle the true place lies in. One so wide that the leaf is a guess is `vague`.
    """
    areas = areas_in_force.current(session)
    plain = _plain(areas, lon, lat, crs) if accuracy_m is None else None
    if plain is not None:
        return plain
    accuracy = np.nan if accuracy_m is None else accuracy_m
    found = locating.locate(areas, [lon], [lat], crs, accuracy)
    place = _places(areas, found, np.array([accuracy]))[0]
    rough = place.triage_reason is None and accuracy_m is not None and accuracy_m > ROUGH_M and _own_share(place) < 0.5
    return replace(place, triage_reason="vague") if rough else place


def _plain(areas: TownAreas, lon: float, lat: float, crs: str | None) -> Place | None:
    """Return the place of a point that lies in a leaf as it stands; None for all that needs a second look.

    Most reports are such points, and arrays of one cost three times as much. Equal to the general way: tested.
    """
    if crs not in ("cgcs2000", "wgs84") or (abs(lon) < 1 and abs(lat) < 1):
        return None
    leaf = areas.leaf(lon, lat)
    return None if leaf is None else Place(lon=float(lon), lat=float(lat), leaf=leaf, level="coordinate", score=1.0)


def locate_many(
    session: Session,
    lon: ArrayLike,
    lat: ArrayLike,
    crs: str | NDArray[np.object_] | None = "wgs84",
    accuracy_m: ArrayLike = np.nan,
) -> tuple[TownAreas, locating.Located]:
    """Return `locate` for arrays, as arrays (`locating.Located`), with the areas its rows point into."""
    areas = areas_in_force.current(session)
    return areas, locating.locate(areas, lon, lat, crs, accuracy_m)


def geocode(
    session: Session,
    text: str,
    near: tuple[float, float] | None = None,
    prior_village: str | None = None,
    limit: int = 5,
) -> Geocoded:
    """Return the places an address text, a name or a door-plate id may mean, best first.

    Parameters
    ----------
    near : lon, lat in EPSG:4490 degrees; nearer places of one name come first.
    prior_village : code of the village the text probably speaks of (the reporter's).
    """
    candidates = find(text, gazetteer(session), near, prior_village, limit)
    return _judged(areas_in_force.current(session), [candidates])[0]


def geocode_many(
    session: Session,
    texts: Sequence[str | None],
    prior_village: Sequence[str | None] | None = None,
    limit: int = 5,
) -> list[Geocoded]:
    """Return `geocode` for each text; a repeated text is looked up once."""
    found = find_many(texts, gazetteer(session), prior_village=prior_village, limit=limit)
    return _judged(areas_in_force.current(session), found.candidates)


def _judged(areas: TownAreas, answers: Sequence[Candidates]) -> list[Geocoded]:
    """Put the candidates of all texts into their leaves at once, then decide for each text."""
    flat = [candidate for answer in answers for candidate in answer.items]
    places = iter(_candidate_places(areas, flat))
    judged = []
    for answer in answers:
        mine = tuple(next(places) for _ in answer.items)
        judged.append(Geocoded(_choose(mine, answer.reason), mine, answer.reason))
    return judged


def _candidate_places(areas: TownAreas, candidates: Sequence[Candidate]) -> list[Place]:
    if not candidates:
        return []
    lon = np.array([candidate.lon for candidate in candidates])
    lat = np.array([candidate.lat for candidate in candidates])
    radius = np.array([candidate.radius_m for candidate in candidates])
    # a coordinate inside a text names no system
    crs = np.array([None if c.level == "coordinate" else "cgcs2000" for c in candidates], dtype=object)
    found = locating.locate(areas, lon, lat, crs, radius)
    return [
        replace(
            _inside_named_village(areas, place, candidate),
            lon=candidate.lon if place.lon is None else place.lon,
            lat=candidate.lat if place.lat is None else place.lat,
            level=candidate.level,
            score=candidate.score,
            label=candidate.label,
            plate_id=candidate.plate_id,
            entity_id=candidate.entity_id,
            how={"used": list(candidate.how)},
        )
        for place, candidate in zip(_places(areas, found, radius), candidates, strict=True)
    ]


def _inside_named_village(areas: TownAreas, place: Place, candidate: Candidate) -> Place:
    """Leave out the leaves beyond the village that the text names: its own circle crosses into others."""
    village = candidate.village_code
    named = candidate.level == "village" or "village" in candidate.how
    if not (named and place.shares and place.leaf and place.leaf.village_code == village):
        return place
    inside = {leaf.code for leaf in areas.leaves if leaf.village_code == village}
    kept = [share for share in place.shares if share.code in inside]
    whole = sum(share.share for share in kept)
    return replace(
        place, shares=tuple(replace(share, share=share.share / whole) for share in kept) if len(kept) > 1 else ()
    )


def _choose(candidates: tuple[Place, ...], reason: str | None) -> Place:
    if not candidates:
        return Place(triage_reason="no_place" if reason == "empty" else "place_not_found", how={"reason": reason})
    best = candidates[0]
    if best.triage_reason is not None:
        return best if best.triage_reason != "crs_unknown" else replace(best, lon=None, lat=None)
    used = best.how.get("used", ())
    if "outside" in used:
        how = {**best.how, "rivals": [other.label for other in candidates]}
        return Place(triage_reason="other_town", how=how)
    rivals = [
        other for other in candidates[1:] if other.score >= AMBIGUOUS_SHARE * best.score and other.leaf != best.leaf
    ]
    if rivals or "other_name" in used:
        return replace(best, triage_reason="ambiguous", how={**best.how, "rivals": [rival.label for rival in rivals]})
    return replace(best, triage_reason="vague") if _is_vague(best) else best


def _is_vague(place: Place) -> bool:
    own = _own_share(place)
    whole = place.level == "village" or (place.level == "road" and (place.radius_m or 0.0) > LARGE_M)
    return own < 1.0 if whole else place.level in _WIDE and own < 0.5


def _own_share(place: Place) -> float:
    """Return how much of the circle of uncertainty lies in the leaf of its centre."""
    return next((share.share for share in place.shares if place.leaf and share.code == place.leaf.code), 1.0)


def _places(areas: TownAreas, found: locating.Located, radius_m: NDArray[np.float64]) -> list[Place]:
    places = []
    for n, row in enumerate(found.row):
        leaf = areas.leaves[row] if row >= 0 else None
        shares = shares_of(areas, found.shares, n)
        own = next((share.share for share in shares if leaf is not None and share.code == leaf.code), 1.0)
        has_position = not np.isnan(found.lon[n])
        places.append(
            Place(
                lon=float(found.lon[n]) if has_position else None,
                lat=float(found.lat[n]) if has_position else None,
                leaf=leaf,
                level="coordinate" if has_position else "none",
                score=own if leaf is not None else 0.0,
                radius_m=None if np.isnan(radius_m[n]) else float(radius_m[n]),
                shares=shares if len(shares) > 1 or (shares and found.shares.outside[n] > 0) else (),
                triage_reason=found.reason[n],
                suggested_crs=found.suggested[n],
            )
        )
    return places


def shares_of(areas: TownAreas, shares: Shares, point: int) -> tuple[Share, ...]:
    """Return the candidate leaves of one point, the largest first."""
    leaves = areas.leaves
    return tuple(
        Share(leaves[row].area_id, leaves[row].code, leaves[row].name, share, leaves[row].name_en)
        for row, share in shares.of(point)
    )


def locate_frame(
    session: Session, points: gpd.GeoSeries | gpd.GeoDataFrame, accuracy_m: ArrayLike = np.nan
) -> pd.DataFrame:
    """Return the places of points in any declared CRS as columns (`place_frame`), index and order kept.

    Parameters
    ----------
    points : with a CRS; None and empty points have no place.

    Raises
    ------
    CrsError : `crs.mismatch`, the points declare no CRS: what it is must be said, not guessed.
    """
    series = points.geometry
    if series.crs is None:
        raise CrsError("crs.mismatch", "the points declare no CRS: set it first, with points.set_crs(…)")
    moved = series.to_crs(4490)
    areas, found = locate_many(
        session, shapely.get_x(moved.to_numpy()), shapely.get_y(moved.to_numpy()), "cgcs2000", accuracy_m
    )
    return place_frame(areas, found).set_axis(series.index)


def place_frame(areas: TownAreas, found: locating.Located) -> pd.DataFrame:
    """Return the arrays of `locate_many` as columns: lon, lat, grid_code, village_code, reason, suggested_crs."""
    codes = np.array([leaf.code for leaf in areas.leaves] + [None], dtype=object)
    villages = np.array([leaf.village_code for leaf in areas.leaves] + [None], dtype=object)
    return pd.DataFrame(
        {
            "lon": found.lon,
            "lat": found.lat,
            "grid_code": pd.Series(codes[found.row], dtype=object),
            "village_code": pd.Series(villages[found.row], dtype=object),
            "reason": pd.Series(found.reason, dtype=object),
            "suggested_crs": pd.Series(found.suggested, dtype=object),
        }
    )
