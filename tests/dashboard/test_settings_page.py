"""The Settings page: what each role may do, what is refused, and whether the check tells what came."""

from __future__ import annotations

import html
import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from apps.dashboard.site_forms import SiteForm
from apps.events.ids import id_at
from apps.events.records import Reason, RefusedEvent
from apps.keeping.tasks import finish_erasures
from apps.organizations.audit import AuditEntry
from apps.organizations.models import Role, User
from apps.rollups.models import Erasure
from apps.sites.models import IngestPolicy, Site
from tests.dashboard.conftest import NOW, As, Desk
from tests.insights.events import event

FORM = {
    "title": "Acme Docs",
    "url": "https://docs.acme.example",
    "time_zone": "UTC",
    "ingest_policy": "public",
    "hostnames": "",
    "excluded_addresses": "",
    "excluded_hostnames": "",
    "excluded_paths": "",
    "honour_privacy_signals": "on",
    "retention_months": "",
}


def post(desk: Desk, path: str, form: dict[str, str]) -> Any:
    return desk.client.post(desk.home + path, form)


def text(answer: Any) -> str:
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", "", answer.content.decode())))


@pytest.mark.parametrize("role", list(Role))
def test_every_member_sees_the_line_for_the_pages(seat: As, role: Role) -> None:
    desk = seat(role)
    answer = desk.get("/settings")
    ids = f'data-org="{desk.world.acme.public_id}" data-site="{desk.site.public_id}"'
    shown = re.findall(r"<code>(.*?)</code>", answer.content.decode())
    assert html.unescape(shown[0]) == f'<script defer src="http://testserver/insights.js" {ids}></script>'
    assert "takes events only with a token" not in text(answer)
    assert ('id="change"' in answer.content.decode()) == (role != Role.READER)
    assert ('id="data"' in answer.content.decode()) == (role == Role.OWNER)


def test_a_site_that_takes_only_tokens_says_that_the_script_will_be_refused(desk: Desk) -> None:
    Site.objects.filter(pk=desk.site.pk).update(ingest_policy=IngestPolicy.TOKEN)
    assert "takes events only with a token" in text(desk.get("/settings"))


def test_an_editor_changes_the_settings_and_the_audit_tells_which(seat: As) -> None:
    desk = seat(Role.EDITOR)
    change = {
        "time_zone": "Asia/Kolkata",
        "hostnames": " docs.acme.example\n\nwww.acme.example ",
        "excluded_addresses": "192.0.2.0/24\r\n2001:db8::/32",
        "exclude_bots": "on",
    }
    assert post(desk, "/settings", FORM | change).status_code == 302
    site = Site.objects.get(pk=desk.site.pk)
    assert site.time_zone == "Asia/Kolkata"
    assert site.hostnames == ["docs.acme.example", "www.acme.example"]
    assert site.excluded_addresses == ["192.0.2.0/24", "2001:db8::/32"]
    assert site.exclude_bots
    entry = AuditEntry.objects.get()
    assert (entry.who, entry.what, entry.site) == (desk.world.ben.public_id, "change_site", site.public_id)
    assert entry.details == {"fields": ["exclude_bots", "excluded_addresses", "hostnames", "time_zone"]}
    assert "192.0.2.0/24\n2001:db8::/32" in html.unescape(desk.get("/settings").content.decode())


def test_saving_what_is_there_changes_nothing(seat: As) -> None:
    desk = seat(Role.EDITOR)
    assert post(desk, "/settings", FORM).status_code == 302
    assert not AuditEntry.objects.exists()


