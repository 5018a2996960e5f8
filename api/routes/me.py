"""Who the caller is, and its own password."""

from __future__ import annotations

from typing import Annotated, Any

from flask import Blueprint, Response, current_app, g, request
from pydantic import BaseModel, StringConstraints

from api import body, db
from api.auth import cookie, rate
from api.auth.access import own_account, public
from api.auth.caller import unknown
from api.describe import asks, takes
from api.state import State
from data import clock
from layers.people import service
from layers.people.town import describe_person, describe_town

blueprint = Blueprint("me", __name__)


class NewPassword(BaseModel):
    """One's own new password."""

    old: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    new: Annotated[str, StringConstraints(min_length=1, max_length=200)]


@blueprint.get("/api/v1/me")
@public
@asks("public", "town")
def me() -> dict[str, Any]:
    """Who is signed in and the town; with ``?public=1`` the town alone, for pages without login."""
    if g.caller is None and request.args.get("public") not in {"1", "true"}:
        raise unknown(cookie.NAME in request.cookies)
    return describe()


def describe() -> dict[str, Any]:
    """The caller, if there is one, and the town, for `me` and for signing in."""
    state: State = current_app.extensions["onegrid"]
    with db.transaction() as session:
        answer: dict[str, Any] = {
            "town": describe_town(session),
            "demo": state.demo,
            "now": clock.now(),
            "rate": clock.rate(),
        }
        if g.caller is not None:
            answer |= {**describe_person(session, g.caller.reach), "csrf": g.caller.csrf}
    return answer


@blueprint.post("/api/v1/me/password")
@own_account
@takes(NewPassword)
def change_password() -> Response:
    """Set a new password; every other session of the account ends, this one goes on under a new cookie."""
    from api.routes.session import begin

    state: State = current_app.extensions["onegrid"]
    given = body.read(NewPassword)
    state.rates.take("password", str(g.caller.user_id), rate.PASSWORD)
    with db.transaction() as session:
        service.change_password(session, given.old, given.new)
    return begin(state, g.caller.user_id)
