"""The description of all routes, for programs."""

from __future__ import annotations

from flask import Blueprint, Response, current_app

from api.auth.access import anonymous
from api.openapi import document

blueprint = Blueprint("openapi", __name__)


@blueprint.get("/api/v1/openapi.json")
@anonymous
def openapi() -> Response:
    """This document."""
    text = current_app.json.dumps(document(current_app._get_current_object()))  # type: ignore[attr-defined]
    response = Response(text, mimetype="application/json")
    response.headers["Cache-Control"] = "public, max-age=300"
    return response
