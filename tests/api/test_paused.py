"""A paused site: every way to track refuses, the refusals are counted, and what was counted stays."""

from __future__ import annotations

import pytest
from django.test import Client

from apps.events.records import RefusalCount
from apps.events.refused import recorder
from apps.organizations.audit import AuditEntry
from apps.sites.pausing import pause_ingest, resume_ingest
from tests.api.calls import Caller, event
from tests.people import World


def test_a_paused_site_refuses_with_a_token_and_without_until_it_goes_on(
    anybody: Caller, ada: Caller, world: World
) -> None:
    assert ada.track(world.docs, event()).status_code == 204
    assert pause_ingest(world.docs, who=world.ada)
    for caller in (anybody, ada):
        answer = caller.track(world.docs, event())
        assert answer.status_code == 403
        assert b"This site is paused and takes no events" in answer.content
    assert ada.values(world.docs)["eventsCount"] == [1]
    assert resume_ingest(world.docs, who=world.ada)
    assert ada.track(world.docs, event()).status_code == 204
    assert ada.values(world.docs)["eventsCount"] == [2]


@pytest.mark.parametrize("way", ["pixel", "renderer"])
def test_the_other_ways_refuse_too(anybody: Caller, world: World, way: str) -> None:
    pause_ingest(world.docs, who=world.ada)
    ids = (world.acme.public_id, world.docs.public_id)
    if way == "pixel":
        answer = anybody.get("/pixel.gif?org={}&site={}&url=https://docs.acme.example/".format(*ids))
    else:
        answer = anybody.post("/~gitbook/__evt?o={}&s={}".format(*ids), {"events": [event()]})
    assert (answer.status_code, answer.content) == (403, b"This site is paused and takes no events")


@pytest.mark.one_process
def test_what_was_refused_is_counted_with_its_reason(anybody: Caller, world: World) -> None:
    pause_ingest(world.docs, who=world.ada)
    anybody.track(world.docs, event())
    recorder.flush()
    assert list(RefusalCount.objects.values_list("site", "reason", "requests")) == [(world.docs.pk, "paused", 1)]


def test_pausing_twice_is_pausing_once(world: World) -> None:
    assert pause_ingest(world.docs, who=world.ada)
    assert not pause_ingest(world.docs, who=world.ada)
    assert [entry.what for entry in AuditEntry.objects.all()] == ["pause_ingest"]


def test_the_pages_of_a_paused_site_say_so(client: Client, world: World) -> None:
    client.force_login(world.ben)
    address = f"/sites/{world.acme.public_id}/{world.docs.public_id}/share"
    assert "This site is paused" not in client.get(address).content.decode()
    pause_ingest(world.docs, who=world.ada)
    assert "This site is paused" in client.get(address).content.decode()
