"""A photo as it is given out: whole or as a thumb, never with metadata."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from flask import Response, current_app, request
from sqlalchemy.orm import Session

from api import db
from api.state import State
from data.errors import Invalid, NotFound
from layers.incident.photo import thumb_path


def picture(path_of: Callable[[Session], str]) -> Response:
    """Answer with the photo whose path, relative to the uploads folder, ``path_of`` finds in the caller's scope.

    ``size`` of the query is ``full`` or ``thumb``.

    Raises
    ------
    Invalid
        ``filter.value``. NotFound : ``photo.file_missing``, or what ``path_of`` raises.
    """
    state: State = current_app.extensions["onegrid"]
    size = request.args.get("size", "full")
    if size not in {"full", "thumb"}:
        raise Invalid("filter.value", "size is full or thumb", fields={"size": "full or thumb"})
    with db.transaction() as session:
        relative = path_of(session)
    name = thumb_path(relative) if size == "thumb" else relative
    path = state.uploads_dir / name
    if not path.is_file():
        raise NotFound("photo.file_missing", "the file of this photo is missing")
    # a photo is a megabyte at most here: read whole, it is sent in one piece and leaves no file open
    response = Response(path.read_bytes(), mimetype="image/webp" if size == "thumb" else "image/jpeg")
    response.set_etag(hashlib.sha256(name.encode()).hexdigest()[:24])
    response.headers["Cache-Control"] = "private, max-age=3600"
    response.headers["Content-Disposition"] = "inline"
    response.make_conditional(request)
    return response
