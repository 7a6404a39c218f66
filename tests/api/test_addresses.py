"""An address that may be tracked may be asked for: tracking and filters agree on what a URL is."""

from __future__ import annotations

import pytest

from apps.events.store import EventStore
from tests.api.calls import Caller, event
from tests.people import World, token_of


@pytest.mark.parametrize("url", ["https://docs.acme.example/ü?q=ö", "http://[:::]/x", "https://a\u2100b.example/"])
def test_every_tracked_address_can_be_asked_for(world: World, store: EventStore, url: str) -> None:
    caller = Caller(token_of(world.ada, world.acme))
    assert caller.track(world.docs, event(location={"url": url})).status_code == 204
    found = caller.values(
        world.docs,
        groupBy=[{"column": "url"}],
        select=[{"column": "eventsCount"}],
        where=[{"column": "url", "values": [url]}],
    )
    assert found == {"url": [url], "eventsCount": [1]}
