"""What every answer has: one shape for errors, headers, compression, a request id; and the state of the process."""

from __future__ import annotations

import ast
import gzip
import re
from pathlib import Path

import pytest

from api import errors
from data import errors as kinds
from data import session
from tests.api.conftest import Web, open_web
from webmap import i18n

ROOT = Path(__file__).parents[2]
SHAPE = {"code", "message", "detail", "request_id"}


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/api/v1/nothing", 404, "page.not_found"),
        ("PUT", "/api/v1/incidents", 405, "request.method"),
        ("GET", "/api/v1/incidents", 401, "session.required"),
        ("GET", "/tiles/nothing.json", 404, "layer.unknown"),
        ("GET", "/api/v1/\x00", 422, "request.bad"),
    ],
)
def test_errors_have_the_one_shape(shared_web, method, path, status, code):
    answer = shared_web.app.test_client().open(path, method=method)
    assert (answer.status_code, answer.json["code"]) == (status, code)
    assert answer.json.keys() == SHAPE
    assert answer.json["request_id"] == answer.headers["X-Request-ID"]
    assert answer.headers["Cache-Control"] == "no-store"


def test_unexpected_error_tells_nothing_of_its_cause(web, monkeypatch, caplog):
    def fail(*args, **more):
        raise RuntimeError("secret detail")

    command = web.browser("command")
    monkeypatch.setattr("layers.incident.reading.page", fail)
    answer = command.get("/api/v1/incidents")
    assert (answer.status_code, answer.json["code"]) == (500, "server.failed")
    assert "secret" not in answer.text
    assert "Traceback" not in answer.text
    assert answer.json["request_id"] in caplog.text
    assert "secret detail" in caplog.text


def test_every_class_of_error_has_a_status():
    classes = [kind for kind in vars(kinds).values() if isinstance(kind, type) and issubclass(kind, kinds.OneGridError)]
    told = {kind.__name__: errors.status_of(kind("a.b", "c")) for kind in classes}
    assert told == {
        "OneGridError": 400,
        "Unauthenticated": 401,
        "Forbidden": 403,
        "NotFound": 404,
        "Conflict": 409,
        "TooLarge": 413,
        "Invalid": 422,
        "TooMany": 429,
        "Unavailable": 503,
    }


CODE = re.compile(r"[a-z_]+\.[a-z_]+")
# What only the command line runs.
COMMANDS = ("api/cli", "api/runtime", "layers/exchange", "data/packs")


def raised_codes() -> set[str]:
    """Every code that an error is made with, in whatever a request may run; and those the database's errors get."""
    kinds_of_error = {name for name, kind in vars(kinds).items() if isinstance(kind, type)}
    found = {code for _, code in session._BY_STATE.values()} | {*errors.HTTP_CODES.values(), "request.refused"}
    for path in (path for folder in ("api", "layers", "data") for path in (ROOT / folder).rglob("*.py")):
        if path.relative_to(ROOT).as_posix().startswith(COMMANDS):
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or not node.args or not isinstance(node.args[0], ast.Constant):
                continue
            callee = ast.unparse(node.func).rpartition(".")[2]
            is_error = callee in kinds_of_error or callee in ("__init__", "Locked") or callee.endswith("Error")
            if is_error and CODE.fullmatch(str(node.args[0].value)):
                found.add(node.args[0].value)
    return found


@pytest.mark.parametrize("language", i18n.LANGUAGES)
def test_every_code_has_words_for_people(language):
    catalogue = i18n.catalogue(language)
    assert {"area.not_found", "area.partition_broken", "incident.not_found", "tile.outside"} <= raised_codes()
    assert {code for code in raised_codes() if f"error.{code}" not in catalogue} == set()


def test_answers_carry_security_headers(shared_web):
    answer = shared_web.app.test_client().get("/api/v1/me?public=1")
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert "Server" not in answer.headers


@pytest.mark.parametrize("given", ["abcdefgh-123", "x" * 65, "a b", "<script>"])
def test_request_id_of_the_caller_is_kept_when_it_is_harmless(shared_web, given):
    told = shared_web.app.test_client().get("/healthz", headers={"X-Request-ID": given}).headers["X-Request-ID"]
    assert (told == given) == (given == "abcdefgh-123")


def test_long_answers_are_compressed_for_who_takes_it(shared_web):
    client = shared_web.app.test_client()
    plain = client.get("/api/v1/openapi.json")
    packed = client.get("/api/v1/openapi.json", headers={"Accept-Encoding": "gzip"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.data) == plain.data
    assert int(packed.headers["Content-Length"]) == len(packed.data) < len(plain.data) / 3
    assert "Content-Encoding" not in client.get("/healthz", headers={"Accept-Encoding": "gzip"}).headers


def test_process_lives_and_is_ready(shared_web):
    client = shared_web.app.test_client()
    assert client.get("/healthz").json == {"status": "ok"}
    ready = client.get("/readyz")
    assert ready.status_code == 200
    assert all(check["ok"] for check in ready.json["checks"].values())
    metrics = client.get("/metrics")
    assert 'route="/readyz"' in metrics.text


def test_process_is_not_ready_without_a_town(empty_databases, tmp_path):
    web = open_web(empty_databases, tmp_path)
    answer = web.app.test_client().get("/readyz")
    assert (answer.status_code, answer.json["checks"]["town"]["ok"]) == (503, False)
    assert answer.json["checks"]["migrations"]["ok"]
    # and what needs a town says so
    assert web.app.test_client().get("/api/v1/me?public=1").json["code"] == "town.none"
    report = {"title": "x", "channel": "public"}
    assert web.app.test_client().post("/api/v1/incidents", json=report).json["code"] == "town.none"
    web.state.close()


def unreachable(web: Web, tmp_path: Path) -> Web:
    from api.flask_app import make_app
    from api.runtime.settings import Settings
    from api.state import State

    settings = Settings(database_url="postgresql://nobody@127.0.0.1:1/none", data_dir=tmp_path, secret="s" * 40)
    state = State.of(settings)
    return Web(make_app(state), state)


def test_process_says_so_when_the_database_is_gone(shared_web, tmp_path):
    web = unreachable(shared_web, tmp_path)
    client = web.app.test_client()
    assert client.get("/healthz").status_code == 200
    ready = client.get("/readyz")
    assert (ready.status_code, ready.json["checks"]["database"]["ok"]) == (503, False)
    answer = client.get("/api/v1/me?public=1")
    assert (answer.status_code, answer.json["code"]) == (503, "database.unreachable")
    assert answer.headers["Retry-After"] == "2"
    assert "127.0.0.1" not in answer.text
    web.state.close()
