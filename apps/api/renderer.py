"""The two routes of the open-source docs renderer that a CDN rule can send here."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from apps.api import devices
from apps.api.body import read_body
from apps.api.caches import hosts_of_sites
from apps.api.callers import caller_of
from apps.api.devices import MAX_DEVICE_ID
from apps.api.errors import MethodNotAllowed, error_response
from apps.api.middleware import ApiRequest
from apps.api.tracking import empty, once_of, preflight, site_to_track
from apps.api.wishes import is_unknown, is_unwanted
from apps.core.clock import utc_now
from apps.core.errors import Refusal
from apps.events.addresses import host_of
from apps.events.faults import note_events
from apps.events.models import Reason
from apps.events.once import write_once
from apps.events.services import track
from apps.events.store import Row
from apps.events.surrogates import well_formed

OLDEST = timedelta(minutes=5)
_FROM_HERE = (None, "same-origin", "none")
"""What browsers say where no foreign page is behind a request; older ones say nothing."""


@csrf_exempt
def track_renderer_events(request: ApiRequest) -> HttpResponse:
    """POST /~gitbook/__evt?o=…&s=…: as the tracking route, but old events are dropped, not refused."""
    if request.method == "OPTIONS":
        return preflight()
    if request.method != "POST":
        raise MethodNotAllowed(request.method, ("POST", "OPTIONS"))
    organization_id, site_id = request.GET.get("o", ""), request.GET.get("s", "")
    if not organization_id or not site_id:
        return error_response(400, "Expected the parameters o (organization) and s (site)", plain=True)
    site = site_to_track(request, organization_id, site_id)
    if is_unwanted(request, site):
        return empty()
    now, body = utc_now(), read_body(request)
    # A key belongs to the body as it was sent: when it is repeated, more of its events may be old.
    once = once_of(request, body)
    fresh, old = without_old_events(body, now=now)
    stored = None
    try:
        if fresh is not None:
            caller = caller_of(request, trusted=request.api_token is not None)
            stored = track(fresh, site=site, caller=caller, now=now, once=once)
        elif once is not None:
            stored = write_once(once, site, _nothing_fresh)
        else:
            _nothing_fresh()
    finally:
        if old and stored != 0:
            note_events(Reason.TIMESTAMP, old, site=site.pk, now=now)
    return empty()


class NothingFresh(Refusal):
    """All events of the body are older than ``OLDEST``."""

    status = 400


def _nothing_fresh() -> list[Row]:
    raise NothingFresh("No events of the last 5 minutes")


def without_old_events(body: bytes, *, now: datetime) -> tuple[bytes | None, list[msgspec.Raw]]:
    """``body`` without the events older than ``OLDEST``, and those; ``None`` where none is left.

    What is not understood here is passed on as it came: the tracking route's own checks refuse it in their words.
    """
    try:
        batch = msgspec.json.decode(well_formed(body), type=_Batch)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return body, []
    old = [event for event in batch.events if _is_old(event, now)]
    fresh = [event for event in batch.events if not _is_old(event, now)] if old else batch.events
    return (msgspec.json.encode({"events": fresh}) if fresh else None), old


class _Batch(msgspec.Struct):
    events: list[msgspec.Raw]


class _Timed(msgspec.Struct):
    timestamp: datetime | None = None


def _is_old(event: msgspec.Raw, now: datetime) -> bool:
    try:
        moment = msgspec.json.decode(event, type=_Timed).timestamp
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return False
    if moment is None:
        return False
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return moment < now - OLDEST


@csrf_exempt  # it changes nothing; another method is answered with 405, not with a form's refusal
@require_safe
def identify_visitor(request: HttpRequest) -> HttpResponse:
    """GET …/__session/2/?proposed=…: the visitor's id, the proposed one unless a cookie already tells another.

    On each host it is another one: ``devices`` tells how. Who does not wish to be known again, and who asks from a page
    that may not know them, gets the proposed one, and no cookie is read or set.
    """
    proposed, origin = request.GET.get("proposed", ""), request.headers.get("Origin")
    host = None if origin is None else host_of(origin)
    may_know = _may_know(request, host)
    visitor = None
    if may_know and not is_unknown(request):
        visitor = devices.known(request, host) or devices.begin(proposed, host)
    device = visitor.on(host) if visitor else proposed
    if not 0 < len(device) <= MAX_DEVICE_ID:
        return error_response(400, f"Expected the parameter proposed, 1 to {MAX_DEVICE_ID} characters", plain=True)
    response = JsonResponse({"deviceId": device})
    if visitor:
        devices.keep(request, response, visitor)
    response["Cache-Control"] = "private, no-store"
    response["Vary"] = "Origin, Cookie"
    if origin and may_know:
        response["Access-Control-Allow-Origin"] = origin
        response["Access-Control-Allow-Credentials"] = "true"
    return response


def _may_know(request: HttpRequest, host: str | None) -> bool:
    """Whether a page on ``host`` may know its visitors again; ``None``: one on the host that is asked.

    That one must not be a foreign page that has an image fetched from here, and proposes an id of its own choice. A
    site has to be on another host; every one may be where no site tells its host.
    """
    if host is None:
        return request.headers.get("Sec-Fetch-Site") in _FROM_HERE
    hosts = hosts_of_sites.get()
    return bool(host) and (not hosts or host in hosts)
