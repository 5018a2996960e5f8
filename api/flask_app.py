"""The Flask application: who asks and whether they may, before every view; headers and compression after it."""

from __future__ import annotations

import gzip
import hmac
import re
from typing import Any

from flask import Flask, Response, current_app, g, request
from flask.json.provider import DefaultJSONProvider

from api import errors, headers, metrics, routes
from api.auth import cookie
from api.auth.access import SIGNED_IN, Access, access_of
from api.auth.caller import Caller, unknown
from api.state import State
from data.errors import Forbidden, Invalid, Unauthenticated
from data.scope import Scope
from data.uuid7 import uuid7
from webmap import i18n

JSON_MAX_BYTES = 2**20
PHOTO_BODY_MAX_BYTES = 26 * 2**20
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
GZIP_TYPES = ("application/json", "application/geo+json", "text/", "application/javascript", "image/svg+xml")
GZIP_MIN_BYTES = 1_000
GZIP_LEVEL = 5


class Json(DefaultJSONProvider):
    """JSON as it is sent: times in RFC 3339, Chinese as Chinese, no spaces."""

    ensure_ascii = False
    sort_keys = False
    compact = True

    @staticmethod
    def default(value: Any) -> Any:
        """Text of times and identifiers."""
        if hasattr(value, "isoformat"):
            return value.isoformat()
        if isinstance(value, (set, frozenset)):
            return sorted(value)
        return DefaultJSONProvider.default(value)


class UndeclaredAccess(Exception):
    """A view that does not say whom it lets in: the program does not start with it."""


def make_app(state: State) -> Flask:
    """The application over ``state``, with every route registered.

    Raises
    ------
    UndeclaredAccess
        A view without ``public``, ``signed_in`` or ``needs``.
    """
    app = Flask("onegrid", static_folder=None, template_folder=None)
    app.json = Json(app)
    app.extensions["onegrid"] = state
    app.url_map.strict_slashes = False
    app.config["MAX_CONTENT_LENGTH"] = PHOTO_BODY_MAX_BYTES
    app.config["MAX_FORM_MEMORY_SIZE"] = JSON_MAX_BYTES
    app.config["MAX_FORM_PARTS"] = 50
    errors.register(app)
    app.before_request(_begin)
    app.after_request(_finish)
    for module in routes.modules():
        app.register_blueprint(module.blueprint)
    _check_access(app)
    return app


def _check_access(app: Flask) -> None:
    silent = sorted(name for name, view in app.view_functions.items() if access_of(view) is None)
    if silent:
        raise UndeclaredAccess(f"these views do not say whom they let in: {', '.join(silent)}")


def _state() -> State:
    return current_app.extensions["onegrid"]


def language() -> str:
    """The language of this request: address, cookie, then what the client asks for; Chinese when nothing says."""
    chosen = i18n.choose(request.args.get("lang"), request.cookies.get("lang"))
    if "lang" in request.args or "lang" in request.cookies or not request.accept_languages:
        return chosen
    return request.accept_languages.best_match(i18n.LANGUAGES, default=chosen) or chosen


def _begin() -> None:
    """Names the request, finds the caller, and refuses whoever the view does not let in."""
    given = request.headers.get("X-Request-ID", "")
    g.request_id = given if REQUEST_ID.fullmatch(given) else uuid7().hex
    g.started = metrics.start()
    g.language = language()
    g.caller, g.scope = None, Scope.public(None)
    if "\x00" in request.path or b"%00" in request.query_string:
        raise Invalid("request.bad", "the address holds a NUL character")
    if request.endpoint is None:
        return
    access = access_of(current_app.view_functions[request.endpoint]) or SIGNED_IN
    if access.identify:
        _identify()
        _admit(access)


def _identify() -> None:
    state = _state()
    authorization = request.headers.get("Authorization", "")
    session_token = request.cookies.get(cookie.NAME)
    caller: Caller | None = None
    if authorization:
        kind, _, token = authorization.partition(" ")
        if kind.lower() != "bearer" or not token:
            raise Unauthenticated("token.invalid", "give the token as 'Authorization: Bearer TOKEN'")
        caller = state.callers.by_token(token.strip())
    elif session_token:
        caller = state.callers.by_session(session_token)
    g.caller = caller
    g.scope = caller.scope if caller else Scope.public(state.public_town(request.args.get("town")))


def _admit(access: Access) -> None:
    caller: Caller | None = g.caller
    if access.signed_in and caller is None:
        raise unknown(cookie.NAME in request.cookies)
    if access.permissions and not any(g.scope.may(permission) for permission in access.permissions):
        permission = access.permissions[0]
        raise Forbidden("scope.forbidden", f"this account lacks the permission {permission}", permission=permission)
    if caller is not None and caller.must_change_password and access.signed_in and not access.before_new_password:
        raise Forbidden("password.must_change", "set a new password first")
    if access.csrf and caller is not None and caller.csrf is not None and request.method not in SAFE_METHODS:
        sent = request.headers.get("X-CSRF-Token", "")
        if not hmac.compare_digest(sent.encode(), caller.csrf.encode()):
            raise Forbidden("session.csrf", "the header X-CSRF-Token is missing or does not fit this session")


def _finish(response: Response) -> Response:
    response.headers["X-Request-ID"] = g.request_id
    headers.add(response, request, _state().settings.tls)
    if _state().demo:
        headers.add_time(response)
    if response.status_code >= 400:
        response.vary.add("Accept-Language")
    _compress(response)
    rule = request.url_rule.rule if request.url_rule else "none"
    metrics.finish(g.started, rule, request.method, response.status_code)
    return response


def _compress(response: Response) -> None:
    """Gzip of texts that are worth it; answers that stream or are encoded already pass as they are."""
    if (
        response.direct_passthrough
        or response.is_streamed
        or "Content-Encoding" in response.headers
        or not (response.content_type or "").startswith(GZIP_TYPES)
        or (response.content_length or 0) < GZIP_MIN_BYTES
    ):
        return
    response.vary.add("Accept-Encoding")
    if "gzip" not in request.accept_encodings:
        return
    response.set_data(gzip.compress(response.get_data(), GZIP_LEVEL, mtime=0))
    response.headers["Content-Encoding"] = "gzip"
