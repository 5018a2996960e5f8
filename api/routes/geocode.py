"""Where an address text lies."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, request

from api import db
from api.auth.access import public
from api.describe import asks
from api.routes.locate import slow_down
from data.errors import Invalid
from layers.address import service as address

blueprint = Blueprint("geocode", __name__)

MAX_TEXT = 500


@blueprint.get("/api/v1/geocode")
@public
@asks("q", "near", "village")
def geocode() -> dict[str, Any]:
    """Places that an address, a name or a door-plate id may mean, best first; ``near=lon,lat`` prefers what is near.

    Door plates and names only: nothing of who lives there.
    """
    slow_down("geocode")
    text = request.args.get("q", "").strip()
    if not text:
        raise Invalid("geocode.empty", "give the address as q", fields={"q": "missing"})
    if len(text) > MAX_TEXT:
        raise Invalid("geocode.too_long", f"an address has at most {MAX_TEXT} characters", fields={"q": "too long"})
    with db.transaction() as session:
        found = address.geocode(session, text, _near(), request.args.get("village"))
    return found.as_dict()


def _near() -> tuple[float, float] | None:
    given = request.args.get("near")
    if not given:
        return None
    try:
        lon, lat = (float(part) for part in given.split(","))
    except ValueError:
        raise Invalid("geocode.near", "near is lon,lat in degrees", fields={"near": "two numbers"}) from None
    if not (-180 <= lon <= 180 and -90 <= lat <= 90):
        raise Invalid("geocode.near", "near is lon,lat in degrees", fields={"near": "out of range"})
    return lon, lat
