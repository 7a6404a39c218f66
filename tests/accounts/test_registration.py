"""Who may make an account, and whose address is believed."""

from __future__ import annotations

import re
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.test import Client

from apps.organizations.inviting import invite, send
from apps.organizations.models import Role, User
from tests.accounts.visits import is_signed_in, sign_in, text_of
from tests.invitations import is_valid
from tests.people import PASSWORD, World

EVE = {"email": "Eve@example.com", "password1": PASSWORD}


def link_in(message: Any) -> str:
    (found,) = re.findall(r"http://testserver(/accounts/\S+)", message.body)
    return str(found)


@pytest.mark.parametrize("registration", ["closed", "invite"])
def test_nobody_makes_an_account_alone_unless_it_is_open(
    client: Client, db: None, settings: Any, registration: str
) -> None:
    settings.REGISTRATION = registration
    assert "Making accounts is closed" in text_of(client.post("/accounts/signup/", EVE))
    assert not User.objects.exists()
    assert "Make an account" not in text_of(client.get("/accounts/login/"))


def test_where_it_is_open_the_sign_in_leads_to_it_and_it_signs_in(client: Client, db: None, settings: Any) -> None:
    settings.REGISTRATION = "open"
    assert '<a href="/accounts/signup/">Make an account</a>' in text_of(client.get("/accounts/login/"))
    assert client.post("/accounts/signup/", EVE).headers["Location"] == "/"
    assert User.objects.get().email == "eve@example.com"
    assert is_signed_in(client)


def test_an_invitation_of_which_nothing_is_known_opens_nothing(client: Client, db: None, settings: Any) -> None:
    settings.REGISTRATION = "invite"
    session = client.session
    for made_up in ("made-up", [1, "made-up"]):
        session["invitation"] = made_up
        session.save()
        client.post("/accounts/signup/", EVE)
        assert not User.objects.exists()


def test_who_comes_with_an_invitation_makes_an_account_and_joins(client: Client, world: World, settings: Any) -> None:
    settings.REGISTRATION = "invite"
    _made, secret = invite(world.acme, Role.READER, who=world.ada)
    client.get(f"/invitations/{secret}")
    assert "Make an account" in text_of(client.get("/accounts/login/"))
    assert client.post("/accounts/signup/", EVE).headers["Location"] == "/invitation"
    client.post("/invitation")
    assert world.acme.memberships.get(user__email="eve@example.com").role == "reader"
    assert "Making accounts is closed" in text_of(Client().post("/accounts/signup/", EVE))


@pytest.mark.usefixtures("sends_mail")
def test_an_invitation_by_mail_leads_over_the_confirmation_to_the_organization(
    client: Client, world: World, settings: Any
) -> None:
    settings.REGISTRATION = "invite"
    made, _secret = invite(world.acme, Role.READER, who=world.ada, email="eve@example.com")
    send(made.pk, "http://testserver")
    (secret,) = re.findall(r"http://testserver/invitations/(\S+)", str(mail.outbox.pop().body))
    client.get(f"/invitations/{secret}")
    other = client.post("/accounts/signup/", EVE | {"email": "mallory@example.com"})
    assert "The invitation is for another e-mail address." in text_of(other)
    client.post("/accounts/signup/", EVE)
    client.post(link_in(mail.outbox[-1]))
    assert is_signed_in(client)
    client.post("/invitation")
    assert world.acme.memberships.get(user__email="eve@example.com").role == "reader"


def test_an_invitation_goes_on_under_a_new_secret_key(world: World, settings: Any) -> None:
    _made, secret = invite(world.acme, Role.READER, who=world.ada)
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another key, of more than thirty-two characters"
    assert is_valid(secret)
    settings.SECRET_KEY_FALLBACKS = []
    assert not is_valid(secret)


@pytest.mark.parametrize("password", ["short", "password123"])
def test_a_password_that_is_guessed_first_is_refused(client: Client, db: None, settings: Any, password: str) -> None:
    settings.REGISTRATION = "open"
    page = client.post("/accounts/signup/", {"email": "eve@example.com", "password1": password})
    assert page.status_code == 200
    assert "This password is too" in text_of(page)
    assert not User.objects.exists()


@pytest.mark.usefixtures("sends_mail")
def test_a_new_address_is_confirmed_by_mail_before_it_signs_in(client: Client, db: None, settings: Any) -> None:
    settings.REGISTRATION = "open"
    assert client.post("/accounts/signup/", EVE).headers["Location"] == "/accounts/confirm-email/"
    assert "Confirm your address" in text_of(client.get("/accounts/confirm-email/"))
    assert not is_signed_in(client)
    sign_in(client, "eve@example.com")
    assert not is_signed_in(client)
    assert mail.outbox[0].to == ["eve@example.com"]
    assert mail.outbox[0].subject == "[Site insights] Confirm your address"
    link = link_in(mail.outbox[0])
    # Looking at the link, as scanners of mail do, confirms nothing.
    assert "Is <strong>eve@example.com</strong> your address?" in text_of(client.get(link))
    assert not EmailAddress.objects.get().verified
    client.post(link)
    assert EmailAddress.objects.get().verified
    assert is_signed_in(client)
    assert "This link does not work" in text_of(Client().get(link))


@pytest.mark.usefixtures("sends_mail")
def test_whether_an_address_has_an_account_is_told_to_its_owner_alone(
    client: Client, world: World, settings: Any
) -> None:
    settings.REGISTRATION = "open"
    answer = client.post("/accounts/signup/", {"email": "ada@example.com", "password1": PASSWORD})
    assert answer.headers["Location"] == "/accounts/confirm-email/"
    (message,) = mail.outbox
    assert (message.to, message.subject) == (["ada@example.com"], "[Site insights] You have an account")
    assert User.objects.filter(email="ada@example.com").count() == 1


@pytest.mark.usefixtures("sends_mail")
def test_whom_an_operator_made_signs_in_without_confirming(client: Client, world: World) -> None:
    sign_in(client, "ada@example.com")
    assert is_signed_in(client)
    assert mail.outbox == []
    assert EmailAddress.objects.get(user=world.ada).verified


def test_an_address_of_before_does_not_sign_in(client: Client, world: World) -> None:
    sign_in(client, "ada@example.com")
    client.logout()
    world.ada.email = "ada@acme.example"
    world.ada.save()
    sign_in(client, "ada@example.com")
    assert not is_signed_in(client)
    sign_in(client, "ada@acme.example")
    assert is_signed_in(client)
    assert [each.email for each in EmailAddress.objects.filter(user=world.ada)] == ["ada@acme.example"]
