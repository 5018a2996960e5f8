"""Photos of incidents: taken in, encoded anew, given out to who sees the case."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, current_app, g, request

from api import body, db
from api.auth import cookie, rate
from api.auth.access import needs, public
from api.auth.caller import unknown
from api.describe import asks, takes_file
from api.picture import picture
from api.routes.incident import identifier
from api.state import State
from data.errors import Invalid, NotFound
from data.receipt import once
from layers.incident import evidence
from layers.incident.photo import Photo, keep, prepare

blueprint = Blueprint("photo", __name__)


@blueprint.post("/api/v1/incidents/<incident_id>/photos")
@public
@takes_file("photo")
def add(incident_id: str) -> tuple[dict[str, Any], int]:
    """Add a photo (multipart field ``photo``): for who sees the case, or who reported it and sends its query code.

    The same file again changes nothing. The answer tells the camera's position to staff only.
    """
    state: State = current_app.extensions["onegrid"]
    number = identifier(incident_id)
    code = request.headers.get("X-Query-Code") or request.form.get("query_code") or ""
    if g.caller is None and not code:
        raise unknown(cookie.NAME in request.cookies)
    if g.caller is None:
        state.rates.take("photo", request.remote_addr or "", rate.PHOTO)
    file = request.files.get("photo")
    if file is None:
        fault = {"field": "photo", "code": "missing", "message": "send the file as the field photo"}
        raise Invalid("request.invalid", "the request has faults", faults=[fault])
    with db.transaction() as session:
        evidence.require_case(session, number, code)
        zone = evidence.timezone(session)
    photo = prepare(file.read(), ZoneInfo(zone))
    path = keep(photo, state.uploads_dir)
    return _record(number, photo, path, code)


def _record(incident_id: UUID, photo: Photo, path: str, code: str) -> tuple[dict[str, Any], int]:
    said = {"incident": str(incident_id), "sha256": photo.sha256.hex()}
    with db.transaction() as session:
        status, answer = once(
            session, body.client_id(), said, lambda: (201, evidence.add(session, incident_id, photo, path, code))
        )
    repeated = bool(answer.pop("repeated", False))
    if g.caller is None:
        answer = {**answer, "exif": None}
    return json.loads(current_app.json.dumps(answer)), 200 if repeated else status


@blueprint.get("/api/v1/photos/<photo_id>")
@needs("view")
@asks("size")
def photo(photo_id: str) -> Response:
    """The picture, ``size=full`` or ``thumb``; it holds no metadata."""
    try:
        number = UUID(photo_id)
    except ValueError:
        raise NotFound("photo.not_found", "there is no such photo here") from None
    return picture(lambda session: evidence.path_of(session, number))
