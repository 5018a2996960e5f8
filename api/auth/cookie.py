"""The session cookie: sent to this site only, out of reach of scripts."""

from __future__ import annotations

from werkzeug.wrappers import Response

NAME = "onegrid_session"


def put(response: Response, token: str, *, secure: bool, life_h: int) -> None:
    """Set the cookie. It outlives the browser, so that a wall screen comes back after a restart; the server decides."""
    response.set_cookie(NAME, token, max_age=life_h * 3600, httponly=True, secure=secure, samesite="Lax", path="/")


def drop(response: Response) -> None:
    """Take the cookie back."""
    response.delete_cookie(NAME, path="/", httponly=True, samesite="Lax")
