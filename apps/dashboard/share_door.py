"""The door of a share link with a password: how often it may be tried, and how a browser that knows it is let in."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.core.signing import BadSignature, TimestampSigner
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import constant_time_compare, salted_hmac

from apps.core.callers import hashed_address
from apps.core.limits import Limit
from apps.sites.models import ShareLink

COOKIE = "share"
LET_IN_FOR = timedelta(hours=12)
BY_ADDRESS = Limit(name="share-address", most=10, seconds=600)
BY_LINK = Limit(name="share-link", most=100, seconds=3_600)

_signer = TimestampSigner(salt="share-link")


def is_open(request: HttpRequest, link: ShareLink) -> bool:
    """Whether the link has no password, or the browser was let in with the one that it has now."""
    if not link.has_password:
        return True
    try:
        key = _signer.unsign(request.COOKIES.get(COOKIE, ""), max_age=LET_IN_FOR)
    except BadSignature:
        return False
    return constant_time_compare(key, _key_of(link))


def let_in(request: HttpRequest, response: HttpResponse, link: ShareLink, *, path: str) -> None:
    """Give the browser a cookie that opens this link, with its password of now, below ``path`` alone."""
    response.set_cookie(
        COOKIE,
        _signer.sign(_key_of(link)),
        max_age=LET_IN_FOR,
        path=path,
        secure=request.is_secure(),
        httponly=True,
        samesite="Lax",
    )


def try_password(request: HttpRequest, link: ShareLink, password: str, *, now: datetime) -> tuple[bool, int]:
    """Whether it is the password, and the seconds to wait where there were too many guesses: then none is looked at.

    An address that is out of guesses takes none of the link's, so that alone it locks nobody else out for long.
    A right password costs nothing.
    """
    moment, address, everybody = now.timestamp(), f"{link.pk}:{hashed_address(request)}", str(link.pk)
    wait = BY_ADDRESS.take(address, moment) or BY_LINK.take(everybody, moment)
    if wait:
        return False, wait
    if not link.is_password(password):
        return False, 0
    BY_ADDRESS.give_back(address, moment)
    BY_LINK.give_back(everybody, moment)
    return True, 0


def _key_of(link: ShareLink) -> str:
    """Made of the password's hash: with another password, or the same one set anew, older cookies are worth nothing."""
    return salted_hmac("share-link", f"{link.pk}:{link.password}", algorithm="sha256").hexdigest()
