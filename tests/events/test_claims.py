"""Claims: flattened for questions, canonical for segments."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core.errors import Refusal
from apps.events.claims import NO_CLAIMS, Claims, read_claims


def read(sent: Any) -> Claims:
    return read_claims(json.dumps(sent).encode())


@pytest.mark.parametrize(
    ("sent", "values", "canonical"),
    [
        ({"plan": "pro"}, {"plan": ["pro"]}, '{"plan":"pro"}'),
        ({"beta": True, "old": False}, {"beta": ["true"], "old": ["false"]}, '{"beta":true,"old":false}'),
        ({"n": 3.0, "x": 2.5, "big": 1e20, "zero": -0.0},
         {"big": ["100000000000000000000"], "n": ["3"], "x": ["2.5"], "zero": ["0"]},
         '{"big":100000000000000000000,"n":3,"x":2.5,"zero":0}'),
        ({"g": ["b", "a", "b", 1, "1"]}, {"g": ["1", "a", "b"]}, '{"g":["b","a","b",1,"1"]}'),
        ({"g": [{"role": "x"}, {"role": "y", "level": 2}, "z"]},
         {"g": ["z"], "g.level": ["2"], "g.role": ["x", "y"]},
         '{"g":[{"role":"x"},{"level":2,"role":"y"},"z"]}'),
        ({"b": {"d": 1, "c": {"e": "é"}}, "a": ""}, {"a": [""], "b.c.e": ["é"], "b.d": ["1"]},
         '{"a":"","b":{"c":{"e":"é"},"d":1}}'),
        ({"a.b": 1, "a": {"b": 2}}, {"a.b": ["1", "2"]}, '{"a":{"b":2},"a.b":1}'),
        ({"a": None, "b": [None, 1], "c": {"d": None}}, {"b": ["1"]}, '{"b":[1],"c":{}}'),
        ({"a": [[1, [2]]]}, {"a": ["1", "2"]}, '{"a":[[1,[2]]]}'),
        ({"nul": "\u0000"}, {"nul": ["\u0000"]}, '{"nul":"\\u0000"}'),
    ],
)  # fmt: skip
def test_claims_are_flattened_to_paths_with_distinct_values(
    sent: dict[str, Any], values: dict[str, list[str]], canonical: str
) -> None:
    claims = read(sent)
    assert (claims.values, claims.canonical) == (values, canonical)
    assert list(claims.values) == sorted(claims.values)


@pytest.mark.parametrize("raw", [b"", b"null", b"{}", b"{ }", b'{"a":null}'])
def test_nothing_sent_is_no_claims(raw: bytes) -> None:
    assert read_claims(raw) == NO_CLAIMS
    assert (NO_CLAIMS.values, NO_CLAIMS.canonical, NO_CLAIMS.signed) == ({}, "", False)


@pytest.mark.parametrize(
    ("sent", "signed"),
    [
        ({"unsigned": {"plan": "pro"}}, False),
        ({"unsigned": {}, "sub": "ada"}, True),
        ({"unsigned.plan": "pro"}, True),
        ({"groups": []}, True),
        ({"plan": None}, False),
    ],
)
def test_only_what_stands_outside_unsigned_is_signed(sent: dict[str, Any], signed: bool) -> None:
    assert read(sent).signed is signed


def nested(levels: int) -> dict[str, Any]:
    inner: dict[str, Any] = {"a": 1}
    for _ in range(levels - 1):
        inner = {"a": inner}
    return inner


def test_sixteen_levels_with_the_value_are_accepted_and_one_more_is_refused() -> None:
    assert read(nested(15)).values == {".".join(["a"] * 15): ["1"]}
    with pytest.raises(Refusal, match=r"^expected at most 16 levels of nesting$"):
        read(nested(16))


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"[]", "expected an object or null"),
        (b'"x"', "expected an object or null"),
        (b'{"a":"' + b"x" * 16384 + b'"}', "expected at most 16384 bytes of claims"),
        (json.dumps({str(n): n for n in range(201)}).encode(), "expected at most 200 claim paths"),
        (b'{"a":' + b"[" * 8000 + b"]" * 8000 + b"}", "expected at most 16 levels of nesting"),
        (b'{"a":[1,{"b":' + b"9" * 400 + b"}]}", "a.1.b: expected a number within the range of a double"),
        (b'{"a":1e999}', "expected numbers within the range of a double"),
        (b'{"a":"\xff"}', "expected valid JSON"),
    ],
)
def test_claims_have_bounds(raw: bytes, words: str) -> None:
    with pytest.raises(Refusal) as raised:
        read_claims(raw)
    assert str(raised.value) == words


def test_two_hundred_paths_are_accepted() -> None:
    assert len(read({str(n): n for n in range(200)}).values) == 200


@given(st.binary(max_size=100))
def test_any_bytes_are_read_or_refused(raw: bytes) -> None:
    with suppress(Refusal):
        assert (read_claims(raw).canonical == "") is (raw.strip() in {b"", b"null", b"{}"})
