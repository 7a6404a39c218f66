"""The channel that brought a visitor, as SQL over stored events: the same as ``apps.events.channels.channel_of``.

It is worked out when a question is asked, so that old events follow when the lists grow.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from zoneinfo import ZoneInfo

from apps.events.channels import DIRECT, INTERNAL, MEDIA, PAID, PAID_MEDIUM, REFERRAL, SEARCH_IN_ANY_COUNTRY
from apps.events.channels import hosts_by_depth as listed_hosts
from apps.insights.columns import Column
from apps.insights.kinds import Scope

_NAME = "channel"
_HOST_OF_URL = r"^(?i:https?)://(?:[^/?#\\@]*@)?(\[[0-9A-Fa-f:.]+\]|[^/?#@\\:]+)"
_MEDIUM = r"lower(replaceRegexpAll(utm_medium, '^[ \\t\\n\\r\\f\\v]+|[ \\t\\n\\r\\f\\v]+$', ''))"


def channel_expression(column: Column, zone: ZoneInfo, scope: Scope) -> str:
    """SQL of an event's channel. The page's own host is looked up only where there is a referrer."""
    if _NAME not in scope.definitions:
        # The engine's own function is six times as fast, but knows no names such as localhost, and no addresses.
        own = f"lowerUTF8(if(domain(url) = '', extract(url, {scope.bind('String', _HOST_OF_URL)}), domain(url)))"
        medium = scope.define("medium", _MEDIUM)
        cases = [
            (f"referrer_domain != '' AND referrer_domain = {own}", INTERNAL),
            (_matches(medium, PAID_MEDIUM, scope), PAID),
            *((f"{medium} IN {scope.bind('Array(String)', named)}", channel) for channel, named in _media().items()),
            ("referrer_domain = ''", DIRECT),
            *_cases_of_hosts(scope),
            (_matches("referrer_domain", SEARCH_IN_ANY_COUNTRY, scope), "search"),
        ]
        chosen = ", ".join(f"{condition}, '{channel}'" for condition, channel in cases)
        scope.define(_NAME, f"multiIf({chosen}, '{REFERRAL}')")
    return _NAME


def _media() -> dict[str, list[str]]:
    """Channel → the media that campaigns call so."""
    return {channel: [name for name, other in MEDIA.items() if other == channel] for channel in MEDIA.values()}


def _cases_of_hosts(scope: Scope) -> Iterator[tuple[str, str]]:
    for level in listed_hosts():
        for channel, hosts in level.items():
            yield _matches("referrer_domain", f"(?s:.*\\.)?(?:{_any_of(hosts)})", scope), channel


def _any_of(texts: Iterable[str]) -> str:
    return "|".join(re.escape(text) for text in texts)


def _matches(value: str, pattern: str, scope: Scope) -> str:
    """SQL of whether the whole of ``value`` is of the pattern."""
    return f"match({value}, {scope.bind('String', f'^(?:{pattern})$')})"
