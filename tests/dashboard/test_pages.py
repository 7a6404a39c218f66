"""The pages: who sees them, what a strange address gets, what stands there when there is nothing to say."""

from __future__ import annotations

import re

import pytest
from django.test import Client, RequestFactory
from django.views.defaults import server_error
from pytest_django import Settings

from apps.dashboard.middleware import ADMIN, PAGES
from apps.events import store as event_store
from apps.organizations.models import Membership, User
from tests.dashboard.conftest import Desk
from tests.insights.events import event
from tests.people import World

EVERY_PATH = ("", "/traffic", "/traffic/pages", "/traffic/pages.csv", "/events", "/settings", "/settings/check")


@pytest.mark.parametrize("path", EVERY_PATH)
def test_a_member_sees_a_page_that_a_stranger_gets_404_for(busy_desk: Desk, path: str) -> None:
    stranger = Client()
    stranger.force_login(busy_desk.world.cy)
    assert busy_desk.client.get(busy_desk.home + path, follow=True).status_code == 200
    assert stranger.get(busy_desk.home + path).status_code == 404


@pytest.mark.parametrize("path", EVERY_PATH)
def test_somebody_who_is_not_signed_in_is_sent_to_the_sign_in(desk: Desk, path: str) -> None:
    answer = Client().get(desk.home + path)
    assert answer.status_code == 302
    assert answer["Location"].startswith("/accounts/login/?next=/sites/")


@pytest.mark.parametrize(
    "path", ["/traffic/pages", "/traffic/suggest", "/events", "/explore/suggest", "/settings/check"]
)
def test_a_part_of_a_page_of_somebody_who_is_signed_out_by_now_has_the_page_itself_go_to_the_sign_in(
    desk: Desk, path: str
) -> None:
    answer = Client().get(desk.home + path, headers={"HX-Request": "true"})
    assert (answer.status_code, answer.content) == (204, b"")
    assert answer["HX-Refresh"] == "true"
    assert answer["Cache-Control"] == "no-store"
    assert "HX-Refresh" not in desk.get(path, **{"HX-Request": "true"})


@pytest.mark.parametrize("path", ["/nothing", "/traffic/nothing", "/traffic/nothing.csv"])
def test_a_report_or_panel_that_does_not_exist_is_404(desk: Desk, path: str) -> None:
    answer = desk.get(path)
    assert answer.status_code == 404
    assert "There is nothing here" in answer.content.decode()


def test_a_reader_who_does_what_editors_may_is_told_so(desk: Desk) -> None:
    answer = desk.client.post(f"{desk.home}/share", {"title": "For the board", "report": "traffic"})
    assert answer.status_code == 403
    assert "You may not do this" in answer.content.decode()


def test_an_error_of_ours_has_a_page_of_its_own_that_needs_nothing_of_who_asks(rf: RequestFactory) -> None:
    answer = server_error(rf.get("/"))
    assert answer.status_code == 500
    assert "Something went wrong" in answer.content.decode()
    assert "My sites" in answer.content.decode()


def test_a_site_is_not_found_below_another_organization(desk: Desk) -> None:
    wrong = f"/sites/{desk.world.elsewhere.public_id}/{desk.site.public_id}/traffic"
    assert desk.client.get(wrong).status_code == 404


def test_my_sites_are_those_of_my_organizations_with_the_last_seven_days(busy_desk: Desk) -> None:
    busy_desk.holds(event("2026-04-29T10:00:00Z", visitor=7), event("2026-04-29T10:01:00Z", visitor=7))
    page = busy_desk.client.get("/").content.decode()
    assert "Acme Docs" in page
    assert "Secrets" not in page
    figures = re.findall(r"<dt>([^<]+)</dt>\s*<dd[^>]*>([^<]+)</dd>", page)
    assert figures == [("Visitors", "1"), ("Page views", "2")]
    assert "<polyline" in page


def test_somebody_without_a_site_is_told_how_to_make_one(desk: Desk) -> None:
    Membership.objects.filter(user=desk.world.ben).delete()
    page = desk.client.get("/").content.decode()
    assert "No sites yet" in page
    assert "My organizations" in page
    assert 'href="/organizations"' in page


