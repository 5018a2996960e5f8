"""Every route of the program: one module a subject, each with a ``blueprint``.

A new module is named here, and nowhere else.
"""

from __future__ import annotations

from importlib import import_module
from types import ModuleType

NAMES = (
    "health",
    "openapi",
    "session",
    "single_sign_on",
    "me",
    "users",
    "incident",
    "transition",
    "inbox",
    "desk",
    "supervision",
    "photo",
    "name",
    "geocode",
    "locate",
    "area",
    "plan",
    "plan_file",
    "tile",
    "feature",
    "board",
    "style",
    "asset",
    "page",
)


def modules() -> tuple[ModuleType, ...]:
    """The modules of ``NAMES``, in order."""
    return tuple(import_module(f"{__name__}.{name}") for name in NAMES)
