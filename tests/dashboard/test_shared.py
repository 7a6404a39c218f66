"""What a share link opens: its report as it was shared, for whoever has it, and nothing else."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.apps import apps
from django.test import Client

from apps.dashboard.middleware import PAGES
from apps.dashboard.reports import REPORTS, TRAFFIC, Report
from apps.organizations.models import Organization
from apps.segments.models import VisitorSegment
from apps.sites.models import ShareLink
from apps.sites.sharing import revoke_link
from tests.dashboard.conftest import NOW, Desk
from tests.dashboard.traffic import busy
from tests.dashboard.visits import SECRET, Visit, share
from tests.insights.events import event
from tests.people import World

EVERY_PATH = ("", "/pages", "/pages.csv")
EVERY_PANEL = tuple(panel.name for panel in TRAFFIC.panels)
HTMX = {"HX-Request": "true"}


@pytest.fixture
def visit(busy_desk: Desk) -> Visit:
    return share(busy_desk)


@pytest.fixture
def locked(busy_desk: Desk) -> Visit:
    """The same with a password."""
    return share(busy_desk, password=SECRET)


def figures(answer: Any) -> list[tuple[str, str]]:
    return re.findall(r"<dt>([^<]+)</dt>\s*<dd[^>]*>([^<]+)</dd>", answer.content.decode())


def test_whoever_has_the_link_sees_the_figures_of_the_report(visit: Visit) -> None:
    answer = visit.get()
    assert answer.status_code == 200
    assert figures(answer) == [
        ("Visitors", "2"),
        ("Page views", "3"),
        ("Sessions", "2"),
        ("Views per session", "1.50"),
    ]
    page = answer.content.decode()
    assert "<title>For the board · Acme Docs</title>" in page
    assert "31 March 2026 to 30 April 2026" in page


def test_panels_come_as_parts_as_pages_and_as_csv(visit: Visit) -> None:
    part = visit.get("/countries", **HTMX).content.decode()
    assert "Germany" in part
    assert "<html" not in part
    page = visit.get("/countries").content.decode()
    assert "Germany" in page
    assert f'href="{visit.address}">← Traffic</a>' in page
    answer = visit.get("/pages.csv")
    assert answer.content.decode() == "Page,Visitors,Views\r\n/guide,2,2\r\n/,1,1\r\n"
    assert answer["Content-Disposition"] == 'attachment; filename="for-the-board-pages-2026-03-31-2026-04-30.csv"'


def test_who_sees_nothing_is_not_led_to_the_settings(desk: Desk) -> None:
    part = share(desk, report="overview").get("/totals", **HTMX).content.decode()
    assert "Nothing was counted in this range." in part
    assert "/settings" not in part


def test_a_link_to_a_range_that_has_not_begun_says_so(busy_desk: Desk) -> None:
    page = share(busy_desk, parameters="from=2026-05-01&to=2026-05-09").get().content.decode()
    assert page.count("This range has not begun: its first day is 1 May 2026.") == 1


@pytest.mark.parametrize("name", EVERY_PANEL)
def test_every_panel_has_the_rows_that_members_see(desk: Desk, name: str) -> None:
    visit = share(busy(desk))
    shared = list(csv.reader(io.StringIO(visit.get(f"/{name}.csv").content.decode())))
    members = list(csv.reader(io.StringIO(visit.desk.get(f"/traffic/{name}.csv?range=30d").content.decode())))
    assert len(shared) > 1
    assert shared == members


def test_a_link_is_narrowed_to_what_its_owner_left(busy_desk: Desk) -> None:
    visit = share(busy_desk, parameters="from=2026-03-01&to=2026-03-31")
    assert visit.get("/pages.csv").content.decode() == "Page,Visitors,Views\r\n/guide,1,1\r\n"


@pytest.mark.parametrize("path", [*EVERY_PATH, "/readers", "/totals.csv"])
@pytest.mark.parametrize("query", ["range=12m", "from=2020-01-01&to=2026-04-30", "site=1", "report=overview", "x=%00"])
def test_what_the_visitor_adds_to_the_address_changes_nothing(visit: Visit, path: str, query: str) -> None:
    plain, added = visit.get(path), visit.get(f"{path}?{query}")
    assert plain.status_code == added.status_code == 200
    assert added.content == plain.content


def ended_links(desk: Desk) -> Iterator[tuple[str, str]]:
    """Tokens that were right once, or never, each with what is wrong with it."""
    revoked = share(desk)
    revoke_link(revoked.link, who=desk.world.ada)
    yield "revoked", revoked.token
    yield "expired", share(desk, expires_at=NOW).token
    yield "unknown", "A" * 32
    yield "short", "x"
    yield "odd", "%00%F0%9F%98%80"


@pytest.mark.parametrize("path", EVERY_PATH)
def test_revoked_expired_and_unknown_links_are_404_and_cannot_be_told_apart(visit: Visit, path: str) -> None:
    answers = {why: Client().get(f"/share/{token}{path}") for why, token in ended_links(visit.desk)}
    assert visit.get(path).status_code == 200
    assert {answer.status_code for answer in answers.values()} == {404}
    assert len({answer.content for answer in answers.values()}) == 1
    assert len({str(sorted(answer.items())) for answer in answers.values()}) == 1
    assert "There is nothing here" in answers["revoked"].content.decode()


def test_the_door_of_an_ended_link_is_404_as_well(locked: Visit) -> None:
    assert {Client().post(f"/share/{token}/unlock").status_code for _why, token in ended_links(locked.desk)} == {404}
    revoke_link(locked.link, who=locked.desk.world.ada)
    assert locked.guess(SECRET).status_code == 404


def test_a_link_works_until_the_moment_it_expires(busy_desk: Desk) -> None:
    visit = share(busy_desk, expires_at=NOW + timedelta(hours=1))
    with time_machine.travel(NOW + timedelta(minutes=59, seconds=59), tick=False):
        assert visit.get().status_code == 200
    with time_machine.travel(NOW + timedelta(hours=1), tick=False):
        assert visit.get().status_code == 404


@pytest.mark.parametrize(
    "path", ["/nothing", "/nothing.csv", "/elsewhere", "/elsewhere.csv", "/pages/more", "/traffic"]
)
def test_what_is_not_of_the_report_is_404(visit: Visit, monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    (panel,) = (panel for panel in TRAFFIC.panels if panel.name == "countries")
    other = Report(
        name="other", title="Other", panels=(type(panel)(name="elsewhere", title="", drawing=panel.drawing),)
    )
    monkeypatch.setitem(REPORTS, "other", other)
    assert share(visit.desk, report="other").get("/elsewhere").status_code == 200
    assert visit.get("/pages").status_code == 200
    assert visit.get(path).status_code == 404


def test_a_report_that_is_no_more_is_404(visit: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(REPORTS, "traffic")
    assert visit.get().status_code == 404


@pytest.mark.parametrize("path", EVERY_PATH)
@pytest.mark.parametrize(
    "parameters", ["range=30d&country=DE", "is.country=DE", "compare=never", "range=for-ever", "range", "&&"]
)
def test_a_link_whose_parameters_are_not_understood_shows_nothing_rather_than_more(
    visit: Visit, parameters: str, path: str
) -> None:
    assert visit.get(path).status_code == 200
    ShareLink.objects.filter(pk=visit.link.pk).update(parameters=parameters)
    assert visit.get(path).status_code == 404


def test_a_link_keeps_filters_segment_comparison_interval_and_time_zone(busy_desk: Desk) -> None:
    narrow = "range=30d&is.visitorGeoCountry=DE&compare=off&interval=month&tz=Europe/Berlin"
    visit = share(busy_desk, parameters=narrow)
    assert visit.get("/pages.csv").content.decode() == "Page,Visitors,Views\r\n/,1,1\r\n/guide,1,1\r\n"
    lines = visit.get("/readers.csv").content.decode().splitlines()
    assert lines[1:] == ["2026-03-01T00:00:00+01:00,0,0", "2026-04-01T00:00:00+02:00,1,2"]
    page = visit.get().content.decode()
    assert "Country is Germany" in page
    assert "Europe/Berlin" in page


def test_a_link_to_a_segment_that_is_gone_shows_nothing_rather_than_everybody(busy_desk: Desk) -> None:
    segment = VisitorSegment.objects.create(site=busy_desk.site, title="Pro", claims={"plan": "pro"})
    visit = share(busy_desk, parameters=f"segment={segment.public_id}")
    assert visit.get().status_code == 200
    segment.delete()
    assert visit.get().status_code == 404


def test_a_link_shows_nothing_of_another_site(visit: Visit) -> None:
    there = visit.desk.world.secrets
    visit.desk.store.insert([event("2026-04-20T10:00:00Z", visitor=9, url_path="/hidden") | {"site": there.pk}])
    assert "/hidden" in share(visit.desk, site=there).get("/pages").content.decode()
    for path in ("", *(f"/{name}" for name in EVERY_PANEL)):
        page = visit.get(path).content.decode()
        assert "/hidden" not in page
        assert "Secrets" not in page


# Nothing else of the service.


def everything_told(visit: Visit) -> str:
    """All that the link's addresses answer, headers and cookies too."""
    answers = [
        *(visit.get(path) for path in ("", *(f"/{name}" for name in EVERY_PANEL))),
        *(visit.get(f"/{name}", **HTMX) for name in EVERY_PANEL),
        *(visit.get(f"/{name}.csv") for name in EVERY_PANEL),
        visit.get("/nothing"),
        visit.guess("wrong"),
    ]
    return "\n".join(f"{answer.headers}\n{answer.cookies}\n{answer.content.decode()}" for answer in answers)


