"""The words of the pages in Chinese and English, from the catalogues in ``static/i18n``.

One file a subject and language: ``login.zh.json`` holds ``{"title": "登录"}``, read as ``login.title``.
A page hands the browser the same strings (``static/i18n.js``), so a word stands in one place.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType

LANGUAGES = ("zh", "en")
# Replaced in one pass, so that a value that holds braces stays as it is.
PLACEHOLDER = re.compile(r"\{(\w+)\}")
FOLDER = Path(__file__).parent / "static" / "i18n"


@cache
def catalogue(language: str) -> Mapping[str, str]:
    """Every string of one language, by ``subject.name``.

    Parameters
    ----------
    language
        ``zh`` or ``en``.

    Returns
    -------
    Mapping
        Read-only; keys carry the subject of their file as the first part.

    Raises
    ------
    KeyError
        For a language without catalogues.

    Examples
    --------
    >>> catalogue("zh")["common.town_map"]
    '地图'
    """
    if language not in LANGUAGES:
        raise KeyError(language)
    strings: dict[str, str] = {}
    for path in sorted(FOLDER.glob(f"*.{language}.json")):
        subject = path.name.split(".", 1)[0]
        for name, text in json.loads(path.read_text(encoding="utf-8")).items():
            strings[f"{subject}.{name}"] = text
    return MappingProxyType(strings)


def text(language: str, key: str, **values: object) -> str:
    """The string ``key`` with ``{name}`` replaced by the values; the key itself when there is no such string.

    With ``n=1`` the key ``<key>.one`` is taken where a language has it. The template escapes, not this.

    Examples
    --------
    >>> text("en", "no.such_key")
    'no.such_key'
    """
    strings = catalogue(language)
    found = strings.get(f"{key}.one") if values.get("n") == 1 else None
    phrase = found if found is not None else strings.get(key, key)
    return PLACEHOLDER.sub(lambda at: str(values.get(at[1], at[0])), phrase)


def subset(language: str, subjects: tuple[str, ...]) -> dict[str, str]:
    """The strings of the named subjects, for the browser."""
    return {key: value for key, value in catalogue(language).items() if key.split(".", 1)[0] in subjects}


def choose(query: str | None, cookie: str | None) -> str:
    """The language of a request: the ``lang`` in its address, else its cookie, else Chinese.

    The browser's own preference is not asked: a town's staff see Chinese unless they choose otherwise.

    Examples
    --------
    >>> choose("en", "zh"), choose(None, "en"), choose("fr", None)
    ('en', 'en', 'zh')
    """
    return next((value for value in (query, cookie) if value in LANGUAGES), LANGUAGES[0])
