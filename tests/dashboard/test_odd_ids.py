"""Ids of an address that no id can be: PostgreSQL refuses to look for some of them, so nothing does."""

from __future__ import annotations

import html
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import DataError, connection

from apps.organizations.models import Role
from tests.dashboard.conftest import As, Desk

ODD = ("%00", "%F0%9F%98%80", "a%0A")


@pytest.fixture(autouse=True)
def _as_strict_as_postgresql() -> Iterator[None]:
    """No NUL reaches the database: SQLite would look for it."""

    def refuse(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        if any("\0" in value for value in params or () if isinstance(value, str)):
            raise DataError("PostgreSQL text fields cannot contain NUL (0x00) bytes")
        return execute(sql, params, many, context)

    with connection.execute_wrapper(refuse):
        yield


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize(
    "path", ["", "/traffic", "/traffic/pages", "/events", "/settings", "/share", "/explore", "/segments"]
)
def test_a_site_or_organization_of_an_odd_id_is_404(desk: Desk, path: str, odd: str) -> None:
    assert desk.client.get(desk.home + path, follow=True).status_code == 200
    organization, site = desk.world.acme.public_id, desk.site.public_id
    assert desk.client.get(f"/sites/{organization}/{odd}{path}").status_code == 404
    assert desk.client.get(f"/sites/{odd}/{site}{path}").status_code == 404


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize("path", ["/explore/saved/{}", "/segments/saved/{}"])
def test_a_saved_report_or_segment_of_an_odd_id_is_404(desk: Desk, path: str, odd: str) -> None:
    assert desk.get(path.format(odd)).status_code == 404


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize(
    "path",
    [
        "/explore/saved/{}",
        "/explore/saved/{}/delete",
        "/segments/saved/{}",
        "/segments/saved/{}/delete",
        "/share/{}/password",
        "/share/{}/revoke",
    ],
)
def test_nothing_is_changed_by_an_odd_id(seat: As, path: str, odd: str) -> None:
    owner = seat(Role.OWNER)
    assert owner.client.post(owner.home + path.format(odd), {"title": "x"}).status_code == 404


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize("path", ["/traffic", "/traffic/pages", "/segments", "/explore"])
def test_a_segment_of_an_odd_id_is_not_there(busy_desk: Desk, path: str, odd: str) -> None:
    answer = busy_desk.get(f"{path}?segment={odd}")
    assert answer.status_code == 200
    assert "That segment is not there any more, so all readers are shown." in html.unescape(answer.content.decode())


@pytest.mark.parametrize("odd", ODD)
def test_the_ways_of_the_filter_form_do_without_a_segment_of_an_odd_id(busy_desk: Desk, odd: str) -> None:
    for page in ("traffic", "segments", "explore"):
        answer = busy_desk.get(f"/{page}/narrow?segment={odd}")
        assert (answer.status_code, answer["Location"]) == (302, f"{busy_desk.home}/{page}?range=30d")
        assert busy_desk.get(f"/{page}/suggest?segment={odd}&filter-column=urlPath").status_code == 200


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize("side", ["left", "right"])
def test_a_side_of_a_comparison_of_an_odd_id_is_not_there(busy_desk: Desk, side: str, odd: str) -> None:
    answer = busy_desk.get(f"/segments?{side}={odd}")
    assert answer.status_code == 200
    assert "A segment of this comparison is not there any more." in answer.content.decode()


@pytest.mark.parametrize(
    "name", ["tz", "range", "is.urlPath", "is.visitorClaim.plan", "by", "claim", "q", "column", "measure", "claims"]
)
def test_a_nul_elsewhere_in_an_address_does_no_harm(busy_desk: Desk, name: str) -> None:
    for path in ("/traffic", "/traffic/pages", "/explore", "/segments"):
        assert busy_desk.get(f"{path}?{name}=%00").status_code == 200
