"""Pages as HTML: a template name and a frame in, text out. No session, no request, no database."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from webmap import i18n

PAGES = Path(__file__).parent
STATIC = PAGES.parent / "static"


@dataclass(frozen=True)
class Town:
    """What a page says about its town."""

    code: str
    name: str
    name_en: str
    synthetic: bool = False
    notice_zh: str = ""
    notice_en: str = ""
    center: tuple[float, float] = (0.0, 0.0)  # lon, lat
    zoom: float = 12.0
    timezone: str = "Asia/Shanghai"


@dataclass(frozen=True)
class Viewer:
    """The person who looks at a page."""

    username: str
    name: str
    role: str
    role_name: str
    permissions: frozenset[str] = frozenset()

    @property
    def decides(self) -> bool:
        """Whether the person has the desk."""
        return not self.permissions.isdisjoint(DECIDES)


@dataclass(frozen=True)
class Tab:
    """One entry of the top bar."""

    key: str
    href: str
    needs: str | None  # permissions separated by |, of which one is enough; None: any signed-in person
    public: bool = False
    staff: bool = True


# Whoever decides over cases has the desk; whoever works on them has the inbox.
DECIDES = ("accept", "dispatch", "close", "supervise_1", "supervise_2", "supervise_3", "suspend", "extend", "void")

TABS = (
    Tab("map", "/", None),
    Tab("desk", "/desk", "|".join(DECIDES)),
    Tab("inbox", "/inbox", "handle|self_handle"),
    Tab("incidents", "/incidents", None),
    Tab("triage", "/incidents?triage=1", "triage"),
    Tab("planner", "/planner", "plan|review_plan"),
    Tab("supervision", "/supervision", "supervise_1|supervise_2|supervise_3|handle"),
    Tab("appraisal", "/appraisal", "dispatch|supervise_1|supervise_2|supervise_3|handle"),
    Tab("report", "/report", None, public=True),
    Tab("progress", "/progress", None, public=True, staff=False),
    Tab("admin", "/admin", "manage_users"),
)


@dataclass(frozen=True)
class Frame:
    """All that a template may know.

    ``data`` is what the page itself needs, handed to the browser as JSON; ``paper`` what only the template needs;
    ``subjects`` are the catalogues its scripts use.
    """

    lang: str = "zh"
    path: str = "/"
    query: Mapping[str, str] = field(default_factory=dict)
    town: Town | None = None
    viewer: Viewer | None = None
    csrf: str = ""
    demo: bool = False
    large_text: bool = False
    now: str = ""
    rate: float = 1.0
    data: Mapping[str, Any] = field(default_factory=dict)
    paper: Mapping[str, Any] = field(default_factory=dict)
    subjects: tuple[str, ...] = ()


@cache
def version() -> str:
    """A short hash over every static file: it names the folder that browsers may keep for a year."""
    digest = hashlib.sha256()
    for path in sorted(STATIC.rglob("*")):
        if path.is_file():
            digest.update(str(path.relative_to(STATIC)).encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def _notice(frame: Frame) -> str:
    """The town's own words about its data, without a label that says the same as ours."""
    town = frame.town
    if town is None:
        return ""
    words = town.notice_zh if frame.lang == "zh" else town.notice_en or town.notice_zh
    return re.sub(rf"^{re.escape(i18n.text(frame.lang, 'common.synthetic'))}\s*[:：]\s*", "", words)


def asset(path: str) -> str:
    """The address of a static file below the versioned folder; relative imports between modules stay inside it."""
    return f"/static/v-{version()}/{path}"


def tabs(viewer: Viewer | None) -> list[Tab]:
    """The entries of the top bar that this person may open, in order."""
    if viewer is None:
        return [tab for tab in TABS if tab.public]
    return [tab for tab in TABS if tab.staff and (tab.needs is None or viewer.permissions & set(tab.needs.split("|")))]


def render(name: str, frame: Frame) -> str:
    """The page ``name`` as HTML text.

    Parameters
    ----------
    name
        A template without its ending: ``login``, ``incidents``, ``error`` …
    frame
        Language, town, viewer and the page's own data. Every value is escaped.

    Raises
    ------
    jinja2.TemplateNotFound
        For an unknown page.
    jinja2.UndefinedError
        When the template uses a value that the frame's data does not hold.
    """

    def t(key: str, **values: object) -> str:
        return i18n.text(frame.lang, key, **values)

    def words_for(group: str, code: str) -> str:
        """The word of a code that a town may have made up; then the code stands for itself."""
        return i18n.catalogue(frame.lang).get(f"{group}.{code}", code)

    return (
        _environment()
        .get_template(f"{name}.html")
        .render(
            frame=frame,
            t=t,
            words_for=words_for,
            asset=asset,
            notice=_notice(frame),
            tabs=tabs(frame.viewer),
            data=frame.data,
            browser=_for_browser(frame),
            other_language=_language_link(frame),
        )
    )


def _for_browser(frame: Frame) -> dict[str, Any]:
    """What the page's scripts read from ``<script type="application/json" id="frame">``."""
    town = frame.town
    viewer = frame.viewer
    return {
        "lang": frame.lang,
        "csrf": frame.csrf,
        "demo": frame.demo,
        "now": frame.now,
        "rate": frame.rate,
        "static": asset("").rstrip("/"),
        "town": None
        if town is None
        else {
            "code": town.code,
            "name": town.name if frame.lang == "zh" else town.name_en or town.name,
            "synthetic": town.synthetic,
            "notice": _notice(frame),
            "center": list(town.center),
            "zoom": town.zoom,
            "timezone": town.timezone,
        },
        "viewer": None
        if viewer is None
        else {
            "username": viewer.username,
            "name": viewer.name,
            "role": viewer.role,
            "permissions": sorted(viewer.permissions),
        },
        "data": dict(frame.data),
        "strings": i18n.subset(frame.lang, ("common", "error", "state", *frame.subjects)),
    }


def _language_link(frame: Frame) -> tuple[str, str]:
    """The other language and the address of this same page in it."""
    other = "en" if frame.lang == "zh" else "zh"
    return other, f"{frame.path}?{urlencode({**frame.query, 'lang': other})}"


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(PAGES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
