"""Pages over HTTP: who gets in, where others are sent, what browsers may keep, what an error tells."""

from __future__ import annotations

import json
import re
from urllib.parse import quote

import pytest

from tests.api.conftest import Web
from webmap import pages

HTML = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
STAFF = ("/", "/incidents", "/incidents/01958f3c-0000-7000-8000-000000000003", "/account", "/admin")


@pytest.mark.parametrize("path", STAFF)
def test_without_a_session_a_person_is_sent_to_the_login(web: Web, path: str) -> None:
    answer = web.browser().get(f"{path}?late=1", headers=HTML)
    assert answer.status_code == 302
    assert answer.headers["Location"] == f"/login?next={quote(f'{path}?late=1', safe='')}"


@pytest.mark.parametrize("path", STAFF)
def test_without_a_session_a_program_is_told_so(web: Web, path: str) -> None:
    answer = web.browser().get(path, headers={"Accept": "application/json"})
    assert (answer.status_code, answer.json["code"]) == (401, "session.required")


@pytest.mark.parametrize("path", ["/login", "/report", "/browser"])
def test_public_pages_open_for_everybody(web: Web, path: str) -> None:
    answer = web.browser().get(path, headers=HTML)
    assert answer.status_code == 200
    assert "小镇" in answer.text


@pytest.mark.parametrize(
    ("username", "path", "status"),
    [
        ("command", "/incidents", 200),
        ("command", "/admin", 403),
        ("admin", "/admin", 200),
        ("worker-a1", "/admin", 403),
        ("leader", "/account", 200),
    ],
)
def test_pages_ask_for_the_permission(web: Web, username: str, path: str, status: int) -> None:
    answer = web.browser(username).get(path, headers=HTML)
    assert answer.status_code == status
    assert answer.mimetype == "text/html"


@pytest.mark.parametrize(("username", "keepers"), [("cadre-a", {"administrator", "command_room"}), ("command", set())])
def test_the_triage_page_names_who_keeps_the_queue_to_those_who_do_not(
    web: Web, username: str, keepers: set[str]
) -> None:
    answer = web.browser(username).get("/incidents?triage=1", headers=HTML)
    frame = re.search(r'<script type="application/json" id="frame">(.*?)</script>', answer.text, re.S)
    assert frame
    assert {role["name"] for role in json.loads(frame[1])["data"]["keepers"]} == keepers


def test_an_error_page_names_number_and_code_and_nothing_of_the_program(web: Web) -> None:
    answer = web.browser().get("/no-such-page", headers={**HTML, "X-Request-ID": "01958f3c-7b42"})
    assert answer.status_code == 404
    assert "01958f3c-7b42" in answer.text
    assert "page.not_found" in answer.text
    assert not re.search(r"Traceback|\.py\b|werkzeug|sqlalchemy", answer.text, re.I)


@pytest.mark.parametrize("case", ["01958f3c-0000-7000-8000-000000000000", "abc", "outside"])
def test_a_case_that_is_not_there_or_elsewhere_is_404_with_the_way_back_to_the_list(web: Web, case: str) -> None:
    report = {"title": "渣土抛洒", "channel": "phone", "lon": 120.895, "lat": 30.415, "crs": "cgcs2000"}
    made = web.browser("command").post("/api/v1/incidents", report).json["id"]
    assert web.browser("command").get(f"/incidents/{made}", headers=HTML).status_code == 200
    answer = web.browser("worker-a1").get(f"/incidents/{made if case == 'outside' else case}", headers=HTML)
    assert (answer.status_code, answer.mimetype) == (404, "text/html")
    assert 'href="/incidents?open=1"' in answer.text
    assert "没有这件" in answer.text
    assert "重试" not in answer.text


def test_a_fault_of_the_program_is_a_page_without_its_trace(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(name: str, frame: pages.Frame) -> str:
        if name == "report":
            raise RuntimeError("secret of the program")
        return render(name, frame)

    render = pages.render
    monkeypatch.setattr(pages, "render", broken)
    answer = web.browser().get("/report", headers=HTML)
    assert answer.status_code == 500
    assert "server.failed" in answer.text
    assert "secret" not in answer.text


@pytest.mark.parametrize("path", ["/api/v1/no-such", "/tiles/none/0/0/0.mvt", "/static/none.js"])
def test_what_is_for_programs_answers_json_to_a_browser_too(web: Web, path: str) -> None:
    answer = web.browser().get(path, headers=HTML)
    assert answer.status_code in (401, 404)
    assert answer.mimetype == "application/json"


@pytest.mark.parametrize(
    "target",
    ["//evil.example", "https://evil.example", "/\\evil.example", "\\\\evil.example", "javascript:alert(1)", "/login"],
)
def test_after_signing_in_nobody_is_led_elsewhere(web: Web, target: str) -> None:
    answer = web.browser("command").get(f"/login?next={quote(target)}", headers=HTML)
    assert answer.headers["Location"] == "/"


def test_after_signing_in_the_wanted_page_comes(web: Web) -> None:
    answer = web.browser("command").get(f"/login?next={quote('/incidents?late=1')}", headers=HTML)
    assert answer.headers["Location"] == "/incidents?late=1"


def test_the_chosen_language_is_kept(web: Web) -> None:
    browser = web.browser()
    assert '<html lang="zh-CN"' in browser.get("/report", headers=HTML).text
    assert '<html lang="en"' in browser.get("/report?lang=en", headers=HTML).text
    assert '<html lang="en"' in browser.get("/report", headers=HTML).text
    assert '<html lang="en"' in browser.get("/report?lang=xx", headers=HTML).text


def test_a_browser_that_prefers_english_still_gets_chinese_first(web: Web) -> None:
    answer = web.browser().get("/report", headers={**HTML, "Accept-Language": "en"})
    assert '<html lang="zh-CN"' in answer.text


def test_a_page_runs_no_inline_script_and_is_never_kept(web: Web) -> None:
    answer = web.browser("command").get("/incidents", headers=HTML)
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self';" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_static_files_of_this_version_are_kept_for_a_year(web: Web) -> None:
    browser = web.browser()
    kept = browser.get(f"/static/v-{pages.version()}/css/tokens.css", headers={"Accept-Encoding": "gzip"})
    assert kept.status_code == 200
    assert kept.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert kept.headers["Content-Encoding"] == "gzip"
    other = browser.get("/static/css/tokens.css")
    assert other.headers["Cache-Control"] == "no-cache"
    again = browser.get("/static/css/tokens.css", headers={"If-None-Match": other.headers["ETag"]})
    assert again.status_code == 304
    old = browser.get("/static/v-000000000000/css/tokens.css")
    assert (old.status_code, old.headers["Cache-Control"]) == (200, "no-cache")


@pytest.mark.parametrize("path", ["../pages/base.html", "..%2fpages%2fbase.html", "v-x/../../pages/base.html", "%00"])
def test_no_way_out_of_the_static_folder(web: Web, path: str) -> None:
    assert web.browser().get(f"/static/{path}").status_code in (400, 404, 422)


def test_every_kind_of_static_file_has_its_type(web: Web) -> None:
    browser = web.browser()
    for path, kind in {
        "shell.js": "text/javascript",
        "css/base.css": "text/css",
        "mark.svg": "image/svg+xml",
        "i18n/common.zh.json": "application/json",
        "vendor/maplibre-gl-6.17.0/maplibre-gl.mjs": "text/javascript",
        "vendor/barlow-5.3.0/barlow-latin-500-normal.woff2": "font/woff2",
    }.items():
        answer = browser.get(f"/static/{path}")
        assert answer.mimetype == kind
        answer.close()
