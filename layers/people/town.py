"""What a page says about its town and about the person who looks at it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy.orm import Session

from data.errors import NotFound
from data.scope import scope_of
from layers.people import queries
from layers.people.reach import Reach


def middle(bounds: Sequence[float]) -> list[float]:
    """Return the centre of west, south, east, north."""
    west, south, east, north = bounds
    return [round((west + east) / 2, 7), round((south + north) / 2, 7)]


def describe_town(session: Session) -> dict[str, Any]:
    """The town of the scope: names, time zone, notice, map view and bounds (EPSG:4490 degrees). Public.

    Raises
    ------
    NotFound
        ``town.none``: the scope names no town, as when none is loaded yet.
    """
    row = session.execute(queries.TOWN, {"town_id": scope_of(session).town_id}).one_or_none()
    if row is None:
        raise NotFound("town.none", "no town is loaded yet")
    view = dict(row.map or {})
    bounds = view.get("bounds") or (None if row.bounds[0] is None else [round(value, 7) for value in row.bounds])
    return {
        "code": row.code,
        "name": row.name,
        "name_en": row.name_en,
        "timezone": row.timezone,
        "synthetic": row.synthetic,
        "notice": row.notice or {},
        "map": {
            # a town that says nothing of its map opens on its areas; one without areas, on the whole world
            "center": view.get("center") or (middle(bounds) if bounds else [0.0, 0.0]),
            "zoom": view.get("zoom") or (12 if bounds else 1),
            "min_zoom": view.get("min_zoom"),
            "max_zoom": view.get("max_zoom"),
            "bounds": bounds,
            "hillshade": view.get("hillshade"),
        },
    }


def describe_person(session: Session, reach: Reach) -> dict[str, Any]:
    """The caller itself: names, roles, permissions, organisation, the codes of its areas and their
    extent ``home`` (EPSG:4490 degrees), None for who sees the whole town.
    """
    scope = scope_of(session)
    person = session.execute(queries.PERSON, {"user_id": scope.user_id}).one()
    home = None
    if reach.area_ids and not scope.town_wide:
        extent = session.execute(queries.HOME, {"area_ids": sorted(reach.area_ids)}).one_or_none()
        home = [round(value, 7) for value in extent] if extent else None
    areas = (
        session.execute(queries.AREA_CODES, {"area_ids": sorted(reach.area_ids)}).scalars() if reach.area_ids else ()
    )
    return {
        "user_id": person.user_id,
        "username": person.username,
        "name": person.name,
        "roles": [{"code": post.role, "name": post.name, "name_en": post.name_en} for post in reach.posts],
        "permissions": sorted(scope.permissions),
        "org": {"code": person.org_code, "name": person.org_name} if person.org_code else None,
        "areas": list(areas),
        "home": home,
        "town_wide": scope.town_wide,
        "must_change_password": person.must_change_password,
    }
