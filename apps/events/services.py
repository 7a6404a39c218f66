"""Verbs of events: track."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from functools import partial
from itertools import repeat

from apps.events.addresses import host_of
from apps.events.agents import read_agent
from apps.events.enrichment import Caller, SiteFacts, Visit, agent_of, enrich, visitor_address
from apps.events.exclusions import Exclusions
from apps.events.faults import ForeignHost, OutsideWindow, note_fault
from apps.events.metrics import ACCEPTED
from apps.events.once import Once, write_once
from apps.events.places import place_of
from apps.events.records import Reason
from apps.events.refused import Refused, recorder
from apps.events.schema import WireEvent, decode
from apps.events.store import Row
from apps.events.visits import visit_of
from apps.events.writer import get_writer
from apps.sites.models import Site, Visibility

TOLERANCE = timedelta(minutes=5)
"""How far an event's timestamp may be from now, either way. Source: contract.md, Track."""


def facts_of(site: Site) -> SiteFacts:
    """What enrichment must know of ``site``."""
    return SiteFacts(pk=site.pk, hash_key=bytes(site.hash_key), visitor_auth=site.visibility == Visibility.VISITOR_AUTH)


def exclusions_of(site: Site) -> Exclusions:
    """What is not counted of ``site``."""
    return Exclusions(
        addresses=site.excluded_addresses,
        hostnames=site.excluded_hostnames,
        paths=site.excluded_paths,
        bots=site.exclude_bots,
    )


def track(body: bytes, *, site: Site, caller: Caller, now: datetime, once: Once | None = None) -> int:
    """Store the events of a posted body, all or none; returns how many, once they are durable and visible.

    Raises ``MalformedBody`` (400) for what is not JSON, ``Refusal`` (422) with the dotted place of the first
    fault, ``Unavailable`` (503) when they cannot be stored now. Whatever is raised is counted. With ``once``, a body
    that was stored before is not stored again, and the answer is 0.
    """
    try:
        if once is not None:
            number = write_once(once, site, partial(_rows, body, site=site, caller=caller, now=now))
        else:
            rows = _rows(body, site=site, caller=caller, now=now)
            get_writer().write(rows)
            number = len(rows)
        ACCEPTED.inc(number)
        return number
    except Exception as error:
        note_fault(error, body, site_id=site.pk, now=now)
        raise


def _rows(body: bytes, *, site: Site, caller: Caller, now: datetime) -> list[Row]:
    events = decode(body)
    _check_window(events, now)
    _check_hosts(events, site.hostnames)
    facts = facts_of(site)
    visits = _visits(events, site=site, caller=caller, now=now) if site.cookieless else repeat(None)
    rows = [
        enrich(event, site=facts, caller=caller, now=now, visit=visit)
        for event, visit in zip(events, visits, strict=False)
    ]
    exclusions = exclusions_of(site)
    return _without_excluded(events, rows, exclusions, site=site, caller=caller, now=now) if exclusions else rows


def _visits(events: Sequence[WireEvent], *, site: Site, caller: Caller, now: datetime) -> Iterator[Visit | None]:
    """The visit of each event. A trusted caller who does not tell the visitor's address is believed about the ids."""
    found: dict[tuple[str | None, str], Visit] = {}
    for event in events:
        if caller.trusted and not event.session.ip:
            yield None
            continue
        told = visitor_address(event.session, caller), agent_of(event.session, caller)
        if told not in found:
            found[told] = visit_of(site.pk, address=told[0], agent=told[1], now=now)
        yield found[told]


def _without_excluded(
    events: Sequence[WireEvent], rows: list[Row], exclusions: Exclusions, *, site: Site, caller: Caller, now: datetime
) -> list[Row]:
    """The rows that are to be counted; the others are noted as excluded."""
    kept = []
    for event, row in zip(events, rows, strict=True):
        if not exclusions.exclude(row, visitor_address(event.session, caller)):
            kept.append(row)
    if left_out := len(rows) - len(kept):
        recorder.note(Refused(site=site.pk, at=now, reason=Reason.EXCLUDED, events=left_out))
    return kept


def _check_window(events: Sequence[WireEvent], now: datetime) -> None:
    for index, event in enumerate(events):
        if event.timestamp is not None and abs(event.timestamp - now) > TOLERANCE:
            raise OutsideWindow("is more than 5 minutes from now", path=f"body.events.{index}.timestamp")


def _check_hosts(events: Sequence[WireEvent], hostnames: Sequence[str]) -> None:
    if not hostnames:
        return
    for index, event in enumerate(events):
        if host_of(event.location.url) not in hostnames:
            raise ForeignHost("is not on a host of this site", path=f"body.events.{index}.location.url")


def warm_up() -> None:
    """Load the lists that enrichment reads, so that the first requests need not do it all at once."""
    read_agent("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36")
    place_of("192.0.2.1")
