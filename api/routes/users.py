"""Accounts and tokens, for who manages users."""

from __future__ import annotations

from typing import Annotated, Any

from flask import Blueprint, request
from pydantic import BaseModel, Field, StringConstraints

from api import body, db
from api.auth.access import needs
from api.describe import asks, takes
from data.errors import Invalid
from layers.people import service
from layers.people.service import NewUser

blueprint = Blueprint("users", __name__)

Code = Annotated[str, StringConstraints(strip_whitespace=True, max_length=64)]
MAX_PAGE = 200


class UserIn(BaseModel):
    """An account to be made. Without a password it gets an initial one, told once in the answer."""

    username: Code
    name: Annotated[str, StringConstraints(strip_whitespace=True, max_length=100)]
    role: Code
    org: Code | None = None
    areas: list[Code] = Field(default_factory=list, max_length=500)
    platform: Code | None = None
    password: Annotated[str, StringConstraints(max_length=200)] | None = None


class UsersIn(BaseModel):
    """Accounts in bulk: all are made, or none; with ``check`` they are only looked at."""

    users: list[UserIn] = Field(min_length=1, max_length=service.MAX_BULK)
    check: bool = False


class TokenIn(BaseModel):
    """A token that acts for a user. ``scopes`` are permissions; none means all of the user's."""

    username: Code
    name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]
    scopes: list[Code] = Field(default_factory=list, max_length=50)
    days: Annotated[int, Field(ge=1, le=3650)] | None = None


@blueprint.post("/api/v1/users")
@needs("manage_users")
@takes(UsersIn)
def add() -> tuple[dict[str, Any], int]:
    """Make accounts: all of them, or none with every fault listed. With ``check`` 200 says that they could be made."""
    given = body.read(UsersIn)
    wanted = [
        NewUser(u.username, u.name, u.role, u.org or None, tuple(u.areas), u.platform or None, u.password)
        for u in given.users
    ]
    with db.transaction() as session:
        if given.check:
            service.check_users(session, wanted)
            return {"users": []}, 200
        made = service.add_users(session, wanted)
    return {"users": [{"username": user.username, "password": user.password} for user in made]}, 201


@blueprint.get("/api/v1/users")
@needs("manage_users")
@asks("q", "cursor", "limit")
def users() -> dict[str, Any]:
    """Accounts by user name, with roles; ``q`` looks in names and organisations. Never a password."""
    limit = _limit()
    with db.transaction() as session:
        rows, count = service.list_users(session, request.args.get("q"), request.args.get("cursor"), limit + 1)
    following = rows[limit - 1]["username"].lower() if len(rows) > limit else None
    return {"users": rows[:limit], "next": following, "count": count}


def _limit() -> int:
    text = request.args.get("limit", "50")
    if not text.isdecimal() or not 1 <= int(text) <= MAX_PAGE:
        raise Invalid("filter.limit", f"limit is a number from 1 to {MAX_PAGE}", fields={"limit": "out of range"})
    return int(text)


@blueprint.post("/api/v1/users/<username>/reset")
@needs("manage_users")
def reset(username: str) -> dict[str, Any]:
    """A new initial password, told once; the account's sessions end."""
    with db.transaction() as session:
        made = service.reset_password(session, username)
    return {"username": made.username, "password": made.password}


@blueprint.post("/api/v1/users/<username>/disable")
@needs("manage_users")
def disable(username: str) -> dict[str, Any]:
    """Take an account out of use: sessions, tokens and streams end at once."""
    with db.transaction() as session:
        service.disable(session, username)
    return {"username": username, "disabled": True}


@blueprint.post("/api/v1/users/<username>/enable")
@needs("manage_users")
def enable(username: str) -> dict[str, Any]:
    """Put an account back into use."""
    with db.transaction() as session:
        service.enable(session, username)
    return {"username": username, "disabled": False}


@blueprint.post("/api/v1/tokens")
@needs("manage_users")
@takes(TokenIn)
def add_token() -> tuple[dict[str, Any], int]:
    """Make a token; its text is told this once."""
    given = body.read(TokenIn)
    with db.transaction() as session:
        number, plain = service.add_token(session, given.username, given.name, given.scopes, given.days)
    return {"id": number, "token": plain, "username": given.username, "name": given.name, "scopes": given.scopes}, 201


@blueprint.get("/api/v1/tokens")
@needs("manage_users")
def tokens() -> dict[str, Any]:
    """Tokens of the town, without their text."""
    with db.transaction() as session:
        return {"tokens": service.list_tokens(session)}


@blueprint.delete("/api/v1/tokens/<int:token_id>")
@needs("manage_users")
def revoke_token(token_id: int) -> dict[str, Any]:
    """End a token at once."""
    with db.transaction() as session:
        service.revoke_token(session, token_id)
    return {"id": token_id, "revoked": True}
