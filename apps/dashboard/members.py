"""The Members page of an organization, for its owners: who belongs to it, and who is invited."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_POST, require_safe

from apps.core.clock import utc_now
from apps.core.errors import Refusal
from apps.core.limits import Limit
from apps.dashboard.organization_forms import InvitationForm, MemberForm
from apps.dashboard.organizations import find_organization, owner
from apps.dashboard.views import origin_of
from apps.organizations.invitations import Invitation
from apps.organizations.inviting import revoke_invitation, sends_mail, to_send
from apps.organizations.members import remove_member
from apps.organizations.models import Membership, Organization, Role
from apps.organizations.tasks import send_invitation
from apps.sites.models import Site

SENT = Limit(name="invitations-sent", most=50, seconds=86_400)
"""Mails that one person has this service send: their words go to whatever addresses they give."""
_CREATED, _UNPROCESSABLE, _TOO_MANY = 201, 422, 429


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A member in the list, with the form that changes what they may do."""

    membership: Membership
    form: MemberForm


@require_safe
@login_required
@cache_control(private=True, no_store=True)
def members(request: HttpRequest, organization: str) -> HttpResponse:
    """The page."""
    found = find_organization(request, organization)
    owner(request, found)
    return _page(request, found)


@require_POST
@login_required
def change(request: HttpRequest, organization: str, user_id: str) -> HttpResponse:
    """Give a member another role, and a reader other sites."""
    found = find_organization(request, organization)
    who, membership = owner(request, found), _member(found, user_id)
    form = MemberForm(request.POST, membership=membership)
    if not form.is_valid():
        return _page(request, found, rejected={membership.pk: form}, status=_UNPROCESSABLE)
    try:
        form.save_as(who)
    except Refusal as refusal:
        messages.error(request, refusal.message)
    else:
        messages.success(request, _("Saved."))
    return _back(found)


@require_POST
@login_required
def remove(request: HttpRequest, organization: str, user_id: str) -> HttpResponse:
    """End a membership."""
    found = find_organization(request, organization)
    who, membership = owner(request, found), _member(found, user_id)
    try:
        remove_member(found, membership.user, who=who)
    except Refusal as refusal:
        messages.error(request, refusal.message)
    else:
        told = {"person": membership.user.display_name}
        messages.success(request, _("%(person)s is not a member any more.") % told)
    return redirect("dashboard:organizations") if membership.user == who else _back(found)


@require_POST
@login_required
@cache_control(private=True, no_store=True)
def invite(request: HttpRequest, organization: str) -> HttpResponse:
    """Invite somebody: the link is sent to the address where mail is configured, else it is shown this once."""
    found = find_organization(request, organization)
    who, form = owner(request, found), InvitationForm(request.POST, organization=found)
    if not form.is_valid():
        return _page(request, found, form=form, status=_UNPROCESSABLE)
    is_sent = bool(form.cleaned_data["email"]) and sends_mail()
    if is_sent and SENT.take(who.public_id, utc_now().timestamp()):
        form.add_error("email", _("You have sent too many invitations today. A link can be made still."))
        return _page(request, found, form=form, status=_TOO_MANY)
    invitation, secret = form.create(who)
    if is_sent:
        send_invitation.enqueue(to_send(invitation, origin_of(request)))
        messages.success(request, _("The invitation goes to %(address)s.") % {"address": invitation.email})
        return _back(found)
    url = request.build_absolute_uri(reverse("dashboard:open-invitation", args=[secret]))
    return _page(request, found, fresh=url, status=_CREATED)


@require_POST
@login_required
def revoke(request: HttpRequest, organization: str, invitation_id: str) -> HttpResponse:
    """End an invitation."""
    found = find_organization(request, organization)
    who = owner(request, found)
    invitation = get_object_or_404(found.invitations.not_revoked(), public_id=invitation_id)
    revoke_invitation(invitation, who=who)
    messages.success(request, _("The invitation is revoked."))
    return _back(found)


def _page(
    request: HttpRequest,
    found: Organization,
    *,
    form: InvitationForm | None = None,
    rejected: Mapping[int, MemberForm] | None = None,
    fresh: str = "",
    status: int | None = None,
) -> HttpResponse:
    memberships = found.memberships.select_related("user", "organization").prefetch_related(_sites(found))
    context = {
        "organization": found,
        "role": Role.OWNER,
        "rows": [
            Row(membership=each, form=(rejected or {}).get(each.pk) or MemberForm(membership=each))
            for each in memberships.order_by("user__email")
        ],
        "invitations": _open(found, utc_now()),
        "form": form or InvitationForm(organization=found),
        "fresh": fresh,
        "sends_mail": sends_mail(),
    }
    return render(request, "organizations/members.html", context, status=status)


def _open(found: Organization, now: datetime) -> list[Invitation]:
    usable = found.invitations.usable(now).select_related("made_by")
    return list(usable.prefetch_related(_sites(found)))


def _sites(found: Organization) -> Prefetch[Any]:
    """Those that somebody is limited to, without what has moved to another organization since."""
    return Prefetch("sites", Site.objects.filter(organization=found))


def _member(found: Organization, user_id: str) -> Membership:
    return get_object_or_404(found.memberships.select_related("user", "organization"), user__public_id=user_id)


def _back(found: Organization) -> HttpResponse:
    return redirect("dashboard:members", found.public_id)
