"""Faults of starting, stopping and keeping an installation."""

from __future__ import annotations

from data.errors import OneGridError


class RuntimeFault(OneGridError):
    """Something about the processes of an installation that the person at the terminal can act on.

    The message is for that person: what is wrong and what to do. Each subclass has its permanent code.
    """

    code = "runtime.failed"

    def __init__(self, message: str) -> None:
        super().__init__(type(self).code, message)
