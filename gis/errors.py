"""Errors of the pure geometry code: each carries a permanent code and knows nothing of HTTP."""

from __future__ import annotations

from typing import Any


class GisError(ValueError):
    """Input that cannot be read as a place.

    Parameters
    ----------
    code : str
        Permanent, of the form ``subject.what``; programs decide by it.
    message : str
        One line in English that says what is wrong and what would be right.
    detail : dict, optional
        Facts a caller can show or act on; JSON-ready.
    """

    def __init__(self, code: str, message: str, detail: dict[str, Any] | None = None):
        super().__init__(message)
        self.code = code
        self.message = message
        self.detail = detail or {}
