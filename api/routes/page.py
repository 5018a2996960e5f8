"""Pages: templates filled with who looks at what, static files that browsers may keep, errors as pages."""

from __future__ import annotations

import gzip
import logging
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit
from uuid import UUID

from flask import Blueprint, Response, current_app, g, redirect, request, send_file
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.security import safe_join
from werkzeug.wrappers import Response as AnyResponse

from api import db, headers
from api.auth.access import anonymous, needs, own_account, public, signed_in
from api.runtime.prepare import DEMO_PASSWORD
from api.state import State
from data import clock
from data.errors import NotFound, OneGridError
from layers.incident import reading, slip
from layers.people import queries
from layers.people.town import describe_person, describe_town
from layers.planning import plans
from layers.planning.files import sheet
from layers.supervision.notice import notice
from webmap import i18n, pages, qr
from webmap.documents import sheet as plan_sheets
from webmap.pages import Frame, Town, Viewer

blueprint = Blueprint("page", __name__)
log = logging.getLogger("onegrid.page")

YEAR_S = 365 * 86_400
# What these answer is for programs, so their errors stay JSON whatever a browser says it likes.
FOR_PROGRAMS = ("/api/", "/tiles/", "/ogc", "/open311/", "/static/", "/healthz", "/readyz", "/metrics")
TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".mjs": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".webmanifest": "application/manifest+json",
    ".woff2": "font/woff2",
}
TEXTS = frozenset({".css", ".js", ".json", ".mjs", ".svg", ".txt", ".webmanifest"})
ERROR_PAGES = frozenset({400, 401, 403, 404, 429, 500, 503})


@blueprint.get("/")
@signed_in
def command_map() -> Response:
    """The live map."""
    return _page("map", subjects=("map", "incident", "loop"))


@blueprint.get("/desk")
@needs(*pages.DECIDES)
def desk() -> Response:
    """The desk from which the closed loop is run: queue, case, decision."""
    return _page("desk", subjects=("desk", "incidents", "incident", "loop", "report"))


@blueprint.get("/incidents")
@needs("view")
def incidents() -> Response:
    """The list of incidents; ``?triage=1`` is the queue of those without a sure place, kept by whoever may triage."""
    keepers = _roles_with("triage") if request.args.get("triage") == "1" and not g.scope.may("triage") else []
    return _page("incidents", subjects=("incidents", "incident", "loop", "report"), data={"keepers": keepers})


@blueprint.get("/incidents/<uuid:incident_id>")
@needs("view")
def incident(incident_id: UUID) -> Response:
    """One case; 404 for what is not there or outside the reader's scope."""
    with db.transaction() as session:
        reading.require(session, incident_id)
        data = {"id": str(incident_id), "slip": slip.has_one(session, incident_id)}
    return _page("incident", subjects=("incidents", "incident", "loop", "report"), data=data)


@blueprint.get("/incidents/<uuid:incident_id>/slip")
@needs("view")
def handover_slip(incident_id: UUID) -> Response:
    """The handover slip of a dispatched case, on one sheet of A4; its QR code is the case number."""
    with db.transaction() as session:
        told = slip.slip(session, incident_id)
    data = {"slip": told, "qr": qr.code(told["case_no"], told["case_no"])}
    return _page("slip", subjects=("slip", "loop"), data=data)


@blueprint.get("/inbox")
@needs("view")
def inbox() -> Response:
    """What waits for the caller; ``?id=`` opens a case beside it."""
    return _page("inbox", subjects=("inbox", "incidents", "incident", "loop", "report"))


@blueprint.get("/supervision")
@needs("view")
def supervision() -> Response:
    """The supervision lane: flags, supervised cases, projects; an organisation sees its own."""
    return _page("supervision", subjects=("supervision", "incidents", "incident", "loop"))


@blueprint.get("/supervision/flags/<uuid:flag_id>/notice")
@needs("view")
def flag_notice(flag_id: UUID) -> Response:
    """The notice of a flag, to be printed; 404 for one that was not issued or is not the reader's."""
    with db.transaction() as session:
        told = notice(session, flag_id)
    data = {"notice": told, "qr": qr.code(told["number"], told["number"])}
    return _page("notice", subjects=("supervision", "slip", "loop"), data=data)


@blueprint.get("/planner")
@needs("plan", "review_plan")
def planner() -> Response:
    """Boundary drafts: the list, and a new one."""
    return _page("planner", subjects=("planner",), data={"plan": None})


@blueprint.get("/planner/<uuid:plan_id>")
@needs("plan", "review_plan")
def planner_draft(plan_id: UUID) -> Response:
    """One boundary draft on the map; 404 for what is not there or outside the reader's scope."""
    with db.transaction() as session:
        plans.require(session, plan_id)
    return _page("planner", subjects=("planner",), data={"plan": str(plan_id)})


