"""The Share page: who sees the links, who makes, changes and ends them, and what is refused."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import pytest
from django.core.exceptions import ValidationError
from django.test import Client

from apps.organizations.audit import AuditEntry
from apps.organizations.models import Membership, Role
from apps.sites.models import ShareLink, Site
from apps.sites.share_links import validate_embed_hosts
from apps.sites.sharing import create_link, open_link, revoke_link
from tests.dashboard.conftest import NOW, Desk

FORM = {
    "title": "For the board",
    "report": "traffic",
    "parameters": "range=7d",
    "password": "",
    "last_day": "",
    "embed_hosts": "",
}
SECRET = "a quiet morning"
As = Callable[[Role], Desk]


@pytest.fixture
def seat(desk: Desk) -> As:
    """Ben at his desk in any role."""

    def sit(role: Role) -> Desk:
        Membership.objects.filter(user=desk.world.ben, organization=desk.world.acme).update(role=role)
        return desk

    return sit


@pytest.fixture
def link(desk: Desk) -> ShareLink:
    """A link of Ada's, locked, narrowed to a week."""
    made, _token = create_link(
        site=desk.site, who=desk.world.ada, title="Hers", report="traffic", parameters="range=7d", password=SECRET
    )
    return made


def post(desk: Desk, path: str = "", form: dict[str, str] | None = None) -> Any:
    return desk.client.post(f"{desk.home}/share{path}", FORM if form is None else form)


def text(answer: Any) -> str:
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", answer.content.decode())))


def codes(answer: Any) -> list[str]:
    return [html.unescape(code) for code in re.findall(r"<pre[^>]*><code>(.*?)</code>", answer.content.decode())]


@pytest.mark.one_process
@pytest.mark.parametrize("role", [Role.OWNER, Role.EDITOR])
def test_editors_and_owners_make_a_link_that_is_shown_once_and_works(seat: As, role: Role) -> None:
    desk = seat(role)
    answer = post(desk)
    assert answer.status_code == 201
    (url,) = codes(answer)
    assert re.fullmatch(r"http://testserver/share/[\w-]{32}", url)
    assert "no-store" in answer["Cache-Control"]
    assert Client().get(url).status_code == 200
    again = desk.get("/share").content.decode()
    assert "For the board" in again
    assert url.rpartition("/")[2] not in again
    made = ShareLink.objects.get()
    assert (made.title, made.report, made.parameters) == ("For the board", "traffic", "range=7d")
    assert (made.site, made.created_by, made.created_at) == (desk.site, desk.world.ben, NOW)
    assert (made.has_password, made.expires_at, made.embed_hosts) == (False, None, [])


def test_a_reader_sees_the_links_and_makes_none(desk: Desk, link: ShareLink) -> None:
    page = desk.get("/share")
    assert page.status_code == 200
    assert "Hers" in text(page)
    assert "<form" not in re.sub(r'<form method="post" action="/accounts/logout/">', "", page.content.decode())
    assert post(desk).status_code == 403
    assert post(desk, f"/{link.public_id}/revoke").status_code == 403
    assert post(desk, f"/{link.public_id}/password", {f"{link.public_id}-without": "on"}).status_code == 403
    kept = ShareLink.objects.get()
    assert (kept.pk, kept.revoked_at, kept.has_password) == (link.pk, None, True)
    assert AuditEntry.objects.get().who == desk.world.ada.public_id


def test_a_link_goes_on_under_a_new_secret_key_while_the_old_one_is_a_fallback(desk: Desk, settings: Any) -> None:
    settings.SECRET_KEY = "old" * 20
    made, token = create_link(site=desk.site, who=desk.world.ada, title="Hers", report="traffic")
    settings.SECRET_KEY = "new" * 20
    assert open_link(token, now=NOW) is None
    settings.SECRET_KEY_FALLBACKS = ["old" * 20]
    assert open_link(token, now=NOW) == made
    settings.SECRET_KEY_FALLBACKS = []
    assert open_link(token, now=NOW) == made


