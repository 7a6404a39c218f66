"""How much may be asked of share links from one network, by whoever has a link and by whoever guesses."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.http import HttpRequest

from apps.core.callers import hashed_address
from apps.core.limits import Limit
from apps.sites.models import ShareLink
from apps.sites.share_links import hash_of

GUESSES = Limit(name="share-guess", most=100, seconds=600)
"""Different links that lead nowhere, of a network; then it opens none.

One that has ended counts once, however often: a page that frames it still has many readers behind one address.
"""
_NOWHERE = "nowhere"


def wait_to_look(request: HttpRequest, now: datetime) -> int:
    """The seconds until a link may be looked up; 0: now."""
    return GUESSES.wait(hashed_address(request), now.timestamp())


def wait_to_read(request: HttpRequest, link: ShareLink, now: datetime) -> int:
    """Count one page, part of a page or file of a link: 0, or the seconds until the next one may be asked for."""
    return _reads().take(f"{link.pk}:{hashed_address(request)}", now.timestamp())


def wait_after_nothing(request: HttpRequest, token: str, now: datetime) -> int:
    """Count a link that leads nowhere, all of which together may be asked for as often as one that leads somewhere."""
    network, moment = hashed_address(request), now.timestamp()
    guessed = GUESSES.take_once(network, hash_of(token), moment)
    return guessed or _reads().take(f"{_NOWHERE}:{network}", moment)


def _reads() -> Limit:
    """Of a link and a network in a minute: as much as the API takes from there.

    The largest report is 22 requests, so by default it opens 136 times a minute behind one address, others oftener.
    """
    return Limit(name="share-reads", most=settings.RATE_LIMIT_ADDRESS, seconds=60)