@pytest.mark.parametrize(
    ("address", "note"),
    [
        ("range=forever", "There is no such range"),
        ("from=yesterday&to=2026-04-01", "Those dates could not be read"),
        ("from=2026-04-01", "Those dates could not be read"),
        ("from=0001-01-01&to=9999-12-31", "Those dates could not be read"),
        ("from=2026-04-02&to=2026-04-01", "The first day is after the last"),
        ("from=%00&to=%F0", "Those dates could not be read"),
    ],
)
def test_a_range_that_makes_no_sense_shows_30_days_and_says_so(busy_desk: Desk, address: str, note: str) -> None:
    answer = busy_desk.get(f"/traffic?{address}")
    page = answer.content.decode()
    assert answer.status_code == 200
    assert note in page
    assert "31 March 2026 to 30 April 2026" in page


def test_a_range_without_readers_says_so_in_every_panel(busy_desk: Desk) -> None:
    page = busy_desk.get("/traffic?from=2025-01-01&to=2025-01-31&plain=1").content.decode()
    assert page.count("Nothing was read in this range.") == 8
    assert "no earlier figure" in page


def test_a_time_zone_that_this_machine_does_not_know_is_taken_for_utc(busy_desk: Desk) -> None:
    busy_desk.site.time_zone = "Mars/Olympus"
    busy_desk.site.save()
    assert "in the time zone UTC" in busy_desk.get().content.decode()


@pytest.fixture
def _store_away(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """The store of this process is not open, and the server that it should be on does not answer."""
    monkeypatch.setattr(event_store, "_store", None)
    settings.CLICKHOUSE_URL = "http://127.0.0.1:9"


@pytest.mark.one_process
@pytest.mark.usefixtures("_store_away")
def test_pages_render_with_a_calm_sentence_while_the_store_is_away(desk: Desk) -> None:
    for path in (
        *(desk.home + each for each in ("/traffic", "/traffic/pages", "/events", "/settings", "/settings/check")),
        "/",
    ):
        answer = desk.client.get(path)
        assert answer.status_code == 200
        assert "The event store cannot be opened." in answer.content.decode()
        assert "Acme Docs" in answer.content.decode() or path.endswith("/check")


@pytest.mark.one_process
@pytest.mark.usefixtures("_store_away")
def test_csv_is_503_while_the_store_is_away(desk: Desk) -> None:
    answer = desk.get("/traffic/pages.csv")
    assert answer.status_code == 503
    assert answer.content == b"The event store cannot be opened."


def test_pages_allow_scripts_and_styles_of_their_own_files_only(busy_desk: Desk) -> None:
    answer = busy_desk.get()
    page = answer.content.decode()
    policy = answer["Content-Security-Policy"]
    assert policy == PAGES
    assert "script-src 'self';" in policy
    assert "style-src 'self';" in policy
    assert "unsafe" not in policy
    assert not re.search(r"\son[a-z]+=|\sstyle=|<style", page)
    assert not re.search(r"<script(?![^>]*(\ssrc=|application/json))", page)
    assert not re.search(r'(src|href|action)="(https?:)?//', page)


@pytest.mark.one_process
def test_the_looser_policy_is_only_the_administrations(world: World) -> None:
    staff = User.objects.create_superuser("root@example.com", "x")
    client = Client()
    client.force_login(staff)
    assert client.get("/admin/")["Content-Security-Policy"] == ADMIN
    assert client.get("/administration")["Content-Security-Policy"] == PAGES
    assert Client().get("/accounts/login/")["Content-Security-Policy"] == PAGES


@pytest.mark.parametrize("name", ["overview", "search", "agents"])
def test_a_page_that_has_no_figures_yet_does_not_say_that_there_are_none(desk: Desk, name: str) -> None:
    assert "note-info" not in desk.get(f"/{name}").content.decode()


def test_late_totals_say_themselves_that_nothing_was_counted(desk: Desk) -> None:
    def totals(report: str) -> str:
        answer = desk.get(f"/{report}/totals", **{"HX-Request": "true"})
        return str(answer.content.decode())

    assert "Nothing was counted" not in desk.get("/overview").content.decode()
    assert "Nothing was counted in this range" in totals("overview")
    assert f'href="{desk.home}/settings"' in totals("overview")
    assert "Searches would fill it" in totals("search")
    desk.holds(event("2026-04-29T10:00:00Z"))
    assert "Nothing was counted" not in totals("overview")


def test_who_has_no_events_yet_is_led_to_the_line_for_the_pages(desk: Desk) -> None:
    there = f'href="{desk.home}/settings"'
    assert "Put it on your documentation" in desk.client.get("/").content.decode()
    assert "Nothing was counted in this range" in desk.get().content.decode()
    assert desk.client.get("/").content.decode().count(there) == 1
    desk.holds(event("2026-04-29T10:00:00Z"))
    assert "Put it on your documentation" not in desk.client.get("/").content.decode()
    assert "Nothing was counted in this range" not in desk.get().content.decode()