def test_what_another_changed_meanwhile_stays(seat: As, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = seat(Role.EDITOR)
    save = SiteForm.save_as

    def late(form: SiteForm, who: User) -> Site:
        Site.objects.filter(pk=desk.site.pk).update(exclude_bots=True)
        return save(form, who)

    monkeypatch.setattr(SiteForm, "save_as", late)
    post(desk, "/settings", FORM | {"title": "New"})
    site = Site.objects.get(pk=desk.site.pk)
    assert (site.title, site.exclude_bots) == ("New", True)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"title": ""}, "This field is required."),
        ({"time_zone": "Mars/Olympus"}, "Select a valid choice."),
        ({"hostnames": "https://docs.acme.example"}, "is not a lower-case host name"),
        ({"excluded_addresses": "192.0.2.1/24"}, "is not a network"),
        ({"excluded_paths": "drafts"}, "is not a path"),
        ({"url": "javascript:alert(1)"}, "Enter a valid URL."),
    ],
)
def test_what_makes_no_sense_is_refused_beside_its_field(seat: As, change: dict[str, str], complaint: str) -> None:
    desk = seat(Role.OWNER)
    answer = post(desk, "/settings", FORM | change)
    assert answer.status_code == 422
    (field,) = re.findall(r'<div class="field field-bad">(.*?)</div>', answer.content.decode(), re.DOTALL)
    assert complaint in html.unescape(field)
    assert f'name="{next(iter(change))}"' in field
    assert Site.objects.get(pk=desk.site.pk).hostnames == []
    assert "<title>Settings · Acme Docs</title>" in answer.content.decode()


def test_only_an_owner_says_how_long_events_are_kept(seat: As) -> None:
    desk = seat(Role.EDITOR)
    post(desk, "/settings", FORM | {"retention_months": "1"})
    assert Site.objects.get(pk=desk.site.pk).retention_months is None
    post(seat(Role.OWNER), "/settings", FORM | {"retention_months": "1"})
    assert Site.objects.get(pk=desk.site.pk).retention_months == 1


@pytest.mark.parametrize(
    ("role", "path"),
    [
        (Role.READER, "/settings"),
        *((role, path) for role in (Role.READER, Role.EDITOR) for path in ("/export", "/erase", "/reset")),
    ],
)
def test_who_may_not_is_refused_and_nothing_happens(seat: As, role: Role, path: str) -> None:
    desk = seat(role)
    forms = {
        "/settings": FORM | {"title": "Mine"},
        "/export": {"export-visitor_id": "mal"},
        "/erase": {"erase-visitor_id": "mal", "erase-certain": "on"},
        "/reset": {"reset-certain": "on"},
    }
    answer = post(desk, path if path == "/settings" else f"/settings{path}", forms[path])
    assert answer.status_code == 403
    assert Site.objects.get(pk=desk.site.pk).title == "Acme Docs"
    assert not Erasure.objects.exists()
    assert not AuditEntry.objects.exists()


@pytest.mark.parametrize("path", ["", "/export", "/erase", "/reset"])
def test_a_stranger_and_a_request_from_elsewhere_get_nowhere(desk: Desk, path: str) -> None:
    address = f"{desk.home}/settings{path}"
    stranger = Client()
    stranger.force_login(desk.world.cy)
    assert stranger.post(address, FORM).status_code == 404
    assert Client().post(address, FORM).status_code == 302
    forged = Client(enforce_csrf_checks=True)
    forged.force_login(desk.world.ada)
    assert forged.post(address, FORM | {"reset-certain": "on", "title": "Forged"}).status_code == 403
    assert Site.objects.get(pk=desk.site.pk).title == "Acme Docs"
    assert not Erasure.objects.exists()


def test_an_owner_erases_one_visitor_and_then_everything(seat: As) -> None:
    desk = seat(Role.OWNER)
    answer = post(desk, "/settings/erase", {"erase-visitor_id": "mal", "erase-certain": "on"})
    assert answer.status_code == 302
    assert "being erased" in text(desk.client.get(answer["Location"]))
    assert post(desk, "/settings/reset", {"reset-certain": "on"}).status_code == 302
    finish_erasures()
    done = AuditEntry.objects.order_by("pk").values_list("who", "what", "site")
    assert {each[1] for each in done} == {"erase_visitor", "erased_visitor", "erase_reset", "erased_reset"}
    assert {(who, site) for who, _what, site in done} == {(desk.world.ben.public_id, desk.site.public_id)}


