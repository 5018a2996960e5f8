"""Where the rows of a file lie: by coordinate, door plate or address, all rows at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from layers.address import queries
from layers.address import service as address
from layers.area.index import TownAreas
from layers.exchange.importing.report import Imported
from layers.exchange.importing.sheet import Piece

DEFAULT_CRS = "wgs84"


@dataclass
class Places:
    """Places of n rows, in their order. `lon`, `lat` are NaN and `row` −1 where there is none; lists hold n items."""

    areas: TownAreas
    raw_lon: NDArray[np.float64]
    raw_lat: NDArray[np.float64]
    crs: NDArray[np.object_]
    accuracy_m: NDArray[np.float64]
    lon: NDArray[np.float64]
    lat: NDArray[np.float64]
    row: NDArray[np.int32]
    level: list[str]
    score: list[float]
    radius_m: list[float | None]
    shares: list[list[dict[str, Any]]]
    reason: list[str | None]
    how: list[dict[str, Any]]

    def grid_id(self, n: int) -> int | None:
        """Return the leaf of a row today."""
        return int(self.areas.ids[self.row[n]]) if self.row[n] >= 0 else None


def numbers(piece: Piece, name: str) -> tuple[NDArray[np.float64], list[int]]:
    """Return a column as numbers (NaN where empty), and the positions of cells that are no number."""
    values = np.full(len(piece), np.nan)
    wrong = []
    for position, cell in enumerate(piece.column(name)):
        if cell != "":
            try:
                values[position] = float(cell)
            except ValueError:
                wrong.append(position)
    return values, wrong


def find(
    session: Session, piece: Piece, crs: str | None, accuracy_m: float | None, imported: Imported
) -> tuple[Places, dict[int, str]]:
    """Return the places of a piece and, by position, why a row's numbers cannot be read.

    A row's own `crs` comes before the one given for the file; without either, numbers are read as WGS-84, which
    is noted. A row that cannot be placed by its coordinate is looked for by plate and address; none is refused.
    """
    lon, bad_lon = numbers(piece, "lon")
    lat, bad_lat = numbers(piece, "lat")
    accuracy, bad_accuracy = numbers(piece, "accuracy_m")
    faults = dict.fromkeys((*bad_lon, *bad_lat), "lon or lat is not a number")
    faults |= dict.fromkeys(bad_accuracy, "accuracy_m is not a number")
    accuracy = np.where(np.isnan(accuracy), np.nan if accuracy_m is None else accuracy_m, accuracy)
    systems = _systems(piece, crs, bool(np.isfinite(lon).any()), imported)
    areas, found = address.locate_many(session, lon, lat, systems, accuracy)
    places = _by_coordinate(areas, found, lon, lat, systems, accuracy)
    _by_plate(session, piece, places)
    _by_address(session, piece, places)
    return places, faults


def _systems(piece: Piece, crs: str | None, has_numbers: bool, imported: Imported) -> NDArray[np.object_]:
    own = piece.column("crs")
    if crs is None and has_numbers and not any(own):
        imported.note(
            f"no coordinate system was given: lon and lat are read as {DEFAULT_CRS} (give another with --crs)"
        )
    systems = np.empty(len(piece), dtype=object)
    systems[:] = [cell or crs or DEFAULT_CRS for cell in own]
    return systems


def _by_coordinate(
    areas: TownAreas, found: Any, lon: NDArray, lat: NDArray, systems: NDArray, accuracy: NDArray
) -> Places:
    n = len(lon)
    known = ~np.isnan(found.lon)
    many = np.bincount(found.shares.point, minlength=n) > 1
    shares: list[list[dict[str, Any]]] = [[] for _ in range(n)]
    score = np.where(found.row >= 0, 1.0, 0.0)
    for position in np.flatnonzero(many):
        mine = address.shares_of(areas, found.shares, int(position))
        shares[position] = [share.as_dict() for share in mine]
        own = [s.share for s in mine if found.row[position] >= 0 and s.area_id == areas.ids[found.row[position]]]
        score[position] = own[0] if own else 0.0
    how: list[dict[str, Any]] = [{"suggested_crs": item} if item else {} for item in found.suggested]
    return Places(
        areas, lon, lat, systems, accuracy, found.lon.copy(), found.lat.copy(), found.row.copy(),
        ["coordinate" if item else "none" for item in known], score.tolist(),
        [None if np.isnan(item) else float(item) for item in accuracy], shares, list(found.reason), how,
    )  # fmt: skip


def _by_plate(session: Session, piece: Piece, places: Places) -> None:
    """Rows without a coordinate lie at their door plate."""
    plates = piece.column("plate_id")
    asked = [n for n, plate in enumerate(plates) if plate and np.isnan(places.raw_lon[n])]
    if not asked:
        return
    with address.as_town(session):
        params = {"town_id": session.info["scope"].town_id, "plates": sorted({plates[n] for n in asked})}
        known = {row.plate_id: (row.lon, row.lat) for row in session.execute(queries.PLATE_POINTS, params)}
    for n in asked:
        if plates[n] in known:
            places.lon[n], places.lat[n] = known[plates[n]]
            places.row[n] = places.areas.index.locate(places.lon[n], places.lat[n])
            places.level[n], places.score[n] = "plate", 1.0
            places.reason[n] = None if places.row[n] >= 0 else "outside_town"
            places.radius_m[n] = None


def _by_address(session: Session, piece: Piece, places: Places) -> None:
    """Rows that are not placed yet are looked for by their address; a worse answer does not replace a coordinate."""
    texts = piece.column("address")
    asked = [n for n, text in enumerate(texts) if text and places.reason[n] is not None and places.level[n] != "plate"]
    if not asked:
        return
    for n, answer in zip(asked, address.geocode_many(session, [texts[n] for n in asked]), strict=True):
        place = answer.place
        if place.triage_reason is not None and not np.isnan(places.raw_lon[n]):
            continue
        places.lon[n] = np.nan if place.lon is None else place.lon
        places.lat[n] = np.nan if place.lat is None else place.lat
        places.row[n] = -1 if np.isnan(places.lon[n]) else places.areas.index.locate(places.lon[n], places.lat[n])
        places.level[n], places.score[n], places.radius_m[n] = place.level, place.score, place.radius_m
        places.shares[n] = [share.as_dict() for share in place.shares]
        places.reason[n], places.how[n] = place.triage_reason, dict(place.how)
