"""The Events page: the latest events as they are stored, and what was refused in the last days, with the reason."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.core.paginator import Page as Sheet
from django.core.paginator import Paginator
from django.db.models import Max, Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from apps.core.clock import utc_now
from apps.core.errors import Refusal
from apps.dashboard.editing import may_edit
from apps.dashboard.frames import EVENTS, find_site, frame
from apps.events.exporting import ExportForm
from apps.events.latest import Page, Wanted, latest_events
from apps.events.records import Reason, RefusalCount, RefusedEvent
from apps.events.refused import KEPT_FOR
from apps.events.wire import EVENT_TYPES
from apps.sites.models import Site

SHOWN_FOR = timedelta(days=7)
"""How far back the page looks, for events and for refusals."""
REFUSED_ROWS = 25
MOST_PAGES = 200
"""Deeper pages are for exports."""
PEOPLE, BOTS = "people", "bots"
WHO = {"": _("Everybody"), PEOPLE: _("People"), BOTS: _("Bots and agents")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What the address narrows the page to. What it does not know is left out."""

    event_type: str
    who: str
    reason: str
    page: int
    refused_page: int

    @classmethod
    def read(cls, asked: Mapping[str, str]) -> Choice:
        return cls(
            event_type=asked["type"] if asked.get("type") in EVENT_TYPES else "",
            who=asked["who"] if asked.get("who") in WHO else "",
            reason=asked["reason"] if asked.get("reason") in Reason.values else "",
            page=_page(asked.get("page", "")),
            refused_page=_page(asked.get("refused", "")),
        )

    def query(self, **changes: object) -> str:
        """The address of the page with this choice, but for ``changes``."""
        asked = {
            "type": self.event_type,
            "who": self.who,
            "page": self.page,
            "reason": self.reason,
            "refused": self.refused_page,
        }
        return "?" + urlencode({name: value for name, value in (asked | changes).items() if value not in ("", 1)})


def _page(text: str) -> int:
    return min(max(int(text), 1), MOST_PAGES) if text.isascii() and text.isdecimal() and len(text) < 9 else 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Latest:
    """A page of events, or the sentence that says why there is none now."""

    page: Page | None = None
    problem: str = ""


@require_safe
@login_required
@cache_control(private=True, no_cache=True)
def events(request: HttpRequest, organization: str, site_id: str) -> HttpResponse:
    """The page; for htmx, the table of the latest events alone, which asks again every few seconds."""
    site = find_site(request, organization, site_id)
    choice, now = Choice.read(request.GET.dict()), utc_now()
    context: dict[str, Any] = {
        "site": site,
        "choice": choice,
        "zone": site.zone,
        "latest": _latest(site, choice, now),
        "newer": choice.query(page=choice.page - 1),
        "older": choice.query(page=choice.page + 1) if choice.page < MOST_PAGES else "",
        "here_query": choice.query(),
    }
    if request.headers.get("HX-Request"):
        return render(request, "dashboard/latest_events.html", context)
    return render(
        request,
        "dashboard/events.html",
        frame(request, site, EVENTS)
        | context
        | {
            "types": EVENT_TYPES,
            "who": WHO.items(),
            "reasons": [(choice.query(reason=row["reason"], refused=1), row) for row in _reasons(site, now)],
            "all_reasons": choice.query(reason="", refused=1),
            "refused": (refused := _refused(site, choice, now)),
            "newer_refused": choice.query(refused=refused.number - 1),
            "older_refused": choice.query(refused=refused.number + 1),
            "days": SHOWN_FOR.days,
            "export_form": _export_form(request, site, now),
        },
    )


def _export_form(request: HttpRequest, site: Site, now: datetime) -> ExportForm | None:
    """For who may export: the form, filled in with the last week."""
    today = now.astimezone(site.zone).date()
    return ExportForm(initial={"first": today - SHOWN_FOR, "last": today}) if may_edit(request, site) else None


def _latest(site: Site, choice: Choice, now: datetime) -> Latest:
    bots = {PEOPLE: False, BOTS: True}.get(choice.who)
    wanted = Wanted(since=now - SHOWN_FOR, site=site.pk, event_type=choice.event_type, bots=bots, page=choice.page)
    try:
        return Latest(page=latest_events(wanted, now))
    except Refusal as refusal:
        return Latest(problem=refusal.message)


def _reasons(site: Site, now: datetime) -> list[dict[str, Any]]:
    """Reasons with their requests, events and last minute, the most frequent first."""
    counts = RefusalCount.objects.filter(site=site, minute__gte=now - SHOWN_FOR).order_by()
    found = counts.values("reason").annotate(requests=Sum("requests"), events=Sum("events"), last=Max("minute"))
    rows = [{**row, "label": Reason(row["reason"]).label} for row in found]
    return sorted(rows, key=lambda row: (-row["events"], row["reason"]))


def _refused(site: Site, choice: Choice, now: datetime) -> Sheet[RefusedEvent]:
    kept = RefusedEvent.objects.filter(site=site, refused_at__gte=now - min(SHOWN_FOR, KEPT_FOR))
    if choice.reason:
        kept = kept.filter(reason=choice.reason)
    return Paginator(kept, REFUSED_ROWS).get_page(choice.refused_page)