@pytest.mark.parametrize("password", ["", SECRET])
def test_no_answer_names_organization_people_or_ids(busy_desk: Desk, password: str) -> None:
    visit = share(busy_desk, password=password, embed_hosts=["docs.acme.example"])
    if password:
        told = everything_told(visit)
        assert "Acme" not in told
        assert visit.guess(SECRET).status_code == 302
    told = everything_told(visit)
    assert "Acme Docs" in told
    world = visit.desk.world
    hidden = [world.acme.public_id, world.docs.public_id, visit.link.public_id, world.ada.public_id, "@example.com"]
    assert [each for each in hidden if each in told] == []
    assert "/v1/" not in told
    assert "Bearer" not in told


def test_no_address_leads_out_of_the_link(visit: Visit) -> None:
    for path in ("", *(f"/{name}" for name in EVERY_PANEL)):
        page = visit.get(path).content.decode()
        addresses = re.findall(r'\s(?:href|src|action|hx-get|hx-post)="([^"]*)"', page)
        assert len(addresses) > 5
        assert [each for each in addresses if not each.startswith(("#main", "/static/", visit.address))] == []


def test_somebody_who_is_signed_in_sees_no_more_and_is_not_named(visit: Visit) -> None:
    stranger = visit.get().content
    visit.client.force_login(visit.desk.world.ada)
    assert visit.get().content == stranger


