"""Photos as rows: who may add one, what is kept of it, where its file lies."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from data.errors import Conflict, NotFound
from gis.crs import to_cgcs2000
from layers.incident import queries
from layers.incident.photo import Photo
from layers.incident.service import hash_of_code

MAX_PER_INCIDENT = 12


def require_case(session: Session, incident_id: UUID, query_code: str) -> None:
    """Refuses before the file is decoded whoever neither sees the case nor holds its query code.

    Raises
    ------
    NotFound
        ``incident.not_found``.
    """
    values = {"incident_id": incident_id, "code": hash_of_code(query_code).hex() if query_code else None}
    if not session.execute(queries.MAY_ADD_PHOTO, values).scalar_one():
        raise NotFound("incident.not_found", "there is no such incident here")


def timezone(session: Session) -> str:
    """The time zone of the town, for camera times that name none."""
    return session.execute(text("select timezone from town where town_id = scope_town()")).scalar_one()


def add(session: Session, incident_id: UUID, photo: Photo, path: str, query_code: str) -> dict[str, Any]:
    """The answer for a photo that now belongs to the incident; the same picture again is the same photo.

    Writes a log row and emits ``incident``/``photo``. The camera's WGS 84 position is kept in EPSG:4490 with its
    distance from the case in metres.

    Raises
    ------
    NotFound
        ``incident.not_found``: not there, or not for this caller.
    Conflict
        ``photo.too_many``: the incident has twelve already.
    """
    lon = lat = None
    if photo.lon is not None and photo.lat is not None:
        lon, lat = (float(value) for value in to_cgcs2000(photo.lon, photo.lat, "wgs84"))
    row = {
        "incident_id": str(incident_id),
        "query_code_hash": hash_of_code(query_code).hex() if query_code else None,
        "sha256": photo.sha256.hex(),
        "path": path,
        "width_px": photo.width_px,
        "height_px": photo.height_px,
        "bytes": len(photo.full),
        "taken_at": photo.taken_at.isoformat() if photo.taken_at else None,
        "lon": lon,
        "lat": lat,
        "most": MAX_PER_INCIDENT,
    }
    answer = session.execute(queries.SUBMIT_PHOTO, {"photo": json.dumps(row)}).scalar_one()
    if answer is None:
        raise NotFound("incident.not_found", "there is no such incident here")
    if answer.get("full"):
        raise Conflict("photo.too_many", f"an incident has {MAX_PER_INCIDENT} photos at most", most=MAX_PER_INCIDENT)
    return {**answer, "url": f"/api/v1/photos/{answer['id']}"}


def path_of(session: Session, photo_id: UUID) -> str:
    """Path of the file, relative to the uploads folder.

    Raises
    ------
    NotFound
        ``photo.not_found``: not there or outside the scope.
    """
    row = session.execute(queries.PHOTO, {"photo_id": photo_id}).one_or_none()
    if row is None:
        raise NotFound("photo.not_found", "there is no such photo here")
    return row.path
