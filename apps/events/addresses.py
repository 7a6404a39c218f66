"""What an address tells: host, path, campaign. Text in, text out; nothing is looked up."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache
from urllib.parse import unquote_plus

MAX_URL_CHARACTERS = 2048

UTM_NAMES = ("utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content")
"""The campaign parameters, named as they are in an address and as the event's fields are."""

_HOST = r"(?:[^/?#\\@]*@)?(\[[0-9a-f:.]+\]|[^\s\x00-\x20\x7f/?#@\\:\[\]<>^|]+)(?::\d*)?"
_SITE_URL = re.compile(rf"https?://{_HOST}(?=[/?#]|\Z)([^?#]*)(?:\?([^#]*))?", re.IGNORECASE)
_ANY_HOST = re.compile(rf"(?:[a-z][a-z0-9+.-]*:)?//{_HOST}(?=[/?#]|\Z)", re.IGNORECASE)
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)
_UNFIT = re.compile(r"[\s\x00-\x20\x7f-\x9f]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """The parts of a page's address. ``host`` is lower case without port; ``path`` is as sent, maybe empty."""

    host: str
    path: str
    campaign: dict[str, str] = field(default_factory=dict)


@lru_cache(maxsize=4096)
def page_address(url: str) -> Address:
    """The parts of an http(s) address.

    Raises ``ValueError`` with a sentence for what is not one, for white space and control characters
    anywhere, and for more than ``MAX_URL_CHARACTERS``.
    """
    match = _SITE_URL.match(url)
    if match is None or _UNFIT.search(url):
        raise ValueError("expected a URL")
    if len(url) > MAX_URL_CHARACTERS:
        raise ValueError(f"expected a URL of at most {MAX_URL_CHARACTERS} characters")
    host, path, query = match.groups()
    return Address(host=host.lower(), path=path, campaign=_campaign(query or ""))


def is_url(text: str) -> bool:
    """Whether ``text`` is an absolute address of any scheme: ``android-app://…``, ``about:blank``."""
    return _SCHEME.match(text) is not None and _UNFIT.search(text) is None


@lru_cache(maxsize=4096)
def host_of(url: str) -> str:
    """The host of an address of any scheme, lower case without port; ``""`` where it has none."""
    match = _ANY_HOST.match(url)
    return match.group(1).lower() if match else ""


def path_without_key(path: str, share_key: str | None) -> str:
    """``path`` without the first segment that equals the share key and without trailing slashes; ``/`` for the root.

    Percent-encoding stays as sent, and the key is compared with the segment as sent.
    """
    if share_key and f"/{share_key}/" in f"{path}/":
        segments = path.split("/")
        segments.remove(share_key)
        path = "/".join(segments)
    return path.rstrip("/") or "/"


def page_of(url: str) -> str:
    """The id of the page at ``url``, as the script makes it: the path without ``index.html`` and a slash at its end."""
    path = "/" + url.partition("://")[2].partition("#")[0].partition("?")[0].partition("/")[2]
    for ending in ("/index.html", "/index.htm", "/"):
        if path.endswith(ending):
            path = path.removesuffix(ending)
            break
    return path[:256] or "/"


def _campaign(query: str) -> dict[str, str]:
    """The utm parameters of a query: exact lower-case names, the first of several, percent-decoded (``+`` is a space).

    Bytes that are not UTF-8 become U+FFFD. A parameter without a value is left out, as an absent one is.
    """
    if "utm_" not in query:
        return {}
    found: dict[str, str] = {}
    for pair in query.split("&"):
        name, _, value = pair.partition("=")
        if name in UTM_NAMES:
            found.setdefault(name, unquote_plus(value))
    return {name: value for name, value in found.items() if value}