@pytest.mark.parametrize("path", ["", "/{link}/revoke", "/{link}/password"])
def test_strangers_and_requests_from_elsewhere_get_nowhere(desk: Desk, link: ShareLink, path: str) -> None:
    address = f"{desk.home}/share{path.format(link=link.public_id)}"
    form = FORM | {f"{link.public_id}-without": "on"}
    stranger = Client()
    stranger.force_login(desk.world.cy)
    assert stranger.post(address, form).status_code == 404
    assert Client().post(address, form)["Location"].startswith("/accounts/login/?next=/sites/")
    forged = Client(enforce_csrf_checks=True)
    forged.force_login(desk.world.ada)
    assert forged.post(address, form).status_code == 403
    kept = ShareLink.objects.get()
    assert (kept.pk, kept.revoked_at, kept.has_password) == (link.pk, None, True)


def test_a_stranger_cannot_list_the_links(desk: Desk, link: ShareLink) -> None:
    stranger = Client()
    stranger.force_login(desk.world.cy)
    assert "Hers" in text(desk.get("/share"))
    assert stranger.get(f"{desk.home}/share").status_code == 404
    assert list(ShareLink.objects.visible_to(desk.world.ben)) == [link]
    assert list(ShareLink.objects.visible_to(desk.world.cy)) == []


@pytest.mark.one_process
@pytest.mark.parametrize("path", ["/revoke", "/password"])
def test_a_link_is_not_found_below_another_site(seat: As, link: ShareLink, path: str) -> None:
    desk = seat(Role.OWNER)
    other = Site.objects.create(organization=desk.world.acme, title="Blog")
    form = {f"{link.public_id}-without": "on"}
    there = f"/sites/{desk.world.acme.public_id}/{other.public_id}/share"
    assert desk.client.post(f"{there}/{link.public_id}{path}", form).status_code == 404
    assert "Hers" not in text(desk.client.get(there))
    assert post(desk, f"/{link.public_id}{path}", form).status_code == 302


def test_the_list_tells_what_is_shared_and_how(desk: Desk) -> None:
    made, _token = create_link(
        site=desk.site,
        who=desk.world.ada,
        title="For the board",
        report="traffic",
        parameters="range=7d",
        password=SECRET,
        expires_at=datetime(2026, 5, 1, tzinfo=UTC),
        embed_hosts=["docs.acme.example", "*.acme.example"],
    )
    shown = text(desk.get("/share"))
    assert "Report Traffic range=7d " in shown
    assert "Password yes " in shown
    assert "Last day 30 Apr 2026 " in shown
    assert "In frames on docs.acme.example, *.acme.example " in shown
    assert "Last used never " in shown
    assert "Made 30 Apr 2026 · Ada" in shown
    assert "expired" not in shown
    made.touch(NOW)
    ShareLink.objects.update(expires_at=NOW)
    shown = text(desk.get("/share"))
    assert "Last used 30 Apr 2026, 12:30 " in shown
    assert "Last day 30 Apr 2026 · expired " in shown


@pytest.mark.one_process
def test_a_view_is_handed_over_to_the_form(seat: As) -> None:
    desk = seat(Role.EDITOR)
    asked = urlencode({"report": "traffic", "query": "from=2026-04-01&to=2026-04-30"})
    page = html.unescape(desk.get(f"/share?{asked}").content.decode())
    assert re.search(r'<input type="text" name="title" value="Traffic"', page)
    assert re.search(r'<option value="traffic" selected>', page)
    assert re.search(r"<textarea[^>]*>\s*from=2026-04-01&to=2026-04-30</textarea>", page)
    assert desk.get("/share?report=nothing&query=%00").status_code == 200


