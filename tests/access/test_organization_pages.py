"""The pages of organizations, members and invitations, as people use them."""

from __future__ import annotations

import html
import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.sessions.models import Session
from django.core import mail
from django.db import transaction
from django.test import Client

from apps.core.limits import Limit
from apps.core.sealing import seal
from apps.dashboard import members
from apps.dashboard.invitations import GUESSES
from apps.events.store import EventStore
from apps.organizations.invitations import Invitation
from apps.organizations.inviting import invite, send, to_send
from apps.organizations.models import AuditEntry, Membership, Organization, Role, User
from apps.organizations.tasks import send_invitation
from apps.rollups.models import Erasure
from apps.sites.models import Site
from insights_site.celery import app
from tests.access.conftest import signed_in
from tests.people import PASSWORD, World


@pytest.fixture
def ada(world: World) -> Client:
    """The browser of Ada, who owns Acme."""
    return signed_in(world.ada)


@pytest.fixture
def ben(world: World) -> Client:
    """The browser of Ben, who reads there."""
    return signed_in(world.ben)


def home(world: World) -> str:
    return f"/organizations/{world.acme.public_id}"


def text(answer: Any) -> str:
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", answer.content.decode())))


def code(answer: Any) -> str:
    """What the page offers to copy."""
    (found,) = re.findall(r"<pre[^>]*><code>(.*?)</code>", answer.content.decode())
    return str(html.unescape(found))


def actions(answer: Any) -> set[str]:
    """Where the forms of a page lead, but for the sign-out."""
    return set(re.findall(r'<form[^>]*method="post"[^>]*action="([^"]+)"', answer.content.decode())) - {
        "/accounts/logout/"
    }


def test_my_organizations_are_listed_and_others_are_not(ben: Client, world: World) -> None:
    shown = text(ben.get("/organizations"))
    assert "Acme Reader · 1 site" in shown
    assert "Elsewhere" not in shown


def test_a_limited_reader_is_told_only_of_the_sites_that_they_see(ben: Client, world: World, blog: Site) -> None:
    membership = Membership.objects.get(user=world.ben)
    membership.is_limited = True
    membership.save()
    membership.sites.set([blog])
    assert "Acme Reader · 1 site" in text(ben.get("/organizations"))
    shown = text(ben.get(home(world)))
    assert "Acme Blog" in shown
    assert "Acme Docs" not in shown


def test_somebody_makes_an_organization_and_its_first_site(world: World, store: EventStore) -> None:
    cy = signed_in(world.cy)
    answer = cy.post("/organizations", {"title": "Globex"})
    made = Organization.objects.get(title="Globex")
    assert answer["Location"] == f"/organizations/{made.public_id}"
    assert made.role_of(world.cy) == "owner"
    form = {"site-title": "Globex Docs", "site-url": "docs.globex.example"}
    answer = cy.post(f"/organizations/{made.public_id}/sites", form)
    site = made.sites.get()
    assert (site.title, site.url) == ("Globex Docs", "https://docs.globex.example")
    assert answer["Location"] == f"/sites/{made.public_id}/{site.public_id}/settings"
    assert cy.get(answer["Location"]).status_code == 200
    assert [entry.what for entry in AuditEntry.objects.order_by("pk")] == ["create_organization", "create_site"]


@pytest.mark.parametrize("title", ["", "G", "x" * 256, " "])
def test_a_title_that_makes_no_sense_is_refused(ada: Client, world: World, title: str) -> None:
    for path in ("/organizations", f"{home(world)}/rename"):
        assert ada.post(path, {"title": title}).status_code == 422
    assert set(Organization.objects.values_list("title", flat=True)) == {"Acme", "Elsewhere"}
    assert ada.post(f"{home(world)}/sites", {"site-title": title}).status_code == 422
    assert world.acme.sites.get() == world.docs


def test_markup_in_a_title_is_shown_as_text(ada: Client, world: World) -> None:
    title = "<script>alert(1)</script>"
    assert ada.post(f"{home(world)}/rename", {"title": title}).status_code == 302
    for path in ("/organizations", home(world), f"{home(world)}/members"):
        page = ada.get(path).content.decode()
        assert "<script>alert" not in page
        assert "&lt;script&gt;alert(1)" in page


