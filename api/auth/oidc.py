"""Signing in through the organisation's own identity provider (OpenID Connect, authorization code with PKCE)."""

from __future__ import annotations

import base64
import hashlib
import secrets
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import httpx
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from data.errors import Unauthenticated, Unavailable

TIMEOUT_S = 10.0
ALGORITHMS = ["RS256", "RS384", "RS512", "ES256", "ES384", "PS256", "EdDSA"]


@dataclass(frozen=True)
class Begun:
    """A sign-in under way: where the browser goes, and what must come back with it."""

    url: str
    state: str
    verifier: str
    nonce: str


@dataclass(frozen=True)
class Identity:
    """Who the provider says it is; ``username`` is None when it names none."""

    subject: str
    username: str | None


class Provider:
    """One identity provider.

    Parameters
    ----------
    transport
        Another transport than the network, for tests.
    """

    def __init__(
        self, issuer: str, client_id: str, client_secret: str, transport: httpx.BaseTransport | None = None
    ) -> None:
        self._issuer = issuer.rstrip("/")
        self._client_id, self._client_secret = client_id, client_secret
        self._transport = transport
        self._known: dict[str, Any] | None = None

    def begin(self, redirect_uri: str) -> Begun:
        """Where to send the browser, with a state, a nonce and a PKCE verifier of this one sign-in.

        Raises
        ------
        Unavailable
            ``oidc.unreachable``: the provider does not answer.
        """
        state, verifier, nonce = (secrets.token_urlsafe(size) for size in (24, 48, 24))
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
        asked = {
            "response_type": "code",
            "client_id": self._client_id,
            "redirect_uri": redirect_uri,
            "scope": "openid profile",
            "state": state,
            "nonce": nonce,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        endpoint = self._metadata()["authorization_endpoint"]
        joint = "&" if "?" in endpoint else "?"
        return Begun(f"{endpoint}{joint}{urlencode(asked)}", state, verifier, nonce)

    def finish(self, begun: Begun, redirect_uri: str, code: str) -> Identity:
        """Who signed in, from the code the browser brought back. Signature, issuer, audience, times and nonce are checked.

        Raises
        ------
        Unauthenticated
            ``oidc.refused``: the code or the token does not hold.
        Unavailable
            ``oidc.unreachable``.
        """
        given = {
            "grant_type": "authorization_code",
            "code": code,
            "code_verifier": begun.verifier,
            "redirect_uri": redirect_uri,
        }
        metadata = self._metadata()
        try:
            with self._client() as client:
                token = client.post(
                    metadata["token_endpoint"], data=given, auth=(self._client_id, self._client_secret)
                ).raise_for_status()
                keys = KeySet.import_key_set(client.get(metadata["jwks_uri"]).raise_for_status().json())
            claims = jwt.decode(token.json()["id_token"], keys, algorithms=ALGORITHMS).claims
            self._registry(begun.nonce).validate(claims)
        except httpx.HTTPStatusError as fault:
            raise Unauthenticated("oidc.refused", "the identity provider did not take the code") from fault
        except httpx.HTTPError as fault:
            raise Unavailable("oidc.unreachable", "the identity provider does not answer") from fault
        except (JoseError, KeyError, ValueError, TypeError) as fault:
            raise Unauthenticated("oidc.refused", "the identity provider's answer does not hold") from fault
        username = claims.get("preferred_username")
        return Identity(str(claims["sub"]), username if isinstance(username, str) else None)

    def _registry(self, nonce: str) -> jwt.JWTClaimsRegistry:
        return jwt.JWTClaimsRegistry(
            leeway=60,
            iss={"essential": True, "value": self._metadata()["issuer"]},
            aud={"essential": True, "value": self._client_id},
            sub={"essential": True},
            exp={"essential": True},
            nonce={"essential": True, "value": nonce},
        )

    def _metadata(self) -> dict[str, Any]:
        if self._known is None:
            address = f"{self._issuer}/.well-known/openid-configuration"
            try:
                with self._client() as client:
                    found: dict[str, Any] = client.get(address).raise_for_status().json()
                if found["issuer"].rstrip("/") != self._issuer:
                    raise Unavailable("oidc.unreachable", "the identity provider says it is another issuer")
                self._known = found
            except (httpx.HTTPError, ValueError, KeyError) as fault:
                raise Unavailable("oidc.unreachable", "the identity provider does not answer") from fault
        return self._known

    def _client(self) -> httpx.Client:
        return httpx.Client(timeout=TIMEOUT_S, transport=self._transport)