@blueprint.get("/planner/<uuid:plan_id>/sheet")
@needs("plan", "review_plan")
def plan_sheet(plan_id: UUID) -> Response:
    """A plan on one sheet of A3: map at a true scale, legend, grids, lineage, who decided."""
    with db.transaction() as session:
        told = sheet.sheet(session, plan_id)
    lang = i18n.choose(request.args.get("lang"), request.cookies.get("lang"))
    link = qr.code(f"{request.host_url}planner/{plan_id}", told["plan"]["name"])
    return _page("sheet", subjects=("planner",), paper={**plan_sheets.page_data(told, lang), "qr": link})


@blueprint.get("/appraisal")
@needs("view")
def appraisal() -> Response:
    """Indicators of the closed loop."""
    return _page("appraisal", subjects=("appraisal",))


@blueprint.get("/report")
@public
def report() -> Response:
    """The public's report: no account needed."""
    return _page("report", subjects=("report",))


@blueprint.get("/progress")
@public
def progress() -> Response:
    """How a report goes on; its code stands in the fragment, which no server sees."""
    return _page("progress", subjects=("progress", "report", "loop"))


@blueprint.get("/browser")
@public
def other_browser() -> Response:
    """How to leave a messenger's own browser, which often gives neither position nor photos."""
    return _page("browser", subjects=("browser",))


@blueprint.get("/admin")
@needs("manage_users")
def admin() -> Response:
    """Accounts and tokens."""
    with db.transaction() as session:
        roles = [dict(row) for row in session.execute(queries.ROLE_CHOICES).mappings()]
        orgs = [dict(row) for row in session.execute(queries.ORG_CHOICES).mappings()]
    return _page("admin", subjects=("admin", "permission"), data={"roles": roles, "orgs": orgs})


@blueprint.get("/account")
@own_account
def account() -> Response:
    """One's own account; here a new password is set."""
    with db.transaction() as session:
        person = describe_person(session, g.caller.reach)
    return _page("account", subjects=("account",), data={"person": person, "next": _next()})


@blueprint.get("/login")
@public
def login() -> AnyResponse:
    """Signing in; who is signed in already goes on at once."""
    if g.caller is not None:
        return redirect(_next())
    state: State = current_app.extensions["onegrid"]
    with db.transaction() as session:
        logins = session.execute(queries.DEMO_LOGINS).scalar_one_or_none() if state.demo else []
    data = {"next": _next(), "demo_logins": logins or [], "demo_password": DEMO_PASSWORD if logins else ""}
    if state.settings.oidc_issuer:
        data["single_sign_on"] = f"/login/oidc?{urlencode({'next': _next()})}"
    return _page("login", subjects=("login",), data=data)


@blueprint.get("/static/<path:path>")
@anonymous
def static(path: str) -> AnyResponse:
    """A static file: kept for a year below ``v-<version>/``, where it never changes; elsewhere asked for again."""
    folder, _, rest = path.partition("/")
    versioned = folder == f"v-{pages.version()}"
    name = rest if folder.startswith("v-") else path
    full = safe_join(str(pages.STATIC), name)
    if full is None or not Path(full).is_file():
        raise NotFound("page.not_found", f"there is no static file {name}")
    response = _file(Path(full))
    response.headers["Cache-Control"] = f"public, max-age={YEAR_S}, immutable" if versioned else "no-cache"
    # A module worker takes its policy from its own file.
    response.headers["Content-Security-Policy"] = headers.page_policy()
    return response.make_conditional(request)


def _file(path: Path) -> Response:
    kind = TYPES.get(path.suffix)
    if path.suffix not in TEXTS:
        return send_file(path, mimetype=kind, conditional=True)
    stamp = path.stat().st_mtime_ns
    plain, packed = _text(path, stamp)
    if "gzip" in request.accept_encodings:
        response = Response(packed, content_type=kind)
        response.headers["Content-Encoding"] = "gzip"
    else:
        response = Response(plain, content_type=kind)
    response.vary.add("Accept-Encoding")
    response.set_etag(f"{stamp:x}-{response.content_encoding or 'plain'}")
    return response


@lru_cache(maxsize=512)
def _text(path: Path, stamp: int) -> tuple[bytes, bytes]:
    """A text file as it is and packed; ``stamp`` makes a changed file another entry."""
    plain = path.read_bytes()
    return plain, gzip.compress(plain, 9, mtime=0)


