"""What a share link opens: one report of one site, to read. Nothing else of the service is shown or linked to.

The templates are rendered without the request, so that they know nothing of who may be signed in, and a visitor's
query string is read nowhere: only the link's own parameters count.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from django.http import Http404, HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from apps.core.clock import utc_now
from apps.core.errors import Refusal
from apps.dashboard import middleware
from apps.dashboard.panels import Links, PanelView, answer
from apps.dashboard.reports import REPORTS, Panel, Report
from apps.dashboard.scope import Scope
from apps.dashboard.share_door import is_open, let_in, try_password
from apps.dashboard.share_forms import UnlockForm
from apps.dashboard.share_limits import wait_after_nothing, wait_to_look, wait_to_read
from apps.dashboard.shared_scope import read_fixed_scope
from apps.dashboard.views import cards, csv_of
from apps.rollups.metrics import say_who_asks
from apps.sites.models import ShareLink
from apps.sites.sharing import open_link

log = logging.getLogger(__name__)

_LOCALHOST = "localhost"
SHARED_ROWS = 1000
"""Of a panel's own page."""
_OK, _FORBIDDEN, _NOT_FOUND, _UNPROCESSABLE, _TOO_MANY = 200, 403, 404, 422, 429


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared:
    """A link that is open at ``address``, with what it shows."""

    link: ShareLink
    report: Report
    scope: Scope
    address: str

    @property
    def links(self) -> Links:
        return Links(report=self.address)


Page = Callable[[HttpRequest, Shared], HttpResponse]


@require_safe
def report(request: HttpRequest, token: str) -> HttpResponse:
    """The report, or the form for its password."""
    return _open(request, token, _render)


@require_safe
def panel(request: HttpRequest, token: str, panel_name: str) -> HttpResponse:
    """One panel of the report: the part of a page that htmx asks for, or a page of its own with every row."""
    return _open(request, token, lambda request, shared: _render_panel(request, shared, _panel(shared, panel_name)))


@require_safe
def panel_csv(request: HttpRequest, token: str, panel_name: str) -> HttpResponse:
    """Every row of a panel of the report as CSV."""
    return _open(
        request,
        token,
        lambda _request, shared: csv_of(_panel(shared, panel_name), shared.scope, title=shared.link.title),
    )


@require_POST
def unlock(request: HttpRequest, token: str) -> HttpResponse:
    """The password: right, the browser is let in; wrong, it is told; guessed too often, it has to wait."""
    now = utc_now()
    link = _look(request, token, now)
    if isinstance(link, HttpResponse):
        return link
    address = _address(token)
    if not link.has_password:
        return _finish(redirect(address), link)
    form = UnlockForm(request.POST)
    if form.is_valid():
        right, wait = try_password(request, link, form.cleaned_data["password"], now=now)
        if right:
            response: HttpResponse = redirect(address)
            let_in(request, response, link, path=address)
            return _finish(response, link)
        if wait:
            log.warning("Too many passwords were tried on the share link %s.", link.public_id)
            return _finish(_wait(wait, address), link)
        form.add_error("password", _("That is not the password."))
    return _door(request, link, address, form=form, status=_UNPROCESSABLE)


# The report: the panels that members see, with links to nothing but the address of the link and below.


def _render(request: HttpRequest, shared: Shared) -> HttpResponse:
    """The whole report, with what the link fixed."""
    return _page("dashboard/shared.html", shared, panels=cards(shared.report, shared.scope, shared.links))


def _render_panel(request: HttpRequest, shared: Shared, asked: Panel) -> HttpResponse:
    view = PanelView(report=shared.report, panel=asked, scope=shared.scope, links=shared.links, answer=None)
    if request.headers.get("HX-Request"):
        part = replace(view, answer=answer(asked, shared.scope))
        return HttpResponse(render_to_string("dashboard/panel.html", {"view": part}))
    whole = replace(view, answer=answer(asked, shared.scope, limit=SHARED_ROWS), is_whole=True)
    return _page("dashboard/shared_panel_page.html", shared, view=whole)


def _page(template: str, shared: Shared, **more: object) -> HttpResponse:
    scope = shared.scope
    context = {
        "title": shared.link.title,
        "site_title": scope.site.title,
        "report": shared.report,
        "period": scope.period,
        "scope": scope,
        "address": shared.address,
    }
    return HttpResponse(render_to_string(template, context | more))


# The way to it: the same for every page below a link.


