"""Signing in and being recognised again. Runs in transactions of purpose ``login``: no scope is known yet."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Literal

from sqlalchemy.orm import Session

from layers.people import password, queries
from layers.people.reach import Post, Reach, reach_of

LOCK_AFTER = 5
LOCK_MIN = 15
# Sliding: a wall screen that polls or streams stays signed in over nights and weekends.
SESSION_LIFE_H = 72


@dataclass(frozen=True)
class Attempt:
    """How signing in went. ``user_id`` only when it ``ok``; ``locked_until`` only when ``locked``."""

    outcome: Literal["ok", "wrong", "locked"]
    user_id: int | None = None
    town_id: int | None = None
    locked_until: datetime | None = None


@dataclass(frozen=True)
class Known:
    """A session or token that is in force, and whose it is.

    ``boundary_version`` rises with every publication of areas. ``scopes`` is None for a session; for a token the
    permissions it is limited to, empty meaning all of its user.
    """

    user_id: int
    town_id: int
    scope_version: int
    boundary_version: int | None = None
    csrf: str | None = None
    scopes: frozenset[str] | None = None


def authenticate(session: Session, username: str, given: str) -> Attempt:
    """How an attempt to sign in went; counts it.

    Five failures lock the account for 15 minutes. A user that does not exist and one that is disabled take as long as a
    wrong password and answer the same. Never raises for a wrong password: the count must be committed.
    """
    row = session.execute(queries.FIND_LOGIN, {"username": username}).one_or_none()
    if row is not None and row.locked_until is not None and row.locked_until > datetime.now(UTC):
        return Attempt("locked", locked_until=row.locked_until)
    fits = password.verify(row.password_hash if row is not None else None, given)
    if row is None:
        return Attempt("wrong")
    success = fits and row.disabled_at is None
    counted = {"user_id": row.user_id, "success": success, "lock_after": LOCK_AFTER, "lock_min": LOCK_MIN}
    session.execute(queries.NOTE_LOGIN, counted)
    return Attempt("ok", row.user_id, row.town_id) if success else Attempt("wrong")


def by_identity(session: Session, subject: str, username: str | None) -> int | None:
    """The account of who an identity provider let in: the one tied to ``subject``, else the one of that user name.

    The first time, the account is tied to the subject and from then on found by it alone. None when there is none, or it is
    disabled, or tied to somebody else.
    """
    found = session.execute(queries.FIND_IDENTITY, {"subject": subject, "username": username})
    return found.scalar_one_or_none()


def digest(token: str) -> bytes:
    """What is stored of a token: reading the table lets nobody in."""
    return hashlib.sha256(token.encode()).digest()


def open_session(session: Session, user_id: int) -> tuple[str, str]:
    """A new session of ``user_id``: its token, for the cookie, and its CSRF token."""
    token, csrf = secrets.token_urlsafe(32), secrets.token_urlsafe(24)
    opened = {"token": digest(token), "user_id": user_id, "csrf": csrf, "life_h": SESSION_LIFE_H}
    session.execute(queries.OPEN_SESSION, opened)
    return token, csrf


def close_session(session: Session, token: str) -> None:
    """Ends the session of ``token``; nothing happens if there is none."""
    session.execute(queries.CLOSE_SESSION, {"token": digest(token)})


def known_session(row: Any) -> Known | None:
    """Whose session a row of ``find_session`` is; None without a row."""
    return (
        None
        if row is None
        else Known(row.user_id, row.town_id, row.scope_version, row.boundary_version, csrf=row.csrf_token)
    )


def known_token(row: Any) -> Known | None:
    """Whose token a row of ``find_token`` is; None without a row."""
    if row is None:
        return None
    return Known(row.user_id, row.town_id, row.scope_version, row.boundary_version, scopes=frozenset(row.scopes))


def reach(session: Session, user_id: int) -> Reach:
    """What the posts of ``user_id`` open now. Organisations are those of the posts; `whole_orgs` adds what is below."""
    rows = session.execute(queries.POSTS, {"user_id": user_id})
    return reach_of(
        Post(
            r.role_code,
            r.name,
            r.name_en,
            r.reach,
            frozenset(r.permissions),
            r.org_id,
            r.platform_code,
            frozenset(r.area_ids),
        )
        for r in rows
    )


def whole_orgs(session: Session, narrow: Reach) -> Reach:
    """``narrow`` with the organisations below its own, and the platforms of organisations where a post names none."""
    if not narrow.org_ids:
        return narrow
    orgs = session.execute(queries.ORG_SUBTREE, {"org_ids": sorted(narrow.org_ids)}).scalars()
    of_orgs: frozenset[str] = frozenset()
    if narrow.platform_org_ids:
        found = session.execute(queries.ORG_PLATFORMS, {"org_ids": sorted(narrow.platform_org_ids)}).scalars()
        of_orgs = frozenset(found)
    return replace(narrow, org_ids=frozenset(orgs), platforms=narrow.platforms | of_orgs)
