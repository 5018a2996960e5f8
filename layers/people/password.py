"""Passwords: hashing, checking, what is long enough, and initial ones."""

from __future__ import annotations

import secrets
import threading
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

MIN_LENGTH = 10
MAX_LENGTH = 200
# Without letters and digits that look alike: initial passwords are read out and typed.
ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"

_HASHER = PasswordHasher()
# Each check takes 64 MiB and a core for tens of milliseconds; more at once would only slow everything else.
_TURNS = threading.BoundedSemaphore(2)


def hash_password(password: str) -> str:
    """The argon2id hash of ``password``, with its parameters and salt."""
    with _TURNS:
        return _HASHER.hash(password)


@cache
def _nobody() -> str:
    return _HASHER.hash(secrets.token_urlsafe(16))


def verify(stored: str | None, password: str) -> bool:
    """Whether ``password`` fits ``stored``. An unknown user (None) takes as long and never fits."""
    with _TURNS:
        try:
            _HASHER.verify(stored or _nobody(), password)
        except (VerificationError, InvalidHashError):
            return False
    return stored is not None


def initial_password() -> str:
    """A random password that can be read out: four groups of four, about 79 bits."""
    return "-".join("".join(secrets.choice(ALPHABET) for _ in range(4)) for _ in range(4))


def weakness(password: str, username: str) -> str | None:
    """Why ``password`` will not do (``too_short``, ``too_long``, ``contains_name``, ``too_plain``), or None.

    Examples
    --------
    >>> weakness("onegrid", "admin"), weakness("aaaaaaaaaaaa", "admin"), weakness("a long sentence", "admin")
    ('too_short', 'too_plain', None)
    """
    if len(password) < MIN_LENGTH:
        return "too_short"
    if len(password) > MAX_LENGTH:
        return "too_long"
    if username.casefold() in password.casefold() and len(password) < len(username) + MIN_LENGTH:
        return "contains_name"
    return "too_plain" if len(set(password)) < 5 else None
