"""Which requests of a log are events, and which events they are."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC
from enum import StrEnum
from typing import Any, NamedTuple
from urllib.parse import quote

from django.conf import settings

from apps.core.hashing import keyed_hash64
from apps.events.addresses import is_url, page_of
from apps.events.logs.formats import Request

MAX_REFERRER_CHARACTERS = 2048


class Skipped(StrEnum):
    """Why a request is no event."""

    ASSET = "assets"
    METHOD = "other methods"
    REDIRECT = "redirects"
    FAILED = "failed requests"
    SERVICE = "requests of the tracking itself"
    EXCLUDED = "requests that the site excludes"
    NONE = "connections without a request"


class Rule(NamedTuple):
    """What a request for such a path is. ``event`` takes the page's id, None where the page was not found."""

    path: re.Pattern[str]
    methods: frozenset[str]
    event: Callable[[str, bool], dict[str, Any]]


_GET, _POST = frozenset({"GET"}), frozenset({"POST"})
_FOUND = frozenset({200, 202, 203, 304})
"""304: the reader's browser had the page already, and shows it."""
_MISSING = frozenset({404, 410})
_REDIRECTS = range(300, 400)

_OURS = re.compile(
    rf"(?:{re.escape(settings.BASE_PATH)})?"
    r"(?:/insights\.js|/pixel\.gif|/__session/.*|.*/~gitbook/__evt|/v1/orgs/.*)"
)
_ASSET = re.compile(
    r".*\.(?:7z|aac|avi|avif|bmp|br|bz2|cjs|css|csv|cur|dmg|doc|docx|eot|exe|flac|gif|gz|heic|ico|inv|jpe?g|js|json|"
    r"jsonld|less|m4a|m4v|map|mjs|mov|mp3|mp4|mpe?g|ogg|ogv|otf|pagefind|pdf|pf_\w+|png|ppt|pptx|rar|scss|svgz?|tar|"
    r"tgz|tiff?|ttf|txt|wasm|wav|webm|webmanifest|webp|woff2?|xls|xlsx|xml|xsl|xz|ya?ml|zip|zst)",
    re.IGNORECASE,
)
"""Files that are no documents. Any other ending is part of a page's name: ``/releases/v1.2``."""


def _page(url: str, found: bool) -> dict[str, Any]:
    return {"type": "page_view", "location": {"page": page_of(url) if found else None, "displayContext": "site"}}


def _markdown(url: str, found: bool) -> dict[str, Any]:
    page = page_of(re.sub(r"(?:/index)?\.(?:md|mdx|markdown)(?=[?#]|\Z)", "", url, flags=re.IGNORECASE))
    return {"type": "page_markdown_request", "location": {"page": page, "displayContext": "server"}}


def _llms(variant: str) -> Callable[[str, bool], dict[str, Any]]:
    return lambda url, found: {
        "type": "llms_request",
        "llmsVariant": variant,
        "location": {"displayContext": "server"},
    }


def _plain(kind: str, context: str) -> Callable[[str, bool], dict[str, Any]]:
    return lambda url, found: {"type": kind, "location": {"displayContext": context}}


RULES = (
    Rule(re.compile(r".*/llms-full\.txt"), _GET, _llms("full")),
    Rule(re.compile(r".*/llms\.txt"), _GET, _llms("standard")),
    Rule(re.compile(r".*\.(?:md|mdx|markdown)", re.IGNORECASE), _GET, _markdown),
    Rule(re.compile(r"(?:/.*)?/(?:~gitbook/)?mcp/?"), _POST, _plain("mcp_request", "mcp")),
    Rule(
        re.compile(r".*/(?:feed|rss|atom|index)\.xml|.*\.(?:rss|atom)|.*/(?:feed|rss)/?", re.IGNORECASE),
        _GET,
        _plain("rss_request", "server"),
    ),
)
"""The first that fits decides. What none fits, and is no asset, is a page."""
_PAGE = Rule(re.compile(".*"), _GET, _page)


def event_of(request: Request, *, base: str, key: bytes) -> dict[str, Any] | Skipped:
    """The event that ``request`` is, in the form of the tracking route, or why it is none.

    ``base`` is the site's origin where the log names no host; ``key`` the site's, for the visitor's id. That is the
    same for one address and user agent for a day (UTC), and so is the session's: a log knows no more. The address
    itself goes no further than to the country.
    """
    target = _target(request.target)
    path = target.partition("?")[0]
    if _OURS.fullmatch(path):
        return Skipped.SERVICE
    fitting = (rule for rule in RULES if rule.path.fullmatch(path) and request.method in rule.methods)
    rule = next(fitting, None)
    if rule is None and _ASSET.fullmatch(path):
        return Skipped.ASSET
    rule = rule or _PAGE
    if request.method not in rule.methods:
        return Skipped.METHOD
    if request.status not in _FOUND and not (rule is _PAGE and request.status in _MISSING):
        return Skipped.REDIRECT if request.status in _REDIRECTS else Skipped.FAILED
    url = (f"{base.partition('://')[0]}://{request.host}" if request.host else base) + target
    event = rule.event(url, request.status in _FOUND)
    event["location"]["url"] = url
    return event | {"timestamp": request.moment.isoformat(), "session": _session(request, key)}


def _session(request: Request, key: bytes) -> dict[str, Any]:
    day = request.moment.astimezone(UTC).date()
    told = f"{day}\n{request.address}\n{request.user_agent}"
    visitor = f"{keyed_hash64(key, b'log', told):016x}"
    referrer = request.referrer if len(request.referrer) <= MAX_REFERRER_CHARACTERS else ""
    return {
        "visitorId": visitor,
        "sessionId": visitor,
        "ip": request.address,
        "userAgent": request.user_agent,
        "language": request.language[:256] or None,
        "referrer": referrer if is_url(referrer) else "",
    }


def _target(target: str) -> str:
    """Path and query of a request's target, with what may not stand in an address percent-encoded."""
    if not target.startswith("/"):
        _, _, rest = target.partition("://")
        target = "/" + rest.partition("/")[2]
    return quote(target.encode("latin-1", "replace"), safe="/%?&=+,;:@!$'()*~.-_[]")
