"""Accounts: made in bulk, listed, reset, disabled; tokens of programs.

Everything here asks for the permission ``manage_users`` (the system has it), flushes and does not commit. A changed
account emits the event ``account`` by trigger, which ends its streams; disabling and new passwords end its sessions.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from data import audit, clock
from data.errors import Conflict, Forbidden, Invalid, NotFound
from data.scope import Scope, scope_of
from layers.people import password, queries
from layers.people.login import digest
from layers.people.model import ApiToken, Post, PostArea, User

MANAGE = "manage_users"
USERNAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{1,63}")
MAX_BULK = 500


@dataclass(frozen=True)
class NewUser:
    """An account to be made. Without a password it gets an initial one that must be changed."""

    username: str
    name: str
    role: str
    org: str | None = None
    areas: tuple[str, ...] = ()
    platform: str | None = None
    password: str | None = None
    # Demo accounts share one known password and keep it.
    keep_password: bool = False


@dataclass(frozen=True)
class MadeUser:
    """An account that was made; ``password`` is told this once."""

    user_id: int
    username: str
    password: str | None


@dataclass
class _Codes:
    """What the codes of a bulk of users stand for in this town."""

    orgs: dict[str, int]
    areas: dict[str, int]
    roles: dict[str, str]
    platforms: set[str]
    taken: set[str] = field(default_factory=set)


def add_users(session: Session, users: Sequence[NewUser]) -> list[MadeUser]:
    """The accounts made of ``users``: all of them, or none and every fault listed.

    Raises
    ------
    Invalid
        ``user.invalid``; ``detail["faults"]`` lists ``{row, field, code, message}``, rows from 0.
    """
    codes = _checked(session, users)
    made = [_add(session, scope_of(session), user, codes) for user in users]
    audit.record(session, "user.add", "user", None, detail={"usernames": [user.username for user in made]})
    return made


def check_users(session: Session, users: Sequence[NewUser]) -> None:
    """Look whether `add_users` would make these accounts; raises as it does and makes none."""
    _checked(session, users)


def _checked(session: Session, users: Sequence[NewUser]) -> _Codes:
    _manager(session)
    if not 0 < len(users) <= MAX_BULK:
        raise Invalid("user.bulk_size", f"give 1 to {MAX_BULK} users at once", limit=MAX_BULK)
    codes = _read_codes(session, users)
    faults = [fault for row, user in enumerate(users) for fault in _faults(row, user, codes)]
    faults += _repeated(users)
    if faults:
        raise Invalid(
            "user.invalid", f"no account was made: {len(faults)} fault{'s' if len(faults) != 1 else ''}", faults=faults
        )
    return codes


def first_manager_role(session: Session) -> str | None:
    """The role that manages users, while no account can; None once one can. For the first administrator."""
    scope = _manager(session)
    nobody = {"town_id": scope.town_id, "user_id": 0}
    if session.execute(queries.OTHER_MANAGERS, nobody).scalar_one():
        return None
    return session.execute(queries.MANAGER_ROLE, {"town_id": scope.town_id}).scalar_one_or_none()


def _read_codes(session: Session, users: Sequence[NewUser]) -> _Codes:
    def pairs(statement: Any, codes: Iterable[str | None]) -> dict[str, int]:
        return dict(session.execute(statement, {"codes": sorted({c for c in codes if c})}).all())

    names = [user.username for user in users]
    return _Codes(
        orgs=pairs(queries.ORG_IDS, (user.org for user in users)),
        areas=pairs(queries.AREA_IDS, (code for user in users for code in user.areas)),
        roles=dict(session.execute(queries.ROLES).all()),
        platforms=set(session.execute(queries.PLATFORMS).scalars()),
        taken=set(session.execute(queries.TAKEN, {"usernames": names}).scalars()),
    )


def _faults(row: int, user: NewUser, codes: _Codes) -> Iterable[dict[str, Any]]:
    def fault(field_name: str, code: str, message: str) -> dict[str, Any]:
        return {"row": row, "field": field_name, "code": code, "message": message}

    if not USERNAME.fullmatch(user.username):
        yield fault("username", "bad", "2 to 64 letters, digits or . _ @ -, beginning with a letter or digit")
    elif user.username in codes.taken:
        yield fault("username", "taken", f"the name {user.username} is taken")
    if not 1 <= len(user.name.strip()) <= 100:
        yield fault("name", "bad", "give a name of 1 to 100 characters")
    if user.role not in codes.roles:
        yield fault("role", "unknown", f"no role {user.role}; there are: {', '.join(sorted(codes.roles))}")
    elif codes.roles[user.role] == "area" and not user.areas:
        yield fault("areas", "missing", f"the role {user.role} needs at least one area")
    elif codes.roles[user.role] == "organisation" and not user.org:
        yield fault("org", "missing", f"the role {user.role} needs an organisation")
    if user.org and user.org not in codes.orgs:
        yield fault("org", "unknown", f"no organisation {user.org}")
    if user.platform and user.platform not in codes.platforms:
        yield fault("platform", "unknown", f"no platform {user.platform}")
    for code in user.areas:
        if code not in codes.areas:
            yield fault("areas", "unknown", f"no area {code}")
    if user.password is not None and (weak := password.weakness(user.password, user.username)):
        yield fault("password", weak, f"the password will not do: {weak.replace('_', ' ')}")


def _repeated(users: Sequence[NewUser]) -> Iterable[dict[str, Any]]:
    seen: set[str] = set()
    for row, user in enumerate(users):
        if user.username.lower() in seen:
            yield {"row": row, "field": "username", "code": "repeated", "message": f"{user.username} comes twice"}
        seen.add(user.username.lower())


def _add(session: Session, scope: Scope, user: NewUser, codes: _Codes) -> MadeUser:
    given = user.password or password.initial_password()
    row = User(
        town_id=scope.town_id,
        username=user.username,
        name=user.name.strip(),
        password_hash=password.hash_password(given),
        org_id=codes.orgs[user.org] if user.org else None,
        must_change_password=not user.keep_password,
    )
    session.add(row)
    session.flush()
    post = Post(user_id=row.user_id, town_id=scope.town_id, role_code=user.role, platform_code=user.platform)
    session.add(post)
    session.flush()
    session.add_all(
        PostArea(user_role_id=post.user_role_id, area_id=codes.areas[code]) for code in dict.fromkeys(user.areas)
    )
    session.flush()
    return MadeUser(row.user_id, row.username, None if user.password else given)


def list_users(session: Session, q: str | None, after: str | None, limit: int) -> tuple[list[dict[str, Any]], int]:
    """Users whose name, user name or organisation holds ``q``, by user name; and how many there are in all."""
    scope = _manager(session)
    words = {"town_id": scope.town_id, "q": q or None}
    rows = session.execute(queries.LIST_USERS, {**words, "after": after, "limit": limit}).mappings()
    return [dict(row) for row in rows], session.execute(queries.COUNT_USERS, words).scalar_one()


def reset_password(session: Session, username: str) -> MadeUser:
    """A new initial password for ``username``; ends its sessions and lifts a lock."""
    user = _user(session, username)
    given = password.initial_password()
    user.password_hash = password.hash_password(given)
    user.must_change_password, user.failed_logins, user.locked_until = True, 0, None
    session.flush()
    audit.record(session, "user.reset", "user", user.user_id, detail={"username": user.username})
    return MadeUser(user.user_id, user.username, given)


def disable(session: Session, username: str) -> None:
    """Takes the account out of use at once: sessions, tokens and streams end.

    Raises
    ------
    Conflict
        ``user.yourself``, or ``user.last_manager`` when nobody else could manage users.
    """
    user = _user(session, username)
    if user.user_id == scope_of(session).user_id:
        raise Conflict("user.yourself", "you cannot disable your own account")
    others = session.execute(queries.OTHER_MANAGERS, {"town_id": user.town_id, "user_id": user.user_id})
    if others.scalar_one() == 0:
        raise Conflict("user.last_manager", "nobody else could manage users: make another administrator first")
    if user.disabled_at is None:
        user.disabled_at = clock.now()
        user.scope_version += 1
    session.flush()
    audit.record(session, "user.disable", "user", user.user_id, detail={"username": user.username})


def enable(session: Session, username: str) -> None:
    """Puts the account back into use; it signs in anew."""
    user = _user(session, username)
    user.disabled_at, user.failed_logins, user.locked_until = None, 0, None
    session.flush()
    audit.record(session, "user.enable", "user", user.user_id, detail={"username": user.username})


def change_password(session: Session, old: str, new: str) -> None:
    """One's own new password; every session of the account ends, so the caller opens a new one.

    Raises
    ------
    Forbidden
        ``password.wrong``: the old one does not fit.
    Invalid
        ``password.weak`` with the reason.
    """
    user = session.get(User, scope_of(session).user_id)
    if user is None or not password.verify(user.password_hash, old):
        raise Forbidden("password.wrong", "the old password does not fit")
    weak = password.weakness(new, user.username)
    if weak or new == old:
        raise Invalid("password.weak", "the new password will not do", reason=weak or "unchanged")
    session.execute(queries.CHANGE_PASSWORD, {"password_hash": password.hash_password(new)})
    audit.record(session, "user.password", "user", user.user_id)


def add_token(
    session: Session, username: str, name: str, scopes: Iterable[str] = (), days: int | None = None
) -> tuple[int, str]:
    """Number and text of a new token that acts for ``username``; the text is told this once.

    ``scopes`` are permissions it is limited to; none means all of the user's, now and later. ``days`` it lives; None
    is for ever.

    Raises
    ------
    Invalid
        ``token.unknown_scope``: a permission that no role of the town has.
    """
    user = _user(session, username)
    wanted = sorted(set(scopes))
    known = set(session.execute(text("select distinct unnest(permissions) from role")).scalars())
    if unknown := [scope for scope in wanted if scope not in known]:
        raise Invalid("token.unknown_scope", f"no such permission: {', '.join(unknown)}", known=sorted(known))
    if not 1 <= len(name.strip()) <= 100:
        raise Invalid("token.name", "give the token a name of 1 to 100 characters")
    plain = f"og_{secrets.token_urlsafe(32)}"
    expires: datetime | None = clock.now() + timedelta(days=days) if days else None
    row = ApiToken(token_hash=digest(plain), user_id=user.user_id, name=name.strip(), scopes=wanted, expires_at=expires)
    session.add(row)
    session.flush()
    audit.record(session, "token.add", "token", row.token_id, detail={"username": username, "scopes": wanted})
    return row.token_id, plain


def list_tokens(session: Session) -> list[dict[str, Any]]:
    """Tokens of the town, newest first, without their text."""
    scope = _manager(session)
    return [dict(row) for row in session.execute(queries.LIST_TOKENS, {"town_id": scope.town_id}).mappings()]


def revoke_token(session: Session, token_id: int) -> None:
    """Ends a token at once; ending it again changes nothing."""
    _manager(session)
    row = session.get(ApiToken, token_id)
    if row is None:
        raise NotFound("token.not_found", f"there is no token {token_id}")
    row.revoked_at = row.revoked_at or clock.now()
    session.flush()
    audit.record(session, "token.revoke", "token", token_id)


def _manager(session: Session) -> Scope:
    scope = scope_of(session)
    scope.require(MANAGE)
    return scope


def _user(session: Session, username: str) -> User:
    scope = _manager(session)
    found = session.scalar(
        select(User).where(User.town_id == scope.town_id, func.lower(User.username) == username.lower())
    )
    if found is None:
        raise NotFound("user.not_found", f"there is no user {username}")
    return found
