"""Features and counts of every layer in the registry."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, request

from api import db
from api.auth.access import public
from api.routes.tile import permitted
from data.errors import Invalid
from layers import features

blueprint = Blueprint("feature", __name__)

RESERVED = ("bbox", "cursor", "limit", "lang", "town")


def _filters() -> dict[str, str]:
    return {name: value for name, value in request.args.items() if name not in RESERVED}


def _limit(default: int = 100) -> int:
    text = request.args.get("limit", str(default))
    if not text.isdigit() or not 1 <= int(text) <= features.MAX_PAGE:
        raise Invalid(
            "filter.limit", f"limit is a number from 1 to {features.MAX_PAGE}", fields={"limit": "out of range"}
        )
    return int(text)


def _bbox() -> tuple[float, float, float, float] | None:
    text = request.args.get("bbox")
    return features.read_bbox(text) if text else None


@blueprint.get("/api/v1/features/<layer_id>")
@public
def collection(layer_id: str) -> dict[str, Any]:
    """One page of features as GeoJSON, in key order, with the cursor of the next."""
    layer = permitted(layer_id)
    with db.transaction() as session:
        return features.collection(
            session, layer, _filters(), bbox=_bbox(), cursor=request.args.get("cursor"), limit=_limit()
        )


@blueprint.get("/api/v1/features/<layer_id>/<ref>")
@public
def feature(layer_id: str, ref: str) -> dict[str, Any]:
    """One feature by its id."""
    layer = permitted(layer_id)
    with db.transaction() as session:
        return features.single(session, layer, ref)


@blueprint.get("/api/v1/counts/<layer_id>")
@public
def count(layer_id: str) -> dict[str, int]:
    """The exact number of features that the filters leave."""
    layer = permitted(layer_id)
    with db.transaction() as session:
        return {"count": features.run(session, features.count(layer, _filters(), _bbox()))[0][0]}
