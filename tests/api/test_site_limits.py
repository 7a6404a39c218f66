"""The limit of a site: counted beside that of the caller, told by the headers where it is the tighter one."""

from __future__ import annotations

import re

import pytest
import time_machine
from pytest_django import Settings

from apps.events.store import EventStore
from apps.sites.models import IngestPolicy
from tests.api.calls import Caller, address, event, refusal
from tests.people import World, token_of

pytestmark = pytest.mark.one_process  # limit and clock are changed within it

MOMENT = 1_790_000_010


@pytest.fixture(autouse=True)
def _within_one_minute(settings: Settings) -> object:
    settings.RATE_LIMIT_SITE = 3
    with time_machine.travel(MOMENT, tick=False):
        yield


def test_a_site_takes_only_so_many_requests_of_everybody(anybody: Caller, world: World) -> None:
    addresses = [f"203.0.113.{last}" for last in range(5)]
    answers = [anybody.track(world.docs, event(), REMOTE_ADDR=each) for each in addresses]
    assert [answer.status_code for answer in answers] == [204, 204, 204, 429, 429]
    assert [answer["X-RateLimit-Remaining"] for answer in answers] == ["2", "1", "0", "0", "0"]
    assert {answer["X-RateLimit-Limit"] for answer in answers} == {"3"}
    status, message = refusal(answers[3])
    assert re.fullmatch(r"API rate limit exceeded. Please try again in \d+ seconds", message)
    assert status == 429
    assert answers[3]["Retry-After"] in message
    assert answers[3]["Access-Control-Allow-Origin"] == "*"


def test_a_flood_of_everybody_does_not_keep_the_sites_own_people_out(
    anybody: Caller, ada: Caller, world: World
) -> None:
    for _ in range(5):
        anybody.track(world.docs, event())
    assert anybody.track(world.docs, event()).status_code == 429
    assert ada.ask(world.docs, {"range": "last24Hours"}).status_code == 200
    assert ada.track(world.docs, event()).status_code == 204


def test_all_tokens_of_a_site_count_together_and_another_site_goes_on(
    ada: Caller, ben: Caller, cy: Caller, world: World
) -> None:
    codes = [caller.get(address(world.docs)).status_code for caller in (ada, ben, ada, ben)]
    assert codes == [200, 200, 200, 429]
    assert cy.get(address(world.secrets)).status_code == 200


def test_who_is_not_let_in_uses_up_nothing_of_the_site(anybody: Caller, cy: Caller, ada: Caller, world: World) -> None:
    world.docs.ingest_policy = IngestPolicy.TOKEN
    world.docs.save()
    for _ in range(4):
        assert anybody.track(world.docs, event()).status_code == 401
        assert cy.track(world.docs, event()).status_code == 404
    assert ada.get(address(world.docs))["X-RateLimit-Remaining"] == "2"


def test_the_callers_limit_is_told_where_it_is_the_tighter_one(
    world: World, store: EventStore, settings: Settings
) -> None:
    settings.RATE_LIMIT_TOKEN = 2
    answer = Caller(token_of(world.ada, world.acme)).get(address(world.docs))
    assert (answer["X-RateLimit-Limit"], answer["X-RateLimit-Remaining"]) == ("2", "1")


def test_the_pixel_and_the_renderers_route_count_at_the_site_too(anybody: Caller, world: World) -> None:
    ids = world.acme.public_id, world.docs.public_id
    pixel = f"/pixel.gif?org={ids[0]}&site={ids[1]}&url=https://docs.acme.example/"
    renderer = f"/~gitbook/__evt?o={ids[0]}&s={ids[1]}"
    body = {"events": [event()]}
    codes = [anybody.get(pixel).status_code, anybody.post(renderer, body).status_code, anybody.get(pixel).status_code]
    assert codes == [200, 204, 200]
    assert [anybody.get(pixel).status_code, anybody.post(renderer, body).status_code] == [429, 429]
    assert anybody.track(world.docs, event()).status_code == 429
