"""Putting a site to work: what its pages take in, and whether a first event comes from there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from django.utils.html import format_html
from django.utils.safestring import mark_safe

from apps.core.clock import utc_now
from apps.core.errors import Refusal
from apps.events.latest import Wanted, first_arrival, latest_events
from apps.events.records import RefusedEvent
from apps.sites.models import Site

OPT_OUT = "insights-opt-out"
"""Parameter of a documentation's address by which the script is told; docs/script.md."""
WATCHED_FOR = timedelta(minutes=15)
"""A check asks every other second; one that nobody looks at any more comes to an end."""
LOOKED_BACK = timedelta(days=7)


def snippet(site: Site, origin: str) -> str:
    """The line that counts a documentation's pages, with the attributes that the site's settings ask for."""
    return format_html(
        '<script defer src="{}/insights.js" data-org="{}" data-site="{}"{}{}></script>',
        origin,
        site.organization.public_id,
        site.public_id,
        mark_safe(' data-storage="none"') if site.cookieless else "",  # nosec B308  # our own text
        "" if site.honour_privacy_signals else " data-ignore-dnt",
    )


def opt_out(site: Site) -> str:
    """The address that tells the script not to count a browser; empty where the documentation's own is not known."""
    if not site.url:
        return ""
    parts = urlsplit(site.url)
    return urlunsplit(parts._replace(query=f"{OPT_OUT}=1", fragment=""))


def pixel(site: Site, origin: str) -> str:
    """The image for pages without scripts."""
    return format_html(
        '<noscript><img alt="" width="1" height="1" referrerpolicy="no-referrer-when-downgrade"'
        ' src="{}/pixel.gif?org={}&amp;site={}"></noscript>',
        origin,
        site.organization.public_id,
        site.public_id,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """Whether an event arrived since a moment: the first that did, or else the last that was refused."""

    since: datetime
    looked_at: datetime
    """After the store was asked: what it was asked for arrived before."""
    event: Mapping[str, Any] | None = None
    refused: RefusedEvent | None = None
    problem: str = ""
    is_over: bool = False

    @property
    def address(self) -> str:
        """What asks for the same check again."""
        return _address(self.since)

    @property
    def next(self) -> str:
        """What asks for a check that begins after this one: another address, so that following it loads the page."""
        return _address(self.looked_at + timedelta(milliseconds=1))


def _address(since: datetime) -> str:
    return f"?since={int(since.timestamp() * 1000)}"


def read_since(text: str, now: datetime) -> datetime:
    """The moment that ``Check.address`` tells; what cannot be read, or is yet to come, is now."""
    if not (text.isascii() and text.isdecimal() and len(text) < 15):
        return now
    return min(datetime.fromtimestamp(int(text) / 1000, UTC), now)


def check(site: Site, since: datetime, now: datetime) -> Check:
    """Look once."""
    since = max(since, now - LOOKED_BACK)
    is_over = now - since > WATCHED_FOR
    try:
        event = first_arrival(site.pk, since)
    except Refusal as refusal:
        return Check(since=since, looked_at=utc_now(), problem=refusal.message, is_over=is_over)
    refused = RefusedEvent.objects.filter(site=site, refused_at__gte=since).first()
    return Check(since=since, looked_at=utc_now(), event=event, refused=refused, is_over=is_over)


def last_event(site: Site, now: datetime) -> Mapping[str, Any] | None:
    """The latest event of the last days; ``None`` also while the store cannot answer, which the check then says."""
    try:
        rows = latest_events(Wanted(since=now - LOOKED_BACK, site=site.pk), now).rows
    except Refusal:
        return None
    return rows[0] if rows else None
