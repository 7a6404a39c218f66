"""A forgotten password: a link by mail, or the operator where no mail is sent."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
import time_machine
from django.core import mail
from django.test import Client

from apps.organizations.models import User
from tests.accounts.visits import is_signed_in, set_up_app, sign_in, text_of
from tests.people import PASSWORD, World

NEW = "another horse, another battery"
RESET = "/accounts/password/reset/"


def link_to(email: str) -> str:
    """The link that somebody who forgot a password finds in their mail."""
    mail.outbox.clear()
    assert Client().post(RESET, {"email": email}).headers["Location"] == "/accounts/password/reset/sent/"
    assert mail.outbox[0].to == [email]
    (found,) = re.findall(r"http://testserver(/accounts/\S+)", str(mail.outbox[0].body))
    return str(found)


def choose(client: Client, link: str, password: str = NEW) -> str:
    """Open the link and choose a password; answers the page that is seen then."""
    form = client.get(link).headers["Location"]
    return text_of(client.post(form, {"password1": password, "password2": password}, follow=True))


@pytest.mark.usefixtures("sends_mail")
def test_ben_chooses_a_new_password_with_the_link_in_his_mail(client: Client, world: World) -> None:
    assert '<a href="/accounts/password/reset/">Forgot your password?</a>' in text_of(client.get("/accounts/login/"))
    link = link_to("ben@example.com")
    assert mail.outbox[0].subject == "[Site insights] Choose a new password"
    assert "Your password is changed" in choose(client, link)
    # Having the mail is not being signed in.
    assert not is_signed_in(client)
    sign_in(client, "ben@example.com", PASSWORD)
    assert not is_signed_in(client)
    sign_in(client, "ben@example.com", NEW)
    assert is_signed_in(client)


@pytest.mark.usefixtures("sends_mail")
def test_the_link_works_once(client: Client, world: World) -> None:
    link = link_to("ben@example.com")
    choose(client, link)
    assert "This link does not work" in text_of(client.get(link))


@pytest.mark.usefixtures("sends_mail")
def test_the_link_works_for_a_day(client: Client, world: World, clock: time_machine.Traveller) -> None:
    link = link_to("ben@example.com")
    clock.shift(timedelta(days=1, seconds=1))
    assert "This link does not work" in text_of(client.get(link))


@pytest.mark.usefixtures("sends_mail")
def test_the_link_for_one_person_does_not_change_another(client: Client, world: World) -> None:
    mine, yours = link_to("ben@example.com"), link_to("ada@example.com")
    head, _dash, key = mine.rpartition("/key/")[2].partition("-")
    stolen = yours.replace(yours.rpartition("/key/")[2].partition("-")[2], key)
    assert head in mine
    assert stolen not in (mine, yours)
    assert "This link does not work" in text_of(client.get(stolen))


@pytest.mark.usefixtures("sends_mail")
def test_a_password_that_is_guessed_first_is_refused(client: Client, world: World) -> None:
    assert "This password is too common" in choose(client, link_to("ben@example.com"), "password123")
    assert User.objects.get(pk=world.ben.pk).check_password(PASSWORD)


@pytest.mark.usefixtures("sends_mail")
def test_sessions_of_before_end(ben: Client, world: World) -> None:
    assert is_signed_in(ben)
    choose(Client(), link_to("ben@example.com"))
    assert not is_signed_in(ben)


@pytest.mark.usefixtures("sends_mail")
def test_the_second_factor_is_asked_for_all_the_same(
    client: Client, world: World, clock: time_machine.Traveller
) -> None:
    owner = Client()
    owner.force_login(world.ben)
    set_up_app(owner)
    choose(client, link_to("ben@example.com"))
    assert sign_in(client, "ben@example.com", NEW).headers["Location"] == "/accounts/factors/authenticate/"
    assert not is_signed_in(client)


@pytest.mark.usefixtures("sends_mail")
def test_the_page_does_not_tell_who_has_an_account(client: Client, world: World) -> None:
    answers = [client.post(RESET, {"email": email}) for email in ("ben@example.com", "nobody@example.com")]
    assert [answer.headers["Location"] for answer in answers] == ["/accounts/password/reset/sent/"] * 2
    known, unknown = mail.outbox
    assert (unknown.to, unknown.subject) == (["nobody@example.com"], "[Site insights] No account with this address")
    assert "/key/" in str(known.body)
    assert "/key/" not in str(unknown.body)


@pytest.mark.usefixtures("sends_mail")
def test_the_owner_is_told_that_the_password_changed(ben: Client, world: World) -> None:
    sign_in(ben, "ben@example.com")
    ben.logout()
    sign_in(ben, "ben@example.com")
    ben.post("/accounts/password/", {"oldpassword": PASSWORD, "password1": NEW, "password2": NEW})
    (message,) = mail.outbox
    assert (message.to, message.subject) == (["ben@example.com"], "[Site insights] Password Changed")
    assert "from 127.0.0.1" in str(message.body)


def test_without_mail_the_page_says_what_the_operator_does(client: Client, world: World) -> None:
    for answer in (client.get(RESET), client.post(RESET, {"email": "ben@example.com"})):
        page = text_of(answer)
        assert answer.status_code == 200
        assert "This service sends no e-mail." in page
        assert "python manage.py changepassword" in page
        assert "<form" not in page
    assert mail.outbox == []
