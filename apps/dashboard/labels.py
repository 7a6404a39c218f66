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
_EVENT_TYPES = {
    "page_view": gettext_lazy("Page view"),
    "page_markdown_request": gettext_lazy("Page as Markdown"),
    "page_post_feedback": gettext_lazy("Page rating"),
    "page_post_feedback_comment": gettext_lazy("Page comment"),
    "search_open": gettext_lazy("Search opened"),
    "search_type_query": gettext_lazy("Search typed"),
    "search_open_result": gettext_lazy("Search result opened"),
    "ask_view": gettext_lazy("AI assistant opened"),
    "ask_question": gettext_lazy("AI question"),
    "ask_rate_response": gettext_lazy("AI answer rated"),
    "agent_feedback": gettext_lazy("Feedback of an agent"),
    "mcp_request": gettext_lazy("MCP request"),
    "rss_request": gettext_lazy("RSS request"),
    "llms_request": gettext_lazy("llms.txt request"),
    "link_click": gettext_lazy("Link followed"),
    "api_client_open": gettext_lazy("API client opened"),
    "api_client_request": gettext_lazy("API request tried"),
    "ad_click": gettext_lazy("Ad clicked"),
    "ad_display": gettext_lazy("Ad shown"),
    "trademark_click": gettext_lazy("Trademark followed"),
}
_CONTEXTS = {
    "site": gettext_lazy("Site"),
    "server": gettext_lazy("Server"),
    "embed": gettext_lazy("Embedded"),
    "mcp": gettext_lazy("MCP"),
}
_RATINGS = {"good": gettext_lazy("Good"), "ok": gettext_lazy("OK"), "bad": gettext_lazy("Bad")}
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


def domain(value: Any) -> str:
    """A host; none for targets within the site."""
    return str(value) if value else _("This site")


def bot(value: Any) -> str:
    """An automatic client's name; none is a person."""
    if not value:
        return _("People")
    return _("Unidentified") if value == "unknown" else str(value)


def truth(value: Any) -> str:
    """Yes, no, or unknown."""
    return {True: _("Yes"), False: _("No")}.get(value, _("Unknown"))


def event_type(value: Any) -> str:
    """What happened, in words."""
    return str(_EVENT_TYPES.get(str(value), value))


def context(value: Any) -> str:
    """Where an event was recorded."""
    return str(_CONTEXTS.get(str(value), value))


def rating(value: Any) -> str:
    """How a page was rated."""
    return str(_RATINGS.get(str(value), _("Not rated")))


def answer_rating(value: Any) -> str:
    """How an AI answer was rated."""
    return {1: _("Helpful"), -1: _("Not helpful")}.get(value, _("Not rated"))


def page(value: Any) -> str:
    """A page's id in its space."""
    return f"{value['page']} ({value['space']})" if value else _("None")


def target(value: Any) -> str:
    """A link's target: its address, or its kind with the id that it has."""
    if not value:
        return _("None")
    known = (value.get(key) for key in ("url", "page", "file", "anchor", "space", "collection", "user", "tag"))
    return str(next((each for each in known if each), value["kind"]))


def method(value: Any) -> str:
    """The method of an API operation, as it is written."""
    return str(value).upper() if value else _("None")


def moment(value: Any) -> str:
    """A moment as it is answered."""
    return str(value)


def weekday(number: int, *, short: bool = False) -> str:
    """The name of a day of the week in the reader's language; Monday is 1 and Sunday 7."""
    width = "abbreviated" if short else "wide"
    return str(_locale(get_language() or "en").days["stand-alone"][width][number - 1])


def hour(value: Any) -> str:
    """An hour of the day."""
    return f"{int(value):02}:00"


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
