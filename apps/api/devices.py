"""Which visitor a browser is, for the docs renderer: by a cookie, and on each host by an id that no other host learns.

Pages on the host that the cookie belongs to, where a CDN's rule leads here, share one id, which they can read in the
cookie themselves. Pages on other hosts have a cookie of their own, which no page can read. It holds the id that it
began with, the host that this id is for, and a key; the id for any other host is made of key and host. So two
organizations, each on its host, cannot tell that two of their visitors are one, whichever hosts they list.
"""

from __future__ import annotations

import hmac
import secrets
from typing import Annotated, TypeVar
from urllib.parse import quote, unquote

import msgspec
from django.http import HttpRequest, HttpResponse

COOKIE = "__session"
ELSEWHERE = "__session_elsewhere"
COOKIE_SECONDS = 365 * 24 * 3600
MAX_DEVICE_ID = 256
_KEY_BYTES = 16

_Id = Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_DEVICE_ID)]


class Own(msgspec.Struct, frozen=True, rename="camel"):
    """What the cookie holds for pages on its own host."""

    device_id: _Id

    def on(self, _host: str | None) -> str:
        """The visitor's id."""
        return self.device_id


class Elsewhere(msgspec.Struct, frozen=True, rename="camel"):
    """What the cookie holds for pages on other hosts; ``key`` in hexadecimal digits."""

    device_id: _Id
    host: str
    key: Annotated[str, msgspec.Meta(pattern=f"^[0-9a-f]{{{2 * _KEY_BYTES}}}$")]

    def on(self, host: str | None) -> str:
        """The visitor's id for pages on ``host``."""
        if host == self.host:
            return self.device_id
        return hmac.digest(bytes.fromhex(self.key), (host or "").encode(), "sha256").hex()[:32]


Visitor = Own | Elsewhere
_Kept = TypeVar("_Kept", Own, Elsewhere)


def known(request: HttpRequest, host: str | None) -> Visitor | None:
    """Who the browser is for a page on ``host``; ``None``: on the host that it asks."""
    return _read(request, COOKIE, Own) if host is None else _read(request, ELSEWHERE, Elsewhere)


def begin(device_id: str, host: str | None) -> Visitor:
    """For a browser that has nothing yet: on ``host`` it goes by ``device_id``, which may still have to be checked."""
    if host is None:
        return Own(device_id=device_id)
    return Elsewhere(device_id=device_id, host=host, key=secrets.token_hex(_KEY_BYTES))


def keep(request: HttpRequest, response: HttpResponse, visitor: Visitor) -> None:
    """Have the browser keep who it is for another year."""
    is_own = isinstance(visitor, Own)
    response.set_cookie(
        COOKIE if is_own else ELSEWHERE,
        quote(msgspec.json.encode(visitor), safe=""),
        max_age=COOKIE_SECONDS,
        path="/" if is_own else quote(request.path),
        secure=request.is_secure(),
        httponly=not is_own,  # the renderer's own script reads the other
        samesite="None" if request.is_secure() else "Lax",
    )


def _read(request: HttpRequest, name: str, kind: type[_Kept]) -> _Kept | None:
    try:
        return msgspec.json.decode(unquote(request.COOKIES.get(name, "")), type=kind)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None
