"""Signing in: sessions, lockout, CSRF, tokens, passwords, and what ends them."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from api.auth.rate import Rate, Rates
from api.stream import caller_scope
from data.errors import Forbidden, TooMany
from data.scope import Scope
from tests.api.conftest import Browser, Web, open_web
from tests.small_town import PASSWORD


def as_system(web: Web, statement: str, **values):
    with web.state.database.transaction(Scope.system(web.state.public_town(None))) as session:
        return session.execute(text(statement), values)


def attempt(web: Web, username: str, password: str):
    return web.app.test_client().post("/api/v1/session", json={"username": username, "password": password})


def test_signing_in_tells_who_it_is_and_sets_a_closed_cookie(web):
    answer = attempt(web, "command", PASSWORD)
    assert answer.status_code == 200
    assert answer.json["user"]["username"] == "command"
    assert "accept" in answer.json["user"]["permissions"]
    assert answer.json["user"]["town"]["code"] == "330499101"
    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert answer.headers["Cache-Control"] == "no-store"
    me = web.browser("command").get("/api/v1/me").json
    assert me["roles"] == [{"code": "command_room", "name": "command_room", "name_en": "command_room"}]


def test_stored_session_does_not_hold_the_token(databases, web):
    client = web.app.test_client()
    client.post("/api/v1/session", json={"username": "command", "password": PASSWORD})
    token = client.get_cookie("onegrid_session").value
    import psycopg2

    with psycopg2.connect(databases.owner_dsn) as connection, connection.cursor() as cursor:
        cursor.execute("select token_hash, encode(token_hash, 'escape') from user_session")
        stored = cursor.fetchall()
    connection.close()
    assert all(token.encode() not in bytes(row[0]) and token not in row[1] for row in stored)


@pytest.mark.parametrize(
    ("username", "password"),
    [("command", "wrong"), ("nobody", PASSWORD), ("' or 1=1 --", "x"), ("命令", "x"), ("command", PASSWORD + " ")],
)
def test_wrong_name_and_wrong_password_answer_the_same(web, username, password):
    answer = attempt(web, username, password)
    assert (answer.status_code, answer.json["code"]) == (401, "session.wrong")


def test_unknown_user_costs_a_password_check(web, monkeypatch):
    from layers.people import password

    checked = []
    real = password._HASHER
    monkeypatch.setattr(
        password,
        "_HASHER",
        type(
            "Spy",
            (),
            {
                "verify": lambda self, stored, given: checked.append(stored) or real.verify(stored, given),
                "hash": lambda self, given: real.hash(given),
            },
        )(),
    )
    attempt(web, "nobody", "x")
    assert len(checked) == 1


def test_five_failures_lock_for_fifteen_minutes(web):
    for _ in range(5):
        assert attempt(web, "command", "wrong").status_code == 401
    locked = attempt(web, "command", PASSWORD)
    assert (locked.status_code, locked.json["code"]) == (423, "session.locked")
    assert locked.json["detail"]["until"]
    as_system(web, "update app_user set locked_until = now() - interval '1 second' where username = 'command'")
    assert attempt(web, "command", "wrong").status_code == 401  # a new count, not locked at once
    assert attempt(web, "command", PASSWORD).status_code == 200


def test_success_forgets_earlier_failures(web):
    for _ in range(4):
        attempt(web, "command", "wrong")
    assert attempt(web, "command", PASSWORD).status_code == 200
    for _ in range(4):
        attempt(web, "command", "wrong")
    assert attempt(web, "command", PASSWORD).status_code == 200


def test_signing_out_ends_the_session(web):
    browser = web.browser("command")
    stolen = browser.client.get_cookie("onegrid_session").value
    assert browser.call("DELETE", "/api/v1/session").status_code == 204
    thief = web.app.test_client()
    thief.set_cookie("onegrid_session", stolen)
    assert thief.get("/api/v1/incidents").status_code == 401


@pytest.mark.parametrize("token", ["", "wrong", "é"])
def test_writes_with_a_cookie_need_the_csrf_token(web, token):
    browser = web.browser("command")
    browser.csrf = token
    answer = browser.post("/api/v1/incidents", {"title": "x", "channel": "app"})
    assert (answer.status_code, answer.json["code"]) == (403, "session.csrf")
    assert browser.get("/api/v1/incidents").status_code == 200


def test_csrf_token_of_another_session_does_not_fit(web):
    one, other = web.browser("command"), web.browser("command")
    one.csrf = other.csrf
    assert one.post("/api/v1/incidents", {"title": "x", "channel": "app"}).status_code == 403


def test_disabling_ends_sessions_and_tokens_at_once(web):
    admin, worker = web.browser("admin"), web.browser("worker-a1")
    made = admin.post("/api/v1/tokens", {"username": "worker-a1", "name": "phone"}).json
    bearer = {"Authorization": f"Bearer {made['token']}"}
    client = web.app.test_client()
    assert client.get("/api/v1/incidents", headers=bearer).status_code == 200
    assert admin.post("/api/v1/users/worker-a1/disable").status_code == 200
    assert worker.get("/api/v1/incidents").status_code == 401
    assert client.get("/api/v1/incidents", headers=bearer).status_code == 401
    assert attempt(web, "worker-a1", PASSWORD).status_code == 401
    admin.post("/api/v1/users/worker-a1/enable")
    assert attempt(web, "worker-a1", PASSWORD).status_code == 200


def test_changed_roles_end_the_session(web):
    worker = web.browser("worker-a1")
    assert worker.get("/api/v1/incidents").status_code == 200
    one = "(select user_id from app_user where username = 'worker-a1')"
    as_system(web, f"update user_role set valid_to = now() where user_id = {one}")
    assert worker.get("/api/v1/incidents").status_code == 401
    back = web.browser("worker-a1")
    assert back.get("/api/v1/me").json["permissions"] == []
    assert back.get("/api/v1/incidents").status_code == 403


def test_token_is_limited_to_its_scopes(web):
    admin = web.browser("admin")
    made = admin.post("/api/v1/tokens", {"username": "command", "name": "feed", "scopes": ["report"], "days": 1}).json
    bearer, client = {"Authorization": f"Bearer {made['token']}"}, web.app.test_client()
    report = {"title": "x", "channel": "feed"}
    assert client.post("/api/v1/incidents", json=report, headers=bearer).status_code == 201  # no CSRF: no cookie
    assert client.get("/api/v1/incidents", headers=bearer).status_code == 403
    one = client.post("/api/v1/incidents", json=report, headers=bearer).json["id"]
    assert client.get(f"/api/v1/incidents/{one}", headers=bearer).status_code == 403
    with pytest.raises(Forbidden):
        caller_scope(web.state, {"authorization": bearer["Authorization"]}, {})
    assert admin.call("DELETE", f"/api/v1/tokens/{made['id']}").status_code == 200
    revoked = client.post("/api/v1/incidents", json=report, headers=bearer)
    assert (revoked.status_code, revoked.json["code"]) == (401, "token.invalid")


@pytest.mark.parametrize("header", ["Bearer wrong", "Bearer", "Basic YTpi", "x"])
def test_bad_authorization_is_refused_even_where_the_public_may_go(web, header):
    answer = web.app.test_client().get("/api/v1/me?public=1", headers={"Authorization": header})
    assert answer.status_code == 401


def test_initial_password_must_be_changed_before_anything_else(web):
    admin = web.browser("admin")
    new = {"username": "newcomer", "name": "新人", "role": "leader"}
    initial = admin.post("/api/v1/users", {"users": [new]}).json["users"][0]["password"]
    person = Browser(web.app.test_client()).sign_in("newcomer", initial)
    assert person.get("/api/v1/me").json["must_change_password"] is True
    assert person.get("/api/v1/incidents").json["code"] == "password.must_change"
    kept = person.client.get_cookie("onegrid_session").value
    with pytest.raises(Forbidden):
        caller_scope(web.state, {"cookie": f"onegrid_session={kept}"}, {})
    weak = person.post("/api/v1/me/password", {"old": initial, "new": "short"})
    assert (weak.status_code, weak.json["detail"]["reason"]) == (422, "too_short")
    wrong = person.post("/api/v1/me/password", {"old": "guess", "new": "a much longer sentence"})
    assert (wrong.status_code, wrong.json["code"]) == (403, "password.wrong")
    done = person.post("/api/v1/me/password", {"old": initial, "new": "a much longer sentence"})
    assert done.status_code == 200
    assert person.get("/api/v1/incidents").status_code == 200  # the new cookie is at work


def test_new_password_ends_the_other_sessions(web):
    one, other = web.browser("leader"), web.browser("leader")
    done = one.post("/api/v1/me/password", {"old": PASSWORD, "new": "a much longer sentence"})
    assert done.status_code == 200, done.json
    assert other.get("/api/v1/incidents").status_code == 401
    assert one.get("/api/v1/incidents").status_code == 200


def test_sign_in_is_limited_by_address(databases, tmp_path):
    ticking = iter(range(1000))
    web = open_web(databases, tmp_path, Rates(clock=lambda: next(ticking) * 0.001))
    answers = [attempt(web, "nobody", "x").status_code for _ in range(32)]
    assert answers[:30] == [401] * 30
    assert answers[31] == 429
    web.state.close()


def test_rate_lets_the_burst_pass_then_the_rate():
    moment = [0.0]
    rates = Rates(clock=lambda: moment[0])
    for _ in range(3):
        rates.take("x", "me", Rate(per_min=60, burst=3))
    with pytest.raises(TooMany) as refused:
        rates.take("x", "me", Rate(per_min=60, burst=3))
    assert refused.value.detail["retry_after_s"] >= 1
    rates.take("x", "other", Rate(per_min=60, burst=3))
    moment[0] = 1.1
    rates.take("x", "me", Rate(per_min=60, burst=3))


def test_language_of_a_message_follows_the_request(web):
    client = web.app.test_client()
    chinese = client.get("/api/v1/incidents").json["message"]
    english = client.get("/api/v1/incidents?lang=en").json["message"]
    assert any("\u4e00" <= character <= "\u9fff" for character in chinese)
    assert english.isascii()
    client.set_cookie("lang", "en")
    assert client.get("/api/v1/incidents").json["message"] == english
