"""The pages of organizations: mine, and of each its sites, its name, leaving it, handing it over and deleting it."""

from __future__ import annotations

from dataclasses import dataclass

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.core.errors import Refusal
from apps.dashboard.organization_forms import CertainForm, OrganizationForm, SiteForm, TransferForm
from apps.organizations.members import (
    create_organization,
    delete_organization,
    leave_organization,
    rename_organization,
    transfer_ownership,
)
from apps.organizations.models import Membership, Organization, Role, User
from apps.organizations.people import who_of
from apps.sites.models import Site
from apps.sites.services import create_site

_UNPROCESSABLE = 422


@dataclass(frozen=True, slots=True, kw_only=True)
class Mine:
    """An organization in the list. ``sites`` are those that the reader may see."""

    organization: Organization
    role: Role
    sites: int


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@cache_control(private=True, no_cache=True)
def organizations(request: HttpRequest) -> HttpResponse:
    """My organizations; posted to, a new one, which I own."""
    form = OrganizationForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        person = who_of(request)
        made = create_organization(form.cleaned_data["title"], owner=person, who=person)
        return redirect("dashboard:organization", made.public_id)
    who, visible = who_of(request), Site.objects.visible_to(request.user)
    memberships = Membership.objects.filter(user=who).select_related("organization").order_by("organization__title")
    mine = [
        Mine(
            organization=each.organization,
            role=Role(each.role),
            sites=visible.filter(organization=each.organization_id).count(),
        )
        for each in memberships
    ]
    context = {"mine": mine, "form": form}
    return render(request, "organizations/list.html", context, status=_status(request))


@require_safe
@login_required
@cache_control(private=True, no_cache=True)
def organization(request: HttpRequest, organization: str) -> HttpResponse:
    """One organization."""
    return _page(request, find_organization(request, organization))


@require_POST
@login_required
def rename(request: HttpRequest, organization: str) -> HttpResponse:
    found = find_organization(request, organization)
    who, form = owner(request, found), OrganizationForm(request.POST)
    if not form.is_valid():
        return _page(request, found, rename_form=form)
    rename_organization(found, form.cleaned_data["title"], who=who)
    messages.success(request, _("Saved."))
    return _back(found)


@require_POST
@login_required
def add_site(request: HttpRequest, organization: str) -> HttpResponse:
    """A new site, whose settings tell how it is put to work."""
    found = find_organization(request, organization)
    if not role_in(request, found).can_edit:
        raise PermissionDenied
    form = SiteForm(request.POST, prefix="site")
    if not form.is_valid():
        return _page(request, found, site_form=form)
    given = form.cleaned_data
    made = create_site(found, title=given["title"], url=given["url"], who=who_of(request))
    return redirect("dashboard:settings", found.public_id, made.public_id)


@require_POST
@login_required
def leave(request: HttpRequest, organization: str) -> HttpResponse:
    found = find_organization(request, organization)
    try:
        leave_organization(found, who=who_of(request))
    except Refusal as refusal:
        messages.error(request, refusal.message)
        return _back(found)
    messages.success(request, _("You left %(organization)s.") % {"organization": found})
    return redirect("dashboard:organizations")


@require_POST
@login_required
def transfer(request: HttpRequest, organization: str) -> HttpResponse:
    """Make another member the owner, and the one who does it an editor."""
    found = find_organization(request, organization)
    who = owner(request, found)
    form = TransferForm(request.POST, organization=found, who=who, prefix="transfer")
    if not form.is_valid():
        return _page(request, found, transfer_form=form)
    heir = form.cleaned_data["member"]
    try:
        transfer_ownership(found, heir, who=who)
    except Refusal as refusal:
        messages.error(request, refusal.message)
    else:
        messages.success(request, _("%(person)s is an owner now.") % {"person": heir.display_name})
    return _back(found)


@require_POST
@login_required
def delete(request: HttpRequest, organization: str) -> HttpResponse:
    found = find_organization(request, organization)
    who, form = owner(request, found), CertainForm(request.POST, prefix="delete")
    if not form.is_valid():
        return _page(request, found, delete_form=form)
    try:
        delete_organization(found, who=who)
    except Refusal as refusal:
        messages.error(request, refusal.message)
        return _back(found)
    messages.success(request, _("%(organization)s is deleted.") % {"organization": found})
    return redirect("dashboard:organizations")


def find_organization(request: HttpRequest, public_id: str) -> Organization:
    """The organization of an address. Whoever is not a member gets what one that is not there gives: 404."""
    return get_object_or_404(Organization.objects.visible_to(request.user), public_id=public_id)


def role_in(request: HttpRequest, organization: Organization) -> Role:
    """The reader's role in an organization that they are a member of."""
    return Role(get_object_or_404(Membership, organization=organization, user_id=request.user.pk).role)


def owner(request: HttpRequest, organization: Organization) -> User:
    """The reader, who is an owner; raises ``PermissionDenied`` for anybody else."""
    if role_in(request, organization) != Role.OWNER:
        raise PermissionDenied
    return who_of(request)


def _page(request: HttpRequest, found: Organization, **rejected: forms.BaseForm) -> HttpResponse:
    """The page, with the forms that were rejected in place of fresh ones."""
    role = role_in(request, found)
    shown: dict[str, object] = {
        "organization": found,
        "role": role,
        "owners": User.objects.filter(memberships__organization=found, memberships__role=Role.OWNER, is_active=True),
        "sites": Site.objects.visible_to(request.user).filter(organization=found),
    }
    if role.can_edit:
        shown["site_form"] = SiteForm(prefix="site")
    if role == Role.OWNER:
        shown["rename_form"] = OrganizationForm(initial={"title": found.title})
        shown["transfer_form"] = TransferForm(organization=found, who=who_of(request), prefix="transfer")
        shown["delete_form"] = CertainForm(prefix="delete")
    context = shown | rejected
    return render(request, "organizations/organization.html", context, status=_UNPROCESSABLE if rejected else None)


def _status(request: HttpRequest) -> int | None:
    return _UNPROCESSABLE if request.method == "POST" else None


def _back(found: Organization) -> HttpResponse:
    return redirect("dashboard:organization", found.public_id)
