"""Signing in and out."""

from __future__ import annotations

from typing import Annotated, Any

from flask import Blueprint, Response, current_app, g, jsonify, request
from pydantic import BaseModel, StringConstraints

from api import body
from api.auth import cookie, rate
from api.auth.access import public, signing_in
from api.describe import takes
from api.errors import Locked
from api.routes.me import describe
from api.state import State
from data import audit
from data.errors import Unauthenticated
from data.scope import Scope
from layers.people import login

blueprint = Blueprint("session", __name__)


class SignIn(BaseModel):
    """Who signs in."""

    username: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=64)]
    password: Annotated[str, StringConstraints(min_length=1, max_length=200)]


@blueprint.post("/api/v1/session")
@signing_in
@takes(SignIn)
def sign_in() -> Response:
    """Start a session: sets the cookie, answers who it is and the CSRF token for later writes."""
    state: State = current_app.extensions["onegrid"]
    given = body.read(SignIn)
    state.rates.take("sign-in", request.remote_addr or "", rate.SIGN_IN)
    with state.database.transaction(Scope.login()) as session:
        attempt = login.authenticate(session, given.username, given.password)
    if attempt.outcome == "locked":
        raise Locked("session.locked", "the account is locked for a while", until=_until(attempt))
    if attempt.outcome == "wrong" or attempt.user_id is None:
        raise Unauthenticated("session.wrong", "user name or password is wrong")
    return begin(state, attempt.user_id)


def _until(attempt: login.Attempt) -> str:
    return attempt.locked_until.isoformat() if attempt.locked_until else ""


def start(state: State, user_id: int) -> tuple[str, str]:
    """Token and CSRF token of a new session of ``user_id``, whose caller this request now is; an earlier one ends."""
    before = request.cookies.get(cookie.NAME)
    with state.database.transaction(Scope.login()) as session:
        if before:
            login.close_session(session, before)
        token, csrf = login.open_session(session, user_id)
    g.caller = state.callers.by_session(token)
    if g.caller is None:  # disabled in between
        raise Unauthenticated("session.wrong", "user name or password is wrong")
    g.scope = g.caller.scope
    with state.database.transaction(g.scope) as session:
        audit.record(session, "session.open", "user", user_id, request_id=g.request_id)
    return token, csrf


def begin(state: State, user_id: int) -> Response:
    """The answer that opens a session of ``user_id``."""
    token, csrf = start(state, user_id)
    answer: dict[str, Any] = {"user": describe(), "csrf": csrf}
    response = jsonify(answer)
    cookie.put(response, token, secure=request.is_secure, life_h=login.SESSION_LIFE_H)
    return response


@blueprint.delete("/api/v1/session")
@public
def sign_out() -> Response:
    """End the session of this browser; without one nothing happens."""
    state: State = current_app.extensions["onegrid"]
    token = request.cookies.get(cookie.NAME)
    if token:
        with state.database.transaction(Scope.login()) as session:
            login.close_session(session, token)
    response = Response(status=204)
    cookie.drop(response)
    return response
