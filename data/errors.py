"""Expected errors: each has a permanent code 'subject.what' and says what to do; none knows HTTP."""

from __future__ import annotations

from typing import Any


class OneGridError(Exception):
    """An error a person or program can act on.

    Parameters
    ----------
    code : permanent machine-readable code, 'subject.what'.
    message : what did not happen, why, what now.
    detail : facts a program needs (JSON-able): fields, places, allowed actions.
    """

    def __init__(self, code: str, message: str, **detail: Any) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.detail = detail


class NotFound(OneGridError):
    """There is no such row, or none in this scope: the two are not told apart."""


class Forbidden(OneGridError):
    """The scope lacks the permission."""


class Unauthenticated(OneGridError):
    """Nobody is signed in, or the session has ended."""


class Invalid(OneGridError):
    """The input is wrong; detail lists the fields."""


class Conflict(OneGridError):
    """Somebody else was first; detail tells the state now."""


class TooLarge(OneGridError):
    """The input exceeds a limit."""


class TooMany(OneGridError):
    """Too many requests; detail has retry_after_s."""


class Unavailable(OneGridError):
    """The system cannot answer now; trying again is right."""
