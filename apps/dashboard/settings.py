"""The Settings page of a site: putting it to work, what may be changed, and what may be done with its data."""

from __future__ import annotations

from datetime import datetime

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.core.clock import utc_now
from apps.dashboard import installing
from apps.dashboard.frames import SETTINGS, find_site, frame, membership
from apps.dashboard.organization_forms import CertainForm
from apps.dashboard.site_forms import EraseVisitorForm, ResetForm, SiteForm, VisitorForm
from apps.dashboard.views import origin_of
from apps.events.exports import events_of
from apps.keeping.asking import ask_for_reset, ask_for_visitor, note_export
from apps.keeping.tasks import finish_erasures
from apps.organizations.models import Role
from apps.organizations.people import who_of
from apps.sites.models import IngestPolicy, Site
from apps.sites.services import delete_site

_UNPROCESSABLE = 422


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@cache_control(private=True, no_cache=True)
def settings(request: HttpRequest, organization: str, site_id: str) -> HttpResponse:
    """The page; posted to, the change of the site's settings."""
    site = find_site(request, organization, site_id)
    if request.method != "POST":
        return _page(request, site)
    role = _role(request, site)
    if not role.can_edit:
        raise PermissionDenied
    form = SiteForm(request.POST, instance=site, role=role)
    if not form.is_valid():
        # The page around the form shows the site as it is.
        return _page(request, find_site(request, organization, site_id), form=form)
    form.save_as(who_of(request))
    messages.success(request, _("Saved."))
    return _back(site)


@require_safe
@login_required
@cache_control(private=True, no_cache=True)
def check(request: HttpRequest, organization: str, site_id: str) -> HttpResponse:
    """The part of the page that says whether an event came; it asks again until one did."""
    site, now = find_site(request, organization, site_id), utc_now()
    return render(request, "dashboard/check.html", _checked(request, site, now))


@require_POST
@login_required
def export(request: HttpRequest, organization: str, site_id: str) -> HttpResponseBase:
    """All events of one visitor, as a file."""
    site = _owned(request, organization, site_id)
    form = VisitorForm(request.POST, prefix="export")
    if not form.is_valid():
        return _page(request, site, export_form=form)
    visitor = form.cleaned_data["visitor_id"]
    note_export(site, visitor, who=who_of(request).public_id)
    return StreamingHttpResponse(
        events_of(site, visitor),
        content_type="application/x-ndjson",
        headers={"Content-Disposition": 'attachment; filename="visitor.ndjson"', "Cache-Control": "no-store"},
    )


@require_POST
@login_required
def erase(request: HttpRequest, organization: str, site_id: str) -> HttpResponse:
    """Erase the events of one visitor."""
    site = _owned(request, organization, site_id)
    form = EraseVisitorForm(request.POST, prefix="erase")
    if not form.is_valid():
        return _page(request, site, erase_form=form)
    ask_for_visitor(site, form.cleaned_data["visitor_id"], who=who_of(request).public_id)
    return _begun(request, site)


@require_POST
@login_required
def reset(request: HttpRequest, organization: str, site_id: str) -> HttpResponse:
    """Erase all events of the site."""
    site = _owned(request, organization, site_id)
    form = ResetForm(request.POST, prefix="reset")
    if not form.is_valid():
        return _page(request, site, reset_form=form)
    ask_for_reset(site, who=who_of(request).public_id)
    return _begun(request, site)


@require_POST
@login_required
def delete(request: HttpRequest, organization: str, site_id: str) -> HttpResponse:
    """Delete the site with its events."""
    site = _owned(request, organization, site_id)
    form = CertainForm(request.POST, prefix="delete")
    if not form.is_valid():
        return _page(request, site, delete_form=form)
    delete_site(site, who=who_of(request))
    messages.success(request, _("%(site)s is deleted.") % {"site": site})
    return redirect("dashboard:organization", site.organization.public_id)


def _begun(request: HttpRequest, site: Site) -> HttpResponse:
    finish_erasures.enqueue()
    messages.success(request, _("The events are being erased, in the background."))
    return _back(site)


def _page(request: HttpRequest, site: Site, **rejected: forms.BaseForm) -> HttpResponse:
    """The page, with the forms that were rejected in place of fresh ones."""
    role, origin, now = _role(request, site), origin_of(request), utc_now()
    shown: dict[str, object] = {
        "snippet": installing.snippet(site, origin),
        "pixel": installing.pixel(site, origin),
        "opt_out": installing.opt_out(site),
        "only_with_token": site.ingest_policy == IngestPolicy.TOKEN,
        "last": installing.last_event(site, now),
    }
    if role.can_edit:
        shown["form"] = SiteForm(instance=site, role=role)
    if role == Role.OWNER:
        shown["delete_form"] = CertainForm(prefix="delete")
        shown["export_form"] = VisitorForm(prefix="export")
        shown["erase_form"] = EraseVisitorForm(prefix="erase")
        shown["reset_form"] = ResetForm(prefix="reset")
    context = frame(request, site, SETTINGS) | _checked(request, site, now) | shown | rejected
    return render(request, "dashboard/settings.html", context, status=_UNPROCESSABLE if rejected else None)


def _checked(request: HttpRequest, site: Site, now: datetime) -> dict[str, object]:
    since = installing.read_since(request.GET.get("since", ""), now)
    return {"site": site, "zone": site.zone, "check": installing.check(site, since, now)}


def _owned(request: HttpRequest, organization: str, site_id: str) -> Site:
    site = find_site(request, organization, site_id)
    if _role(request, site) != Role.OWNER:
        raise PermissionDenied
    return site


def _role(request: HttpRequest, site: Site) -> Role:
    return Role(membership(request, site).role)


def _back(site: Site) -> HttpResponse:
    return redirect("dashboard:settings", site.organization.public_id, site.public_id)
