"""Writes the incidents of a pack as they stand at the moment of the load."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import shapely
from sqlalchemy.orm import Session

from layers.address import locating
from layers.address import service as address
from layers.exchange import queries
from layers.exchange.copying import copy_rows
from layers.exchange.pack.check import Pack
from layers.exchange.pack.rows import AddressRow, IncidentRow
from layers.exchange.pack.shift import Lived, live
from layers.incident.book import TownBook, book
from layers.incident.clock import STAGE_OF_STATE

# Nothing happens to these by the clock.
OVER = ("archived", "declined", "merged", "voided")

_COLUMNS = (
    "incident_id", "town_id", "case_no", "title", "description", "category_id", "platform_code", "lead_org_id",
    "urgency", "state", "supervision_level", "rework_count", "return_count", "self_handled", "channel",
    "raw_lon", "raw_lat", "source_crs", "accuracy_m", "address_text", "geom", "place_level", "place_score", "radius_m", "grid_shares",
    "triage_reason", "grid_id", "grid_version_id", "grid_now_id", "occurred_at", "reported_at", "accepted_at",
    "filed_at", "dispatched_at", "handled_at", "closed_at", "clock_started_at", "amber_at", "due_at", "handle_due_at",
    "timer_at",
)  # fmt: skip


def load(session: Session, pack: Pack, town_id: int, now: datetime) -> int:
    """Write the incidents that have been reported by `now`, their reporters and log; return how many.

    Without a coordinate an incident lies at its door plate, else where its address is found; what cannot be placed
    waits for triage.
    """
    zone = ZoneInfo(pack.manifest.town.timezone)
    lived = [item for row in pack.rows(IncidentRow) if (item := live(row, pack.weeks, now, zone)) is not None]
    lived.sort(key=lambda item: item.row.reported_at)
    if not lived:
        return 0
    count = copy_rows(session, "incident", _COLUMNS, _rows(session, pack, town_id, lived))
    named = [item.row for item in lived if item.row.reporter_name or item.row.reporter_phone]
    copy_rows(
        session, "incident_reporter", ("incident_id", "town_id", "name", "phone", "created_at"),
        ((row.id, town_id, row.reporter_name, row.reporter_phone, row.reported_at) for row in named),
    )  # fmt: skip
    session.execute(queries.LOG_OF_LOADED, {"town_id": town_id})
    return count


def _rows(session: Session, pack: Pack, town_id: int, lived: list[Lived]) -> Iterator[tuple[Any, ...]]:
    rules = book(session)
    org_ids = {row.code: row.org_id for row in session.execute(queries.ORG_IDS, {"town_id": town_id})}
    places = _places(session, pack, lived)
    for (row, state), place in zip(lived, places, strict=True):
        category_id, lead_org_id, _ = rules.ids[row.category] if row.category else (None, None, None)
        known = rules.rules.categories[row.category] if row.category else None
        start, amber_at, due_at = _clock(rules, row, state)
        yield (
            row.id, town_id, row.case_no, row.title, row.description, category_id,
            row.platform or (known.platform if known else None),
            org_ids[row.lead_org] if row.lead_org else lead_org_id, row.urgency, state, row.supervision_level,
            row.rework_count, row.return_count, row.self_handled, row.channel, row.lon, row.lat, row.crs,
            row.accuracy_m, row.address, *place, row.occurred_at, row.reported_at, row.accepted_at, row.filed_at,
            row.dispatched_at, row.handled_at, row.closed_at, start, amber_at, due_at,
            row.due_at, None if state in OVER else row.reported_at,
        )  # fmt: skip


def _clock(rules: TownBook, row: IncidentRow, state: str) -> tuple[datetime, datetime | None, datetime | None]:
    """Return start, amber moment and deadline of the running limit: the file's for handling, else the stage's own."""
    reached = {
        "accept": row.reported_at, "file": row.accepted_at, "handle": row.dispatched_at, "inspect": row.handled_at,
        # what was returned is to be dispatched again
        "dispatch": row.dispatched_at if state == "returned" else row.filed_at,
    }  # fmt: skip
    stage = STAGE_OF_STATE.get(state, "handle")
    start = reached[stage] or row.dispatched_at or row.reported_at
    if stage == "handle" and row.due_at is not None:
        span = row.due_at - start
        return start, (start + span * 0.75 if span > timedelta(0) else row.due_at), row.due_at
    amber_at, due_at = rules.stage_times(stage, row.urgency, start)
    return start, amber_at or row.due_at, due_at or row.due_at


def _places(session: Session, pack: Pack, lived: list[Lived]) -> list[tuple[Any, ...]]:
    """Return geom … grid_now_id of each incident."""
    plates = {row.plate_id: (row.lon, row.lat) for row in pack.rows(AddressRow)}
    rows = [item.row for item in lived]
    given = [_given(row, plates) for row in rows]
    lon, lat = (np.array([item[n] for item in given], dtype=float) for n in (0, 1))
    crs = np.array([item[2] for item in given], dtype=object)
    accuracy = np.array([np.nan if row.accuracy_m is None else row.accuracy_m for row in rows])
    areas, found = address.locate_many(session, lon, lat, crs, accuracy)
    places = [_placed(areas, found, n, given[n][3], accuracy[n]) for n in range(len(rows))]
    textual = [n for n, row in enumerate(rows) if given[n][2] is None and row.lon is None and row.address]
    for n, answer in zip(textual, address.geocode_many(session, [rows[n].address for n in textual]), strict=True):
        places[n] = _geocoded(answer.place)
    return places


def _given(row: IncidentRow, plates: dict[str, tuple[float, float]]) -> tuple[float, float, str | None, str]:
    if row.lon is not None and row.lat is not None:
        return row.lon, row.lat, row.crs, "coordinate"
    if row.plate_id is not None:
        return *plates[row.plate_id], "cgcs2000", "plate"
    return float("nan"), float("nan"), None, "none"


def _placed(areas: Any, found: locating.Located, n: int, level: str, accuracy_m: float) -> tuple[Any, ...]:
    row = found.row[n]
    shares = address.shares_of(areas, found.shares, n) if accuracy_m > 0 else ()
    own = next((share.share for share in shares if row >= 0 and share.area_id == areas.ids[row]), 1.0)
    known = not np.isnan(found.lon[n])
    leaf = int(areas.ids[row]) if row >= 0 else None
    version = int(areas.version_ids[row]) if row >= 0 else None
    return (
        shapely.Point(found.lon[n], found.lat[n]) if known else None,
        level if known else "none",
        own if row >= 0 else 0.0,
        accuracy_m,
        [share.as_dict() for share in shares] if len(shares) > 1 else [],
        found.reason[n],
        leaf, version, leaf,
    )  # fmt: skip


def _geocoded(place: Any) -> tuple[Any, ...]:
    leaf = place.leaf
    return (
        None if place.lon is None else shapely.Point(place.lon, place.lat),
        place.level, place.score, place.radius_m, [share.as_dict() for share in place.shares], place.triage_reason,
        *((leaf.area_id, leaf.version_id, leaf.area_id) if leaf else (None, None, None)),
    )  # fmt: skip
