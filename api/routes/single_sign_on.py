"""Signing in through the identity provider that the installation names; without one these addresses do not exist."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from flask import Blueprint, current_app, redirect, request, url_for
from itsdangerous import BadSignature, URLSafeTimedSerializer
from werkzeug.wrappers import Response

from api.auth import cookie, rate
from api.auth.access import public
from api.routes.session import start
from api.state import State
from data.errors import NotFound, Unauthenticated
from data.scope import Scope
from layers.people import login

if TYPE_CHECKING:
    from api.auth.oidc import Begun, Provider

blueprint = Blueprint("single_sign_on", __name__)

COOKIE = "onegrid_oidc"
PATIENCE_S = 600


def _begun(kept: list[str]) -> Begun:
    from api.auth.oidc import Begun

    return Begun("", *kept[:3])


def _state() -> tuple[State, Provider]:
    state: State = current_app.extensions["onegrid"]
    if state.provider is None:
        raise NotFound("oidc.none", "this installation has no identity provider")
    return state, state.provider


def _signer(state: State) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(state.secret, salt="oidc")


def _callback() -> str:
    return url_for("single_sign_on.come_back", _external=True)


@blueprint.get("/login/oidc")
@public
def go() -> Response:
    """Send the browser to the identity provider; ``next`` is where it goes on afterwards."""
    state, provider = _state()
    state.rates.take("sign-in", request.remote_addr or "", rate.SIGN_IN)
    begun = provider.begin(_callback())
    kept = [begun.state, begun.verifier, begun.nonce, _inside(request.args.get("next"))]
    response = redirect(begun.url)
    response.set_cookie(
        COOKIE,
        _signer(state).dumps(kept),
        max_age=PATIENCE_S,
        httponly=True,
        secure=request.is_secure,
        samesite="Lax",
        path="/login/oidc",
    )
    return response


@blueprint.get("/login/oidc/callback")
@public
def come_back() -> Response:
    """Take the browser back from the identity provider and start its session."""
    state, provider = _state()
    try:
        kept = _signer(state).loads(request.cookies.get(COOKIE, ""), max_age=PATIENCE_S)
    except BadSignature as fault:
        raise Unauthenticated("oidc.refused", "this sign-in was not begun here, or too long ago") from fault
    begun, following = _begun(kept), kept[3]
    if request.args.get("state") != begun.state or not request.args.get("code"):
        raise Unauthenticated("oidc.refused", "the identity provider did not let you in")
    identity = provider.finish(begun, _callback(), request.args["code"])
    with state.database.transaction(Scope.login()) as session:
        found = login.by_identity(session, identity.subject, identity.username)
    if found is None:
        raise Unauthenticated("oidc.no_account", "there is no account for you here; ask an administrator")
    token, _ = start(state, found)
    response = redirect(following)
    cookie.put(response, token, secure=request.is_secure, life_h=login.SESSION_LIFE_H)
    response.delete_cookie(COOKIE, path="/login/oidc")
    return response


def _inside(address: str | None) -> str:
    """The address if it lies on this site, else the start page: nobody is sent elsewhere after signing in."""
    parts = urlsplit(address or "/")
    safe = (
        not parts.scheme and not parts.netloc and parts.path.startswith("/") and not (address or "/").startswith("//")
    )
    return address if address and safe and "\\" not in address else "/"
