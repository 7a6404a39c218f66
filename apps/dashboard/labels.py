"""What people read for the values that the API answers."""

from __future__ import annotations

from functools import cache
from typing import Any

from babel import Locale
from babel.core import UnknownLocaleError
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

_CHANNELS = {
    "ai": gettext_lazy("AI assistants"),
    "direct": gettext_lazy("Direct"),
    "email": gettext_lazy("E-mail"),
    "internal": gettext_lazy("This site"),
    "paid": gettext_lazy("Paid"),
    "referral": gettext_lazy("Other sites"),
    "search": gettext_lazy("Search"),
    "social": gettext_lazy("Social"),
}
_PROPER = {
    "ie": "Internet Explorer",
    "ios": "iOS",
    "macos": "macOS",
}


def as_sent(value: Any) -> str:
    """The value itself."""
    return str(value) if value not in (None, "") else _("None")


def referrer(value: Any) -> str:
    """The host that a reader came from; ``""`` is a reader who typed the address or used a bookmark."""
    return str(value) if value else _("Direct")


def channel(value: Any) -> str:
    """What kind of place a reader came from."""
    return str(_CHANNELS.get(str(value), value))


def country(value: Any) -> str:
    """The name of an ISO 3166-1 alpha-2 code in the reader's language; the code where it has none."""
    if not value:
        return _("Unknown")
    name = _locale(get_language() or "en").territories.get(str(value))
    return str(name or value)


def language(value: Any) -> str:
    """The name of a base language; its code where it has none."""
    if not value:
        return _("Unknown")
    name = _locale(get_language() or "en").languages.get(str(value))
    return str(name or value)


def weekday(number: int, *, short: bool = False) -> str:
    """The name of a day of the week in the reader's language; Monday is 1 and Sunday 7."""
    width = "abbreviated" if short else "wide"
    return str(_locale(get_language() or "en").days["stand-alone"][width][number - 1])


def technology(value: Any) -> str:
    """A device, browser or system as its maker writes it."""
    text = str(value) if value else _("Unknown")
    return _PROPER.get(text) or text[:1].upper() + text[1:]


@cache
def _locale(language: str) -> Locale:
    try:
        return Locale.parse(language, sep="-")
    except (UnknownLocaleError, ValueError):
        return Locale("en")
