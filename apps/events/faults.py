"""From what was raised, and the body it was raised for, to what is kept of a refusal: nothing of who sent it."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

import msgspec

from apps.core.errors import Refusal, Unavailable
from apps.events.addresses import host_of, page_address, path_without_key
from apps.events.records import HOST_CHARACTERS, PATH_CHARACTERS, PLACE_CHARACTERS, Reason
from apps.events.refused import Refused, SiteRef, recorder
from apps.events.schema import MalformedBody
from apps.events.surrogates import well_formed
from apps.events.wire import EVENT_TYPES

_EVENT = re.compile(r"body\.events\.(\d+)(?:\.|\Z)")
_OWN_NAMES = re.compile(r"[\w-]+(?:\.(?:[A-Za-z]+|\d+))*")
"""Places are made of names of the schema and of numbers."""
_CLAIMS = "visitorAuthClaims"


class OutsideWindow(Refusal):
    """An event's timestamp is too far from now."""


class ForeignHost(Refusal):
    """An event is not on a host of its site."""


_REASONS: tuple[tuple[type[Exception], Reason], ...] = (
    (MalformedBody, Reason.MALFORMED),
    (OutsideWindow, Reason.TIMESTAMP),
    (ForeignHost, Reason.HOSTNAME),
    (Unavailable, Reason.UNAVAILABLE),
    (Refusal, Reason.INVALID),
    (Exception, Reason.ERROR),
)


def note_fault(error: Exception, body: bytes, *, site_id: int, now: datetime) -> None:
    """Count that ``body`` was refused with ``error``."""
    reason = next(reason for kind, reason in _REASONS if isinstance(error, kind))
    place = error.path if isinstance(error, Refusal) else ""
    note_events(reason, _events(body), site=site_id, now=now, place=place)


def note_events(reason: Reason, events: list[msgspec.Raw], *, site: SiteRef, now: datetime, place: str = "") -> None:
    """Count that ``events`` were refused; the one at ``place``, else the first, is kept as what it was."""
    named = _EVENT.match(place)
    index = int(named[1]) if named else 0
    kind, host, path = _subject(events[index]) if index < len(events) else ("", "", "")
    recorder.note(
        Refused(
            site=site,
            at=now,
            reason=reason,
            place=_impersonal(place),
            event_type=kind,
            host=host[:HOST_CHARACTERS],
            path=path[:PATH_CHARACTERS],
            events=max(1, len(events)),
        )
    )


class _Batch(msgspec.Struct):
    events: list[msgspec.Raw]


def _events(body: bytes) -> list[msgspec.Raw]:
    try:
        return msgspec.json.decode(well_formed(body), type=_Batch).events
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return []


def _subject(event: msgspec.Raw) -> tuple[str, str, str]:
    """Type, host and path of an event that need not be sound; what cannot be read is empty."""
    try:
        sent: Any = msgspec.json.decode(event)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return "", "", ""
    fields = sent if isinstance(sent, dict) else {}
    location = fields.get("location")
    location = location if isinstance(location, dict) else {}
    kind, url, key = fields.get("type"), location.get("url"), location.get("siteShareKey")
    kind = kind if isinstance(kind, str) and kind in EVENT_TYPES else ""
    if not isinstance(url, str):
        return kind, "", ""
    try:
        path = path_without_key(page_address(url).path, key if isinstance(key, str) else None)
    except ValueError:
        path = ""
    return kind, host_of(url), path


def _impersonal(place: str) -> str:
    """``place`` up to the claims: what names a claim has is not ours to tell."""
    before, claims, _below = place.partition(_CLAIMS)
    own = _OWN_NAMES.match(before + claims)
    return own[0][:PLACE_CHARACTERS] if own else ""
