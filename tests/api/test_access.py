"""Every route refuses who may not: the table is complete over the URL map, so a new route cannot be forgotten."""

from __future__ import annotations

import re

import pytest
from flask import Blueprint

from api import flask_app
from api.auth import cookie
from api.auth.access import access_of
from api.openapi import address, document, methods_of
from tests.api.conftest import Web

# What anybody may call without an account; every other route answers 401. Those marked * look at what they are asked.
OPEN = {
    "GET /browser": "",
    "GET /login": "",
    "GET /login/oidc": "",
    "GET /login/oidc/callback": "",
    "GET /report": "",
    "GET /progress": "",
    "POST /api/v1/progress": "",
    "POST /api/v1/progress/answers": "",
    "GET /static/{path}": "",
    "GET /healthz": "",
    "GET /readyz": "",
    "GET /metrics": "",
    "GET /api/v1/openapi.json": "",
    "POST /api/v1/session": "",
    "DELETE /api/v1/session": "",
    "GET /api/v1/me": "*",
    "GET /api/v1/report-form": "",
    "GET /api/v1/assets/{name}": "",
    "POST /api/v1/incidents": "*",
    "POST /api/v1/incidents/{incident_id}/photos": "*",
}
SAMPLES = {
    "incident_id": "01900000-0000-7000-8000-000000000000",
    "other_id": "01900000-0000-7000-8000-000000000001",
    "photo_id": "01900000-0000-7000-8000-000000000000",
    "flag_id": "01900000-0000-7000-8000-000000000000",
    "project_id": "01900000-0000-7000-8000-000000000000",
    "plan_id": "01900000-0000-7000-8000-000000000000",
    "part_id": "01900000-0000-7000-8000-000000000000",
    "username": "admin",
    "token_id": "1",
    "number": "1",
    "layer_id": "incident",
    "ref": "1",
    "path": "no-such-file",
    "z": "13",
    "x": "6845",
    "y": "3364",
    "code": "330499101",
}


def routes(web: Web) -> list[tuple[str, str, object]]:
    return [
        (method, address(rule), access_of(web.app.view_functions[rule.endpoint]))
        for rule in web.app.url_map.iter_rules()
        for method in methods_of(rule)
    ]


def filled(path: str) -> str:
    return re.sub(r"\{(\w+)\}", lambda found: SAMPLES[found[1]], path)


def test_every_closed_route_answers_401_without_login(shared_web):
    client = shared_web.app.test_client()
    wrong = {}
    for method, path, access in routes(shared_web):
        if not access.signed_in:
            continue
        answer = client.open(filled(path), method=method)
        page = not path.startswith(("/api/", "/tiles/"))
        fine = answer.status_code == 401 or (page and answer.status_code in {302, 303} and "/login" in answer.location)
        if not fine:
            wrong[f"{method} {path}"] = answer.status_code
    assert not wrong


def test_every_route_with_a_permission_answers_403_without_it(shared_web):
    """Accounts of every role: where none of a route's permissions is held, nothing but 403 comes back."""
    wrong, asked = {}, 0
    for username in ("command", "leader", "admin", "planner", "worker-a1", "squad", "market"):
        browser = shared_web.browser(username)
        held = set(browser.get("/api/v1/me").json["permissions"])
        for method, path, access in routes(shared_web):
            if not access.permissions or held & set(access.permissions):
                continue
            asked += 1
            answer = browser.call(method, filled(path))
            if answer.status_code != 403:
                wrong[f"{username}: {method} {path}"] = answer.status_code
    assert not wrong
    assert asked > 20


def test_every_write_with_a_cookie_answers_403_without_csrf_token(shared_web):
    browser = shared_web.browser("admin")
    browser.csrf = ""
    wrong = {}
    for method, path, access in routes(shared_web):
        if method == "GET" or not access.csrf:
            continue
        answer = browser.call(method, filled(path))
        if answer.status_code != 403:
            wrong[f"{method} {path}"] = answer.status_code
    assert not wrong


def test_list_of_open_routes_is_complete(shared_web):
    """An open route that is not in the table is a decision nobody took."""
    found = {f"{method} {path}" for method, path, access in routes(shared_web) if not access.signed_in}
    by_layer = {
        name for name in found if re.match(r"GET (/tiles/|/api/v1/(features|counts|layers|platforms|style))", name)
    }
    places = {"GET /api/v1/locate", "GET /api/v1/geocode", "GET /api/v1/areas", "GET /api/v1/areas/{code}"}
    assert found - by_layer - places == set(OPEN)


