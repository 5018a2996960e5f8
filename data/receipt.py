"""Exactly-once writes: the same client id with the same body returns the first answer."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from data.errors import Conflict
from data.scope import scope_of


class ReceiptConflict(Conflict):
    """The client id was used before with another body, or by somebody else."""


def body_hash(body: Any) -> bytes:
    """Return the hash of a JSON-able body, the same for the same content in any key order."""
    canonical = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=str)
    return hashlib.sha256(canonical.encode()).digest()


_FIND = text(
    "select user_id, body_hash, status, answer from receipt where town_id = :town_id and client_id = :client_id"
)
_ADD = text(
    "insert into receipt (town_id, client_id, user_id, body_hash, status, answer)"
    " values (:town_id, :client_id, :user_id, :body_hash, :status, cast(:answer as jsonb))"
)
_LOCK = text("select pg_advisory_xact_lock(hashtextextended(:key, 4090))")


def once(
    session: Session, client_id: str | None, body: Any, act: Callable[[], tuple[int, dict[str, Any]]]
) -> tuple[int, dict[str, Any]]:
    """Return the answer of ``act``, or of the first time this client id was seen.

    The receipt is written in the caller's transaction, so answer and effect commit together. Without a client id the
    act simply runs. Two requests with one id at once: the second waits for the first.

    Raises
    ------
    ReceiptConflict : receipt.conflict, the id came with another body or from another user.
    """
    if not client_id:
        return act()
    scope = scope_of(session)
    key = {"town_id": scope.town_id, "client_id": client_id}
    session.execute(_LOCK, {"key": f"{scope.town_id}/{client_id}"})
    digest = body_hash(body)
    earlier = session.execute(_FIND, key).one_or_none()
    if earlier is not None:
        if bytes(earlier.body_hash) != digest or earlier.user_id != scope.user_id:
            raise ReceiptConflict("receipt.conflict", "this id was used for another request", client_id=client_id)
        return earlier.status, {**earlier.answer, "repeated": True}
    status, answer = act()
    session.execute(
        _ADD,
        {
            **key,
            "user_id": scope.user_id,
            "body_hash": digest,
            "status": status,
            "answer": json.dumps(answer, default=str),
        },
    )
    return status, answer
