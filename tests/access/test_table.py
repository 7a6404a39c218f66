"""Every route is answered as docs/access.md says: to everybody, and by every method."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.access.people import REFUSALS, Cast
from tests.access.routes import fill, is_admin, is_api, routes
from tests.access.table import Row, read_table

METHODS = ("GET", "POST")
MORE_METHODS = ("PATCH", "PUT", "DELETE")
QUESTION = {"range": "last7Days", "select": [{"column": "eventsCount"}]}
EVENT = {
    "type": "page_view",
    "session": {"visitorId": "v", "sessionId": "s"},
    "location": {"url": "https://docs.acme.example/"},
}
QUERIES = {
    "/pixel.gif": "?org=<organization>&site=<site_id>&url=https://docs.acme.example/",
    "/~gitbook/__evt": "?o=<organization>&s=<site_id>",
    "/__session/2/": "?proposed=v",
    "/sites/<organization>/<site_id>/segments/<panel_name>.csv": "?left=all",
}
"""What a route asks for beside its path."""


def body_of(method: str, route: str) -> Any:
    """A body that makes sense where a route takes JSON."""
    if method in ("GET", "HEAD") or not (is_api(route) or route in QUERIES):
        return None
    if route.endswith("/aggregate"):
        return QUESTION
    return {"events": [EVENT]} if route.endswith(("/events", "__evt")) else {"title": "Renamed"}


def values_of(cast: Cast, route: str) -> dict[str, str]:
    for kept in ("report", "segment"):
        if f"/{'explore' if kept == 'report' else 'segments'}/saved/" in route:
            return cast.values | {"public_id": cast.values[kept]}
    if route.endswith("/segments/<panel_name>.csv"):
        return cast.values | {"panel_name": "left-pages"}
    return cast.values


def asked(cast: Cast, method: str, route: str) -> dict[str, str]:
    """What each gets."""
    address = fill(route + QUERIES.get(route, ""), values_of(cast, route))
    return {
        name: person.ask(method, address, with_token=is_api(route), body=body_of(method, route))
        for name, person in cast.people.items()
    }


def differences(cast: Cast, wanted: dict[Row, dict[str, str]]) -> list[str]:
    found = {row: asked(cast, *row) for row in wanted}
    return [
        f"{method} {route} as {name}: {outcome}, not {wanted[method, route][name]}"
        for (method, route), row in found.items()
        for name, outcome in row.items()
        if outcome != wanted[method, route][name]
    ]


def test_every_route_is_in_the_table_and_nothing_else() -> None:
    written = {route for _method, route in read_table()}
    served = set(routes())
    assert {route for route in served - written if not is_admin(route)} == set()
    assert written - served == set()


def test_the_columns_are_those_who_are_tried(cast: Cast) -> None:
    assert {tuple(row) for row in read_table().values()} == {tuple(cast.people)}


@pytest.mark.parametrize("part", ["/sites/", "/v1", "/"])
def test_everybody_gets_what_the_table_says(cast: Cast, part: str) -> None:
    others = [each for each in ("/sites/", "/v1") if each != part]
    rows = {row: wanted for row, wanted in read_table().items() if row[1].startswith(part)}
    if part == "/":
        rows = {row: wanted for row, wanted in rows.items() if not row[1].startswith(tuple(others))}
    assert rows
    assert differences(cast, rows) == []


def test_the_head_of_what_the_api_reads_is_for_those_who_may_read_it(cast: Cast) -> None:
    reads = {("HEAD", route): wanted for (method, route), wanted in read_table().items() if method == "GET"}
    assert differences(cast, {row: wanted for row, wanted in reads.items() if is_api(row[1])}) == []


def unlisted() -> Iterator[Row]:
    listed = read_table()
    for route in routes():
        if not is_admin(route):
            for method in (*METHODS, *(MORE_METHODS if is_api(route) else ())):
                if (method, route) not in listed:
                    yield method, route


def test_a_method_that_is_not_in_the_table_is_refused_for_everybody(cast: Cast) -> None:
    found = {row: asked(cast, *row) for row in unlisted()}
    assert len(found) > len(routes()) / 4
    assert {row: got for row, got in found.items() if not set(got.values()) <= set(REFUSALS)} == {}


def test_a_session_of_the_pages_is_worth_nothing_in_the_api(cast: Cast) -> None:
    owner = cast.people["owner"]
    wanted = {row: found["nobody"] for row, found in read_table().items() if is_api(row[1])}
    address = {row: fill(row[1], values_of(cast, row[1])) for row in wanted}
    got = {row: owner.ask(row[0], address[row], with_token=False, body=body_of(*row)) for row in wanted}
    assert got == wanted