def test_each_role_is_offered_what_it_may_do(ada: Client, ben: Client, eve: User, world: World) -> None:
    ours = home(world)
    assert actions(ben.get(ours)) == {f"{ours}/leave"}
    assert actions(signed_in(eve).get(ours)) == {f"{ours}/leave", f"{ours}/sites"}
    assert actions(ada.get(ours)) == {f"{ours}/{each}" for each in ("leave", "sites", "transfer", "rename", "delete")}


def test_the_pages_of_an_organization_lead_to_each_other_as_the_role_allows(
    ada: Client, ben: Client, world: World
) -> None:
    of_owners = {f"{home(world)}/{page}" for page in ("members", "tokens", "audit")}
    for page in ("", "/members", "/tokens", "/audit"):
        links = set(re.findall(r'href="(/organizations/[^"]+)"', ada.get(home(world) + page).content.decode()))
        assert links >= {home(world), *of_owners}
    assert not of_owners & set(re.findall(r'href="([^"]+)"', ben.get(home(world)).content.decode()))


def test_readers_and_editors_see_no_address_of_other_people(ben: Client, eve: User, world: World) -> None:
    for client in (ben, signed_in(eve)):
        shown = client.get(home(world))
        assert "Owners Ada" in text(shown)
        assert "ada@example.com" not in shown.content.decode()
        assert client.get(f"{home(world)}/members").status_code == 403


def test_an_owner_limits_a_reader_and_ends_the_membership(ada: Client, world: World, blog: Site) -> None:
    ben = world.ben.public_id
    address = f"{home(world)}/members/{ben}"
    form = {f"{ben}-role": "reader", f"{ben}-is_limited": "on", f"{ben}-sites": [blog.pk]}
    assert ada.post(address, form).status_code == 302
    assert list(Site.objects.visible_to(world.ben)) == [blog]
    assert "Sees Acme Blog" in text(ada.get(f"{home(world)}/members"))
    assert ada.post(f"{address}/remove").status_code == 302
    assert world.acme.role_of(world.ben) is None


@pytest.mark.parametrize(
    ("form", "sentence"),
    [
        ({"role": "editor", "is_limited": "on"}, "Only readers are limited to some sites."),
        ({"role": "reader", "sites": "docs"}, "Tick this too, or no site: else every site is seen."),
        ({"role": "reader", "is_limited": "on", "sites": "secrets"}, "is not one of the available choices."),
        ({"role": "king"}, "king is not one of the available choices."),
    ],
)
def test_a_change_that_makes_no_sense_is_told_and_not_made(
    ada: Client, world: World, form: dict[str, str], sentence: str
) -> None:
    sites = {"docs": world.docs.pk, "secrets": world.secrets.pk}
    given = {f"{world.ben.public_id}-{name}": sites.get(value, value) for name, value in form.items()}
    answer = ada.post(f"{home(world)}/members/{world.ben.public_id}", given)
    assert answer.status_code == 422
    assert sentence in text(answer)
    assert list(Site.objects.visible_to(world.ben)) == [world.docs]
    assert world.acme.role_of(world.ben) == "reader"


def test_the_last_owner_is_told_why_they_stay(ada: Client, world: World) -> None:
    address, prefix = f"{home(world)}/members/{world.ada.public_id}", world.ada.public_id
    sentence = "An organization always has an owner: make somebody else an owner first."
    for path, form in (
        (address, {f"{prefix}-role": "reader"}),
        (f"{address}/remove", {}),
        (f"{home(world)}/leave", {}),
    ):
        assert sentence in text(ada.post(path, form, follow=True)), path
    assert world.acme.role_of(world.ada) == "owner"


