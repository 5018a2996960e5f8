"""Areas in force: the list without boundaries, and one with its boundary."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, request

from api import db
from api.auth.access import public
from api.describe import asks
from layers.area import service

blueprint = Blueprint("area", __name__)


@blueprint.get("/api/v1/areas")
@public
@asks("level", "parent")
def areas() -> dict[str, Any]:
    """Areas of the town without boundaries: town, villages, zones, grids; by ``level`` and ``parent`` code."""
    with db.transaction() as session:
        found = service.list_areas(session, request.args.get("level"), request.args.get("parent"))
    return {"areas": found, "count": len(found)}


@blueprint.get("/api/v1/areas/<code>")
@public
def area(code: str) -> dict[str, Any]:
    """One area with its current boundary, a GeoJSON feature in EPSG:4490."""
    with db.transaction() as session:
        found = service.get_area(session, code)
    geometry, bbox = found.pop("geometry"), found.pop("bbox")
    return {"type": "Feature", "id": found["code"], "geometry": geometry, "bbox": bbox, "properties": found}