@blueprint.after_app_request
def errors_as_pages(response: Response) -> AnyResponse:
    """Shows a person a page where a program gets JSON; sends to the login who must sign in first."""
    if response.status_code < 400 or not _for_a_person():
        return response
    told = response.get_json(silent=True) or {}
    if response.status_code == 401:
        return redirect(f"/login?{urlencode({'next': _here()})}")
    if told.get("code") == "password.must_change":
        return redirect(f"/account?{urlencode({'next': _here()})}")
    data = {
        "status": _page_of(response.status_code),
        "code": told.get("code", "server.failed"),
        "request_id": told.get("request_id", ""),
    }
    shown = _page("error", data=data)
    shown.status_code = response.status_code
    if "Retry-After" in response.headers:
        shown.headers["Retry-After"] = response.headers["Retry-After"]
    return shown


def _page_of(status: int) -> int:
    """The status whose words are shown: its own, else those of its kind."""
    if status in ERROR_PAGES:
        return status
    return 500 if status >= 500 else 400


def _for_a_person() -> bool:
    if request.method not in ("GET", "HEAD") or request.path.startswith(FOR_PROGRAMS):
        return False
    return request.accept_mimetypes.best_match(["application/json", "text/html"]) == "text/html"


def _here() -> str:
    query = request.query_string.decode("utf-8", "replace")
    return f"{request.path}?{query}" if query else request.path


def _next() -> str:
    """Where to go after signing in: a path of this site, else the map."""
    wanted = request.args.get("next", "/")
    parts = urlsplit(wanted)
    elsewhere = not wanted.startswith("/") or wanted.startswith("//") or "\\" in wanted or bool(parts.netloc)
    return "/" if elsewhere or parts.path == "/login" else wanted


def _roles_with(permission: str) -> list[dict[str, Any]]:
    with db.transaction() as session:
        found = session.execute(queries.ROLES_WITH, {"permission": permission}).mappings()
        return [dict(role) for role in found]


def _page(
    name: str,
    *,
    subjects: tuple[str, ...] = (),
    data: dict[str, Any] | None = None,
    paper: dict[str, Any] | None = None,
) -> Response:
    lang = i18n.choose(request.args.get("lang"), request.cookies.get("lang"))
    town, viewer = _who(lang)
    frame = Frame(
        lang=lang,
        path=request.path,
        query=request.args.to_dict(),
        town=town,
        viewer=viewer,
        csrf=(g.caller.csrf or "") if getattr(g, "caller", None) else "",
        demo=current_app.extensions["onegrid"].demo,
        large_text=request.cookies.get("text") == "large",
        now=clock.now().isoformat(),
        rate=clock.rate(),
        subjects=subjects,
        data=data or {},
        paper=paper or {},
    )
    response = Response(pages.render(name, frame), mimetype="text/html")
    response.headers["Content-Security-Policy"] = headers.page_policy()
    response.headers["Cache-Control"] = "no-store"
    if request.args.get("lang") in i18n.LANGUAGES:
        response.set_cookie("lang", lang, max_age=YEAR_S, samesite="Lax", secure=request.is_secure, path="/")
    return response


def _who(lang: str) -> tuple[Town | None, Viewer | None]:
    """The town and the person of this request; None for what cannot be known, as on an error page without database."""
    caller = getattr(g, "caller", None)
    try:
        with db.transaction() as session:
            town = _town(describe_town(session))
            person = describe_person(session, caller.reach) if caller else None
    except (OneGridError, SQLAlchemyError, AttributeError) as fault:
        log.debug("a page without its town: %s", fault)
        return None, None
    return town, _viewer(person, lang) if person else None


def _town(told: dict[str, Any]) -> Town:
    view, notice = told["map"], told["notice"]
    bounds = view.get("bounds")
    middle = ((bounds[0] + bounds[2]) / 2, (bounds[1] + bounds[3]) / 2) if bounds else (0.0, 0.0)
    center = view.get("center") or middle
    return Town(
        code=told["code"],
        name=told["name"],
        name_en=told["name_en"] or "",
        synthetic=told["synthetic"],
        notice_zh=notice.get("zh", ""),
        notice_en=notice.get("en", ""),
        center=(center[0], center[1]),
        zoom=view.get("zoom") or 12.0,
        timezone=told["timezone"],
    )


def _viewer(told: dict[str, Any], lang: str) -> Viewer:
    roles = told["roles"]
    names = [(role["name_en"] if lang == "en" else None) or role["name"] for role in roles]
    return Viewer(
        username=told["username"],
        name=told["name"],
        role=roles[0]["code"] if roles else "",
        role_name=names[0] if names else "",
        permissions=frozenset(told["permissions"]),
    )