def test_an_owner_hands_the_organization_over(ada: Client, world: World) -> None:
    form = {"transfer-member": world.ben.public_id}
    assert ada.post(f"{home(world)}/transfer", form).status_code == 422
    assert ada.post(f"{home(world)}/transfer", {**form, "transfer-certain": "on"}).status_code == 302
    assert (world.acme.role_of(world.ada), world.acme.role_of(world.ben)) == ("editor", "owner")
    stranger = {"transfer-member": world.cy.public_id, "transfer-certain": "on"}
    assert signed_in(world.ben).post(f"{home(world)}/transfer", stranger).status_code == 422


def test_an_organization_is_deleted_after_its_sites(ada: Client, world: World, store: EventStore) -> None:
    form = {"delete-certain": "on"}
    assert "It holds sites" in text(ada.get(home(world)))
    assert "The organization holds sites" in text(ada.post(f"{home(world)}/delete", form, follow=True))
    site = f"/sites/{world.acme.public_id}/{world.docs.public_id}/settings/delete"
    assert ada.post(site).status_code == 422
    with transaction.atomic():
        assert ada.post(site, form).status_code == 302
    assert not Site.objects.filter(pk=world.docs.pk).exists()
    assert Erasure.objects.get().site_id == world.docs.public_id
    assert AuditEntry.objects.get(what="delete_site").who == world.ada.public_id
    assert ada.post(f"{home(world)}/delete", form)["Location"] == "/organizations"
    assert ada.get(home(world)).status_code == 404


def test_somebody_leaves_and_sees_nothing_more(ben: Client, world: World) -> None:
    assert "You left Acme." in text(ben.post(f"{home(world)}/leave", follow=True))
    assert ben.get(home(world)).status_code == 404


def test_things_of_another_organization_are_not_found_below_this_one(world: World) -> None:
    made, _secret = invite(world.acme, Role.READER, who=world.ada)
    cy, theirs = signed_in(world.cy), f"/organizations/{world.elsewhere.public_id}"
    for path in (f"members/{world.ben.public_id}", f"members/{world.ben.public_id}/remove"):
        assert cy.post(f"{theirs}/{path}").status_code == 404
    assert cy.post(f"{theirs}/invitations/{made.public_id}/revoke").status_code == 404
    assert Invitation.objects.get().revoked_at is None


def test_a_forged_form_changes_nothing(world: World) -> None:
    forged = Client(enforce_csrf_checks=True)
    forged.force_login(world.ada)
    made, secret = invite(world.acme, Role.READER, who=world.ada)
    forged.get(f"/invitations/{secret}")
    for path in ("leave", "delete", "rename", "transfer", "sites", "invitations"):
        assert forged.post(f"{home(world)}/{path}").status_code == 403
    for path in (f"members/{world.ben.public_id}/remove", f"invitations/{made.public_id}/revoke"):
        assert forged.post(f"{home(world)}/{path}").status_code == 403
    assert forged.post("/invitation").status_code == 403
    assert forged.post("/organizations", {"title": "Forged"}).status_code == 403


# Invitations


def test_a_link_is_shown_once_and_whoever_has_it_joins(ada: Client, world: World) -> None:
    answer = ada.post(f"{home(world)}/invitations", {"role": "editor", "most_uses": "1"})
    assert answer.status_code == 201
    assert "no-store" in answer["Cache-Control"]
    link = code(answer)
    assert re.fullmatch(r"http://testserver/invitations/[\w-]{32}", link)
    again = ada.get(f"{home(world)}/members").content.decode()
    assert "By link" in again
    assert link.rpartition("/")[2] not in again
    cy = signed_in(world.cy)
    opened = cy.get(link)
    assert (opened.status_code, opened["Location"]) == (302, "/invitation")
    assert (opened["Referrer-Policy"], "no-store" in opened["Cache-Control"]) == ("no-referrer", True)
    page = cy.get("/invitation")
    assert "Join Acme" in text(page)
    assert "Ada invites you. Your role: Editor." in text(page)
    assert link.rpartition("/")[2] not in page.content.decode()
    assert cy.post("/invitation")["Location"] == home(world)
    assert world.acme.role_of(world.cy) == "editor"
    assert "invitation" not in cy.session
    assert Client().get(link).status_code == 404


