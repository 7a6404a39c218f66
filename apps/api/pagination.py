"""Lists: ``page`` (opaque) and ``limit`` in, ``items``, ``count`` and ``next`` out."""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as BadBase64
from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core.errors import Refusal

DEFAULT_LIMIT = 100
MAX_LIMIT = 1000
_START = re.compile(r"start:(\d{1,9})\Z", re.ASCII)
_LIMIT = re.compile(r"\d{1,4}\Z", re.ASCII)


class Pages:
    """The published way through a list, of a queryset or a sequence."""

    count = 0
    next_page: str | None = None

    def take(self, items: QuerySet[Any] | Sequence[Any], request: Request) -> list[Any]:
        """The items of the page that ``request`` asks for; raises ``Refusal`` (422) for a page that is none."""
        start, limit = read_page(request.query_params.get("page")), read_limit(request.query_params.get("limit"))
        self.count = items.count() if isinstance(items, QuerySet) else len(items)
        end = start + limit
        self.next_page = page_at(end) if end < self.count else None
        return list(items[start:end])

    def answer(self, items: list[Any]) -> Response:
        """The list's answer, with the printed items of the page that was taken."""
        after = {"next": {"page": self.next_page}} if self.next_page else {}
        return Response({"items": items, **after, "count": self.count})


def page_at(start: int) -> str:
    """The opaque name of the page that begins at an item."""
    return urlsafe_b64encode(f"start:{start}".encode()).decode().rstrip("=")


def read_page(text: str | None) -> int:
    """Where a page begins; raises ``Refusal`` for what no answer has given."""
    if text is None:
        return 0
    try:
        decoded = urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4)).decode("ascii")
    except (BadBase64, ValueError):
        decoded = ""
    match = _START.match(decoded)
    if match is None:
        raise Refusal("expected the page of an earlier answer's next", path="query.page")
    return int(match[1])


def read_limit(text: str | None) -> int:
    """How many items are wanted; raises ``Refusal`` outside 1…``MAX_LIMIT``."""
    if text is None:
        return DEFAULT_LIMIT
    limit = int(text) if _LIMIT.match(text) else 0
    if not 1 <= limit <= MAX_LIMIT:
        raise Refusal(f"expected a whole number from 1 to {MAX_LIMIT}", path="query.limit")
    return limit


def list_schema(item: dict[str, Any]) -> dict[str, Any]:
    """JSON Schema of a list's answer."""
    return {
        "type": "object",
        "required": ["items", "count"],
        "properties": {
            "items": item,
            "next": {
                "type": "object",
                "required": ["page"],
                "properties": {"page": {"type": "string"}},
                "description": "Absent on the last page.",
            },
            "count": {"type": "integer", "description": "How many items there are on all pages."},
        },
    }


LIST_PARAMETERS: list[dict[str, Any]] = [
    {
        "name": "page",
        "in": "query",
        "description": "The page of an earlier answer's next.",
        "schema": {"type": "string"},
    },
    {
        "name": "limit",
        "in": "query",
        "description": "How many items a page holds.",
        "schema": {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": DEFAULT_LIMIT},
    },
]
