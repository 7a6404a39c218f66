"""Signing in through the operator's OpenID Connect provider: what of its word is believed.

allauth goes the way (authorization code with PKCE); here are the checks of OpenID Connect Core 1.0 that it leaves out
where the token came directly from the provider, and how a person there becomes one here.
"""

from __future__ import annotations

import logging
from functools import partial
from hashlib import sha256
from typing import Any, NoReturn
from urllib.parse import urlencode

import requests
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.helpers import render_authentication_error
from allauth.socialaccount.internal import jwtkit
from allauth.socialaccount.models import SocialApp, SocialLogin, SocialToken
from allauth.socialaccount.providers.base import AuthProcess, Provider
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView, OAuth2LoginView
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render

from apps.core.errors import InOwnWords
from apps.organizations.models import User
from apps.organizations.sign_in import is_confirmed, make_account, may_sign_up

log = logging.getLogger(__name__)
KEPT = ("sub", "email", "email_verified", "name", "given_name", "family_name")
"""The claims that are looked at. Whatever else a provider tells of people is not kept."""
_ASKED = ("next", "process")
_FORBIDDEN = 403


class Mistrusted(OAuth2Error, InOwnWords):  # type: ignore[misc]
    """What is wrong with an answer of the provider."""


class OpenID(DefaultSocialAccountAdapter):  # type: ignore[misc]  # allauth has no types
    """Who of the provider's people gets in here."""

    def is_open_for_signup(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        return settings.OIDC_SIGN_UP or may_sign_up(request)

    def save_user(self, request: HttpRequest, sociallogin: SocialLogin, form: Any = None) -> User:
        """Make the account, without an address that is another account's: its owner was asked for one of their own."""
        told = sociallogin.email_addresses
        sociallogin.email_addresses = [each for each in told if not User.objects.filter(email__iexact=each.email)]
        save = partial(super().save_user, request, sociallogin, form)
        made: User = save() if settings.OIDC_SIGN_UP else make_account(request, save)
        return made

    def authenticate_by_email(self, sociallogin: SocialLogin) -> tuple[User, str] | None:
        """The account of a confirmed address, where both the provider and we know that it is theirs.

        Whoever claimed an address here without confirming it may have connected accounts of their own.
        """
        found: tuple[User, str] | None = super().authenticate_by_email(sociallogin)
        return found if found and is_confirmed(*found) else None

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        """Tell those who cannot get in by their address why, and what to do."""
        connects = sociallogin.state.get("process") == AuthProcess.CONNECT
        if connects or sociallogin.is_existing or not settings.SOCIALACCOUNT_EMAIL_AUTHENTICATION:
            return
        claimed = super().authenticate_by_email(sociallogin)
        if claimed:
            context = {"email": claimed[1], "sends_mail": settings.SENDS_MAIL}
            _turn_away(request, "socialaccount/address_claimed.html", context)
        confirmed = any(each.verified for each in sociallogin.email_addresses)
        if not confirmed and self.is_open_for_signup(request, sociallogin):
            # It would keep whoever has the address from getting in.
            _turn_away(request, "socialaccount/address_unconfirmed.html", {"provider": settings.OIDC_NAME})

    def on_authentication_error(self, request: HttpRequest, provider: Provider, **details: Any) -> None:
        log.warning("Signing in through the provider failed: %s", details.get("exception") or details.get("error"))


def _turn_away(request: HttpRequest, template: str, context: dict[str, Any]) -> NoReturn:
    raise ImmediateHttpResponse(render(request, template, context, status=_FORBIDDEN))


class CheckedOpenID(OpenIDConnectOAuth2Adapter):  # type: ignore[misc]
    """The way to the provider, with its answers checked."""

    @property
    def openid_config(self) -> dict[str, Any]:
        config: dict[str, Any] = super().openid_config
        if str(config["issuer"]).rstrip("/") != settings.OIDC_ISSUER:
            raise Mistrusted("the provider says that it is another issuer")
        return config

    def complete_login(self, request: HttpRequest, app: SocialApp, token: SocialToken, **kwargs: Any) -> SocialLogin:
        """The person that the provider tells of, by the id token and, about the same person, the userinfo."""
        claims = self._id_claims(app, kwargs["response"].get("id_token", ""))
        told = self._fetch_user_info(token.token) if "userinfo_endpoint" in self.openid_config else {}
        if told and told.get("sub") != claims["sub"]:
            raise Mistrusted("the userinfo is about somebody else than the id token")
        kept: dict[str, Any] = {name: value for name, value in (claims | told).items() if name in KEPT}
        # Some write their truths as text, in which "false" is true.
        kept["email_verified"] = str(kept.get("email_verified")).lower() == "true"
        # Another provider's people may have the same ids.
        kept["key"] = sha256(f"{settings.OIDC_ISSUER} {claims['sub']}".encode()).hexdigest()
        return self.get_provider().sociallogin_from_response(request, kept)

    def _id_claims(self, app: SocialApp, id_token: str) -> dict[str, Any]:
        try:
            claims: dict[str, Any] = jwtkit.verify_and_decode(
                credential=id_token,
                keys_url=self.openid_config["jwks_uri"],
                issuer=self.openid_config["issuer"],
                audience=app.client_id,
                lookup_kid=jwtkit.lookup_kid_jwk,
            )
        except (jwtkit.jwt.PyJWTError, KeyError, TypeError, ValueError) as error:
            raise Mistrusted("the id token cannot be read") from error
        if not claims.get("sub"):
            raise Mistrusted("the id token names nobody")
        return claims


def login(request: HttpRequest, provider_id: str) -> HttpResponse:
    """Lead to the provider, by a page of ours: the pages' policy lets no form go to another host, nor be redirected."""
    # Not what else a link may carry: allauth would hand it on to the provider.
    wanted = {name: request.GET.get(name, "") for name in _ASKED if name in request.GET}
    request.GET = QueryDict(urlencode(wanted))
    answer = _go(request, provider_id, OAuth2LoginView)
    if isinstance(answer, HttpResponseRedirect):
        return render(request, "socialaccount/leave.html", {"address": answer.url, "provider": settings.OIDC_NAME})
    return answer


def callback(request: HttpRequest, provider_id: str) -> HttpResponse:
    """Where the provider leads back to."""
    return _go(request, provider_id, OAuth2CallbackView)


def _go(request: HttpRequest, provider_id: str, view: Any) -> HttpResponse:
    if not settings.OIDC_ISSUER:
        raise Http404
    way = CheckedOpenID(request, provider_id)
    try:
        answer: HttpResponse = view.adapter_view(way)(request)
    except (OAuth2Error, requests.RequestException, KeyError, ValueError) as error:
        answer = render_authentication_error(request, way.get_provider(), exception=error)
    return answer