def test_who_is_not_signed_in_is_led_to_it_after_the_sign_in(world: World) -> None:
    _made, secret = invite(world.acme, Role.READER, who=world.ada)
    client = Client()
    page = client.get(f"/invitations/{secret}", follow=True)
    assert page.status_code == 200
    assert 'href="/accounts/login/?next=/invitation"' in page.content.decode()
    assert client.post("/invitation")["Location"] == "/accounts/login/?next=/invitation"
    signed = client.post("/accounts/login/", {"login": "cy@example.com", "password": PASSWORD, "next": "/invitation"})
    assert signed["Location"] == "/invitation"
    assert "You join as cy@example.com." in text(client.get("/invitation"))
    assert client.post("/invitation").status_code == 302
    assert world.acme.role_of(world.cy) == "reader"


def test_what_a_session_keeps_of_an_invitation_opens_nothing(world: World) -> None:
    _made, secret = invite(world.acme, Role.READER, who=world.ada)
    client = Client()
    client.get(f"/invitations/{secret}")
    kept = Session.objects.get().get_decoded()["invitation"]
    assert secret not in str(kept)
    for each in kept:
        assert Client().get(f"/invitations/{each}").status_code == 404


def test_a_session_knows_an_invitation_no_longer_once_it_has_another_link(world: World) -> None:
    made, secret = invite(world.acme, Role.READER, who=world.ada, email="cy@example.com")
    cy = signed_in(world.cy)
    cy.get(f"/invitations/{secret}")
    send(to_send(made, "http://testserver"))
    assert cy.post("/invitation").status_code == 404
    assert world.acme.role_of(world.cy) is None


def test_who_signed_in_another_way_is_reminded_at_home(world: World, store: EventStore) -> None:
    _made, secret = invite(world.acme, Role.READER, who=world.ada)
    cy = signed_in(world.cy)
    assert "You are invited" not in text(cy.get("/"))
    cy.get(f"/invitations/{secret}")
    assert "You are invited to Acme." in text(cy.get("/"))
    assert cy.post("/invitation/decline")["Location"] == "/"
    assert "You are invited" not in text(cy.get("/"))
    assert cy.get("/invitation").status_code == 404


def test_an_invitation_to_somebody_else_is_not_joined_by(world: World) -> None:
    _made, secret = invite(world.acme, Role.READER, who=world.ada, email="dan@example.com")
    cy = signed_in(world.cy)
    page = cy.get(f"/invitations/{secret}", follow=True)
    assert "This invitation is for another e-mail address than cy@example.com." in text(page)
    assert "dan@example.com" not in page.content.decode()
    assert cy.post("/invitation").status_code == 403
    assert world.acme.role_of(world.cy) is None
    assert Invitation.objects.get().uses == 0


def test_a_member_who_opens_it_is_told_so(ben: Client, world: World) -> None:
    _made, secret = invite(world.acme, Role.EDITOR, who=world.ada)
    assert "You are a member already." in text(ben.get(f"/invitations/{secret}", follow=True))


def test_an_invitation_that_ended_meanwhile_is_told(ada: Client, world: World) -> None:
    made, secret = invite(world.acme, Role.READER, who=world.ada)
    cy = signed_in(world.cy)
    cy.get(f"/invitations/{secret}")
    assert ada.post(f"{home(world)}/invitations/{made.public_id}/revoke").status_code == 302
    answer = cy.post("/invitation")
    assert answer.status_code == 404
    assert "This invitation is not valid" in text(answer)
    assert world.acme.role_of(world.cy) is None


def test_guesses_are_limited_by_address_and_right_ones_cost_nothing(world: World) -> None:
    _made, secret = invite(world.acme, Role.READER, who=world.ada)
    client = Client()
    for _time in range(GUESSES.most + 5):
        assert client.get(f"/invitations/{secret}").status_code == 302
    for number in range(GUESSES.most):
        assert client.get(f"/invitations/guess{number}").status_code == 404
    for path in ("guess", secret):
        answer = client.get(f"/invitations/{path}")
        assert answer.status_code == 429
        assert 0 < int(answer["Retry-After"]) <= GUESSES.seconds
    elsewhere = Client(REMOTE_ADDR="192.0.2.7")
    assert elsewhere.get(f"/invitations/{secret}").status_code == 302


