"""Where a question is refused, and texts that should be nothing but text."""

from __future__ import annotations

from typing import Any

import pytest

from apps.core.errors import Refusal
from apps.insights.services import resolve
from apps.sites.models import Site
from tests.insights.events import NOW
from tests.insights.questions import filtered

SITE = Site(pk=1, title="Acme Docs", url="https://docs.acme.example")
SQL = (
    "'; DROP TABLE events --",
    "' OR 1=1 --",
    "\\'",
    "\\",
    "{p0:String}",
    "%(p0)s",
    "`events`",
    "/*",
    "a\tb\nc",
    "NULL",
    "\\N",
    "a\x00b",
)
IMPOSSIBLE_TIMES = (
    "2026-04-31T00:00:00Z",
    "2026-13-01T00:00:00Z",
    "26-04-01T00:00:00Z",
    "2026-04-01T00:00:00+99:99",
    "2026-W14-1T00:00:00Z",
    "20260401T000000Z",
    "2026-04-01T00:00:00Z\n",
)
NOT_TEXT = (1, 1.5, True, ["a"], {"a": 1})


def refused_at(body: Any) -> str:
    """Where a body is refused; fails if it is not, or with another error than a 422."""
    with pytest.raises(Refusal) as refused:
        resolve(body, site=SITE, now=NOW)
    assert refused.value.status == 422
    assert refused.value.message
    return refused.value.path


def refused_part(**parts: Any) -> str:
    """The same of a body whose range is sound."""
    return refused_at({"range": "lastYear", **parts})


def refused_filter(column: str, operator: str, *values: Any, **arguments: Any) -> str:
    return refused_part(where=[filtered(column, operator, *values, **arguments)])
