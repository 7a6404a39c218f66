"""Services whose data are moved: one with a demo and odd values, and empty ones that get its data."""

from __future__ import annotations

import json
import stat
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from apps.insights.catalog import DIMENSIONS
from tests.reliability.service import Service

_PREPARE = r"""
import django; django.setup()
from datetime import timedelta
from django.core.management import call_command
call_command("demo", events=3_000, verbosity=0)
from apps.core.clock import utc_now
from apps.events.store import close_store
from apps.events.writer import get_writer
from apps.organizations.models import ApiToken, Membership
from apps.rollups.services import fill_due
from apps.sites.models import Site
gone = Site.objects.create(organization=Site.objects.get().organization, title="Gone")
gone.delete()
site = Site.objects.get()
first = utc_now().replace(minute=0, second=0, microsecond=123_000) - timedelta(days=40)
get_writer().write([
    {
        "site": site.pk, "timestamp": first + timedelta(hours=number % 900), "event_type": "page_view",
        "visitor": 2**64 - 1 - number % 97, "session": number % 211, "url": f"https://docs.acme.example/{number}",
        "url_path": f"/{number % 7}", "display_context": "site", "country": ("DE", "IN", "")[number % 3],
        "latitude": 51.123456789 if number % 5 else None, "longitude": -0.1 if number % 5 else None,
        "authenticated": (True, False, None)[number % 3], "claims": {"plan": ["a", f"ü {number % 3}"]},
        "claims_json": '{"plan":"a"}', "query": "x\ty\n'\\" if number % 11 == 0 else "", "ask_rating": number % 3 - 1,
    }
    for number in range(1_000)
])
fill_due(utc_now() + timedelta(minutes=10))
close_store()
owner = Membership.objects.filter(organization=site.organization, role="owner").first().user
_token, raw = ApiToken.issue(organization=site.organization, user=owner, title="test")
print("IDS", site.organization.public_id, site.public_id, raw)
"""
COUNTS = [{"column": name} for name in ("eventsCount", "visitorsCount", "sessionsCount", "pageFeedbackRating")]
VALUES = "SELECT count(), toString(sum(cityHash64(toString(tuple(*))))) FROM events"
"""All values of all events, whatever their order, as one row."""
RECORDS = """
import django; django.setup()
from django.db import connection
from apps.keeping.record_files import take_records
dump = take_records()
print(sorted(dump.counts.items()), sorted(dump.given.items()))
"""
_QUESTIONS = [
    {"select": [*COUNTS, {"column": "askResponseRating"}]},
    {"groupBy": [{"column": "datetime", "interval": "day"}], "select": COUNTS},
    {"groupBy": [{"column": "datetime", "interval": "month"}], "timezone": "Asia/Kolkata", "select": COUNTS},
    *({"groupBy": [{"column": each.name}], "select": COUNTS} for each in DIMENSIONS if each.name != "visitorClaim"),
    {"groupBy": [{"column": "visitorClaim", "claim": "plan"}], "select": COUNTS},
]


class Kept(Service):
    """A service with a demo, events with odd values, a deleted site, and prepared counts."""

    token: str

    def __init__(self, folder: Path, like: Kept | None = None) -> None:
        """With ``like``, the data of that service were copied into ``folder``."""
        self._like = like
        super().__init__(folder)

    def make_site(self) -> tuple[str, str]:
        if self._like is not None:
            self.token = self._like.token
            return self._like.organization_id, self._like.site_id
        (line,) = [line for line in self.python(_PREPARE).splitlines() if line.startswith("IDS ")]
        _ids, organization, site, self.token = line.split()
        return organization, site


class Empty(Service):
    """A service with nothing in it, which is to get what ``like`` has."""

    def __init__(self, folder: Path, like: Kept, **settings: str) -> None:
        folder.mkdir()
        self._like = like
        super().__init__(folder, **settings)

    def make_site(self) -> tuple[str, str]:
        self.token = self._like.token
        return self._like.organization_id, self._like.site_id


def figures(service: Kept | Empty, until: str) -> list[dict[str, Any]]:
    """What the running service answers to a question about each column, asked with a token of the first service."""
    path = f"/v1/orgs/{service.organization_id}/sites/{service.site_id}/insights/events/aggregate"
    headers = {"Authorization": f"Bearer {service.token}", "Content-Type": "application/json"}
    answers = []
    for question in _QUESTIONS:
        body = json.dumps(question | {"range": {"from": "2020-01-01T00:00:00Z", "to": until}}).encode()
        answer = service.post(path, body, headers)
        assert answer.status == 200, answer.body
        answers.append(json.loads(answer.body))
    return answers


def now() -> str:
    return f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"


def refused(service: Service, *arguments: str) -> str:
    """What a command says that refuses."""
    done = service.manage(*arguments, check=False)
    assert done.returncode == 1, done.stdout + done.stderr
    return done.stderr.splitlines()[-1]


def rights(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)
