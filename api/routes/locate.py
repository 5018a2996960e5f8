"""Where a coordinate lies."""

from __future__ import annotations

import math
from typing import Any

from flask import Blueprint, current_app, g, request

from api import db
from api.auth import rate
from api.auth.access import public
from api.describe import asks
from api.state import State
from data.errors import Invalid, NotFound
from layers.address import locating
from layers.address import service as address
from layers.people.town import describe_town

blueprint = Blueprint("locate", __name__)

DEFAULT_CRS = "wgs84"


@blueprint.get("/api/v1/locate")
@public
@asks("lon", "lat", "crs", "accuracy_m")
def locate() -> dict[str, Any]:
    """Grid, village and town of a point; the grids its accuracy circle crosses; why it lies in none.

    ``crs`` is wgs84 (default), cgcs2000, gcj02, bd09, EPSG:N or unknown: an unknown one is never guessed, but the
    reading that lies in the town is suggested.
    """
    slow_down("locate")
    lon, lat = number("lon"), number("lat")
    if lon is None or lat is None:
        raise Invalid("locate.point", "give lon and lat in degrees", fields={"lon": "number", "lat": "number"})
    crs = request.args.get("crs") or DEFAULT_CRS
    if crs != "unknown" and locating.known(crs) is None:
        raise Invalid(
            "crs.unknown",
            f"no coordinate system {crs[:40]}: use wgs84, cgcs2000, gcj02, bd09, EPSG:N or unknown",
            fields={"crs": "unknown"},
        )
    with db.transaction() as session:
        place = address.locate(session, lon, lat, crs, number("accuracy_m"))
        town = describe_town(session)
    return {
        "found": place.leaf is not None,
        "grid": place.grid,
        "level": place.leaf.level if place.leaf else None,
        "village": place.village,
        "town": {"code": town["code"], "name": town["name"], "name_en": town["name_en"]},
        "shares": [share.as_dict() for share in place.shares],
        "lon": place.lon,
        "lat": place.lat,
        "reason": place.triage_reason,
        "suggested_crs": place.suggested_crs,
    }


def slow_down(what: str) -> None:
    """Count a call of somebody without login, who may ask only so often; without a town there is nothing to ask.

    Raises
    ------
    TooMany : ``rate.exceeded``. NotFound : ``town.none``.
    """
    state: State = current_app.extensions["onegrid"]
    if g.caller is None:
        state.rates.take(what, request.remote_addr or "", rate.PUBLIC_READ)
    if g.scope.town_id is None:
        raise NotFound("town.none", "no town is loaded yet")


def number(name: str) -> float | None:
    """Return a query parameter as a number, None if it is not given.

    Raises
    ------
    Invalid : ``request.number``.
    """
    given = request.args.get(name)
    if given is None or given == "":
        return None
    try:
        value = float(given)
    except ValueError:
        value = math.nan
    if not math.isfinite(value) or (name == "accuracy_m" and not 0 <= value <= 1e6):
        raise Invalid("request.number", f"{name}={given[:40]}: expected a number", fields={name: "number"})
    return value
