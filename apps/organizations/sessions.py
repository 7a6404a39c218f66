"""The browsers in which a person is signed in: listed, and ended from afar."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

import ua_parser
from allauth.usersessions.models import UserSession
from allauth.usersessions.views import ListUserSessionsView
from django.contrib import messages
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.core.exceptions import ImproperlyConfigured, PermissionDenied
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext

from apps.organizations.audit import record
from apps.organizations.models import User

NOTED_FOR = 300
"""Seconds for which a session that was seen is not written down anew."""


class NotesSessions:
    """Writes down by whom, whence and when a page was asked for: a row of a session, at most every few minutes."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        # Only where the page asked who it is: of tracking and the API nothing is read here.
        if hasattr(request, "_cached_user") and request.user.is_authenticated:
            _note(request)
        return response


def _note(request: HttpRequest) -> None:
    key = request.session.session_key
    if key is None or not cache.add(f"session-noted:{sha256(key.encode()).hexdigest()}", 1, NOTED_FOR):
        return
    try:
        UserSession.objects.create_from_request(request)
    except (PermissionDenied, ImproperlyConfigured):
        return  # The proxy did not tell the address: no reason to refuse a page.


def device_of(user_agent: str) -> str:
    """A browser and its system in words: ``Firefox on Linux``."""
    found = ua_parser.parse(user_agent)
    browser = found.user_agent.family if found.user_agent else ""
    system = found.os.family if found.os else ""
    if browser and system:
        return gettext("{browser} on {system}").format(browser=browser, system=system)
    return browser or system or gettext("Unknown browser")


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """A browser in the list."""

    device: str
    address: str
    since: datetime
    seen: datetime
    is_here: bool


class Sessions(ListUserSessionsView):  # type: ignore[misc]  # allauth has no types
    """The list, this browser first, and the button that signs out everywhere else."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**kwargs)
        rows = [
            SignedIn(
                device=device_of(each.user_agent),
                address=each.ip,
                since=each.created_at,
                seen=each.last_seen_at,
                is_here=each.is_current(),
            )
            for each in context["sessions"]
        ]
        return context | {"rows": sorted(rows, key=lambda row: (not row.is_here, -row.seen.timestamp()))}

    def form_valid(self, form: Form) -> HttpResponse:
        assert isinstance(self.request.user, User)  # noqa: S101  # the view is for people who are signed in
        ended = end_sessions_of(self.request.user, but=self.request.session.session_key)
        record(self.request.user, "end_other_sessions", details={"sessions": ended})
        messages.success(self.request, gettext("You are signed out everywhere else."))
        return redirect("usersessions_list")


def end_sessions_of(user: User, *, but: str | None = None) -> int:
    """Sign a person out of every browser but that of the session ``but``; answers how many there were.

    All sessions are looked through: those from before there was a list are not in it.
    """
    ended = [session for session in Session.objects.iterator() if session.session_key != but and _is_of(session, user)]
    for session in ended:
        session.delete()
    UserSession.objects.filter(user=user).exclude(session_key=but or "").delete()
    return len(ended)


def _is_of(session: Session, user: User) -> bool:
    return bool(session.get_decoded().get(SESSION_KEY) == str(user.pk))


def forget_ended_sessions() -> None:
    """Delete from the list what names a session that is no more: it tells an address."""
    UserSession.objects.exclude(session_key__in=Session.objects.values("session_key")).delete()
