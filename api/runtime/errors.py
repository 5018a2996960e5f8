"""Faults of starting, stopping and keeping an installation."""

from __future__ import annotations


class RuntimeFault(Exception):
    """Something about the processes of an installation that the person at the terminal can act on.

    The text is one line for that person: what is wrong and what to do.
    """

    code = "runtime.failed"
