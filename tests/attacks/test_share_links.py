"""Who guesses share links finds nothing, and who has one keeps nobody else from theirs."""

from __future__ import annotations

import html
import re
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.core.clock import utc_now
from apps.dashboard.reports import REPORTS
from apps.dashboard.share_limits import GUESSES
from apps.sites.models import ShareLink
from apps.sites.share_links import new_token
from apps.sites.sharing import create_link, revoke_link
from tests.people import World

PARTS = ("", "/totals", "/pages.csv", "/nothing")
ATTACKER, NEIGHBOUR = "192.0.2.66", "192.0.2.7"

pytestmark = pytest.mark.usefixtures("store")


@pytest.fixture(autouse=True)
def _middle_of_a_window() -> Any:
    cache.clear()
    with time_machine.travel(utc_now().replace(minute=2, second=10, microsecond=0), tick=False):
        yield


STRANGER = Client()
"""A browser that is made once, because that takes longer than an answer, and keeps no cookies."""


def ask(token: str, part: str = "", *, address: str = ATTACKER, **headers: str) -> Any:
    STRANGER.cookies.clear()
    return STRANGER.get(f"/share/{token}{part}", headers=headers, REMOTE_ADDR=address)


def share(world: World, **options: Any) -> tuple[ShareLink, str]:
    return create_link(site=world.docs, who=world.ada, title="For the board", report="traffic", **options)


def told(answer: Any) -> tuple[int, bytes, dict[str, str]]:
    """All that an answer tells, but for the id of its request."""
    return answer.status_code, answer.content, {**answer.headers, "X-Request-ID": ""}


def ended_tokens(world: World) -> list[str]:
    """Of a link that is revoked, of one that is expired, and of one that never was."""
    revoked, revoked_token = share(world)
    revoke_link(revoked, who=world.ada)
    _expired, expired_token = share(world, password="a quiet morning", expires_at=utc_now() - timedelta(days=1))
    return [revoked_token, expired_token, new_token()]


@pytest.mark.parametrize("part", PARTS)
def test_what_has_ended_answers_as_what_never_was(world: World, part: str) -> None:
    tokens = ended_tokens(world)
    seen, asked = [], []
    for token in tokens:
        with CaptureQueriesContext(
            connection,
        ) as queries:
            seen.append(told(ask(token, part)))
        asked.append([re.sub(r"[0-9a-f]{64}", "", each["sql"]) for each in queries])
    assert seen[0][0] == 404
    assert seen[0] == seen[1] == seen[2]
    assert asked[0] == asked[1] == asked[2]
    posted = [told(Client().post(f"/share/{token}/unlock", {"password": "x"})) for token in tokens]
    assert posted[0] == posted[1] == posted[2]
    for _ in range(GUESSES.most):
        ask(new_token())
    late = [told(ask(token, part)) for token in tokens]
    assert late[0][0] == 429
    assert late[0] == late[1] == late[2]


def test_thousands_of_guesses_find_nothing(world: World) -> None:
    _link, token = share(world)
    ended = ended_tokens(world)
    near = [
        token[:-1],
        token + "A",
        token.lower(),
        token[::-1],
        *(token[:-1] + each for each in "AQgw" if each != token[-1]),
    ]
    guesses = [*ended, *near, *(new_token() for _ in range(3_000))]
    statuses = [ask(guess, PARTS[number % 4]).status_code for number, guess in enumerate(guesses)]
    assert statuses[: GUESSES.most] == [404] * GUESSES.most
    assert set(statuses[GUESSES.most :]) == {429}
    for part in PARTS[:3]:
        assert ask(token, part).status_code == 429, "who guesses so much is not told what is there"
        assert ask(token, part, address=NEIGHBOUR).status_code == 200
    with time_machine.travel(utc_now() + timedelta(minutes=10), tick=False):
        assert ask(token).status_code == 200


def test_guesses_are_counted_wherever_they_are_made(world: World) -> None:
    for number in range(GUESSES.most):
        token = new_token()
        if number % 2:
            Client().post(f"/share/{token}/unlock", {"password": "x"}, REMOTE_ADDR=ATTACKER)
        else:
            ask(token, PARTS[number % 4], **({"HX-Request": "true"} if number % 3 else {}))
    answer = Client().post(f"/share/{new_token()}/unlock", {"password": "x"}, REMOTE_ADDR=ATTACKER)
    assert (answer.status_code, answer["Retry-After"]) == (429, "470")


def test_a_page_that_frames_an_ended_link_locks_its_readers_out_of_nothing(world: World) -> None:
    _link, token = share(world)
    ended, *_others = ended_tokens(world)
    assert {ask(ended).status_code for _ in range(3 * GUESSES.most)} == {404}
    assert ask(token).status_code == 200


def test_a_link_is_read_only_so_often_from_one_network(world: World, settings: Any) -> None:
    settings.RATE_LIMIT_ADDRESS = 16
    (_link, token), (_other, another) = share(world, embed_hosts=["docs.acme.example"]), share(world)
    assert [ask(token, PARTS[number % 3]).status_code for number in range(16)] == [200] * 16
    answer = ask(token)
    assert (answer.status_code, answer["Retry-After"]) == (429, "50")
    assert "Too much was asked from your network. Try again in a minute." in html.unescape(answer.content.decode())
    assert "frame-ancestors https://docs.acme.example" in answer["Content-Security-Policy"]
    part = ask(token, "/totals", **{"HX-Request": "true"})
    assert (part.status_code, part["Retry-After"]) == (429, "50")
    assert part.content.decode().strip().startswith('<p class="problem" role="status">Too much was asked')
    assert ask(token, "/pages.csv").status_code == 429
    assert ask(another).status_code == 200
    assert ask(token, address=NEIGHBOUR).status_code == 200
    with time_machine.travel(utc_now() + timedelta(minutes=1), tick=False):
        assert ask(token).status_code == 200


def test_a_door_with_a_password_is_asked_only_so_often_too(world: World, settings: Any) -> None:
    settings.RATE_LIMIT_ADDRESS = 2
    _link, token = share(world, password="a quiet morning")
    assert [ask(token).status_code for _ in range(3)] == [200, 200, 429]


def test_links_that_lead_nowhere_are_asked_for_no_more_often_than_one_that_does(world: World, settings: Any) -> None:
    settings.RATE_LIMIT_ADDRESS = 5
    ended, expired, _never = ended_tokens(world)
    assert [ask(each).status_code for each in (ended, expired) * 3] == [404] * 5 + [429]
    assert ask(share(world)[1]).status_code == 200


def test_by_default_more_than_a_hundred_readers_behind_one_address_open_a_report_in_a_minute(settings: Any) -> None:
    assert settings.RATE_LIMIT_ADDRESS // max(1 + len(report.panels) for report in REPORTS.values()) == 136
