"""Signing in and out, and what keeps strangers from trying."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from apps.organizations.models import User
from apps.organizations.sign_in import is_confirmed
from tests.people import PASSWORD, World


@pytest.fixture(autouse=True)
def _no_attempts_counted() -> Iterator[None]:
    """Every test begins and ends without attempts that an earlier one made."""
    cache.clear()
    yield
    cache.clear()


def sign_in(client: Client, email: str, password: str, following: str = "") -> int:
    answer = client.post("/accounts/login/", {"login": email, "password": password, "next": following})
    return answer.status_code


def is_signed_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


def test_ada_signs_in_with_her_address_in_any_case(client: Client, world: World) -> None:
    page = client.get("/accounts/login/?next=/admin/")
    assert page.status_code == 200
    assert '<input type="hidden" name="next" value="/admin/">' in page.content.decode()
    assert sign_in(client, "Ada@Example.com", PASSWORD) == 302
    assert is_signed_in(client)


@pytest.mark.parametrize("mails", [False, True])
def test_accounts_whose_addresses_differ_in_capitals_alone_are_no_error(
    client: Client, world: World, settings: Any, mails: bool
) -> None:
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory" if mails else "none"
    other = User.objects.create_user("else@example.com", "another long password")
    User.objects.filter(pk=other.pk).update(email="Ada@example.com")
    for email in ("ada@example.com", "Ada@example.com"):
        assert sign_in(client, email, "a wrong password") == 200
        assert sign_in(client, email, PASSWORD) == 302
        assert client.session["_auth_user_id"] == str(world.ada.pk)
        client.logout()
        assert sign_in(client, email, "another long password") == 200
    User.objects.filter(pk=world.ada.pk).update(email="ADA@example.com")
    assert sign_in(client, "ada@example.com", "a wrong password") == 200


def test_one_address_is_believed_of_one_account_alone(world: World) -> None:
    other = User.objects.create(email="Ada@example.com")
    assert is_confirmed(world.ada, "ada@example.com")
    assert not is_confirmed(other, "Ada@example.com")
    assert is_confirmed(world.ada, "ada@example.com")


def test_ada_is_brought_to_where_she_wanted_and_never_to_another_host(client: Client, world: World) -> None:
    form = {"login": "ada@example.com", "password": PASSWORD}
    assert client.post("/accounts/login/", {**form, "next": "/admin/"}).headers["Location"] == "/admin/"
    client.logout()
    assert client.post("/accounts/login/", {**form, "next": "https://evil.example/"}).headers["Location"] == "/"


def test_signing_in_is_told_as_a_success_not_as_a_warning(client: Client, world: World) -> None:
    page = client.post("/accounts/login/", {"login": "ada@example.com", "password": PASSWORD}, follow=True)
    assert '<p class="note note-success" role="status">Successfully signed in as' in page.content.decode()


def test_a_wrong_password_and_an_unknown_person_get_the_same_answer(client: Client, world: World) -> None:
    sentence = "The email address and/or password you specified are not correct."
    for email in ("ada@example.com", "nobody@example.com"):
        page = client.post("/accounts/login/", {"login": email, "password": "wrong password"})
        assert page.status_code == 200
        assert sentence in page.content.decode()
        assert not is_signed_in(client)


def test_guessing_is_stopped_even_when_the_last_guess_is_right(client: Client, world: World) -> None:
    for _attempt in range(5):
        sign_in(client, "ada@example.com", "wrong password")
    sign_in(client, "ada@example.com", PASSWORD)
    assert not is_signed_in(client)


def test_signing_out_takes_a_form_and_ends_the_session(client: Client, world: World) -> None:
    client.force_login(world.ada)
    client.get("/accounts/logout/")
    assert is_signed_in(client)
    assert client.post("/accounts/logout/").status_code == 302
    assert not is_signed_in(client)


def test_nobody_makes_an_account_alone(client: Client, db: None) -> None:
    client.post("/accounts/signup/", {"email": "eve@example.com", "password1": PASSWORD})
    assert not User.objects.exists()
    page = client.get("/accounts/signup/")
    assert page.status_code == 200
    assert "closed" in page.content.decode()


def test_a_person_changes_their_password(client: Client, world: World) -> None:
    client.force_login(world.ben)
    assert client.get("/accounts/password/").status_code == 200
    form = {"oldpassword": PASSWORD, "password1": "a much longer password", "password2": "a much longer password"}
    client.post("/accounts/password/", form)
    world.ben.refresh_from_db()
    assert world.ben.check_password("a much longer password")