@pytest.mark.parametrize(
    ("path", "form", "complaint"),
    [
        ("/export", {"export-visitor_id": ""}, "This field is required."),
        ("/export", {"export-visitor_id": "x" * 257}, "at most 256 characters"),
        ("/erase", {"erase-visitor_id": "mal"}, "This field is required."),
        ("/reset", {}, "This field is required."),
    ],
)
def test_what_is_not_confirmed_or_told_is_not_done(seat: As, path: str, form: dict[str, str], complaint: str) -> None:
    answer = post(seat(Role.OWNER), f"/settings{path}", form)
    assert answer.status_code == 422
    assert complaint in text(answer)
    assert not Erasure.objects.exists()
    assert not AuditEntry.objects.exists()


def test_an_owner_exports_a_visitor(seat: As) -> None:
    answer = post(seat(Role.OWNER), "/settings/export", {"export-visitor_id": "nobody"})
    assert answer["Content-Disposition"] == 'attachment; filename="visitor.ndjson"'
    assert answer["Cache-Control"] == "no-store"
    assert b"".join(answer.streaming_content) == b""
    assert AuditEntry.objects.get().what == "export_visitor"


def arrived(desk: Desk, moment: datetime, **fields: Any) -> None:
    """An event with a timestamp of its own that arrived at a moment."""
    desk.holds({**event("2026-04-30T12:28:00Z", **fields), "id": id_at(moment) + 1})


def since(moment: datetime) -> str:
    return f"/settings/check?since={int(moment.timestamp() * 1000)}"


def test_the_check_waits_until_an_event_arrives_and_shows_the_first(desk: Desk) -> None:
    opened = NOW - timedelta(minutes=1)
    arrived(desk, opened - timedelta(seconds=1), url_path="/before")
    desk.store.insert([{**event(), "id": id_at(NOW) + 1, "site": desk.world.secrets.pk, "url_path": "/secret"}])
    waiting = desk.get(since(opened)).content.decode()
    assert "Waiting for an event" in waiting
    assert "/before" not in waiting
    assert "/secret" not in waiting
    (again,) = re.findall(r'hx-get="([^"]+)" hx-trigger="every 2s"', waiting)
    arrived(desk, NOW, url_path="/second")
    arrived(desk, NOW - timedelta(seconds=3), url_path="/first", country="DE")
    answer = desk.client.get(html.unescape(again))
    assert "It works. page_view /first · chrome · linux · DE · 30 Apr, 12:28:00" in text(answer)
    assert "hx-trigger" not in answer.content.decode()


def test_the_check_tells_what_was_refused_and_goes_on(desk: Desk) -> None:
    opened = NOW - timedelta(minutes=1)
    for site, minutes, host in ((desk.site, 2, "old"), (desk.site, 0, "wrong.example"), (desk.world.secrets, 0, "no")):
        RefusedEvent.objects.create(
            site=site, refused_at=NOW - timedelta(minutes=minutes), reason=Reason.HOSTNAME, host=host, path="/x"
        )
    answer = desk.get(since(opened))
    assert "An event came and was not counted: Not on a host of the site, wrong.example/x." in text(answer)
    assert "every 2s" in answer.content.decode()


def test_a_check_that_nobody_looks_at_comes_to_an_end(desk: Desk) -> None:
    answer = desk.get(since(NOW - timedelta(minutes=16)))
    assert "has stopped looking" in text(answer)
    assert "hx-trigger" not in answer.content.decode()


@pytest.mark.parametrize("told", ["", "x", "-1", "９", "9" * 14, "9" * 30])
def test_a_moment_that_makes_no_sense_is_now(desk: Desk, told: str) -> None:
    arrived(desk, NOW - timedelta(seconds=1))
    assert "Waiting for an event" in text(desk.get(f"/settings/check?since={told}"))


def test_the_last_event_is_told_at_once(desk: Desk) -> None:
    assert "There was no event in the last seven days." in text(desk.get("/settings"))
    desk.holds(event("2026-04-29T08:00:00Z", url_path="/last", bot="gptbot"))
    assert "The last event: page_view /last · gptbot · 29 Apr, 08:00:00" in text(desk.get("/settings"))