def test_a_link_signs_nobody_in(visit: Visit) -> None:
    visit.get()
    assert visit.client.get(f"{visit.desk.home}/traffic").status_code == 302
    assert visit.client.cookies == {}


def test_a_link_is_only_read(visit: Visit) -> None:
    assert visit.client.post(visit.address).status_code == 405
    assert visit.client.post(f"{visit.address}/pages").status_code == 405
    assert visit.client.post(f"{visit.address}/unlock").status_code == 302


# Headers.


@pytest.mark.parametrize("path", [*EVERY_PATH, "/nothing"])
def test_answers_are_not_kept_not_indexed_and_send_no_referrer(visit: Visit, path: str) -> None:
    answer = visit.get(path)
    assert answer["Cache-Control"] == "private, no-store"
    assert answer["X-Robots-Tag"] == "noindex"
    assert answer["Referrer-Policy"] == "no-referrer"


@pytest.mark.parametrize("path", EVERY_PATH)
def test_nobody_may_frame_a_link_without_hosts(visit: Visit, path: str) -> None:
    answer = visit.get(path)
    assert answer["Content-Security-Policy"] == PAGES
    assert "frame-ancestors 'none'" in PAGES
    assert answer["X-Frame-Options"] == "DENY"


@pytest.mark.parametrize("path", EVERY_PATH)
@pytest.mark.parametrize(
    ("hosts", "sources"),
    [
        (["docs.acme.example"], "https://docs.acme.example"),
        (["docs.acme.example", "*.acme.example"], "https://docs.acme.example https://*.acme.example"),
        (["localhost"], "http://localhost:*"),
    ],
)
def test_the_listed_hosts_may_frame_it_and_the_rest_of_the_policy_stays(
    busy_desk: Desk, hosts: list[str], sources: str, path: str
) -> None:
    answer = share(busy_desk, embed_hosts=hosts).get(path)
    assert answer["Content-Security-Policy"] == PAGES.replace("frame-ancestors 'none'", f"frame-ancestors {sources}")
    assert "X-Frame-Options" not in answer


def test_other_pages_may_not_be_framed_all_the_same(busy_desk: Desk) -> None:
    visit = share(busy_desk, embed_hosts=["docs.acme.example"])
    for answer in (visit.get("/nothing"), busy_desk.get(), Client().get("/accounts/login/")):
        assert answer["Content-Security-Policy"] == PAGES
        assert answer["X-Frame-Options"] == "DENY"


# What is kept.


def test_the_token_and_the_password_are_nowhere_in_the_records(locked: Visit) -> None:
    locked.guess("wrong")
    locked.guess(SECRET)
    kept = [model for model in apps.get_models() if model._meta.managed]
    records = "\n".join(str(row) for model in kept for row in model._base_manager.values())
    assert "For the board" in records
    assert "create_share_link" in records
    assert len(locked.token) == 32
    assert locked.token not in records
    assert SECRET not in records


def test_a_use_is_noted_at_most_once_a_minute(visit: Visit) -> None:
    def used() -> datetime | None:
        return ShareLink.objects.get(pk=visit.link.pk).last_used_at

    assert used() is None
    visit.get()
    assert used() == NOW
    with time_machine.travel(NOW + timedelta(seconds=50), tick=False):
        visit.get()
    assert used() == NOW
    with time_machine.travel(NOW + timedelta(seconds=70), tick=False):
        visit.get("/pages")
    assert used() == NOW + timedelta(seconds=70)


def test_a_link_goes_with_its_site_and_stays_without_its_maker(visit: Visit, world: World) -> None:
    world.ada.delete()
    assert visit.sees_figures
    Organization.objects.filter(pk=world.acme.pk).delete()
    assert visit.get().status_code == 404
    assert not ShareLink.objects.exists()
