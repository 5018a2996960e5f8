"""The time of the server. Demo and tests may fix or shift it; nothing else may."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

_shift = timedelta(0)
_fixed: datetime | None = None


def now() -> datetime:
    """Return the time of the server, UTC, with zone."""
    return _fixed if _fixed is not None else datetime.now(UTC) + _shift


def is_moved() -> bool:
    """Tell whether the clock was fixed or shifted."""
    return _fixed is not None or bool(_shift)


def set_now(value: str | None) -> None:
    """Fix or shift the clock: an RFC 3339 time fixes it, '+3d' or '-90m' shifts it, None frees it.

    Raises
    ------
    ValueError : the text is neither.
    """
    global _shift, _fixed
    _shift, _fixed = timedelta(0), None
    if not value:
        return
    if value[0] in "+-" and value[-1] in "smhd" and value[1:-1].isdigit():
        unit = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}[value[-1]]
        _shift = timedelta(**{unit: int(value[:-1])})
        return
    moment = datetime.fromisoformat(value)
    if moment.tzinfo is None:
        raise ValueError(f"a time without a zone: {value!r}; write it as 2026-03-17T14:32:00+08:00")
    _fixed = moment.astimezone(UTC)
