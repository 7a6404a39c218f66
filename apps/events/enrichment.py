"""From an event as sent to the row that is stored: everything but id, batch and received. Pure: no I/O."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from apps.core.hashing import keyed_hash64
from apps.events.addresses import host_of, page_address, path_without_key
from apps.events.agents import read_agent
from apps.events.claims import Claims, read_claims
from apps.events.places import country_code, place_of, point
from apps.events.store import Row
from apps.events.wire import Session, WireEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteFacts:
    """What enrichment must know of a site."""

    pk: int
    hash_key: bytes
    visitor_auth: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who sent the event. Only a ``trusted`` one (with a token, or an import) is believed about the place."""

    ip: str | None
    user_agent: str
    country: str | None = None
    latitude: float | None = None
    longitude: float | None = None
    trusted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """In place of the ids that a browser would send."""

    visitor: str
    session: str


def enrich(
    event: WireEvent,
    *,
    site: SiteFacts,
    caller: Caller,
    now: datetime,
    imported: bool = False,
    visit: Visit | None = None,
) -> Row:
    """The stored row of ``event``, fields without a value left out.

    ``visit`` stands in for the ids that the browser sent, ``now`` for a missing timestamp; of an ``imported`` event
    that says nothing about claims, it is unknown whether the visitor was signed in.
    """
    session, location = event.session, event.location
    address = page_address(location.url)
    agent = read_agent(agent_of(session, caller))
    claims = read_claims(bytes(session.visitor_auth_claims))
    row: Row = {
        "site": site.pk,
        "timestamp": _to_millisecond(event.timestamp or now),
        "event_type": event.event_type,
        "visitor": keyed_hash64(site.hash_key, b"visitor", visit.visitor if visit else session.visitor_id),
        "session": keyed_hash64(site.hash_key, b"session", visit.session if visit else session.session_id),
        "url": location.url,
        "url_path": path_without_key(address.path, location.site_share_key),
        "display_context": location.display_context or "site",
        "site_section": location.site_section or "",
        "site_space": location.site_space or "",
        "site_share_key": location.site_share_key or "",
        "space": location.space or "",
        "revision": location.revision or "",
        "page": location.page or "",
        "device": agent.device,
        "browser": agent.browser,
        "os": agent.os,
        "bot": agent.bot,
        "language": (session.language or "").partition("-")[0].lower(),
        "authenticated": _authenticated(session, claims, site, imported=imported),
        "referrer": session.referrer or "",
        "referrer_domain": host_of(session.referrer or ""),
    }
    if claims.canonical:
        row["claims"] = claims.values
        row["claims_json"] = claims.canonical
    row.update(address.campaign)
    row.update(_place(session, caller))
    row.update(event.details())
    return row


def _to_millisecond(moment: datetime) -> datetime:
    """``moment`` in UTC, cut (not rounded) to the millisecond."""
    moment = moment.astimezone(UTC)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def _authenticated(session: Session, claims: Claims, site: SiteFacts, *, imported: bool) -> bool | None:
    if site.visitor_auth or claims.signed:
        return True
    silent = bytes(session.visitor_auth_claims) in {b"", b"null"}
    return None if imported and silent else False


def visitor_address(session: Session, caller: Caller) -> str | None:
    """The visitor's address: what a trusted caller says of it, else the caller's own."""
    return session.ip if caller.trusted and session.ip else caller.ip


def agent_of(session: Session, caller: Caller) -> str:
    """The visitor's user agent: the one that the event tells, else the caller's own."""
    return caller.user_agent if session.user_agent is None else session.user_agent


def _place(session: Session, caller: Caller) -> Row:
    """Country and point. A trusted caller's word goes before the visitor's address, that before the caller's own.

    An address of the visitor that says nothing leaves the country unknown: the caller is then a server elsewhere.
    The point of an address is left out where it would lie in another country than the one told.
    """
    found = place_of(visitor_address(session, caller) or "")
    told = country_code(caller.country) if caller.trusted else ""
    place: Row = {"country": told or found.country}
    spot = point(caller.latitude, caller.longitude) if caller.trusted else None
    if spot is None and told in ("", found.country):
        spot = found.point
    if spot:
        place["latitude"], place["longitude"] = spot
    return place
