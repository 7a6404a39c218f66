"""Pages of API tokens: a person's own, and all of an organization for its owners."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_http_methods, require_safe

from apps.core.clock import utc_now
from apps.core.errors import Refusal
from apps.dashboard.organizations import find_organization, owner
from apps.dashboard.token_forms import RotateForm, TokenForm
from apps.organizations.issuing import revoke_token, rotate_token
from apps.organizations.models import ApiToken, Organization, Role, Scope, User
from apps.organizations.people import who_of
from apps.organizations.tokens import ApiTokenQuerySet
from apps.sites.models import Site

_CREATED, _UNPROCESSABLE = 201, 422


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A token in a list. ``is_usable``: neither its time nor its person's membership has ended."""

    token: ApiToken
    scopes: list[str]
    is_usable: bool
    may_rotate: bool
    overlap_ends: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """An organization of the reader, with the reader's tokens in it."""

    organization: Organization
    rows: list[Row]
    is_owned: bool


@require_safe
@login_required
@cache_control(private=True, no_store=True)
def mine(request: HttpRequest) -> HttpResponse:
    """The reader's own tokens, by organization."""
    who = who_of(request)
    groups = []
    for membership in who.memberships.select_related("organization").order_by("organization__title", "pk"):
        tokens = ApiToken.objects.filter(user=who)
        rows = _rows(membership.organization, tokens, who, owns=membership.role == Role.OWNER)
        groups.append(Group(organization=membership.organization, rows=rows, is_owned=membership.role == Role.OWNER))
    return render(request, "tokens/mine.html", {"groups": groups})


@require_safe
@login_required
@cache_control(private=True, no_store=True)
def of_organization(request: HttpRequest, organization: str) -> HttpResponse:
    """Every token of an organization, for its owners."""
    found = find_organization(request, organization)
    rows = _rows(found, ApiToken.objects.all(), owner(request, found), owns=True)
    return render(request, "tokens/organization.html", {"organization": found, "role": Role.OWNER, "rows": rows})


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@cache_control(private=True, no_store=True)
def make(request: HttpRequest, organization: str) -> HttpResponse:
    """The form for a token of the reader's own; posted to, the token."""
    return _make(request, find_organization(request, organization), who_of(request))


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@cache_control(private=True, no_store=True)
def make_for_organization(request: HttpRequest, organization: str) -> HttpResponse:
    """The form for a token of the organization's own; posted to, the token."""
    found = find_organization(request, organization)
    owner(request, found)
    return _make(request, found, None)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@cache_control(private=True, no_store=True)
def rotate(request: HttpRequest, token_id: str) -> HttpResponse:
    """Asks how long the old secret goes on; posted to, the new one."""
    who, token = who_of(request), _find(request, token_id)
    if not _may_rotate(token, who, owns=_owns(token, who)):
        raise PermissionDenied
    form = RotateForm(request.POST or None)
    context = {"token": token, "form": form}
    if request.method != "POST":
        return render(request, "tokens/rotate.html", context)
    if not form.is_valid():
        return render(request, "tokens/rotate.html", context, status=_UNPROCESSABLE)
    try:
        raw = rotate_token(token, who=who, overlap=form.cleaned_data["overlap"])
    except Refusal as refusal:
        form.add_error(None, refusal.message)
        return render(request, "tokens/rotate.html", context, status=_UNPROCESSABLE)
    return render(request, "tokens/fresh.html", _fresh(token, raw), status=_CREATED)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@cache_control(private=True, no_store=True)
def revoke(request: HttpRequest, token_id: str) -> HttpResponse:
    """Asks whether the token is to end; posted to, ends it."""
    who, token = who_of(request), _find(request, token_id)
    if request.method != "POST":
        return render(request, "tokens/revoke.html", {"token": token})
    revoke_token(token, who=who)
    messages.success(request, _("The token is revoked."))
    if token.user == who:
        return redirect("dashboard:tokens")
    return redirect("dashboard:organization-tokens", token.organization.public_id)


def _make(request: HttpRequest, organization: Organization, user: User | None) -> HttpResponse:
    sites = Site.objects.visible_to(request.user).filter(organization=organization)
    form = TokenForm(request.POST or None, organization=organization, user=user, sites=sites)
    if request.method == "POST" and form.is_valid():
        token, raw = form.create(who_of(request))
        return render(request, "tokens/fresh.html", _fresh(token, raw), status=_CREATED)
    context = {"organization": organization, "personal": user is not None, "form": form}
    return render(request, "tokens/new.html", context, status=_UNPROCESSABLE if request.method == "POST" else None)


def _fresh(token: ApiToken, raw: str) -> dict[str, object]:
    """The one answer that holds the token."""
    return {"token": token, "raw": raw}


def _rows(organization: Organization, tokens: ApiTokenQuerySet, who: User, *, owns: bool) -> list[Row]:
    """Those of an organization among ``tokens``, with the sites of it that ``who`` may see now."""
    now, listed = utc_now(), tokens.filter(organization=organization, revoked_at=None)
    usable = set(listed.usable(now).values_list("pk", flat=True))
    sites = Prefetch("sites", Site.objects.visible_to(who).filter(organization=organization))
    return [
        Row(
            token=token,
            scopes=[str(each.label) for each in Scope if token.holds(each)],
            is_usable=token.pk in usable,
            may_rotate=token.pk in usable and _may_rotate(token, who, owns=owns),
            overlap_ends=token.old_ends_at if token.old_ends_at and token.old_ends_at > now else None,
        )
        for token in listed.select_related("user", "created_by").prefetch_related(sites)
    ]


def _may_rotate(token: ApiToken, who: User, *, owns: bool) -> bool:
    """A new secret is shown to whom the token acts for, else it would let an owner act for somebody else."""
    return owns if token.user is None else token.user == who


def _find(request: HttpRequest, token_id: str) -> ApiToken:
    visible = ApiToken.objects.visible_to(who_of(request)).filter(revoked_at=None)
    return get_object_or_404(visible.select_related("organization", "user"), public_id=token_id)


def _owns(token: ApiToken, who: User) -> bool:
    return token.organization.role_of(who) == Role.OWNER