@pytest.mark.one_process
def test_password_last_day_and_hosts_are_taken_over(seat: As) -> None:
    desk = seat(Role.OWNER)
    Site.objects.filter(pk=desk.site.pk).update(time_zone="America/New_York")
    change = {
        "parameters": "?from=2026-04-01&to=2026-04-30",
        "password": SECRET,
        "last_day": "2026-05-31",
        "embed_hosts": " docs.acme.example\r\n\r\n*.acme.example ",
    }
    answer = post(desk, form=FORM | change)
    made = ShareLink.objects.get()
    assert made.parameters == "from=2026-04-01&to=2026-04-30"
    assert made.is_password(SECRET)
    assert not made.is_password("a loud evening")
    assert not made.is_password("")
    # Midnight in New York, where the last day ends.
    assert made.expires_at == datetime(2026, 6, 1, 4, 0, tzinfo=UTC)
    assert made.embed_hosts == ["docs.acme.example", "*.acme.example"]
    url, frame = codes(answer)
    assert frame.startswith(f'<iframe src="{url}" title="For the board" ')
    assert "Last day 31 May 2026 " in text(desk.get("/share"))


def test_a_title_cannot_become_markup_in_the_line_for_frames(seat: As) -> None:
    change = {"title": '"><script>alert(1)</script>', "embed_hosts": "docs.acme.example"}
    answer = post(seat(Role.OWNER), form=FORM | change)
    assert "<script>alert" not in answer.content.decode()
    _url, frame = codes(answer)
    assert 'title="&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;"' in frame


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"title": " "}, "This field is required."),
        ({"title": "x" * 129}, "at most 128 characters"),
        ({"report": "nothing"}, "Select a valid choice."),
        ({"parameters": "country=DE"}, "A report is not narrowed by “country”."),
        ({"parameters": "range=for-ever"}, "There is no such range"),
        ({"parameters": "from=2026-04-30&to=2026-04-01"}, "The first day is after the last"),
        ({"parameters": "everything"}, "Expected what stands in the address of a report"),
        ({"parameters": "a=1&" * 2001}, "at most 8000 characters"),
        ({"password": "short"}, "This password is too short."),
        ({"password": "x" * 129}, "at most 128 characters"),
        ({"last_day": "2026-04-29"}, "That day is over."),
        ({"last_day": "9999-12-31"}, "Leave it empty for a link that does not end."),
        ({"last_day": "soon"}, "Enter a valid date."),
        ({"embed_hosts": "https://docs.acme.example"}, "is not a lower-case host name"),
    ],
)
def test_what_makes_no_sense_is_refused_beside_its_field(seat: As, change: dict[str, str], complaint: str) -> None:
    desk = seat(Role.OWNER)
    answer = post(desk, form=FORM | change)
    assert answer.status_code == 422
    (bad,) = re.findall(r'<div class="field field-bad">(.*?)</div>', answer.content.decode(), re.DOTALL)
    assert complaint in html.unescape(bad)
    assert f'name="{next(iter(change))}"' in bad
    assert not ShareLink.objects.exists()
    assert post(desk).status_code == 201


GOOD_HOSTS = ["docs.acme.example", "*.acme.example", "localhost", "xn--bcher-kva.example", "a-1.b2"]
BAD_HOSTS = [
    "",
    "*",
    "*.example",
    "docs.*.example",
    "Docs.acme.example",
    "docs.acme.example:8000",
    "https://docs.acme.example",
    "docs.acme.example/path",
    "docs.acme.example; script-src *",
    "docs.acme.example 'self'",
    "docs.acme.example\n",
    "'self'",
    "data:",
    "-docs.example",
    "docs-.example",
    "docs..example",
    ".example",
    "bücher.example",
    f"{'a' * 64}.example",
    ".".join(["a" * 60] * 5),
]


@pytest.mark.parametrize("host", GOOD_HOSTS)
def test_a_host_name_may_frame(host: str) -> None:
    validate_embed_hosts([host])


@pytest.mark.parametrize("host", BAD_HOSTS)
def test_what_is_no_host_name_gets_into_no_header(desk: Desk, host: str) -> None:
    with pytest.raises(ValidationError):
        validate_embed_hosts([*GOOD_HOSTS, host])
    with pytest.raises(ValidationError):
        create_link(site=desk.site, who=desk.world.ada, title="x", report="traffic", embed_hosts=[host])
    assert not ShareLink.objects.exists()


