"""Pictures that came with a town's pack: the shaded relief of its hills."""

from __future__ import annotations

from flask import Blueprint, current_app, g, request, send_file
from flask.typing import ResponseReturnValue
from sqlalchemy import text
from werkzeug.security import safe_join

from api import db
from api.auth.access import public
from api.state import State
from data.errors import NotFound

blueprint = Blueprint("asset", __name__)

YEAR_S = 365 * 86_400
_CODE = text("select code from town where town_id = scope_town()")


@blueprint.get("/api/v1/assets/<name>")
@public
def asset(name: str) -> ResponseReturnValue:
    """A picture of this town's pack. Its name holds its hash, so that browsers may keep it for a year."""
    state: State = current_app.extensions["onegrid"]
    with db.transaction() as session:
        code = session.execute(_CODE).scalar_one_or_none()
    full = safe_join(str(state.settings.assets_dir), code or "", name) if g.scope.town_id is not None else None
    if full is None or code is None:
        raise NotFound("asset.not_found", "there is no such picture here")
    try:
        response = send_file(full, conditional=True)
    except (FileNotFoundError, IsADirectoryError):
        raise NotFound("asset.not_found", "there is no such picture here") from None
    response.headers["Cache-Control"] = f"private, max-age={YEAR_S}, immutable"
    return response.make_conditional(request)
