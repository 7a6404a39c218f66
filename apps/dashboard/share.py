"""The Share page of a site: the links that there are, and for editors and owners the form that makes one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_http_methods, require_POST

from apps.core.clock import utc_now
from apps.dashboard.editing import editor, may_edit
from apps.dashboard.frames import SHARE, find_site, frame
from apps.dashboard.reports import REPORTS
from apps.dashboard.share_forms import NewPasswordForm, ShareForm
from apps.sites.models import ShareLink, Site
from apps.sites.sharing import change_password, revoke_link

_CREATED, _UNPROCESSABLE = 201, 422


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A link in the list. ``last_day`` is in the site's time zone; ``form`` changes its password."""

    link: ShareLink
    report: Any
    last_day: date | None
    is_over: bool
    form: NewPasswordForm


@dataclass(frozen=True, slots=True, kw_only=True)
class Fresh:
    """What is shown of a new link this once: its address, and the line that puts it on a page of a listed host."""

    url: str
    frame: str


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@cache_control(private=True, no_store=True)
def share(request: HttpRequest, organization: str, site_id: str) -> HttpResponse:
    """The list; posted to, a new link.

    ``?report=NAME&query=…`` fills in a report and what it is narrowed to: the query string of its page, encoded.
    """
    site = find_site(request, organization, site_id)
    if request.method != "POST":
        return _page(request, site)
    who = editor(request, site)
    form = ShareForm(request.POST, site=site)
    if not form.is_valid():
        return _page(request, site, form=form, status=_UNPROCESSABLE)
    link, token = form.create(who)
    return _page(request, site, fresh=_fresh(request, link, token), status=_CREATED)


@require_POST
@login_required
def change(request: HttpRequest, organization: str, site_id: str, link_id: str) -> HttpResponse:
    """Give a link another password, or none."""
    site = find_site(request, organization, site_id)
    who, link = editor(request, site), _find(request, site, link_id)
    form = _password_form(link, request.POST)
    if not form.is_valid():
        return _page(request, site, rejected={link.pk: form}, status=_UNPROCESSABLE)
    change_password(link, form.cleaned_data["password"], who=who)
    messages.success(request, _("Saved. Whoever was let in before has to be let in anew."))
    return _back(site)


@require_POST
@login_required
def revoke(request: HttpRequest, organization: str, site_id: str, link_id: str) -> HttpResponse:
    """End a link for good."""
    site = find_site(request, organization, site_id)
    who, link = editor(request, site), _find(request, site, link_id)
    revoke_link(link, who=who)
    messages.success(request, _("The link is revoked."))
    return _back(site)


def _page(
    request: HttpRequest,
    site: Site,
    *,
    form: forms.Form | None = None,
    rejected: Mapping[int, NewPasswordForm] | None = None,
    fresh: Fresh | None = None,
    status: int | None = None,
) -> HttpResponse:
    now = utc_now()
    links = ShareLink.objects.visible_to(request.user).not_revoked().filter(site=site).select_related("created_by")
    context: dict[str, object] = {
        "rows": [_row(link, site, now, (rejected or {}).get(link.pk)) for link in links],
        "zone": site.zone,
        "fresh": fresh,
    }
    if may_edit(request, site):
        context["form"] = form or ShareForm(initial=_prefilled(request), site=site)
    return render(request, "dashboard/share.html", frame(request, site, SHARE) | context, status=status)


def _prefilled(request: HttpRequest) -> dict[str, str]:
    asked = request.GET.get("report", "")
    title = REPORTS[asked].title if asked in REPORTS else ""
    return {"title": str(title), "report": asked, "parameters": request.GET.get("query", "")}


def _row(link: ShareLink, site: Site, now: datetime, rejected: NewPasswordForm | None) -> Row:
    end = link.expires_at
    return Row(
        link=link,
        report=REPORTS[link.report].title if link.report in REPORTS else link.report,
        # The moment itself belongs to the next day.
        last_day=(end - timedelta(microseconds=1)).astimezone(site.zone).date() if end else None,
        is_over=link.is_over(now),
        form=rejected or _password_form(link),
    )


def _fresh(request: HttpRequest, link: ShareLink, token: str) -> Fresh:
    url = f"{request.scheme}://{request.get_host()}{reverse('dashboard:shared', args=[token])}"
    line = '<iframe src="{}" title="{}" width="100%" height="900" frameborder="0" loading="lazy"></iframe>'
    return Fresh(url=url, frame=format_html(line, url, link.title) if link.embed_hosts else "")


def _password_form(link: ShareLink, data: Mapping[str, Any] | None = None) -> NewPasswordForm:
    return NewPasswordForm(data, prefix=link.public_id)


def _find(request: HttpRequest, site: Site, link_id: str) -> ShareLink:
    visible = ShareLink.objects.visible_to(request.user).not_revoked().select_related("site__organization")
    return get_object_or_404(visible, site=site, public_id=link_id)


def _back(site: Site) -> HttpResponse:
    return redirect("dashboard:share", site.organization.public_id, site.public_id)