@pytest.mark.parametrize(
    ("form", "sentence"),
    [
        ({"role": "owner"}, "An owner is invited by address: a link can be handed on."),
        ({"role": "reader", "most_uses": "0"}, "greater than or equal to 1"),
        ({"role": "reader", "email": "ben@EXAMPLE.com"}, "This person is a member already."),
        ({"role": "editor", "is_limited": "on"}, "Only readers are limited to some sites."),
        ({"role": "reader", "is_limited": "on"}, "Tick a site: else there would be nothing to see."),
    ],
)
def test_an_invitation_that_makes_no_sense_is_not_made(
    ada: Client, world: World, form: dict[str, str], sentence: str
) -> None:
    answer = ada.post(f"{home(world)}/invitations", {"most_uses": "1", **form})
    assert answer.status_code == 422
    assert sentence in text(answer)
    assert not Invitation.objects.exists()


def test_where_mail_is_configured_the_link_goes_there_and_nowhere_else(
    ada: Client, world: World, settings: Any, django_capture_on_commit_callbacks: Any
) -> None:
    settings.SENDS_MAIL = True
    form = {"email": "cy@example.com", "role": "reader", "most_uses": "1"}
    with app.connection_for_read() as connection, connection.SimpleQueue("mail") as queue:
        queue.clear()
        with django_capture_on_commit_callbacks(execute=True):
            assert ada.post(f"{home(world)}/invitations", form).status_code == 302
        message = queue.get(block=False)
        message.ack()
    args, *_ = message.payload
    for held in (str(message.payload), str(message.headers), str(message.properties)):
        assert "testserver" not in held
        assert "cy@example.com" not in held
    send_invitation(*args)
    (sent,) = mail.outbox
    link = next(line for line in sent.body.splitlines() if line.startswith("http://testserver/invitations/"))
    shown = ada.get(f"{home(world)}/members")
    assert "The invitation goes to cy@example.com." in text(shown)
    assert link not in shown.content.decode()
    cy = signed_in(world.cy)
    assert cy.get(link).status_code == 302
    assert cy.post("/invitation").status_code == 302
    assert world.acme.role_of(world.cy) == "reader"


@pytest.mark.parametrize("purpose", ["mail", "", None])
def test_who_writes_into_the_queue_has_no_invitation_sent_that_leads_elsewhere(
    world: World, caplog: pytest.LogCaptureFixture, purpose: str | None
) -> None:
    invitation, _secret = invite(world.acme, Role.READER, who=world.ada, email="cy@example.com")
    told = [invitation.pk, "https://evil.example"]
    with pytest.raises(TypeError):
        send_invitation.delay(*told)
    send_invitation(json.dumps(told) if purpose is None else seal(purpose, told))
    assert mail.outbox == []
    assert "An invitation was not sent" in caplog.text


def test_an_invitation_that_waited_for_a_day_is_not_sent(world: World) -> None:
    invitation, _secret = invite(world.acme, Role.READER, who=world.ada, email="cy@example.com")
    waiting = to_send(invitation, "https://insights.example")
    with time_machine.travel(datetime.now(UTC) + timedelta(days=1, seconds=2)):
        send_invitation(waiting)
    assert mail.outbox == []
    send_invitation(waiting)
    assert [each.to for each in mail.outbox] == [["cy@example.com"]]


def test_nobody_has_mail_sent_to_many_addresses(
    ada: Client, world: World, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.SENDS_MAIL = True
    monkeypatch.setattr(members, "SENT", Limit(name="few", most=2, seconds=86_400))

    def send_to(name: str) -> Any:
        form = {"email": f"{name}@example.com" if name else "", "role": "reader", "most_uses": "1"}
        return ada.post(f"{home(world)}/invitations", form)

    assert [send_to(name).status_code for name in ("dan", "fay", "gil")] == [302, 302, 429]
    assert "You have sent too many invitations today." in text(send_to("gil"))
    assert Invitation.objects.count() == 2
    assert send_to("").status_code == 201
