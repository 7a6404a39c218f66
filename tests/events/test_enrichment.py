"""From the event as sent to the row as stored."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from apps.events.enrichment import Caller, SiteFacts, enrich
from apps.events.models import Event
from apps.events.places import place_of
from apps.events.schema import decode
from apps.events.store import EventStore, Row, Statement
from tests.events.wire import OWN, body_of, sent

NOW = datetime(2026, 11, 23, 12, 0, 0, 999_999, tzinfo=UTC)
DOCS = SiteFacts(pk=7, hash_key=b"k" * 32, visitor_auth=False)
OTHER = SiteFacts(pk=8, hash_key=b"o" * 32, visitor_auth=False)
MEMBERS = SiteFacts(pk=9, hash_key=b"m" * 32, visitor_auth=True)
READER = Caller(ip="8.8.8.8", user_agent="curl/8.5.0")
AMERICAN, DUTCH = "8.8.8.8", "193.0.6.139"


def stored(event: dict[str, Any], *, site: SiteFacts = DOCS, caller: Caller = READER, imported: bool = False) -> Row:
    (decoded,) = decode(body_of(event))
    return enrich(decoded, site=site, caller=caller, now=NOW, imported=imported)


def test_a_page_view_with_everything_is_stored_in_full() -> None:
    event = sent(
        timestamp="2026-11-23T13:00:00.123999+01:00",
        session={
            "visitorId": "ada",
            "sessionId": "ada",
            "language": "EN-us",
            "referrer": "https://www.Search.example:443/?q=acme",
            "cookies": {"secret": "cookie"},
            "ip": DUTCH,
            "visitorAuthClaims": {"plan": "pro", "unsigned": {"beta": True}},
        },
        location={
            "url": "https://docs.acme.example/KEY/Guide/?utm_source=news&utm_campaign=a%20b#top",
            "displayContext": "embed",
            "siteSection": "section-1",
            "siteSpace": "site-space-1",
            "siteShareKey": "KEY",
            "space": "space-1",
            "revision": "revision-1",
            "page": "page-1",
        },
    )
    row = stored(event)
    visitor, session = row.pop("visitor"), row.pop("session")
    assert visitor != session
    assert row == {
        "site": 7,
        "timestamp": datetime(2026, 11, 23, 12, 0, 0, 123_000, tzinfo=UTC),
        "event_type": "page_view",
        "url": "https://docs.acme.example/KEY/Guide/?utm_source=news&utm_campaign=a%20b#top",
        "url_path": "/Guide",
        "display_context": "embed",
        "site_section": "section-1",
        "site_space": "site-space-1",
        "site_share_key": "KEY",
        "space": "space-1",
        "revision": "revision-1",
        "page": "page-1",
        "country": "US",
        "device": "desktop",
        "browser": "chrome",
        "os": "windows",
        "bot": "",
        "language": "en",
        "authenticated": True,
        "claims": {"plan": ["pro"], "unsigned.beta": ["true"]},
        "claims_json": '{"plan":"pro","unsigned":{"beta":true}}',
        "referrer": "https://www.Search.example:443/?q=acme",
        "referrer_domain": "www.search.example",
        "utm_source": "news",
        "utm_campaign": "a b",
    }


@pytest.mark.parametrize("type_", OWN)
def test_a_row_has_only_stored_fields_and_leaves_those_of_the_writer_out(type_: str) -> None:
    row = stored(sent(type_), caller=Caller(ip=None, user_agent="", latitude=1, longitude=2, trusted=True))
    assert set(row) <= set(Event.fields()) - {"id", "batch", "received"}
    assert row["event_type"] == type_


def test_ids_are_hashed_under_the_key_of_the_site_and_the_same_every_time() -> None:
    ours, again, theirs = stored(sent()), stored(sent("rss_request")), stored(sent(), site=OTHER)
    assert (ours["visitor"], ours["session"]) == (again["visitor"], again["session"])
    assert ours["visitor"] != theirs["visitor"]
    assert 0 < ours["visitor"] < 2**64


def test_no_cookie_address_or_raw_id_is_stored() -> None:
    secrets = {"visitorId": "raw-visitor", "sessionId": "raw-session", "ip": DUTCH, "cookies": {"a": "raw-cookie"}}
    row = stored(sent(session=secrets | {"visitorAuthToken": "raw-token"}), caller=Caller(ip=AMERICAN, user_agent=""))
    words = repr(row)
    assert [secret for secret in ("raw-", DUTCH, AMERICAN) if secret in words] == []


def test_a_missing_timestamp_is_now_cut_to_the_millisecond() -> None:
    assert stored(sent())["timestamp"] == datetime(2026, 11, 23, 12, 0, 0, 999_000, tzinfo=UTC)


@pytest.mark.parametrize(
    ("language", "base"),
    [("en-US", "en"), ("DE", "de"), ("zh-Hant-TW", "zh"), (None, ""), ("", ""), ("pt_BR", "pt_br")],
)
def test_the_language_is_the_part_before_the_hyphen(language: str | None, base: str) -> None:
    assert stored(sent(session={"language": language}))["language"] == base


@pytest.mark.parametrize(
    ("claims", "signed_in"),
    [
        ({}, False),
        ({"visitorAuthClaims": None}, False),
        ({"visitorAuthClaims": {}}, False),
        ({"visitorAuthClaims": {"unsigned": {"plan": "pro"}}}, False),
        ({"visitorAuthClaims": {"sub": "ada"}}, True),
    ],
)
def test_a_visitor_is_authenticated_by_any_signed_claim(claims: dict[str, Any], signed_in: bool) -> None:
    assert stored(sent(session=claims))["authenticated"] is signed_in


def test_every_visitor_of_a_site_behind_sign_in_is_authenticated() -> None:
    assert stored(sent(), site=MEMBERS)["authenticated"] is True
    assert stored(sent(), site=MEMBERS, imported=True)["authenticated"] is True


@pytest.mark.parametrize(
    ("claims", "known"),
    [
        ({}, None),
        ({"visitorAuthClaims": None}, None),
        ({"visitorAuthClaims": {}}, False),
        ({"visitorAuthClaims": {"plan": "pro"}}, True),
    ],
)
def test_an_import_that_is_silent_about_claims_leaves_it_open(claims: dict[str, Any], known: bool | None) -> None:
    assert stored(sent(session=claims), imported=True)["authenticated"] is known


@pytest.mark.parametrize(
    ("session_agent", "bot"),
    [({"userAgent": None}, "unknown"), ({"userAgent": ""}, "unknown"), ({"userAgent": "GPTBot/1.2"}, "gptbot")],
)
def test_without_an_agent_of_the_session_that_of_the_request_counts(session_agent: dict[str, Any], bot: str) -> None:
    assert stored(sent(session=session_agent), caller=READER)["bot"] == bot


@pytest.mark.parametrize(
    ("ip", "caller", "country"),
    [
        (None, Caller(ip=AMERICAN, user_agent=""), "US"),
        (DUTCH, Caller(ip=AMERICAN, user_agent=""), "US"),
        (DUTCH, Caller(ip=AMERICAN, user_agent="", country="DE"), "US"),
        (DUTCH, Caller(ip=AMERICAN, user_agent="", trusted=True), "NL"),
        (DUTCH, Caller(ip=AMERICAN, user_agent="", country="de", trusted=True), "DE"),
        (DUTCH, Caller(ip=AMERICAN, user_agent="", country="Germany", trusted=True), "NL"),
        (DUTCH, Caller(ip=AMERICAN, user_agent="", country="XX", trusted=True), "NL"),
        (None, Caller(ip=AMERICAN, user_agent="", trusted=True), "US"),
        ("", Caller(ip=AMERICAN, user_agent="", trusted=True), "US"),
        ("10.0.0.1", Caller(ip=AMERICAN, user_agent="", trusted=True), ""),
        ("nonsense", Caller(ip=AMERICAN, user_agent="", trusted=True), ""),
        (None, Caller(ip=None, user_agent=""), ""),
    ],
)
def test_who_is_believed_about_the_country(ip: str | None, caller: Caller, country: str) -> None:
    assert stored(sent(session={"ip": ip}), caller=caller)["country"] == country


@pytest.mark.parametrize(
    ("ip", "country"),
    [
        ("::ffff:8.8.8.8", "US"),
        ("2001:4860:4860::8888", "US"),
        (" 193.0.6.139 ", "NL"),
        ("127.0.0.1", ""),
        ("::1", ""),
        *(("10.1.2.3", ""), ("172.16.0.1", ""), ("172.31.255.254", ""), ("192.168.1.1", ""), ("169.254.0.1", "")),
        *(("100.64.0.1", ""), ("0.0.0.0", ""), ("::", ""), ("fd00::1", ""), ("fe80::1", ""), ("2001:db8::1", "")),
        *(("::ffff:10.1.2.3", ""), ("::ffff:192.168.1.1", ""), ("::FFFF:0808:0808", "US")),
        ("fe80::1%eth0", ""),
        ("8.8.8.8:80", ""),
        ("8.8.8", ""),
        ("8.8.8.8\u0000", ""),
        ("", ""),
    ],
)
def test_the_country_of_an_address(ip: str, country: str) -> None:
    assert place_of(ip).country == country


@pytest.mark.parametrize(
    ("latitude", "longitude", "trusted", "point"),
    [
        (52.5, -13.25, True, (52.5, -13.25)),
        (52.5, -13.25, False, (None, None)),
        (52.5, None, True, (None, None)),
        (91.0, 0.0, True, (None, None)),
        (0.0, -180.5, True, (None, None)),
        (float("nan"), 0.0, True, (None, None)),
        (0.0, 0.0, True, (0.0, 0.0)),
    ],
)
def test_a_point_comes_from_a_trusted_caller_only(
    latitude: float | None, longitude: float | None, trusted: bool, point: tuple[float | None, float | None]
) -> None:
    caller = Caller(ip=None, user_agent="", latitude=latitude, longitude=longitude, trusted=trusted)
    row = stored(sent(), caller=caller)
    assert (row.get("latitude"), row.get("longitude")) == point


def test_the_engine_keeps_what_no_one_would_type(store: EventStore) -> None:
    odd = "nul \u0000 quote ' \\ tab \t emoji \U0001f600 \uffff"
    early = sent(
        "search_type_query",
        query=odd,
        timestamp="1970-01-02T00:00:00Z",
        session={"visitorAuthClaims": {odd: [odd, 1e300]}},
    )
    late = sent("search_type_query", query="\ud800", timestamp="2105-12-31T00:00:00Z")
    writers = {"batch": 1, "received": NOW.replace(microsecond=0)}
    store.insert([stored(event) | {"id": number} | writers for number, event in enumerate((early, late), 1)])

    sql = "SELECT timestamp, query, mapKeys(claims), mapValues(claims) FROM events ORDER BY timestamp"
    timestamps, queries, paths, values = store.query(Statement(sql=sql))
    assert [moment.replace(tzinfo=UTC) for moment in timestamps] == [
        datetime(1970, 1, 2, tzinfo=UTC),
        datetime(2105, 12, 31, tzinfo=UTC),
    ]
    assert list(queries) == [odd, "\ufffd"]
    assert [list(keys) for keys in paths] == [[odd], []]
    assert [list(map(list, found)) for found in values] == [[["1e+300", odd]], []]
