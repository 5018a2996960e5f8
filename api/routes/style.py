"""The style of the live map: registry, platforms and town, drawn in one of two themes."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, g, jsonify, request
from flask.typing import ResponseReturnValue
from sqlalchemy import text

from api import db
from api.auth.access import public
from data.errors import Invalid
from layers import registry
from layers.people.town import describe_town
from layers.registry import Layer
from webmap import i18n
from webmap.style import build_style

blueprint = Blueprint("style", __name__)

_LOOKS = text(
    "select code, symbol, colour_dark, colour_light from platform where town_id = scope_town()"
    " and (valid_to is null or valid_to > current_date) order by sort, code"
)


@blueprint.get("/api/v1/style")
@public
def style() -> ResponseReturnValue:
    """The MapLibre style of this town: ``theme`` dark or light, ``lang`` zh or en; layers as the caller may see."""
    theme = request.args.get("theme", "light")
    if theme not in ("dark", "light"):
        raise Invalid("filter.value", "theme is dark or light", fields={"theme": "dark or light"})
    lang = i18n.choose(request.args.get("lang"), request.cookies.get("lang"))
    seen = [_drawn(x) for x in registry.all_layers().values() if x.open_to(g.scope)]
    with db.transaction() as session:
        looks = [dict(row) for row in session.execute(_LOOKS).mappings()]
        view = describe_town(session)["map"]
    response = jsonify(build_style(theme, seen, looks, view, lang))
    response.headers["Cache-Control"] = "private, no-cache"
    response.add_etag()
    return response.make_conditional(request)


def _drawn(layer: Layer) -> dict[str, Any]:
    """What a layer's drawing depends on."""
    return {
        "id": layer.id,
        "platform": layer.platform,
        "renderer": layer.renderer,
        "cluster": layer.cluster_below is not None,
        "minzoom": layer.minzoom,
        "base": layer.is_base,
        "label_column": layer.label_column,
        "style": dict(layer.style),
        "tiles": f"/tiles/{layer.id}/{{z}}/{{x}}/{{y}}.mvt",
        "legend": [
            {"id": e.id, "symbol": dict(e.symbol), "filter": dict(e.filter), "when": e.when} for e in layer.legend
        ],
        "columns": [{"name": column.name} for column in layer.columns],
    }
