"""What the map is made of: layers with their legends, platforms, figures of the wall, search."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, g, jsonify, request
from flask.typing import ResponseReturnValue
from sqlalchemy import text

from api import db
from api.auth.access import needs, public
from api.describe import asks
from data.errors import Invalid
from layers import dashboard, registry
from layers.incident import indicators
from layers.registry import Layer
from layers.search import search as find

blueprint = Blueprint("board", __name__)

_PLATFORMS = text(
    "select p.code, p.short, p.name, p.name_en, p.symbol, p.colour_dark, p.colour_light, p.sort, p.head_name,"
    " o.name as managing_org from platform p left join organisation o on o.org_id = p.managing_org_id"
    " where p.town_id = scope_town() and (p.valid_to is null or p.valid_to > current_date) order by p.sort, p.code"
)


def _as_dict(layer: Layer) -> dict[str, Any]:
    return {
        "id": layer.id,
        "platform": layer.platform,
        "title": layer.title.as_dict(),
        "kind": layer.kind,
        "renderer": layer.renderer,
        "cluster": layer.cluster_below is not None,
        "cluster_below": layer.cluster_below,
        "minzoom": layer.minzoom,
        "maxzoom": layer.maxzoom,
        "base": layer.is_base,
        "storage": layer.storage,
        "label_column": layer.label_column,
        "style": dict(layer.style),
        "tiles": f"/tiles/{layer.id}/{{z}}/{{x}}/{{y}}.mvt",
        "default_on": {name: name in layer.default_on for name in ("wall", "desk", "phone")},
        "legend": [
            {
                "id": entry.id,
                "title": entry.title.as_dict(),
                "symbol": dict(entry.symbol),
                "filter": dict(entry.filter),
                "when": entry.when,
                "count_url": f"/api/v1/counts/{layer.id}?{urlencode(entry.filter)}",
            }
            for entry in layer.legend
        ],
        "columns": [{"name": c.name, "title": c.title.as_dict(), "type": c.type} for c in layer.columns],
        "filters": [{"name": f.name, "type": f.type, "values": list(f.values)} for f in layer.filters],
    }


@blueprint.get("/api/v1/layers")
@public
def layers() -> ResponseReturnValue:
    """The layers this caller may see and has in reach, in switch order."""
    return jsonify([_as_dict(x) for x in registry.all_layers().values() if x.open_to(g.scope)])


@blueprint.get("/api/v1/platforms")
@public
def platforms() -> ResponseReturnValue:
    """The platforms in force."""
    with db.transaction() as session:
        return jsonify([dict(row) for row in session.execute(_PLATFORMS).mappings()])


@blueprint.get("/api/v1/summary")
@needs("view")
def summary() -> dict[str, Any]:
    """The figures of the wall, in the caller's scope."""
    with db.transaction() as session:
        return dashboard.summary(session)


@blueprint.get("/api/v1/indicators")
@needs("view")
@asks("by", layer="incident")
def show_indicators() -> dict[str, Any]:
    """Indicators of the closed loop for ``from`` … ``to`` (half open), by town, platform, category, org, village or grid."""
    filters = {name: value for name, value in request.args.items() if name not in ("from", "to", "by", "lang", "town")}
    with db.transaction() as session:
        start, end = indicators.period(request.args.get("from", ""), request.args.get("to", ""))
        return indicators.measure(session, start, end, request.args.get("by", "town"), filters)


@blueprint.get("/api/v1/search")
@needs("view")
def search() -> ResponseReturnValue:
    """Hits of the search box, best first."""
    limit = request.args.get("limit", "20")
    if not limit.isdigit() or not 1 <= int(limit) <= 50:
        raise Invalid("filter.limit", "limit is a number from 1 to 50", fields={"limit": "out of range"})
    with db.transaction() as session:
        return jsonify(find(session, request.args.get("q", ""), int(limit)))
