"""The column of our own: channels, counted in the engine as ``channel_of`` tells them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from apps.events.addresses import host_of
from apps.events.channels import CHANNELS, HOSTS, MEDIA, channel_of
from apps.events.store import Statement
from apps.insights.catalog import CATALOG, COLUMNS
from tests.events.test_channels import REFERRERS
from tests.insights.conftest import Desk
from tests.insights.events import event

CHANNEL = {"column": "referrerChannel"}
OWN = "https://docs.acme.example/"


def came(referrer: str = "", *, url: str = OWN, visitor: int = 1, **more: Any) -> dict[str, Any]:
    return event(visitor=visitor, url=url, referrer=referrer, referrer_domain=host_of(referrer), **more)


def test_visitors_are_counted_by_channel(desk: Desk) -> None:
    desk.holds(
        came("https://www.google.de/"),
        came("https://www.google.de/", visitor=2),
        came("https://duckduckgo.com/", visitor=2),
        came("https://chatgpt.com/", visitor=3),
        came("https://mail.google.com/", visitor=4),
        came(visitor=5),
        came(visitor=6, utm_medium=" CPC "),
        came("https://t.co/x", visitor=7, utm_medium="newsletter"),
        came("https://docs.acme.example/other", visitor=8),
        came(
            "https://DOCS.acme.example:8443/", visitor=8, url="https://ada@Docs.Acme.Example:443/x?y", utm_medium="cpc"
        ),
        came("https://blog.acme.example/", visitor=9),
    )
    assert desk.ask(groupBy=[CHANNEL], select=[{"column": "visitorsCount"}, {"column": "eventsCount"}]) == [
        ("referrerChannel", ["email", "search", "ai", "direct", "internal", "paid", "referral"]),
        ("visitorsCount", [2, 2, 1, 1, 1, 1, 1]),
        ("eventsCount", [2, 3, 1, 1, 2, 1, 1]),
    ]
    people = {"column": "referrerChannel", "operator": "notIn", "values": ["internal", "search"]}
    assert desk.ask(where=[people], select=[{"column": "visitorsCount"}]) == [("visitorsCount", [6])]


def test_the_engine_tells_every_listed_host_as_the_service_does(desk: Desk) -> None:
    hosts = [host for listed in HOSTS.values() for host in listed]
    referrers = [
        *(referrer for referrer, _ in REFERRERS),
        *(f"https://{place}{host}/" for host in hosts for place in ("", "x.")),
    ]
    desk.holds(*(came(referrer, visitor=number) for number, referrer in enumerate(referrers, 1)))
    answer = desk.ask(groupBy=[CHANNEL, {"column": "referrer"}], select=[{"column": "eventsCount"}])
    told = dict(zip(answer[1][1], answer[0][1], strict=True))
    expected = {
        referrer: channel_of(referrer_domain=host_of(referrer), own_host="docs.acme.example") for referrer in referrers
    }
    assert told == expected
    assert len(expected) > 200


@pytest.mark.parametrize(
    "url",
    [
        *(
            "https://Docs.Acme.Example:8443/x",
            "https://docs.acme.example?x",
            "https://sub.a.example?x=https://b.example/",
        ),
        *(
            "https://ada:secret@docs.acme.example/x@y",
            "https://ada@h",
            "https://[2001:DB8::1]:80/",
            "http://localhost:80",
        ),
        *("https://BÜcher.example/", "https://a_b.example/", "https://a~b.c/", "https://x%20y/", "https://h:80?@x"),
    ],
)
def test_the_engine_finds_the_page_s_own_host_as_the_service_does(desk: Desk, url: str) -> None:
    desk.holds(came(f"https://{host_of(url)}/", url=url), came("https://other.example/", url=url))
    assert desk.ask(groupBy=[CHANNEL], select=[{"column": "eventsCount"}])[0][1] == ["internal", "referral"]


MEDIUMS = st.one_of(
    st.sampled_from([*MEDIA, "cpc", "PPC", "paid-social", "Sponsored", "display ", "\tcpm", "unpaid", "K", "cp\u212a"]),
    st.text(max_size=8),
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(mediums=st.lists(MEDIUMS, min_size=20, max_size=60))
@example(mediums=["paid\nsocial", "cpc\n", "\u00a0cpc", "ads\x00", "sponsor\x85"])
def test_the_engine_reads_a_medium_as_the_service_does(desk: Desk, mediums: list[str]) -> None:
    desk.events.clear()
    desk.store.command(Statement(sql="TRUNCATE TABLE events"))
    desk.holds(
        *(came("https://bing.com/", utm_medium=medium, query=str(number)) for number, medium in enumerate(mediums))
    )
    answer = desk.ask(groupBy=[CHANNEL, {"column": "eventSearchQuery"}], select=[{"column": "eventsCount"}])
    told = {int(number): channel for channel, number in zip(answer[0][1], answer[1][1], strict=True)}
    assert [told[number] for number in range(len(mediums))] == [
        channel_of(referrer_domain="bing.com", own_host="docs.acme.example", utm_medium=medium) for medium in mediums
    ]


def test_the_published_columns_are_still_fifty() -> None:
    assert len(CATALOG) == 50
    assert set(COLUMNS) - set(CATALOG) == {"referrerChannel"}


def test_an_unknown_channel_is_refused_with_those_that_are_known(desk: Desk) -> None:
    with pytest.raises(Exception, match=r"where\.0\.values\.0: expected one of .*ai.*referral") as caught:
        desk.ask(where=[{"column": "referrerChannel", "values": ["seo"]}])
    assert all(name in str(caught.value) for name in CHANNELS)