@pytest.mark.parametrize("hosts", ["docs.acme.example", None, [1], ["a.example"] * 51])
def test_hosts_are_a_list_of_at_most_fifty(hosts: object) -> None:
    with pytest.raises(ValidationError):
        validate_embed_hosts(hosts)
    validate_embed_hosts(["a.example"] * 50)


@pytest.mark.one_process
def test_revoking_ends_a_link_and_takes_it_off_the_list(seat: As, link: ShareLink) -> None:
    desk = seat(Role.EDITOR)
    answer = desk.client.post(f"{desk.home}/share/{link.public_id}/revoke", follow=True)
    assert "The link is revoked." in text(answer)
    assert "Hers" not in text(answer)
    assert ShareLink.objects.get().revoked_at == NOW
    assert post(desk, f"/{link.public_id}/revoke").status_code == 404


def test_a_link_has_one_end(link: ShareLink, desk: Desk) -> None:
    assert revoke_link(link, who=desk.world.ada) is True
    assert revoke_link(link, who=desk.world.ada) is False
    assert AuditEntry.objects.filter(what="revoke_share_link").count() == 1


def test_the_password_is_changed_or_taken_away(seat: As, link: ShareLink) -> None:
    desk = seat(Role.EDITOR)
    path, password, without = f"/{link.public_id}/password", f"{link.public_id}-password", f"{link.public_id}-without"
    assert post(desk, path, {password: "a loud evening"}).status_code == 302
    assert ShareLink.objects.get().is_password("a loud evening")
    assert post(desk, path, {without: "on"}).status_code == 302
    assert not ShareLink.objects.get().has_password


@pytest.mark.parametrize(
    ("password", "without", "complaint"),
    [
        ("", "", "Give a password, or tick that there is none."),
        ("a loud evening", "on", "Give a password, or tick that there is none."),
        ("short", "", "This password is too short."),
    ],
)
def test_a_new_password_that_makes_no_sense_is_refused_beside_its_link(
    seat: As, link: ShareLink, password: str, without: str, complaint: str
) -> None:
    desk = seat(Role.EDITOR)
    form = {f"{link.public_id}-password": password, f"{link.public_id}-without": without}
    answer = post(desk, f"/{link.public_id}/password", form)
    assert answer.status_code == 422
    (bad,) = re.findall(r'<div class="field field-bad">(.*?)</div>', answer.content.decode(), re.DOTALL)
    assert complaint in html.unescape(bad)
    assert ShareLink.objects.get().is_password(SECRET)


def test_the_audit_tells_who_did_what_to_a_link(seat: As) -> None:
    desk = seat(Role.OWNER)
    post(desk, form=FORM | {"password": SECRET, "last_day": "2026-04-30", "embed_hosts": "docs.acme.example"})
    link = ShareLink.objects.get()
    post(desk, f"/{link.public_id}/password", {f"{link.public_id}-without": "on"})
    post(desk, f"/{link.public_id}/revoke")
    entries = list(AuditEntry.objects.order_by("pk"))
    assert [(entry.what, entry.details) for entry in entries] == [
        (
            "create_share_link",
            {
                "link": link.public_id,
                "report": "traffic",
                "password": True,
                "expires_at": "2026-05-01T00:00:00+0000",
                "embed_hosts": ["docs.acme.example"],
            },
        ),
        ("change_share_link_password", {"link": link.public_id, "password": False}),
        ("revoke_share_link", {"link": link.public_id}),
    ]
    who = (desk.world.ben.public_id, desk.world.acme.public_id, desk.site.public_id)
    assert {(entry.who, entry.organization, entry.site) for entry in entries} == {who}


def test_the_settings_lead_to_the_links(desk: Desk) -> None:
    assert f'href="{desk.home}/share"' in desk.get("/settings").content.decode()
