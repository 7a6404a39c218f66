"""Every route of the service, as docs/access.md writes it, and an address that it takes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver

API = ("/v1", "/v1/")


def routes() -> list[str]:
    """Each once: ``/sites/<organization>/<site_id>/events``."""
    return list(dict.fromkeys(_walk(get_resolver().url_patterns, "/")))


def is_api(route: str) -> bool:
    return route in API or route.startswith("/v1/")


def is_admin(route: str) -> bool:
    return route.startswith("/admin/")


def fill(route: str, values: Mapping[str, str]) -> str:
    """The address in which each name stands for its value."""
    return re.sub(r"<(\w+)>", lambda match: values[match[1]], route)


def _walk(patterns: list[Any], before: str) -> Iterator[str]:
    for each in patterns:
        here = before + _written(str(each.pattern))
        if isinstance(each, URLResolver):
            yield from _walk(each.url_patterns, here)
        elif isinstance(each, URLPattern):
            yield here


def _written(pattern: str) -> str:
    """Names without what they may be; of a regular expression what is always there."""
    named = re.sub(r"\(\?P<(\w+)>[^)]*\)", r"<\1>", pattern)
    named = re.sub(r"\(\?:[^)]*\)\?", "", named)
    return re.sub(r"<\w+:(\w+)>", r"<\1>", named).strip("^$")
