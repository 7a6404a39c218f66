"""A small OpenID Connect provider on loopback, of Authlib and Flask: discovery, code with PKCE, id token, userinfo.

``lies`` are the claims in which the id token or the userinfo departs from the truth, as an attacker would have it.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from authlib.integrations.flask_oauth2 import AuthorizationServer
from authlib.oauth2.rfc6749 import grants
from authlib.oauth2.rfc7636 import CodeChallenge
from authlib.oidc.core.grants import OpenIDCode
from flask import Flask, Response, request
from joserfc.jwk import RSAKey
from werkzeug.serving import make_server

from tests.servers.threads import listening

CLIENT, SECRET = "insights", "the-client's-secret"
LOGIN, CALLBACK = "/accounts/oidc/", "/accounts/oidc/callback/"
PEOPLE: dict[str, dict[str, Any]] = {
    "Ada": {"sub": "1001", "email": "ada@example.com", "email_verified": True, "name": "Ada A.", "phone": "+4930123"},
    "Ben": {"sub": "1002", "email": "ben@example.com", "email_verified": True, "name": "Ben B."},
    "Eve": {"sub": "6666", "email": "eve@example.com", "email_verified": True, "given_name": "Eve"},
    "Fay": {"sub": "6665", "email": "fay@example.com", "email_verified": True},
    "Mallory": {"sub": "6667", "email": "ada@example.com", "email_verified": False},
    "Mallet": {"sub": "6668", "email": "ada@example.com", "email_verified": "false"},
    "Squatter": {"sub": "6669", "email": "eve@example.com", "email_verified": False},
}
PAGE = """<!doctype html><title>Acme ID</title><link rel="icon" href="data:,">
<form method="post">{}<button name="who" value="">Cancel</button></form>"""
BUTTON = '<button name="who" value="{0}">I am {0}</button>'


@dataclass
class Client:
    """The service under test, as the provider knows it: one address to lead back to."""

    redirect_uri: str = ""

    def get_client_id(self) -> str:
        return CLIENT

    def get_default_redirect_uri(self) -> str:
        return self.redirect_uri

    def get_allowed_scope(self, scope: str) -> str:
        return " ".join(word for word in scope.split() if word in ("openid", "profile", "email"))

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        return redirect_uri == self.redirect_uri

    def check_client_secret(self, secret: str) -> bool:
        return secret == SECRET

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        return method == "client_secret_basic"

    def check_response_type(self, response_type: str) -> bool:
        return response_type == "code"

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type == "authorization_code"


@dataclass(kw_only=True)
class Code:
    """What was granted, until it is fetched."""

    who: dict[str, Any]
    redirect_uri: str
    scope: str
    code_challenge: str
    code_challenge_method: str

    def get_redirect_uri(self) -> str:
        return self.redirect_uri

    def get_scope(self) -> str:
        return self.scope

    def get_nonce(self) -> None:
        return None

    def get_auth_time(self) -> int:
        return int(time.time())

    def get_acr(self) -> None:
        return None

    def get_amr(self) -> None:
        return None


@dataclass
class Provider:
    """The running provider, its people by name, and the lies that it tells."""

    url: str
    people: dict[str, dict[str, Any]]
    client: Client = field(default_factory=Client)
    codes: dict[str, Code] = field(default_factory=dict)
    tokens: dict[str, dict[str, Any]] = field(default_factory=dict)
    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "first", "alg": "RS256"}))
    signs_with: RSAKey | None = None
    algorithm: str = "RS256"
    id_lies: dict[str, Any] = field(default_factory=dict)
    userinfo_lies: dict[str, Any] = field(default_factory=dict)
    discovery_lies: dict[str, Any] = field(default_factory=dict)


def application(provider: Provider) -> Flask:
    """The provider's pages."""

    class Grant(grants.AuthorizationCodeGrant):
        TOKEN_ENDPOINT_AUTH_METHODS = ("client_secret_basic",)

        def save_authorization_code(self, code: str, request: Any) -> None:
            told = request.payload.data
            provider.codes[code] = Code(
                who=request.user,
                redirect_uri=request.payload.redirect_uri,
                scope=request.payload.scope,
                # Without them nothing is granted: this provider insists on PKCE.
                code_challenge=told["code_challenge"],
                code_challenge_method=told["code_challenge_method"],
            )

        def query_authorization_code(self, code: str, client: Client) -> Code | None:
            return provider.codes.get(code)

        def delete_authorization_code(self, code: Code) -> None:
            provider.codes = {name: kept for name, kept in provider.codes.items() if kept is not code}

        def authenticate_user(self, code: Code) -> dict[str, Any]:
            return code.who

    class IdToken(OpenIDCode):
        def exists_nonce(self, nonce: str, request: Any) -> bool:
            return False

        def resolve_client_private_key(self, client: Client) -> RSAKey:
            return provider.signs_with or provider.key

        def get_client_algorithm(self, client: Client) -> str:
            return provider.algorithm

        def get_encode_header(self, client: Client) -> dict[str, str]:
            return {"alg": provider.algorithm, "kid": "first"}

        def get_client_claims(self, client: Client) -> dict[str, Any]:
            return {"iss": provider.url}

        def generate_user_info(self, user: dict[str, Any], scope: str) -> dict[str, Any]:
            return {"sub": user["sub"], **provider.id_lies}

    app = Flask("provider")

    def keep(token: dict[str, Any], request: Any) -> None:
        provider.tokens[token["access_token"]] = request.user

    server = AuthorizationServer(app, lambda client_id: provider.client if client_id == CLIENT else None, keep)
    server.register_grant(Grant, [CodeChallenge(required=True), IdToken()])

    @app.get("/.well-known/openid-configuration")
    def discovery() -> dict[str, Any]:
        return {
            "issuer": provider.url,
            "authorization_endpoint": f"{provider.url}/authorize",
            "token_endpoint": f"{provider.url}/token",
            "userinfo_endpoint": f"{provider.url}/userinfo",
            "jwks_uri": f"{provider.url}/keys",
            "token_endpoint_auth_methods_supported": ["client_secret_basic"],
            **provider.discovery_lies,
        }

    @app.get("/keys")
    def keys() -> dict[str, Any]:
        return {"keys": [provider.key.as_dict(private=False)]}

    @app.get("/authorize")
    def ask() -> str:
        server.get_consent_grant()
        return PAGE.format("".join(BUTTON.format(name) for name in provider.people))

    @app.post("/authorize")
    def grant() -> Response:
        found = server.get_consent_grant()
        return server.create_authorization_response(grant=found, grant_user=provider.people.get(request.form["who"]))

    @app.post("/token")
    def token() -> Response:
        return server.create_token_response()

    @app.get("/userinfo")
    def userinfo() -> Response:
        who = provider.tokens.get(request.headers.get("Authorization", "").removeprefix("Bearer "))
        if who is None:
            return Response(status=401)
        return Response(json.dumps({**who, **provider.userinfo_lies}), mimetype="application/json")

    return app


@contextmanager
def running(people: dict[str, dict[str, Any]]) -> Iterator[Provider]:
    """A provider that knows ``people``, until it is not needed any more."""
    provider = Provider(url="", people=people)
    server = make_server("localhost", 0, application(provider), threaded=True)
    provider.url = f"http://localhost:{server.server_port}"
    with listening(server):
        yield provider


def configure(settings: Any, issuer: str) -> None:
    """The settings that the variables of the environment lead to."""
    app = settings.SOCIALACCOUNT_PROVIDERS["openid_connect"]["APPS"]
    settings.OIDC_ISSUER, settings.OIDC_NAME = issuer, "Acme ID"
    known = {"server_url": issuer, "oauth_pkce_enabled": True, "uid_field": "key"}
    settings.SOCIALACCOUNT_PROVIDERS = {
        "openid_connect": {
            "APPS": [
                {"provider_id": "oidc", "name": "Acme ID", "client_id": CLIENT, "secret": SECRET, "settings": known}
            ]
        }
    }
    assert app == []
