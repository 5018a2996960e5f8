"""Personal fields as they are shown to who may see the case but not the person. Pure."""

from __future__ import annotations

import re

_MASKED = re.compile(r"\d{0,3}\*{3,}\d{0,4}")


def masked_name(name: str | None) -> str | None:
    """The first character of a name, the rest as stars.

    Examples
    --------
    >>> masked_name("王小明"), masked_name("Wang Xiaoming"), masked_name("")
    ('王**', 'W**', None)
    """
    stripped = (name or "").strip()
    return f"{stripped[0]}**" if stripped else None


def masked_phone(phone: str | None) -> str | None:
    """A number with its middle as stars: enough to recognise, too little to call. One that came so stays.

    Examples
    --------
    >>> masked_phone("13812342017"), masked_phone("0573-8612345"), masked_phone("110"), masked_phone(None)
    ('138****2017', '057****2345', '***', None)
    >>> masked_phone("135****1928")
    '135****1928'
    """
    given = (phone or "").strip()
    if _MASKED.fullmatch(given):
        return given
    digits = "".join(character for character in given if character.isdigit())
    if not digits:
        return None
    return f"{digits[:3]}****{digits[-4:]}" if len(digits) >= 9 else "*" * len(digits)
