"""Errors as answers: which class has which status, one body shape, in the language of the request.

No answer ever carries a stack trace; what was not expected is logged with the request id that the answer names.
"""

from __future__ import annotations

import logging
from typing import Any

from flask import Flask, Response, g, jsonify, request
from pydantic import ValidationError
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException

from api import db
from data import audit, errors
from data.errors import OneGridError
from data.session import translate
from webmap import i18n

log = logging.getLogger("onegrid.api")


class Locked(OneGridError):
    """The account is locked for a while; detail has until."""


# The first class that fits gives the status.
STATUS: tuple[tuple[type[OneGridError], int], ...] = (
    (Locked, 423),
    (errors.TooLarge, 413),
    (errors.TooMany, 429),
    (errors.Unauthenticated, 401),
    (errors.Forbidden, 403),
    (errors.NotFound, 404),
    (errors.Conflict, 409),
    (errors.Invalid, 422),
    (errors.Unavailable, 503),
    (OneGridError, 400),
)
# What the HTTP layer itself refuses.
HTTP_CODES = {
    400: "request.bad",
    404: "page.not_found",
    405: "request.method",
    408: "request.timeout",
    413: "request.too_large",
    415: "request.media_type",
}


def status_of(error: OneGridError) -> int:
    """The HTTP status of an expected error."""
    return next(status for kind, status in STATUS if isinstance(error, kind))


def body(code: str, message: str, detail: dict[str, Any] | None, request_id: str) -> dict[str, Any]:
    """The one shape of every error answer."""
    return {"code": code, "message": message, "detail": detail or {}, "request_id": request_id}


def said(language: str, code: str, message: str, detail: dict[str, Any]) -> str:
    """The message for a person: from the catalogue when it knows the code, else what the error said itself."""
    key = f"error.{code}"
    values = {name: value for name, value in detail.items() if isinstance(value, (str, int, float))}
    found = i18n.text(language, key, **values)
    return message if found == key else found


def faults_of(error: ValidationError) -> list[dict[str, Any]]:
    """Every fault of a request body: field as a path, code, message, and the values its words name."""
    return [
        {
            "field": ".".join(str(part) for part in fault["loc"]),
            "code": fault["type"],
            "message": fault["msg"],
            "values": fault.get("ctx", {}),
        }
        for fault in error.errors(include_url=False, include_input=False)
    ]


def fault_said(language: str, fault: dict[str, Any]) -> dict[str, Any]:
    """A fault with its message for a person: of its code, else of its kind (``uuid`` of ``uuid_parsing``), else of any.

    A fault without values is one of our own; where the catalogue does not know it, its message stays.
    """
    strings = i18n.catalogue(language)
    code = str(fault["code"])
    kinds = (code, code.split("_", 1)[0], "other") if "values" in fault else (code,)
    key = next((f"error.fault_{kind}" for kind in kinds if f"error.fault_{kind}" in strings), None)
    told = {name: value for name, value in fault.items() if name != "values"}
    return {**told, "message": i18n.text(language, key, **fault.get("values", {}))} if key else told


def _detail_said(language: str, detail: dict[str, Any]) -> dict[str, Any]:
    if not isinstance(detail.get("faults"), list):
        return detail
    return {**detail, "faults": [fault_said(language, fault) for fault in detail["faults"]]}


def answer(error: OneGridError) -> Response:
    """The response that tells of an expected error."""
    status = status_of(error)
    message = said(g.language, error.code, error.message, error.detail)
    response = jsonify(body(error.code, message, _detail_said(g.language, error.detail), g.request_id))
    response.status_code = status
    if status == 401:
        response.headers["WWW-Authenticate"] = 'Bearer realm="onegrid"'
    wait_s = error.detail.get("retry_after_s")
    if status in (429, 503):
        response.headers["Retry-After"] = str(wait_s or 2)
    if status == 413:
        response.headers["Connection"] = "close"
    return response


def _is_attempt(status: int, code: str) -> bool:
    """Whether somebody tried what they may not: without the right, out of turn, or on a case of others."""
    changing = request.method not in ("GET", "HEAD", "OPTIONS")
    return status == 403 or (changing and (code.startswith("transition.") or code == "incident.not_found"))


def _note(error: OneGridError) -> None:
    """Write the attempt of somebody signed in to the audit, in a transaction of its own: that of the attempt is undone."""
    scope = getattr(g, "scope", None)
    if scope is None or scope.user_id is None:
        return
    told = {"method": request.method, "path": request.path, "code": error.code, **_step_of(error)}
    try:
        with db.transaction() as session:
            audit.record(session, "refused", "request", None, None, told, g.request_id)
    except Exception as fault:  # the answer is given whatever becomes of the note
        log.error("%s: the refusal could not be written down: %s", g.request_id, fault)


def _step_of(error: OneGridError) -> dict[str, Any]:
    return {"step": error.detail["step"]} if "step" in error.detail else {}


def register(app: Flask) -> None:
    """Makes every error of ``app`` an answer of the one shape."""

    @app.errorhandler(OneGridError)
    def expected(error: OneGridError) -> Response:
        status = status_of(error)
        level = logging.WARNING if status >= 500 or status == 403 else logging.INFO
        log.log(level, "%s %s %s: %s %s", g.request_id, request.method, request.path, status, error.code)
        if _is_attempt(status, error.code):
            _note(error)
        return answer(error)

    @app.errorhandler(ValidationError)
    def invalid(error: ValidationError) -> Response:
        return answer(errors.Invalid("request.invalid", "the request has faults", faults=faults_of(error)))

    @app.errorhandler(DBAPIError)
    def database(error: DBAPIError) -> Response:
        known = translate(error)
        return answer(known) if isinstance(known, OneGridError) else unexpected(error)

    @app.errorhandler(PoolTimeout)
    def busy(error: PoolTimeout) -> Response:
        return answer(errors.Unavailable("database.busy", "too much to do at once; try again in a moment"))

    @app.errorhandler(HTTPException)
    def http(error: HTTPException) -> Response:
        status = error.code or 500
        if status < 400:
            return error.get_response()  # type: ignore[return-value]
        code = HTTP_CODES.get(status, "request.refused" if status < 500 else "server.failed")
        message = said(g.language, code, error.description or error.name, {})
        response = jsonify(body(code, message, {}, g.request_id))
        response.status_code = status
        if status == 405 and getattr(error, "valid_methods", None):
            response.headers["Allow"] = ", ".join(error.valid_methods)  # type: ignore[attr-defined]
        if status == 413:
            response.headers["Connection"] = "close"
        return response

    @app.errorhandler(Exception)
    def unexpected(error: Exception) -> Response:
        log.error("%s %s %s failed", g.request_id, request.method, request.path, exc_info=error)
        text = said(g.language, "server.failed", "the server failed; it was written down under this request id", {})
        response = jsonify(body("server.failed", text, {}, g.request_id))
        response.status_code = 500
        return response
