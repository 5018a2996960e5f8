"""Request bodies: read once, checked against a model, every fault listed by field."""

from __future__ import annotations

from typing import Any, TypeVar

from flask import request
from pydantic import BaseModel

from data.errors import Invalid, TooLarge

Model = TypeVar("Model", bound=BaseModel)
JSON_MAX_BYTES = 2**20


def read(model: type[Model]) -> Model:
    """The request body as ``model``.

    Raises
    ------
    Invalid
        ``request.media_type`` when it is not JSON; ``request.bad`` for an empty one.
    TooLarge
        ``request.too_large``: more than 1 MB.
    pydantic.ValidationError
        Every fault by field; the error table makes it a 422.
    """
    if request.mimetype != "application/json" and not request.mimetype.endswith("+json"):
        raise Invalid("request.media_type", "send JSON, with Content-Type: application/json")
    raw = request.get_data(cache=False)
    if len(raw) > JSON_MAX_BYTES:
        raise TooLarge("request.too_large", "the request is too large", limit_bytes=JSON_MAX_BYTES)
    if not raw:
        raise Invalid("request.bad", "the request has no body")
    given = model.model_validate_json(raw)
    if b"\\u0000" in raw and _has_nul(given.model_dump(mode="json")):
        raise Invalid("request.bad", "a text holds a NUL character, which the database cannot keep")
    return given


def _has_nul(value: Any) -> bool:
    if isinstance(value, str):
        return "\x00" in value
    if isinstance(value, dict):
        return any(_has_nul(part) for pair in value.items() for part in pair)
    return isinstance(value, list) and any(_has_nul(part) for part in value)


def client_id() -> str | None:
    """The key under which the caller may send this request again without effect; None when it gave none.

    Raises
    ------
    Invalid
        ``request.idempotency_key``: longer than 200 characters.
    """
    key = request.headers.get("Idempotency-Key", "").strip()
    if len(key) > 200 or not key.isprintable():
        raise Invalid("request.idempotency_key", "Idempotency-Key is 1 to 200 printable characters")
    return key or None
