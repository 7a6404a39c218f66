"""Who may make an account, and whose address is believed."""

from __future__ import annotations

import re
import threading
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.db import connection
from django.test import Client

from apps.organizations.inviting import invite, send, to_send
from apps.organizations.models import Role, User
from tests.accounts.visits import is_signed_in, sign_in, text_of
from tests.invitations import is_valid
from tests.people import PASSWORD, World, make_world

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


def signs_up(client: Client, secret: str, name: str) -> bool:
    """Open the invitation and make an account; whether there is one then."""
    client.get(f"/invitations/{secret}")
    email = f"{name}@example.com"
    answer = client.post("/accounts/signup/", {"email": email, "password1": PASSWORD})
    made = User.objects.filter(email=email).exists()
    assert made or "Making accounts is closed" in text_of(answer)
    return made


def test_an_invitation_makes_no_more_accounts_than_may_join_by_it(world: World, settings: Any) -> None:
    settings.REGISTRATION = "invite"
    made, secret = invite(world.acme, Role.READER, who=world.ada, most_uses=2)
    browsers = {name: Client() for name in ("eve", "fay", "gil", "hal", "ivy")}
    for browser in browsers.values():
        browser.get(f"/invitations/{secret}")
    assert [signs_up(browser, secret, name) for name, browser in browsers.items()] == [True, True, False, False, False]
    # The use of who joins is the one of their account.
    for name in ("eve", "fay"):
        assert browsers[name].post("/invitation").status_code == 302
        assert world.acme.memberships.get(user__email=f"{name}@example.com").role == "reader"
    made.refresh_from_db()
    assert (made.uses, is_valid(secret)) == (2, False)


def test_a_use_that_is_kept_for_a_new_account_is_nobody_elses(world: World, settings: Any) -> None:
    settings.REGISTRATION = "invite"
    _made, secret = invite(world.acme, Role.READER, who=world.ada)
    assert signs_up(Client(), secret, "eve")
    cys = Client()
    cys.force_login(world.cy)
    cys.get(f"/invitations/{secret}")
    assert cys.post("/invitation").status_code == 404
    assert world.acme.role_of(world.cy) is None
    # In another browser she opens the link again.
    hers = Client()
    hers.get(f"/invitations/{secret}")
    assert sign_in(hers, "eve@example.com").headers["Location"] == "/invitation"
    assert hers.post("/invitation").status_code == 302
    assert world.acme.memberships.filter(user__email="eve@example.com").exists()
    assert hers.get(f"/invitations/{secret}").status_code == 404


def test_a_deleted_account_gives_its_use_not_back(client: Client, world: World, settings: Any) -> None:
    settings.REGISTRATION = "invite"
    _made, secret = invite(world.acme, Role.READER, who=world.ada)
    assert signs_up(client, secret, "eve")
    User.objects.get(email="eve@example.com").delete()
    assert not is_valid(secret)


def test_an_account_that_is_refused_uses_nothing_up(client: Client, world: World, settings: Any) -> None:
    settings.REGISTRATION = "invite"
    made, secret = invite(world.acme, Role.READER, who=world.ada)
    client.get(f"/invitations/{secret}")
    client.post("/accounts/signup/", EVE | {"password1": "short"})
    client.post("/accounts/signup/", EVE | {"email": "ben@example.com"})
    made.refresh_from_db()
    assert made.uses == 0
    assert signs_up(client, secret, "eve")


def test_where_registration_is_open_an_account_uses_nothing_up(client: Client, world: World, settings: Any) -> None:
    settings.REGISTRATION = "open"
    made, secret = invite(world.acme, Role.READER, who=world.ada)
    assert signs_up(client, secret, "eve")
    made.refresh_from_db()
    assert made.uses == 0


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("attempt", range(3))
def test_one_use_makes_one_account_also_for_many_at_once(settings: Any, attempt: int) -> None:
    settings.REGISTRATION = "invite"
    world = make_world()
    made, secret = invite(world.acme, Role.READER, who=world.ada)
    browsers = [Client(REMOTE_ADDR=f"192.0.2.{number}") for number in range(1, 6)]
    for browser in browsers:
        browser.get(f"/invitations/{secret}")
    together, statuses = threading.Barrier(len(browsers)), []

    def sign_up(number: int) -> None:
        together.wait(timeout=30)
        try:
            form = {"email": f"guest{number}@example.com", "password1": PASSWORD}
            statuses.append(browsers[number].post("/accounts/signup/", form).status_code)
        finally:
            connection.close()

    threads = [threading.Thread(target=sign_up, args=(number,)) for number in range(len(browsers))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert sorted(statuses) == [200, 200, 200, 200, 302]
    made.refresh_from_db()
    assert (made.uses, User.objects.filter(email__startswith="guest").count()) == (1, 1)


@pytest.mark.usefixtures("sends_mail")
def test_an_invitation_by_mail_leads_over_the_confirmation_to_the_organization(
    client: Client, world: World, settings: Any
) -> None:
    settings.REGISTRATION = "invite"
    made, _secret = invite(world.acme, Role.READER, who=world.ada, email="eve@example.com")
    send(to_send(made, "http://testserver"))
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