@pytest.mark.parametrize("layer_id", ["incident", "market-entity"])
@pytest.mark.parametrize(
    "path", ["/api/v1/features/{}", "/api/v1/counts/{}", "/tiles/{}/13/6845/3364.mvt", "/tiles/{}.json"]
)
def test_layers_that_are_not_public_answer_401_without_login(shared_web, layer_id, path):
    assert shared_web.app.test_client().get(path.format(layer_id)).status_code == 401


def test_view_that_says_nothing_keeps_the_program_from_starting(shared_web, monkeypatch):
    silent = Blueprint("silent", __name__)
    silent.add_url_rule("/silent", view_func=lambda: "x", endpoint="view")
    module = type("Module", (), {"blueprint": silent})
    monkeypatch.setattr(flask_app.routes, "modules", lambda: (module,))
    with pytest.raises(flask_app.UndeclaredAccess, match=r"silent\.view"):
        flask_app.make_app(shared_web.state)


def test_every_route_is_in_the_openapi_document(shared_web):
    told = shared_web.app.test_client().get("/api/v1/openapi.json").json
    assert told == document(shared_web.app) or told["paths"].keys() == document(shared_web.app)["paths"].keys()
    missing = {
        f"{method} {path}"
        for method, path, _ in routes(shared_web)
        if method.lower() not in told["paths"].get(path, {}) or not told["paths"][path][method.lower()]["summary"]
    }
    assert not missing
    assert "/api/v1/events" in told["paths"]


def test_every_reference_of_the_openapi_document_leads_somewhere(shared_web):
    import json

    told = document(shared_web.app)
    names = set(re.findall(r'"#/components/schemas/(\w+)"', json.dumps(told)))
    assert names <= told["components"]["schemas"].keys()
    identifiers = [operation["operationId"] for path in told["paths"].values() for operation in path.values()]
    assert len(identifiers) == len(set(identifiers))


def test_number_of_another_system_is_not_taken_from_the_public(shared_web):
    report = {"title": "路灯不亮", "channel": "public", "external_ref": "GD-1"}
    for browser in (shared_web.browser(), shared_web.browser("leader")):
        answer = browser.post("/api/v1/incidents", report)
        assert (answer.status_code, answer.json["code"]) == (422, "request.invalid")
        assert answer.json["detail"]["faults"] == [
            {"field": "external_ref", "code": "not_public", "message": "公众上报不能填这一项。"}
        ]


def test_number_of_another_case_is_told_with_the_case_only_to_who_may_see_it(shared_web):
    report = {"title": "路灯不亮", "channel": "hotline", "external_ref": "GD-2", "lon": 120.8990, "lat": 30.4190}
    first = shared_web.browser("command").post("/api/v1/incidents", report)
    assert first.status_code == 201, first.json
    details = {}
    for username in ("command", "worker-a1"):
        answer = shared_web.browser(username).post("/api/v1/incidents", {**report, "title": "又一件"})
        assert (answer.status_code, answer.json["code"]) == (409, "incident.external_ref_taken")
        details[username] = answer.json["detail"]
    assert details == {"command": {"case_no": first.json["case_no"]}, "worker-a1": {}}


def test_the_same_report_with_its_number_is_repeated_not_refused(shared_web):
    report = {
        "id": "01900000-0000-7000-8000-00000000aaaa", "title": "灯", "channel": "hotline", "external_ref": "GD-3",
    }  # fmt: skip
    command = shared_web.browser("command")
    assert [command.post("/api/v1/incidents", report).status_code for _ in range(2)] == [201, 200]


def test_only_who_had_a_session_hears_that_it_has_ended(shared_web):
    stranger = shared_web.app.test_client()
    gone = shared_web.app.test_client()
    gone.set_cookie(cookie.NAME, "ended")
    for path in ("/api/v1/incidents", "/api/v1/me"):
        told = [
            (answer.status_code, answer.json["code"], answer.json["message"])
            for answer in (stranger.get(path), gone.get(path))
        ]
        assert told == [(401, "session.required", "请先登录。"), (401, "session.ended", "登录已过期，再登录一次。")]