def _open(request: HttpRequest, token: str, page: Page) -> HttpResponse:
    now = utc_now()
    link = _look(request, token, now)
    if isinstance(link, HttpResponse):
        return link
    address = _address(token)
    if not is_open(request, link):
        return _door(request, link, address, status=_OK if page is _render else _FORBIDDEN)
    try:
        shared = _read(link, address, now)
        say_who_asks(shared.report.name)
        response = page(request, shared)
    except Http404:
        return _finish(_gone())
    link.touch(now)
    return _finish(response, link)


def _look(request: HttpRequest, token: str, now: datetime) -> ShareLink | HttpResponse:
    """The link, or the answer where there is none, or where too much was asked from there."""
    wait = wait_to_look(request, now)
    if wait:
        return _finish(_busy(request, wait))
    link = open_link(token, now=now)
    if link is None:
        wait = wait_after_nothing(request, token, now)
        return _finish(_busy(request, wait) if wait else _gone())
    wait = wait_to_read(request, link, now)
    if wait:
        log.warning("Too much was asked of the share link %s from one network.", link.public_id)
        return _finish(_busy(request, wait), link)
    return link


def _read(link: ShareLink, address: str, now: datetime) -> Shared:
    """What the link shows. A report or parameters that this release does not know are 404, never something wider."""
    try:
        scope = read_fixed_scope(link.parameters, site=link.site, now=now)
    except Refusal as refusal:
        log.warning("The share link %s cannot be shown: %s", link.public_id, refusal)
        raise Http404 from None
    if link.report not in REPORTS:
        raise Http404
    return Shared(link=link, report=REPORTS[link.report], scope=scope, address=address)


def _panel(shared: Shared, name: str) -> Panel:
    found = shared.report.panel(name)
    if found is None:
        raise Http404
    return found


def _address(token: str) -> str:
    return reverse("dashboard:shared", args=[token])


def _door(
    request: HttpRequest, link: ShareLink, address: str, *, form: UnlockForm | None = None, status: int
) -> HttpResponse:
    """The form for the password. It tells neither what is behind it nor whose it is."""
    context = {
        "form": form or UnlockForm(),
        "address": address,
        "unlock": reverse("dashboard:shared-unlock", args=[address.rsplit("/", 1)[1]]),
        "is_framed_elsewhere": request.headers.get("Sec-Fetch-Dest") == "iframe"
        and request.headers.get("Sec-Fetch-Site") == "cross-site",
        "csrf_token": get_token(request),
    }
    response = HttpResponse(render_to_string("dashboard/shared_door.html", context), status=status)
    if request.headers.get("HX-Request"):
        response["HX-Refresh"] = "true"  # a page that stood open for longer than its cookie shows the form itself
    # Without any referrer browsers send the form with “Origin: null”, which the check against forgery refuses.
    response["Referrer-Policy"] = "same-origin"
    return _finish(response, link)


def _wait(seconds: int, address: str) -> HttpResponse:
    context = {"minutes": -(-seconds // 60), "address": address}
    page = render_to_string("dashboard/shared_wait.html", context)
    return HttpResponse(page, status=_TOO_MANY, headers={"Retry-After": str(seconds)})


def _busy(request: HttpRequest, seconds: int) -> HttpResponse:
    """Too much was asked. For a part of a page the sentence alone: the page says it in its own words."""
    template = "dashboard/busy.html" if request.headers.get("HX-Request") else "dashboard/shared_busy.html"
    page = render_to_string(template, {"minutes": -(-seconds // 60)})
    return HttpResponse(page, status=_TOO_MANY, headers={"Retry-After": str(seconds)})


def _gone() -> HttpResponse:
    """One answer for links that never were, are revoked or expired, and for what is not part of a link's report."""
    return HttpResponse(render_to_string("dashboard/shared_gone.html"), status=_NOT_FOUND)


def _finish(response: HttpResponse, link: ShareLink | None = None) -> HttpResponse:
    """The headers of every answer below a link's address; in a frame only on the hosts that the owner listed."""
    hosts = link.embed_hosts if link else []
    if hosts:
        response[middleware.HEADER] = middleware.framed_by(" ".join(map(_source, hosts)))
        response.xframe_options_exempt = True  # it knows no list of hosts
    response["Cache-Control"] = "private, no-store"
    response["X-Robots-Tag"] = "noindex"
    response.headers.setdefault("Referrer-Policy", "no-referrer")
    return response


def _source(host: str) -> str:
    """A host as the policy names it: encrypted, but for the one on which an owner tries things out."""
    return f"http://{host}:*" if host == _LOCALHOST else f"https://{host}"
