"""Signing in and up: who may make an account, whose address is believed, where people are led, what they are told."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, ClassVar
from urllib.parse import urlsplit

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.models import EmailAddress
from allauth.core.exceptions import ImmediateHttpResponse
from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import ValidationError
from django.core.mail import EmailMessage
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_lazy as _

from apps.core.callers import hashed_address
from apps.core.hashing import keyed_hash64
from apps.core.limits import Limit
from apps.organizations.holding import held
from apps.organizations.inviting import Gone, expect
from apps.organizations.models import User
from apps.organizations.posting import InBackground

FROM_ANYWHERE = Limit(name="wrong-passwords", most=100, seconds=3_600)
"""Wrong passwords for one account from all networks together: fewer could be somebody keeping its owner out."""


def may_sign_up(request: HttpRequest) -> bool:
    """Whether the page on which people make an account is open to who asks: ``REGISTRATION`` decides."""
    if settings.REGISTRATION == "invite":
        invitation = held(request)
        return invitation is not None and invitation.has_uses
    return bool(settings.REGISTRATION == "open")


def make_account(request: HttpRequest, save: Callable[[], User]) -> User:
    """Make an account by ``save``. Where it takes an invitation, that is used by it, or there is no account."""
    if settings.REGISTRATION != "invite":
        return save()
    try:
        with transaction.atomic():
            made = save()
            expect(held(request), who=made)
    except Gone as gone:
        raise ImmediateHttpResponse(render(request, "account/signup_closed.html")) from gone
    return made


def _account(credentials: Mapping[str, Any]) -> str:
    """The account that somebody signs in to, however its address is written: a database may know ``ſ`` for ``S``."""
    written = str(credentials.get("email", "")).upper().casefold()
    return f"{keyed_hash64(settings.SECRET_KEY.encode()[:64], b'account', written):x}"


def vouch_for(user: User) -> None:
    """Believe the address of somebody whom an operator made: those who signed up themselves have theirs listed.

    One that is believed of another account, which an earlier release made in other capitals, is not.
    """
    theirs, address = EmailAddress.objects.filter(user=user), user.email.lower()
    if not theirs.exists() and not EmailAddress.objects.filter(email=address, verified=True).exists():
        EmailAddress.objects.create(user=user, email=address, primary=True, verified=True)


def is_confirmed(user: User, email: str) -> bool:
    """Whether somebody has shown that this address of theirs is theirs, or an operator vouches for it."""
    vouch_for(user)
    return bool(EmailAddress.objects.filter(user=user, email__iexact=email, verified=True).exists())


def _as_published(context: dict[str, Any]) -> dict[str, Any]:
    """What a mail is made of, with the service and all links where ``PUBLIC_URL`` says, if it is set.

    allauth takes host and port from the request: whoever has somebody else sent a mail writes those.
    """
    public = urlsplit(settings.PUBLIC_URL)
    if not public.netloc:
        return context
    links = {
        name: urlsplit(url)._replace(scheme=public.scheme, netloc=public.netloc).geturl()
        for name, url in context.items()
        if name.endswith("_url")
    }
    return context | links | {"current_site": {"domain": public.netloc, "name": public.netloc}}


class SignIn(DefaultAccountAdapter):  # type: ignore[misc]  # allauth has no types
    """The sign-in of allauth, with what this service decides about it."""

    error_messages: ClassVar = {
        **DefaultAccountAdapter.error_messages,
        "too_many_login_attempts": _(
            "There were too many wrong attempts, by you or by somebody else. Nobody got in with them. Try again in"
            " five minutes, or in an hour; a passkey works at once, and so does your password after you have reset it"
            " by e-mail."
        ),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return may_sign_up(request)

    def save_user(self, request: HttpRequest, user: User, form: Any, commit: bool = True) -> User:
        """Save whoever signs up; who comes from a provider is looked at there."""
        save = partial(super().save_user, request, user, form, commit)
        made: User = save() if hasattr(form, "sociallogin") else make_account(request, save)
        return made

    def clean_email(self, email: str) -> str:
        """Let an invitation to an address make no account of another one: nobody could join with that."""
        cleaned: str = super().clean_email(email)
        invitation = held(self.request)
        if invitation and not invitation.is_for(cleaned):
            raise ValidationError(_("The invitation is for another e-mail address."))
        return cleaned

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        """Back to the invitation that somebody came with, else home."""
        if held(request):
            return reverse("dashboard:invitation")
        found: str = super().get_login_redirect_url(request)
        return found

    def get_signup_redirect_url(self, request: HttpRequest) -> str:
        return self.get_login_redirect_url(request)

    def is_safe_url(self, url: str) -> bool:
        """Lead nobody to another host, be it one of ours: ``next`` comes from whoever made the link."""
        return url_has_allowed_host_and_scheme(
            url, allowed_hosts={self.request.get_host()}, require_https=self.request.is_secure()
        )

    def pre_login(self, request: HttpRequest, user: User, *, signup: bool, **details: Any) -> HttpResponse | None:
        if not signup:
            vouch_for(user)
        found: HttpResponse | None = super().pre_login(request, user, signup=signup, **details)
        return found

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Count an attempt. Raises ``ValidationError`` where no more are looked at, right or wrong."""
        super().pre_authenticate(request, **credentials)
        if FROM_ANYWHERE.take(_account(credentials), time.time()):
            raise self.validation_error("too_many_login_attempts")

    def authenticate(self, request: HttpRequest, **credentials: Any) -> User | None:
        user: User | None = super().authenticate(request, **credentials)
        if user:
            FROM_ANYWHERE.give_back(_account(credentials), time.time())
        return user

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        """What allauth counts the attempts at an account by: of each network, so that others keep nobody out.

        Not by the host that was asked, as it does itself: whoever asks writes that, with any port.
        """
        return f"{_account(credentials)} {hashed_address(request)}"

    def _delete_login_attempts_cached_email(self, request: HttpRequest, **credentials: Any) -> None:
        """Begin anew after a password was reset by mail."""
        super()._delete_login_attempts_cached_email(request, **credentials)
        FROM_ANYWHERE.forget(_account(credentials), time.time())

    def get_reauthentication_methods(self, user: User | AnonymousUser) -> list[dict[str, Any]]:
        words = {
            "reauthenticate": _("Use the password"),
            "mfa_reauthenticate": _("Use a code"),
            "mfa_reauthenticate:webauthn": _("Use a passkey"),
        }
        return [way | {"description": words[way["id"]]} for way in super().get_reauthentication_methods(user)]

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Send a mail where mail is configured."""
        if settings.SENDS_MAIL:
            super().send_mail(template_prefix, email, _as_published(context))

    def render_mail(self, *args: Any, **kwargs: Any) -> EmailMessage:
        """A mail that is sent in the background: how long the answer takes tells nothing of the mail server's."""
        message: EmailMessage = super().render_mail(*args, **kwargs)
        message.connection = InBackground()
        return message
