"""A reader of Acme's pages over the real store, at a fixed moment."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine
from django.core.cache import cache
from django.test import Client

from apps.api.caches import forget_all
from apps.events.store import EventStore, Row
from apps.organizations.models import Membership, Role
from apps.sites.models import Site
from tests.insights.events import event
from tests.people import World, token_of

NOW = datetime(2026, 4, 30, 12, 30, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Somebody who is signed in, their site, and the store behind it."""

    client: Client
    world: World
    store: EventStore

    @property
    def site(self) -> Site:
        return self.world.docs

    @property
    def home(self) -> str:
        return f"/sites/{self.world.acme.public_id}/{self.site.public_id}"

    def holds(self, *events: Row) -> None:
        if events:
            self.store.insert([{**each, "site": self.site.pk} for each in events])

    def get(self, path: str = "/traffic", **headers: str) -> Any:
        return self.client.get(self.home + path, headers=headers)

    def ask_api(self, body: str) -> dict[str, list[Any]]:
        """The API's answer to a body, by column."""
        return {each["column"]: each["values"] for each in self.answer_of_api(body)["columns"]}

    def answer_of_api(self, body: str) -> dict[str, Any]:
        """The API's answer to a body, as it is."""
        token = token_of(self.world.ben, self.world.acme)
        path = f"/v1/orgs/{self.world.acme.public_id}/sites/{self.site.public_id}/insights/events/aggregate"
        answer = Client().post(
            path, body, content_type="application/json", headers={"Authorization": f"Bearer {token}"}
        )
        assert answer.status_code == 200, answer.content
        found: dict[str, Any] = json.loads(answer.content)
        return found


As = Callable[[Role], Desk]
"""Ben's desk, with the role that he then has."""


@pytest.fixture(autouse=True)
def _fixed_moment() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture(autouse=True)
def _nothing_remembered() -> None:
    forget_all()
    cache.clear()


@pytest.fixture
def desk(world: World, store: EventStore) -> Desk:
    """Ben, a reader at Acme, whose site has no events yet."""
    client = Client()
    client.force_login(world.ben)
    return Desk(client=client, world=world, store=store)


@pytest.fixture
def busy_desk(desk: Desk) -> Desk:
    """The same with a little traffic: two people and a bot in April, one person in March."""
    desk.holds(
        event("2026-04-20T10:00:00Z", visitor=1, url_path="/guide", country="DE", referrer_domain="www.example.org"),
        event("2026-04-20T10:05:00Z", visitor=1, url_path="/", country="DE", referrer_domain="www.example.org"),
        event("2026-04-22T09:00:00Z", visitor=2, url_path="/guide", country="US", browser="firefox", device="mobile"),
        event("2026-04-22T09:01:00Z", visitor=3, url_path="/guide", country="US", bot="gptbot"),
        event("2026-04-22T09:02:00Z", visitor=2, url_path="/guide", event_type="search_open"),
        event("2026-03-15T09:00:00Z", visitor=4, url_path="/guide", country="FR"),
    )
    return desk


@pytest.fixture
def seat(desk: Desk) -> As:
    """Ben at his desk in any role."""

    def sit(role: Role) -> Desk:
        Membership.objects.filter(user=desk.world.ben, organization=desk.world.acme).update(role=role)
        return desk

    return sit


def claims(**values: list[str]) -> dict[str, Any]:
    """The two fields of an event that has claims."""
    written = ",".join(f'"{path}":"{found[0]}"' for path, found in sorted(values.items()))
    return {"claims": values, "claims_json": f"{{{written}}}"}


@pytest.fixture
def plans(desk: Desk) -> Desk:
    """Two readers of the plan "pro", one of "free", one without claims and a bot of "pro"; April and March."""
    pro, free = claims(plan=["pro"]), claims(plan=["free"])
    desk.holds(
        event("2026-04-20T10:00:00Z", visitor=1, url_path="/guide", **pro),
        event("2026-04-20T10:01:00Z", visitor=1, url_path="/setup", **pro),
        event("2026-04-21T10:00:00Z", visitor=1, session=101, url_path="/guide", **pro),
        event("2026-04-21T11:00:00Z", visitor=2, url_path="/guide", **pro),
        event("2026-04-21T11:01:00Z", visitor=2, event_type="search_type_query", query="hooks", **pro),
        event("2026-04-21T11:02:00Z", visitor=2, event_type="ask_question", query="How?", **pro),
        event("2026-04-22T10:00:00Z", visitor=3, url_path="/price", **free),
        event("2026-04-22T11:00:00Z", visitor=4, url_path="/", country="DE"),
        event("2026-04-23T10:00:00Z", visitor=5, url_path="/guide", bot="gptbot", **pro),
        event("2026-03-20T10:00:00Z", visitor=6, url_path="/guide", **pro),
    )
    return desk
