"""The pages of a person's own account."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client

from apps.organizations.models import User
from tests.people import World

PAGES = (
    "/accounts/",
    "/accounts/password/",
    "/accounts/factors/",
    "/accounts/factors/totp/activate/",
    "/accounts/factors/webauthn/",
    "/accounts/factors/webauthn/add/",
    "/accounts/factors/recovery-codes/",
    "/accounts/factors/recovery-codes/generate/",
    "/accounts/connections/",
    "/accounts/sessions/",
)


@pytest.mark.parametrize("address", PAGES)
def test_a_stranger_is_sent_to_sign_in_and_back(client: Client, db: None, address: str) -> None:
    sent_to = urlsplit(client.get(address).headers["Location"])
    assert sent_to.path == "/accounts/login/"
    assert parse_qs(sent_to.query) == {"next": [address]}


@pytest.mark.parametrize("address", ["/accounts/login/", *PAGES])
def test_no_page_of_an_account_is_kept_by_browsers(client: Client, world: World, address: str) -> None:
    for _signed_out_and_in in range(2):
        assert "no-store" in client.get(address).headers["Cache-Control"]
        client.force_login(world.ben)


def test_the_menu_of_the_header_leads_to_the_account(ben: Client) -> None:
    page = ben.get("/accounts/sessions/").content.decode()
    assert '<a href="/accounts/">Account<span class="quiet">ben@example.com</span></a>' in page


@pytest.mark.parametrize(
    ("address", "here"),
    [
        ("/accounts/", "Account"),
        ("/accounts/password/", "Password"),
        ("/accounts/factors/webauthn/", "Passkeys"),
        ("/accounts/factors/", "Second factor"),
        ("/accounts/sessions/", "Sessions"),
        ("/accounts/connections/", "Other sign-ins"),
    ],
)
def test_every_page_leads_to_the_others_and_marks_itself(ben: Client, address: str, here: str) -> None:
    page = ben.get(address).content.decode()
    for other in ("/accounts/", "/accounts/password/", "/accounts/factors/webauthn/", "/accounts/factors/"):
        assert f'<a href="{other}"' in page
    assert f'<a href="{address}" aria-current="page">{here}</a>' in page
    assert page.count("aria-current") == 1


def test_ben_changes_his_name_and_nothing_else(ben: Client, world: World) -> None:
    form = {"first_name": "Benedikt", "last_name": "Blau", "email": "ada@example.com", "is_staff": "on"}
    page = ben.post("/accounts/", form, follow=True).content.decode()
    assert "Saved." in page
    assert "Benedikt Blau" in page
    changed = User.objects.get(pk=world.ben.pk)
    assert (changed.email, changed.is_staff) == ("ben@example.com", False)


def test_a_name_is_written_into_pages_as_text(ben: Client) -> None:
    page = ben.post("/accounts/", {"first_name": "<script>x</script>"}, follow=True).content.decode()
    assert "<script>x" not in page
    assert "&lt;script&gt;x" in page


def test_a_name_that_is_too_long_is_refused_in_place(ben: Client, world: World) -> None:
    page = ben.post("/accounts/", {"first_name": "x" * 151})
    assert page.status_code == 200
    assert "at most 150 characters" in page.content.decode()
    assert User.objects.get(pk=world.ben.pk).first_name == "Ben"
    # The header tells the name that he has.
    assert '<summary class="quiet-button">Ben</summary>' in page.content.decode()


def test_no_form_is_taken_without_its_token(world: World) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(world.ben)
    for address in (
        "/accounts/",
        "/accounts/password/",
        "/accounts/logout/",
        "/accounts/sessions/",
        "/accounts/reauthenticate/",
        "/accounts/factors/totp/activate/",
        "/accounts/factors/recovery-codes/generate/",
        "/accounts/factors/webauthn/add/",
    ):
        assert strict.post(address).status_code == 403, address
    strict.logout()
    for address in (
        "/accounts/login/",
        "/accounts/signup/",
        "/accounts/password/reset/",
        "/accounts/factors/webauthn/login/",
    ):
        assert strict.post(address).status_code == 403, address
