"""What the wire schema accepts, and where and in what words it refuses the rest."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core.errors import Refusal
from apps.events.schema import MalformedBody, decode, decode_event
from tests.events.wire import OWN, body_of, sent

GOOD = sent()


def refused(*events: Any) -> tuple[int, str]:
    """Status and words of the refusal of a body with ``events``."""
    with pytest.raises(Refusal) as raised:
        decode(body_of(*events))
    return raised.value.status, str(raised.value)


@pytest.mark.parametrize("type_", OWN)
def test_each_of_the_20_types_is_accepted(type_: str) -> None:
    (event,) = decode(body_of(sent(type_)))
    assert event.event_type == type_


def test_there_are_20_types() -> None:
    assert len(OWN) == 20


@pytest.mark.parametrize(
    ("type_", "own", "stored"),
    [
        ("page_view", {}, {}),
        ("page_markdown_request", {}, {"markdown_source": "page-action"}),
        ("search_type_query", {}, {"query": "webhooks"}),
        (
            "search_open_result",
            {},
            {"query": "webhooks", "result_record": "", "result_space": "space-1", "result_page": "page-1"},
        ),
        (
            "search_open_result",
            {"result": {"recordId": "record-1"}},
            {"query": "webhooks", "result_record": "record-1", "result_space": "", "result_page": ""},
        ),
        ("page_post_feedback", {}, {"feedback_rating": "good"}),
        ("page_post_feedback_comment", {}, {"feedback_rating": "bad", "feedback_comment": "The example fails."}),
        ("ask_question", {}, {"query": "How do I sign in?", "goal": "write a client"}),
        ("ask_rate_response", {}, {"query": "How do I sign in?", "ask_rating": -1, "response_id": "answer-1"}),
        ("api_client_open", {}, {"api_path": "/pets", "api_method": "get"}),
        ("api_client_request", {}, {"api_path": "/pets/{id}", "api_method": "delete"}),
        ("ad_click", {}, {"ad_domain": "ads.example", "ad_zone": "zone-1", "ad_placement": "aside"}),
        ("ad_display", {}, {"ad_domain": "ads.example", "ad_zone": "zone-2", "ad_placement": "aside"}),
        ("trademark_click", {}, {"trademark_placement": "pdf"}),
        ("llms_request", {}, {"llms_variant": "full"}),
    ],
)
def test_an_event_stores_the_properties_of_its_type(type_: str, own: dict[str, Any], stored: dict[str, Any]) -> None:
    (event,) = decode(body_of(sent(type_, **own)))
    assert event.details() == stored


def test_properties_of_another_type_are_ignored() -> None:
    (event,) = decode(body_of(sent("page_view", query="not mine", rating="nor this")))
    assert event.details() == {}


@pytest.mark.parametrize(
    ("target", "stored", "domain"),
    [
        ({"url": "https://Other.Example:8443/x?q=é", "kind": "url"},
         '{"kind":"url","url":"https://Other.Example:8443/x?q=é"}', "other.example"),
        ({"kind": "url", "url": "mailto:ada@example.com"}, '{"kind":"url","url":"mailto:ada@example.com"}', ""),
        ({"kind": "url", "url": "../up"}, '{"kind":"url","url":"../up"}', ""),
        ({"space": "s", "page": "p", "kind": "page"}, '{"kind":"page","page":"p","space":"s"}', ""),
        ({"kind": "file", "file": "f"}, '{"kind":"file","file":"f"}', ""),
        ({"page": "p", "kind": "anchor", "anchor": "a"}, '{"kind":"anchor","anchor":"a","page":"p"}', ""),
        ({"kind": "space", "space": "s", "n": 1, "o": {}}, '{"kind":"space","space":"s"}', ""),
        ({"kind": "collection", "collection": "c"}, '{"kind":"collection","collection":"c"}', ""),
        ({"kind": "user", "user": "u"}, '{"kind":"user","user":"u"}', ""),
        ({"kind": "reusable-content", "reusableContent": "r"},
         '{"kind":"reusable-content","reusableContent":"r"}', ""),
        ({"kind": "tag", "tag": "t", "space": "s"}, '{"kind":"tag","space":"s","tag":"t"}', ""),
        ({"kind": "openapi", "spec": "petstore"}, '{"kind":"openapi","spec":"petstore"}', ""),
    ],
)  # fmt: skip
def test_a_link_stores_its_target_with_the_kind_first(target: dict[str, Any], stored: str, domain: str) -> None:
    (event,) = decode(body_of(sent("link_click", link={"target": target, "position": "content"})))
    assert event.details() == {
        "link_kind": target["kind"],
        "link_target": stored,
        "link_domain": domain,
        "link_position": "content",
    }


@pytest.mark.parametrize(
    "session",
    [
        {"cookies": {"a": "b"}},
        {"cookies": None, "visitorAuthToken": 5, "unheard": [[]]},
        {"language": None, "referrer": None, "ip": None, "userAgent": None, "visitorAuthClaims": None},
        {"referrer": ""},
        {"referrer": "android-app://com.google.android.gm/"},
        {"referrer": "about:blank"},
        {"visitorId": "x" * 256},
        {"visitorAuthClaims": {"a": [1, True, {"b": [2.5]}], "c": None}},
        {"visitorId": "nul \u0000 inside", "language": "\u0000"},
    ],
)
def test_lenient_about_the_session(session: dict[str, Any]) -> None:
    assert len(decode(body_of(sent(session=session)))) == 1


def test_nullable_keys_may_be_left_out() -> None:
    minimal = {
        "type": "page_view",
        "session": {"visitorId": "a", "sessionId": "b"},
        "location": {"url": "https://a.example"},
    }
    (event,) = decode(body_of(minimal))
    assert (event.location.page, event.session.user_agent, event.timestamp) == (None, None, None)


@pytest.mark.parametrize(
    ("event", "words"),
    [
        (7, "body.events.1: expected an object"),
        (sent(session={"visitorId": ""}), "body.events.1.session.visitorId: expected a string of at least 1 character"),
        (sent(session={"sessionId": "x" * 257}),
         "body.events.1.session.sessionId: expected a string of at most 256 characters"),
        (sent(session={"sessionId": 1}), "body.events.1.session.sessionId: expected a string"),
        (sent(session={"userAgent": {}}), "body.events.1.session.userAgent: expected a string or null"),
        (sent(session={"referrer": "somewhere"}),
         "body.events.1.session.referrer: expected a URL, an empty string or null"),
        (sent(session={"visitorAuthClaims": []}),
         "body.events.1.session.visitorAuthClaims: expected an object or null"),
        (sent(session={"visitorAuthClaims": {"seats": {"max": 10**400}}}),
         "body.events.1.session.visitorAuthClaims.seats.max: expected a number within the range of a double"),
        (sent(location={"url": "docs"}), "body.events.1.location.url: expected a URL"),
        (sent(location={"url": 3}), "body.events.1.location.url: expected a URL"),
        (sent(location={"url": "ftp://a.example/"}), "body.events.1.location.url: expected a URL"),
        (sent(location={"url": "https:///path"}), "body.events.1.location.url: expected a URL"),
        (sent(location={"url": "https://a.example/a b"}), "body.events.1.location.url: expected a URL"),
        (sent(location={"url": "https://a.example/\u0000"}), "body.events.1.location.url: expected a URL"),
        (sent(location={"url": "https://a.example:port/"}), "body.events.1.location.url: expected a URL"),
        (sent(location={"url": "https://a.example/" + "x" * 2031}),
         "body.events.1.location.url: expected a URL of at most 2048 characters"),
        (sent(location={"displayContext": "tv"}),
         "body.events.1.location.displayContext: expected one of site, server, embed, mcp"),
        (sent(location={"page": 4}), "body.events.1.location.page: expected a string or null"),
        (sent(timestamp="yesterday"), "body.events.1.timestamp: expected an RFC 3339 date and time with an offset"),
        (sent(timestamp="2026-11-23T12:00:00"),
         "body.events.1.timestamp: expected an RFC 3339 date and time with an offset"),
        (sent(timestamp="2016-12-31T23:59:60Z"),
         "body.events.1.timestamp: expected an RFC 3339 date and time with an offset"),
        (sent(timestamp=1764000000), "body.events.1.timestamp: expected an RFC 3339 date and time with an offset"),
        (sent(timestamp="0001-01-01T00:00:00+23:59"),
         "body.events.1.timestamp: expected a moment between 1970-01-02 and 2105-12-31"),
        (sent(timestamp="9999-12-31T23:59:59-23:59"),
         "body.events.1.timestamp: expected a moment between 1970-01-02 and 2105-12-31"),
        (sent("ask_rate_response", rating=0), "body.events.1.rating: expected 1 or -1"),
        (sent("page_post_feedback", feedback={"rating": "great"}),
         "body.events.1.feedback.rating: expected one of bad, ok, good"),
        (sent("page_post_feedback_comment", feedback={"rating": "ok", "comment": ""}),
         "body.events.1.feedback.comment: expected a string of 1 to 512 characters"),
        (sent("page_post_feedback_comment", feedback={"rating": "ok", "comment": "x" * 513}),
         "body.events.1.feedback.comment: expected a string of 1 to 512 characters"),
        (sent("search_type_query", query=None), "body.events.1.query: expected a string"),
        (sent("search_open_result", result={"spaceId": "s"}),
         "body.events.1.result: expected spaceId and pageId, or recordId"),
        (sent("link_click", link={"target": {"kind": "url"}, "position": "content"}),
         "body.events.1.link.target.url: is required"),
        (sent("link_click", link={"target": {"kind": "reusable-content"}, "position": "content"}),
         "body.events.1.link.target.reusableContent: is required"),
        (sent("link_click", link={"target": {"kind": "tag", "tag": 1}, "position": "content"}),
         "body.events.1.link.target.tag: expected a string"),
        (sent("link_click", link={"target": {}, "position": "content"}),
         "body.events.1.link.target.kind: expected one of url, page, file, anchor, space, collection, user, "
         "reusable-content, tag, openapi"),
        (sent("link_click", link={"target": {"kind": "page", "page": "p"}, "position": "top"}),
         "body.events.1.link.position: expected one of announcement, header, footer, sidebar, content"),
        (sent("link_click", link={"target": {"kind": "url", "url": "x" * 8192}, "position": "content"}),
         "body.events.1.link.target: expected at most 8192 characters"),
        (sent("api_client_open", operation={"path": "/"}), "body.events.1.operation.method: is required"),
        (sent("ad_click", ad={"domain": "d", "zoneId": "z", "placement": "top"}),
         "body.events.1.ad.placement: expected aside"),
        (sent("trademark_click", placement="top"),
         "body.events.1.placement: expected one of sidebar, ad, footer, pdf, embed"),
        (sent("llms_request", llmsVariant="tiny"), "body.events.1.llmsVariant: expected one of standard, full"),
        (sent("page_markdown_request", markdownSource="curl"),
         "body.events.1.markdownSource: expected page-action"),
    ],
)  # fmt: skip
def test_a_refusal_tells_place_and_expectation(event: Any, words: str) -> None:
    assert refused(GOOD, event) == (422, words)


@pytest.mark.parametrize("place", ["type", "session", "location"])
def test_what_every_event_has_is_required(place: str) -> None:
    event = {name: value for name, value in GOOD.items() if name != place}
    assert refused(GOOD, event) == (422, f"body.events.1.{place}: is required")


@pytest.mark.parametrize("type_", ["page_views", "", 3, None, "PageView"])
def test_an_unknown_type_is_refused_with_the_list_of_types(type_: Any) -> None:
    status, words = refused(GOOD | {"type": type_})
    assert status == 422
    assert words.startswith("body.events.0.type: expected one of page_view, page_markdown_request, search_open, ")


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        (b"", 400, "The body is not valid JSON."),
        (b"{", 400, "The body is not valid JSON."),
        (b'{"events":[NaN]}', 400, "The body is not valid JSON."),
        (b'{"events":[{"x":-Infinity}]}', 400, "The body is not valid JSON."),
        (b"\xff\xfe", 400, "The body is not valid JSON."),
        (b'{"events":[]} x', 400, "The body is not valid JSON."),
        (b"null", 422, "body: expected an object"),
        (b"[]", 422, "body: expected an object"),
        (b"{}", 422, "body.events: is required"),
        (b'{"events":null}', 422, "body.events: expected a list of 1 to 1,000 events"),
        (b'{"events":[]}', 422, "body.events: expected a list of 1 to 1,000 events"),
        (b'{"x":' + b"[" * 100_000 + b"]" * 100_000 + b"}", 422, "body: is nested too deeply"),
        (b'{"x":' + b'{"a":' * 100_000 + b"1" + b"}" * 100_001, 422, "body: is nested too deeply"),
    ],
)
def test_a_body_that_is_no_list_of_events_is_refused(body: bytes, status: int, words: str) -> None:
    with pytest.raises(Refusal) as raised:
        decode(body)
    assert (raised.value.status, str(raised.value)) == (status, words)


def test_a_thousand_events_are_accepted_and_one_more_is_refused() -> None:
    assert len(decode(body_of(*[GOOD] * 1000))) == 1000
    assert refused(*[GOOD] * 1001) == (422, "body.events: expected a list of 1 to 1,000 events")


@pytest.mark.parametrize("number", ["1e400", "-1e400", "1" + "0" * 400, "9" * 5000])
def test_a_number_beyond_a_double_is_refused_in_claims(number: str) -> None:
    body = body_of(sent(session={"visitorAuthClaims": {"seats": "NUMBER"}})).replace(b'"NUMBER"', number.encode())
    with pytest.raises(Refusal, match=r"^body\.events\.0\.session\.visitorAuthClaims.*range of a double$"):
        decode(body)


def test_a_lone_surrogate_becomes_the_replacement_character_and_pairs_stay() -> None:
    body = body_of(sent("search_type_query", query="QUERY")).replace(b"QUERY", rb"\ud83d \ud83d\ude00 \ude00 \\ud83d")
    (event,) = decode(body)
    assert event.details() == {"query": "\ufffd \U0001f600 \ufffd \\ud83d"}


def test_a_lone_surrogate_in_claims_becomes_the_replacement_character() -> None:
    (event,) = decode(body_of(sent(session={"visitorAuthClaims": {"name": "\ud800"}})))
    assert bytes(event.session.visitor_auth_claims) == rb'{"name": "\ufffd"}'


def test_one_event_by_itself_is_read_alike_with_places_inside_it() -> None:
    assert decode_event(json.dumps(GOOD).encode()) == decode(body_of(GOOD))[0]
    with pytest.raises(Refusal, match=r"^location\.url: expected a URL$"):
        decode_event(json.dumps(sent(location={"url": "x"})).encode())
    with pytest.raises(Refusal, match=r"^location\.url: is required$"):
        decode_event(json.dumps(GOOD | {"location": {}}).encode())
    with pytest.raises(Refusal, match=r"^expected an object$"):
        decode_event(b"[]")
    with pytest.raises(MalformedBody, match=r"^The line is not valid JSON\.$"):
        decode_event(b"{")


TEXT = st.text(st.characters(), max_size=20)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=10,
)


@given(JSON)
def test_any_json_is_decoded_or_refused(value: Any) -> None:
    with pytest.raises(Refusal):
        decode(json.dumps(value).encode())


@given(
    st.sampled_from(sorted(OWN)),
    st.dictionaries(st.sampled_from(["timestamp", "query", "link", "feedback", "result", "rating", "ad"]), JSON),
    st.dictionaries(st.sampled_from(["visitorId", "referrer", "visitorAuthClaims", "ip", "language"]), JSON),
    st.dictionaries(st.sampled_from(["url", "page", "displayContext", "siteShareKey"]), JSON),
)
def test_an_event_with_any_values_is_decoded_or_refused(
    type_: str, own: dict[str, Any], session: dict[str, Any], location: dict[str, Any]
) -> None:
    with suppress(Refusal):
        (event,) = decode(body_of(sent(type_, session=session, location=location, **own)))
        assert event.event_type == type_


@given(st.binary(max_size=200))
def test_any_bytes_are_refused(body: bytes) -> None:
    with pytest.raises(Refusal):
        decode(body)
