"""Signing in through an identity provider, played by a small one in this file: real keys, real tokens, no network."""

from __future__ import annotations

import base64
import hashlib
import time
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import RSAKey

from api.auth.oidc import Provider
from tests.api.conftest import Web

ISSUER = "https://id.example"


@dataclass
class Identities:
    """An identity provider that lets everybody in as ``claims`` say; ``spoil`` changes what it answers."""

    claims: dict[str, object] = field(default_factory=lambda: {"sub": "s-1", "preferred_username": "command"})
    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "k"}))
    signing: RSAKey | None = None
    spoil: dict[str, object] = field(default_factory=dict)
    issuer: str = ISSUER
    asked: dict[str, str] = field(default_factory=dict)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.url.path == "/.well-known/openid-configuration":
            ends = {"authorization_endpoint": "/go", "token_endpoint": "/token", "jwks_uri": "/keys"}
            return httpx.Response(200, json={"issuer": self.issuer, **{k: ISSUER + v for k, v in ends.items()}})
        if request.url.path == "/keys":
            return httpx.Response(200, json={"keys": [self.key.as_dict(private=False)]})
        given = parse_qs(request.content.decode())
        verifier = given["code_verifier"][0]
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
        if given["code"] != ["good"] or challenge != self.asked["code_challenge"]:
            return httpx.Response(400, json={"error": "invalid_grant"})
        now = int(time.time())
        claims = {"iss": ISSUER, "aud": "onegrid", "iat": now, "exp": now + 60, "nonce": self.asked["nonce"]}
        claims |= {**self.claims, **self.spoil}
        return httpx.Response(
            200, json={"id_token": jwt.encode({"alg": "RS256", "kid": "k"}, claims, self.signing or self.key)}
        )


@pytest.fixture
def identities(web: Web) -> Identities:
    """The provider of this installation."""
    played = Identities()
    web.state.provider = Provider(ISSUER, "onegrid", "secret", httpx.MockTransport(played))
    return played


def sign_in(web: Web, identities: Identities, code: str = "good", state: str | None = None, following: str = "/report"):
    client = web.app.test_client()
    sent = client.get("/login/oidc", query_string={"next": following})
    assert sent.status_code == 302, sent.text
    identities.asked = {name: values[0] for name, values in parse_qs(urlsplit(sent.location).query).items()}
    back = client.get("/login/oidc/callback", query_string={"code": code, "state": state or identities.asked["state"]})
    return client, back


def test_person_of_the_provider_is_let_in_as_its_account(web, identities):
    client, back = sign_in(web, identities)
    assert (back.status_code, back.location) == (302, "/report")
    assert client.get("/api/v1/me").json["username"] == "command"


def test_account_is_tied_to_the_person_at_the_first_time(web, identities):
    sign_in(web, identities)
    identities.claims = {"sub": "s-1", "preferred_username": "renamed"}
    client, _ = sign_in(web, identities)
    assert client.get("/api/v1/me").json["username"] == "command"
    identities.claims = {"sub": "s-2", "preferred_username": "command"}
    _, back = sign_in(web, identities)
    assert (back.status_code, back.json["code"]) == (401, "oidc.no_account")


@pytest.mark.parametrize(
    "claims", [{"sub": "s-9", "preferred_username": "nobody"}, {"sub": "s-9"}, {"sub": "s-9", "preferred_username": 7}]
)
def test_person_without_an_account_is_refused(web, identities, claims):
    identities.claims = claims
    _, back = sign_in(web, identities)
    assert (back.status_code, back.json["code"]) == (401, "oidc.no_account")


def test_disabled_account_is_refused(web, identities):
    web.browser("admin").post("/api/v1/users/command/disable")
    _, back = sign_in(web, identities)
    assert back.json["code"] == "oidc.no_account"


@pytest.mark.parametrize(
    "spoil",
    [{"nonce": "other"}, {"aud": "other"}, {"iss": "https://evil.example"}, {"exp": 1}, {"sub": None}],
    ids=["nonce", "audience", "issuer", "expired", "no subject"],
)
def test_token_that_does_not_hold_is_refused(web, identities, spoil):
    identities.spoil = spoil
    client, back = sign_in(web, identities)
    assert (back.status_code, back.json["code"]) == (401, "oidc.refused")
    assert client.get("/api/v1/me").status_code == 401


def test_token_signed_by_somebody_else_is_refused(web, identities):
    identities.signing = RSAKey.generate_key(2048, {"kid": "k"})
    _, back = sign_in(web, identities)
    assert back.json["code"] == "oidc.refused"


def test_wrong_code_and_wrong_state_are_refused(web, identities):
    assert sign_in(web, identities, code="bad")[1].json["code"] == "oidc.refused"
    assert sign_in(web, identities, state="forged")[1].json["code"] == "oidc.refused"
    unbegun = web.app.test_client().get("/login/oidc/callback?code=good&state=x")
    assert unbegun.json["code"] == "oidc.refused"


@pytest.mark.parametrize(
    "following", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)", ""]
)
def test_nobody_is_sent_to_another_site(web, identities, following):
    assert sign_in(web, identities, following=following)[1].location == "/"


def test_provider_that_does_not_answer_is_told_so(web):
    def silent(request):
        raise httpx.ConnectError("no route")

    web.state.provider = Provider(ISSUER, "onegrid", "secret", httpx.MockTransport(silent))
    answer = web.app.test_client().get("/login/oidc")
    assert (answer.status_code, answer.json["code"]) == (503, "oidc.unreachable")


def test_without_a_provider_the_address_does_not_exist(web):
    assert web.app.test_client().get("/login/oidc").json["code"] == "oidc.none"


def test_login_page_offers_the_provider_only_where_there_is_one(web):
    import dataclasses

    client = web.app.test_client()
    assert "/login/oidc" not in client.get("/login").text
    web.state.settings = dataclasses.replace(web.state.settings, oidc_issuer=ISSUER, oidc_client_id="onegrid")
    assert 'href="/login/oidc?next=' in client.get("/login").text
