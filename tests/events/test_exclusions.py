"""What a site excludes is answered like any other event, not stored, and noted."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from apps.events.enrichment import Caller
from apps.events.records import RefusalCount
from apps.events.refused import recorder
from apps.events.services import track
from apps.events.store import EventStore, Statement
from tests.events.wire import body_of, sent
from tests.people import World

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
BROWSER = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"


def stored_paths(store: EventStore) -> list[str]:
    columns = store.query(Statement(sql="SELECT url_path FROM events ORDER BY url_path"))
    return list(columns[0]) if columns else []


def visit(world: World, path: str = "/guide", *, ip: str | None = None, agent: str = BROWSER, **more: Any) -> int:
    event = sent(location={"url": f"https://docs.acme.example{path}"}) | more
    event["session"] = {**event["session"], "userAgent": agent}
    return track(body_of(event), site=world.docs, caller=Caller(ip=ip, user_agent=agent), now=NOW)


@pytest.mark.parametrize(
    ("networks", "ip", "counted"),
    [
        (["192.0.2.0/24"], "192.0.2.77", 0),
        (["192.0.2.0/24"], "192.0.3.1", 1),
        (["192.0.2.0/24"], "::ffff:192.0.2.77", 0),
        (["192.0.2.9"], "192.0.2.9", 0),
        (["2001:db8::/32"], "2001:db8:1::7", 0),
        (["2001:db8::/32"], "192.0.2.9", 1),
        (["0.0.0.0/0"], "2001:db8::1", 1),
        (["192.0.2.0/24"], None, 1),
        (["192.0.2.0/24"], "no address", 1),
    ],
)
def test_own_networks_are_not_counted(
    store: EventStore, world: World, networks: list[str], ip: str | None, counted: int
) -> None:
    world.docs.excluded_addresses = networks
    assert visit(world, ip=ip) == counted
    assert len(stored_paths(store)) == counted


def test_an_address_that_a_trusted_caller_tells_is_the_visitors(store: EventStore, world: World) -> None:
    world.docs.excluded_addresses = ["192.0.2.0/24"]
    event = sent()
    event["session"] = {**event["session"], "ip": "192.0.2.1"}
    for trusted in (True, False):
        caller = Caller(ip="198.51.100.1", user_agent=BROWSER, trusted=trusted)
        assert track(body_of(event), site=world.docs, caller=caller, now=NOW) == (0 if trusted else 1)


@pytest.mark.parametrize(
    ("pattern", "path", "counted"),
    [
        ("/drafts/*", "/drafts/one/two", 0),
        ("/drafts/*", "/drafts", 1),
        ("/drafts*", "/drafts", 0),
        ("/drafts", "/drafts/", 0),
        ("*/internal/*", "/en/internal/a", 0),
        ("/v1.0/*", "/v1x0/a", 1),
        ("/a*b*c", "/a-b-c-b-c", 0),
        ("/a*b*c", "/a-c-b", 1),
        ("/" + "*a" * 40, "/" + "a" * 2_000 + "b", 1),
    ],
)
def test_paths_are_excluded_by_pattern(store: EventStore, world: World, pattern: str, path: str, counted: int) -> None:
    world.docs.excluded_paths = [pattern]
    assert visit(world, path) == counted
    assert len(stored_paths(store)) == counted


def test_hosts_and_bots_are_excluded(store: EventStore, world: World) -> None:
    world.docs.excluded_hostnames = ["staging.acme.example"]
    world.docs.exclude_bots = True
    assert visit(world, location={"url": "https://staging.acme.example/a"}) == 0
    assert visit(world, "/b", agent="Mozilla/5.0 (compatible; GPTBot/1.2; +https://openai.com/gptbot)") == 0
    assert visit(world, "/c") == 1
    assert stored_paths(store) == ["/c"]


def test_only_what_is_excluded_of_a_body_is_left_out_and_noted(store: EventStore, world: World) -> None:
    world.docs.excluded_paths = ["/a"]
    body = body_of(*(sent(location={"url": f"https://docs.acme.example{path}"}) for path in ("/a", "/b", "/a")))
    assert track(body, site=world.docs, caller=Caller(ip=None, user_agent=BROWSER), now=NOW) == 1
    recorder.flush()
    assert stored_paths(store) == ["/b"]
    assert list(RefusalCount.objects.values_list("reason", "requests", "events")) == [("excluded", 1, 2)]


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("excluded_addresses", ["192.0.2.1/24"], "“192.0.2.1/24” is not a network"),
        ("excluded_addresses", "192.0.2.0/24", "Expected a list of networks."),
        ("excluded_addresses", ["10.0.0.0/8"] * 101, "Expected at most 100 entries."),
        ("excluded_paths", ["drafts"], "“drafts” is not a path"),
        ("excluded_paths", ["/a?b"], "“/a?b” has more than a path."),
        ("excluded_hostnames", ["Docs.example"], "is not a lower-case host name"),
    ],
)
def test_a_wrong_entry_is_named(world: World, field: str, value: object, message: str) -> None:
    setattr(world.docs, field, value)
    with pytest.raises(ValidationError) as caught:
        world.docs.full_clean()
    assert message in caught.value.message_dict[field][0]
