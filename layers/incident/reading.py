"""Incidents as they are read: pages with exact counts, and one with all that belongs to it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import Row
from sqlalchemy.orm import Session

from data import audit, clock
from data.errors import NotFound
from data.scope import scope_of
from layers import features
from layers.incident import moves, queries, timing, workflow
from layers.incident.book import TownBook, book
from layers.incident.layer import LAYER
from layers.incident.masking import masked_name, masked_phone
from layers.incident.service import duplicates
from layers.query import quote, read_cursor, where

CURSOR = re.compile(r"(-?\d{1,18})\.(\d{1,18})")


def page(
    session: Session,
    filters: Mapping[str, str],
    *,
    bbox: tuple[float, float, float, float] | None = None,
    cursor: str | None = None,
    limit: int = 100,
) -> dict[str, Any]:
    """One page of the caller's incidents, newest first, as a FeatureCollection with ``next`` and ``count``.

    Parameters
    ----------
    filters
        Names and texts as the layer has them; the same as for tiles and counts, so a figure equals its list.
    cursor
        ``next`` of the page before. The count comes with the first page only.

    Raises
    ------
    Invalid
        ``filter.unknown``, ``filter.value``, ``filter.cursor``.
    """
    statement, params = _page(filters, bbox, cursor, limit)
    rows = features.run(session, (statement, params))
    shown = rows[:limit]
    following = f"{shown[-1][4]}.{shown[-1][0]}" if len(rows) > limit else None
    counted = None if cursor else features.run(session, features.count(LAYER, filters, bbox))[0][0]
    return {
        "type": "FeatureCollection",
        "features": [features.feature(LAYER, row[:4]) for row in shown],
        "next": following,
        "count": counted,
    }


def _page(
    filters: Mapping[str, str], bbox: tuple[float, float, float, float] | None, cursor: str | None, limit: int
) -> features.Statement:
    predicate, params = where(LAYER, filters)
    if bbox is not None:
        params.update(bw=bbox[0], bs=bbox[1], be=bbox[2], bn=bbox[3])
        # the literal is transformed, not the column: the index on geom_3857 serves
        predicate += " and f.geom_3857 && st_transform(st_makeenvelope(%(bw)s, %(bs)s, %(be)s, %(bn)s, 4490), 3857)"
    if cursor is not None:
        at = read_cursor(CURSOR, cursor)
        params.update(at_us=int(at[1]), seq=int(at[2]))
        predicate += (
            " and (f.reported_at, f.seq) < (timestamptz 'epoch' + %(at_us)s * interval '1 microsecond', %(seq)s)"
        )
    properties = features.properties_of(LAYER, params)
    params.update(most=limit + 1)
    return (
        f"select f.{quote(LAYER.key)}, f.{quote(LAYER.ref)}::text, st_asgeojson(f.geom, 7),"
        f" jsonb_build_object({properties}), (extract(epoch from f.reported_at) * 1000000)::bigint"
        f" from {LAYER.source} f {LAYER.joins} where {predicate}"
        " order by f.reported_at desc, f.seq desc limit %(most)s",
        params,
    )


def _listed(session: Session, incident_id: UUID) -> dict[str, Any]:
    """The properties that lists and events have too."""
    params: dict[str, Any] = {"id": str(incident_id)}
    properties = features.properties_of(LAYER, params)
    statement = f"select jsonb_build_object({properties}) from {LAYER.source} f {LAYER.joins} where f.incident_id = %(id)s::uuid"
    return features.run(session, (statement, params))[0][0]


def get(session: Session, incident_id: UUID) -> dict[str, Any]:
    """One incident as a Feature with place, shares, suggestion, duplicates, photos, log, clocks and what is allowed.

    Raises
    ------
    NotFound
        ``incident.not_found``: not there or outside the scope; the two are not told apart.
    """
    row = _one(session, incident_id)
    own = {"incident_id": incident_id}
    point = {"type": "Point", "coordinates": [round(row.lon, 7), round(row.lat, 7)]} if row.lon is not None else None
    properties = {
        "id": str(incident_id),
        "seq": row.seq,
        **_listed(session, incident_id),
        "description": row.description,
        "address": row.address_text,
        "place": _place(row),
        "grid_shares": row.grid_shares,
        "grid_then": _area(row.then_code, row.then_name, row.then_name_en),
        "grid_now": _area(row.now_code, row.now_name, row.now_name_en),
        "co_orgs": [dict(org) for org in session.execute(queries.ORGS, {"ids": row.co_org_ids}).mappings()],
        "merged_into": str(row.merged_into) if row.merged_into else None,
        "merged_case": _merged_case(session, row),
        "merged": [dict(one) for one in session.execute(queries.MERGED, own).mappings()],
        "suggestion": _named(row.suggestion or {}, book(session)),
        "duplicates": _duplicates(session, row),
        "reporter": _reporter(session, session.execute(queries.REPORTER, own).one_or_none()),
        "photos": [_photo(photo) for photo in session.execute(queries.PHOTOS, own)],
        "log": [dict(entry) for entry in session.execute(queries.LOG, own).mappings()],
        "version": row.version,
        **_actions(session, row),
        "clocks": _clocks(row, book(session)),
    }
    return {"type": "Feature", "id": str(incident_id), "geometry": point, "properties": properties}


def reporter(session: Session, incident_id: UUID, reason: str, request_id: str | None = None) -> dict[str, Any]:
    """Name and number of the reporter, unmasked; needs ``unmask``, and the record says who read them and why."""
    scope_of(session).require("unmask")
    _one(session, incident_id)
    found = session.execute(queries.REPORTER, {"incident_id": incident_id}).one_or_none()
    audit.record(session, "incident.unmask", "incident", incident_id, reason, {}, request_id)
    if found is None or found.is_anonymous:
        return {"name": None, "phone": None}
    return {"name": found.name, "phone": found.phone}


# What may be done with a case beside the transitions of its state.
_ACTS = {"place": ("triage", "accept"), "photo": ("report", "handle", "accept"), "unmask": ("unmask",)}


def _actions(session: Session, row: Row) -> dict[str, Any]:
    """What the caller may do now, with the facts each asks for; and what its permissions would allow, but not now, and why."""
    held, actor, now = moves.view(session, row), moves.actor_of(scope_of(session)), clock.now()
    may = workflow.allowed(held.case, actor, now)
    scope = scope_of(session)
    acts = [act for act, permissions in _ACTS.items() if any(scope.may(permission) for permission in permissions)]
    offered = [
        {
            "name": name,
            "needs": workflow.RULES[name].needs,
            "reasons": workflow.RULES[name].reasons,
            "to": workflow.RULES[name].target,
        }
        for name in may
    ]
    kept_back = [
        {"name": rule.name, "code": code}
        for rule in workflow.TABLE
        if rule.name not in may
        and actor.may(rule.permission)
        and (code := workflow.blocked(held.case, rule, actor, now))
    ]
    return {"allowed": [*may, *acts], "transitions": offered, "blocked": kept_back}


def require(session: Session, incident_id: UUID) -> None:
    """Raises NotFound ``incident.not_found`` unless the incident is there and inside the scope."""
    _one(session, incident_id)


def _one(session: Session, incident_id: UUID) -> Row:
    row = session.execute(queries.ONE, {"incident_id": incident_id}).one_or_none()
    if row is None:
        raise NotFound("incident.not_found", "there is no such incident here")
    return row


def _area(code: str | None, name: str | None, name_en: str | None) -> dict[str, Any] | None:
    return None if code is None else {"code": code, "name": name, "name_en": name_en}


def _place(row: Row) -> dict[str, Any]:
    names = ("raw_lon", "raw_lat", "source_crs", "accuracy_m", "provider", "radius_m")
    return {
        **{name: getattr(row, name) for name in names},
        "level": row.place_level,
        "score": row.place_score,
        "how": row.place_how,
    }


def _merged_case(session: Session, row: Row) -> dict[str, Any] | None:
    """The case that this one went into, where the scope sees it."""
    if row.merged_into is None:
        return None
    found = session.execute(queries.MERGED_INTO, {"incident_id": row.incident_id}).mappings()
    return next((dict(one) for one in found), None)


def _named(suggestion: Mapping[str, Any], town: TownBook) -> dict[str, Any]:
    """The suggestion with the names of its codes, as the town calls them today."""
    lead = town.ids.get(suggestion.get("category") or "", (None, None, None))[2]
    others = [{**other, **_names_of(other.get("category"), town)} for other in suggestion.get("alternatives") or ()]
    return {
        **suggestion,
        **_names_of(suggestion.get("category"), town),
        "lead_org_name": lead if suggestion.get("lead_org") else None,
        "alternatives": others,
    }


def _names_of(category: str | None, town: TownBook) -> dict[str, Any]:
    name, name_en = town.names.get(category or "", (None, None))
    return {"category_name": name, "category_name_en": name_en}


def _duplicates(session: Session, row: Row) -> list[dict[str, Any]]:
    if row.lon is None:
        return []
    town = book(session)
    return duplicates(
        session,
        town,
        incident_id=row.incident_id,
        title=row.title,
        category_id=row.category_id or town.id_of((row.suggestion or {}).get("category")),
        lon=row.lon,
        lat=row.lat,
        accuracy_m=row.accuracy_m,
        moment=row.reported_at,
    )


def _masked(row: Row | None) -> dict[str, Any] | None:
    if row is None or row.is_anonymous or not (row.name or row.phone):
        return None
    return {"name": masked_name(row.name), "phone": masked_phone(row.phone)}


def _reporter(session: Session, row: Row | None) -> dict[str, Any] | None:
    """The reporter, masked; ``{"hidden": true}`` for whoever may not know whether there is a name: handlers are not told."""
    scope = scope_of(session)
    if row is None and not any(scope.may(permission) for permission in ("unmask", "accept")):
        return {"hidden": True}
    return _masked(row)


def _photo(row: Row) -> dict[str, Any]:
    seen = row.lon is not None
    distance = None if row.exif_distance_m is None else round(row.exif_distance_m, 1)
    return {
        "id": str(row.photo_id),
        "url": f"/api/v1/photos/{row.photo_id}",
        "width": row.width_px,
        "height": row.height_px,
        "taken_at": row.taken_at,
        "exif": {"lon": round(row.lon, 7), "lat": round(row.lat, 7), "distance_m": distance} if seen else None,
    }


def _clocks(row: Row, town: TownBook) -> list[dict[str, Any]]:
    """The clock of the stage, if one runs, and that of the whole case; what is used of them as of now."""
    clocks = moves.clocks_of(row, town)
    return [
        {
            "stage": shown.stage,
            "started_at": shown.started_at,
            "amber_at": shown.amber_at,
            "due_at": shown.due_at,
            "paused_at": shown.paused_at,
            "limit": {"value": float(shown.limit.value), "unit": shown.limit.unit} if shown.limit else None,
            "used_s": int(timing.used(shown, row.closed_at or clock.now(), town.time_limits).total_seconds()),
            "in_work_time": any(part.unit not in timing.CONTINUOUS for part in shown.parts),
        }
        for shown in (clocks.stage, clocks.whole)
        if shown is not None
    ]
