"""Readers who do not want to be counted get the same answer as the others, and are not."""

from __future__ import annotations

from typing import Any

import pytest

from apps.api.caches import forget_all
from apps.events.store import EventStore, Statement
from apps.sites.models import Site
from tests.api.calls import Caller, event
from tests.events.refusals import counted
from tests.people import World

WISHES: list[tuple[dict[str, str], str]] = [
    ({"sec-gpc": "1"}, "privacy_signal"),
    ({"dnt": "1"}, "privacy_signal"),
    ({"cookie": "theme=dark; insights-opt-out=1"}, "opted_out"),
]


def number(store: EventStore) -> int:
    return int(store.query(Statement(sql="SELECT count() FROM events"))[0][0])


def renderer(world: World) -> str:
    return f"/~gitbook/__evt?o={world.acme.public_id}&s={world.docs.public_id}"


@pytest.mark.one_process
@pytest.mark.parametrize(("headers", "reason"), WISHES)
def test_a_wish_is_respected_and_counted_as_one(
    anybody: Caller, world: World, store: EventStore, headers: dict[str, str], reason: str
) -> None:
    assert anybody.track(world.docs, event(), headers=headers).status_code == 204
    assert anybody.post(renderer(world), {"events": [event()]}, headers=headers).status_code == 204
    assert number(store) == 0
    assert counted(world.docs) == {reason: (2, 2)}


@pytest.mark.parametrize("headers", [{"sec-gpc": "0"}, {"dnt": "0"}, {"cookie": "insights-opt-out=0"}, {}])
def test_who_has_no_such_wish_is_counted(
    anybody: Caller, world: World, store: EventStore, headers: dict[str, str]
) -> None:
    assert anybody.track(world.docs, event(), headers=headers).status_code == 204
    assert number(store) == 1


def test_a_site_may_count_in_spite_of_signals_but_not_of_an_opt_out(
    anybody: Caller, world: World, store: EventStore
) -> None:
    Site.objects.filter(pk=world.docs.pk).update(honour_privacy_signals=False)
    forget_all()
    counts: list[Any] = []
    for headers, _reason in WISHES:
        anybody.track(world.docs, event(), headers=headers)
        counts.append(number(store))
    assert counts == [1, 2, 2]


def test_a_servers_forwarded_signal_counts_too(ada: Caller, world: World, store: EventStore) -> None:
    assert ada.track(world.docs, event(), headers={"sec-gpc": "1"}).status_code == 204
    assert number(store) == 0
