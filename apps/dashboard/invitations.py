"""What an invitation's link opens: the page that asks whether to join, also after a sign-in or a sign-up on the way.

The link's secret stands in no other address: the browser's session tells from then on which invitation it was.
"""

from __future__ import annotations

from allauth.account.adapter import get_adapter
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.core.callers import hashed_address
from apps.core.clock import utc_now
from apps.core.limits import Limit
from apps.organizations.holding import held, hold, let_go
from apps.organizations.invitations import Invitation
from apps.organizations.inviting import ForSomebodyElse, Gone, accept
from apps.organizations.models import User
from apps.organizations.people import who_of

GUESSES = Limit(name="invitation", most=20, seconds=600)
"""Links that lead nowhere, of one address."""
_NOT_FOUND, _TOO_MANY = 404, 429


@require_safe
@cache_control(private=True, no_store=True)
def open_invitation(request: HttpRequest, secret: str) -> HttpResponse:
    """Remember the invitation, and lead to the page that asks. An invitation that is none is told by 404."""
    now = utc_now()
    address, moment = hashed_address(request), now.timestamp()
    wait = GUESSES.take(address, moment)
    if wait:
        answer = render(request, "organizations/invitation_gone.html", {"wait": -(-wait // 60)}, status=_TOO_MANY)
        answer["Retry-After"] = str(wait)
        return answer
    found = Invitation.objects.find(secret, now=now)
    if found is None:
        return _gone(request)
    GUESSES.give_back(address, moment)
    hold(request, found)
    answer = redirect("dashboard:invitation")
    answer["Referrer-Policy"] = "no-referrer"
    return answer


@require_http_methods(["GET", "HEAD", "POST"])
@cache_control(private=True, no_store=True)
def invitation(request: HttpRequest) -> HttpResponse:
    """The page; posted to, the reader joins."""
    return _join(request) if request.method == "POST" else _ask(request)


@require_POST
def decline(request: HttpRequest) -> HttpResponse:
    """Forget the invitation in this browser; it stays valid."""
    let_go(request)
    return redirect("dashboard:sites")


def _ask(request: HttpRequest) -> HttpResponse:
    found = held(request)
    if found is None:
        return _gone(request)
    user = request.user
    context = {
        "invitation": found,
        "is_for_me": isinstance(user, User) and found.is_for(user.email),
        "is_member": isinstance(user, User) and found.organization.memberships.filter(user=user).exists(),
        "may_sign_up": get_adapter(request).is_open_for_signup(request),
    }
    return render(request, "organizations/invitation.html", context)


@login_required
def _join(request: HttpRequest) -> HttpResponse:
    try:
        membership = accept(held(request), who=who_of(request))
    except Gone:
        return _gone(request)
    except ForSomebodyElse as refusal:
        answer = _ask(request)
        answer.status_code = refusal.status
        return answer
    let_go(request)
    organization = membership.organization
    messages.success(request, _("You are a member of %(organization)s.") % {"organization": organization})
    return redirect("dashboard:organization", organization.public_id)


def _gone(request: HttpRequest) -> HttpResponse:
    """One answer for invitations that never were, and for those that are revoked, expired or used up."""
    return render(request, "organizations/invitation_gone.html", status=_NOT_FOUND)
