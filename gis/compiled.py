"""Machine code for the few loops that must be fast."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba


def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return the function compiled at its first call, free of the interpreter lock, kept on disk where possible.

    In a checkout that cannot be written the cache goes to the user's own cache folder; where there is none either,
    every process compiles anew.
    """
    try:
        return numba.njit(cache=True, nogil=True)(function)
    except RuntimeError:  # "no locator available": nowhere to keep the cache
        return numba.njit(nogil=True)(function)


def woven(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return the function compiled into the body of its callers: a call would count references to every array given."""
    return numba.njit(nogil=True, inline="always")(function)
