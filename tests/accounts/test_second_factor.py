"""A code beside the password: set up, asked for, used once, and kept so that a copy of the database tells nothing."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from django.core import mail
from django.core.management import call_command
from django.db import connection
from django.test import Client

from apps.organizations.models import AuditEntry, User
from tests.accounts.visits import (
    code_of,
    confirm_password,
    is_signed_in,
    recovery_codes,
    set_up_app,
    sign_in,
    text_of,
)
from tests.people import PASSWORD, World

ASKS = "/accounts/factors/authenticate/"
ACTIVATE = "/accounts/factors/totp/activate/"


@pytest.fixture
def secret(ben: Client, clock: time_machine.Traveller) -> str:
    """The key of Ben's app, which he set up just now; the code of that moment is used."""
    found = set_up_app(ben)
    clock.shift(timedelta(seconds=30))
    return found


def test_the_app_of_the_test_agrees_with_the_standard() -> None:
    # Source: RFC 6238, appendix B, SHA-1, cut to six digits.
    with time_machine.travel(1_111_111_109, tick=False):
        assert code_of("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ") == "081804"


def test_signing_in_takes_the_code_too(client: Client, secret: str) -> None:
    other = Client()
    assert sign_in(other, "ben@example.com", following="/admin/").headers["Location"].startswith(ASKS)
    assert not is_signed_in(other)
    assert "Incorrect code." in text_of(other.post(ASKS, {"code": "000000"}))
    assert not is_signed_in(other)
    assert other.post(ASKS, {"code": code_of(secret)}).headers["Location"] == "/admin/"
    assert is_signed_in(other)


def test_a_code_works_once(secret: str) -> None:
    first, second = Client(), Client()
    for browser in (first, second):
        sign_in(browser, "ben@example.com")
        browser.post(ASKS, {"code": code_of(secret)})
    assert is_signed_in(first)
    assert not is_signed_in(second)


@pytest.mark.parametrize("ahead", [-1, 1])
def test_a_code_of_another_half_minute_does_not_work(secret: str, ahead: int) -> None:
    browser = Client()
    sign_in(browser, "ben@example.com")
    browser.post(ASKS, {"code": code_of(secret, ahead)})
    assert not is_signed_in(browser)


def test_a_recovery_code_works_once(ben: Client, secret: str) -> None:
    codes = recovery_codes(ben)
    assert len(set(codes)) == 10
    first, second = Client(), Client()
    for browser in (first, second):
        sign_in(browser, "ben@example.com")
        browser.post(ASKS, {"code": codes[3]})
    assert is_signed_in(first)
    assert not is_signed_in(second)
    assert set(codes) - set(recovery_codes(ben)) == {codes[3]}
    assert "9 of 10 are left" in text_of(ben.get("/accounts/factors/"))


def test_new_recovery_codes_end_the_old_ones(ben: Client, secret: str) -> None:
    old = recovery_codes(ben)
    ben.post("/accounts/factors/recovery-codes/generate/")
    new = recovery_codes(ben)
    assert not set(old) & set(new)
    browser = Client()
    sign_in(browser, "ben@example.com")
    browser.post(ASKS, {"code": old[0]})
    assert not is_signed_in(browser)
    browser.post(ASKS, {"code": new[0]})
    assert is_signed_in(browser)


def test_recovery_codes_are_downloaded_and_kept_by_no_cache(ben: Client, secret: str) -> None:
    answer = ben.get("/accounts/factors/recovery-codes/download/")
    assert "no-store" in answer.headers["Cache-Control"]
    assert [line for line in text_of(answer).split() if line.isdigit()] == recovery_codes(ben)


@pytest.mark.parametrize(
    "address",
    [
        ACTIVATE,
        "/accounts/factors/totp/deactivate/",
        "/accounts/factors/recovery-codes/",
        "/accounts/factors/recovery-codes/generate/",
        "/accounts/factors/recovery-codes/download/",
        "/accounts/factors/webauthn/add/",
    ],
)
def test_who_is_signed_in_shows_the_password_again_to_come_near_factors(
    ben: Client, clock: time_machine.Traveller, address: str
) -> None:
    if address != ACTIVATE:
        set_up_app(ben)
        clock.shift(timedelta(minutes=5, seconds=1))  # since the password was shown
    assert ben.get(address).headers["Location"].startswith("/accounts/reauthenticate/?next=")
    assert confirm_password(ben, address).headers["Location"] == address
    assert ben.get(address).status_code == 200


def test_no_factor_is_changed_before_the_password_is_shown_again(ben: Client, secret: str, clock: Any) -> None:
    clock.shift(timedelta(minutes=5, seconds=1))
    before = stored()
    for address in ("totp/deactivate", "recovery-codes/generate", "webauthn/add"):
        answer = ben.post(f"/accounts/factors/{address}/")
        assert answer.headers["Location"].startswith("/accounts/reauthenticate/?next=")
    assert stored() == before


def test_a_wrong_password_does_not_open_the_factors(ben: Client) -> None:
    page = ben.post("/accounts/reauthenticate/", {"password": "wrong password", "next": ACTIVATE})
    assert "Incorrect password." in text_of(page)
    assert ben.get(ACTIVATE).status_code == 302


def test_the_code_too_shows_who_it_is(ben: Client, secret: str, clock: time_machine.Traveller) -> None:
    clock.shift(timedelta(minutes=6))
    place = "/accounts/factors/recovery-codes/"
    assert ben.get(place).status_code == 302
    page = text_of(ben.get("/accounts/reauthenticate/"))
    assert "/accounts/factors/reauthenticate/" in page
    answer = ben.post("/accounts/factors/reauthenticate/", {"code": code_of(secret), "next": place})
    assert answer.headers["Location"] == place
    assert ben.get(place).status_code == 200


def test_an_app_is_on_only_after_it_showed_a_code(ben: Client, world: World, clock: time_machine.Traveller) -> None:
    confirm_password(ben, ACTIVATE)
    ben.get(ACTIVATE)
    assert "Incorrect code." in text_of(ben.post(ACTIVATE, {"code": "000000"}))
    assert not Authenticator.objects.exists()


def test_turning_the_app_off_ends_it_and_the_recovery_codes(ben: Client, secret: str) -> None:
    ben.post("/accounts/factors/totp/deactivate/")
    assert not Authenticator.objects.exists()
    browser = Client()
    sign_in(browser, "ben@example.com")
    assert is_signed_in(browser)


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("sends_mail")
def test_the_owner_is_told_by_mail_when_a_factor_changes(
    client: Client, world: World, clock: time_machine.Traveller
) -> None:
    sign_in(client, "ben@example.com")
    set_up_app(client)
    client.post("/accounts/factors/totp/deactivate/")
    assert [(each.to, each.subject) for each in mail.outbox] == [
        (["ben@example.com"], "[Site insights] Authenticator App Activated"),
        (["ben@example.com"], "[Site insights] Authenticator App Deactivated"),
    ]


def test_staff_reach_the_administration_only_after_the_code(world: World, clock: time_machine.Traveller) -> None:
    User.objects.filter(pk=world.ada.pk).update(is_staff=True, is_superuser=True)
    owner, browser = Client(), Client()
    owner.force_login(world.ada)
    secret = set_up_app(owner)
    clock.shift(timedelta(seconds=30))
    # The admin's own form is not there to go around it.
    answer = browser.post("/admin/login/", {"username": "ada@example.com", "password": PASSWORD})
    assert answer.headers["Location"] == "/accounts/login/?next=%2Fadmin%2Flogin%2F"
    sign_in(browser, "ada@example.com", following="/admin/")
    assert browser.get("/admin/").status_code == 302
    assert browser.post(ASKS, {"code": code_of(secret)}).headers["Location"] == "/admin/"
    assert browser.get("/admin/").status_code == 200


def stored() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT data FROM mfa_authenticator ORDER BY type")
        return str(cursor.fetchall())


def test_neither_key_nor_codes_are_kept_as_they_are(ben: Client, secret: str) -> None:
    kept = stored()
    assert secret not in kept
    assert kept.count("gAAAAA") == 2  # how what Fernet encrypted begins
    assert not any(code in kept for code in recovery_codes(ben))


def test_what_was_encrypted_with_a_former_secret_key_still_works(secret: str, settings: Any) -> None:
    former = settings.SECRET_KEY
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "n" * 50, [former]
    browser = Client()
    sign_in(browser, "ben@example.com")
    browser.post(ASKS, {"code": code_of(secret)})
    assert is_signed_in(browser)


def test_after_encrypting_anew_the_former_key_can_go(secret: str, settings: Any, capsys: Any) -> None:
    former = settings.SECRET_KEY
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "n" * 50, [former]
    before = stored()
    call_command("encrypt_anew")
    assert capsys.readouterr().out == "2 secrets are encrypted with the key of today.\n"
    settings.SECRET_KEY_FALLBACKS = []
    assert stored() != before
    browser = Client()
    sign_in(browser, "ben@example.com")
    browser.post(ASKS, {"code": code_of(secret)})
    assert is_signed_in(browser)


def test_an_administrator_removes_the_factors_of_who_lost_them(world: World, secret: str) -> None:
    root = Client()
    root.force_login(User.objects.create(email="root@example.com", is_staff=True, is_superuser=True))
    choice = {"action": "remove_factors", "_selected_action": [world.ben.pk]}
    assert root.post("/admin/organizations/user/", choice).status_code == 302
    browser = Client()
    sign_in(browser, "ben@example.com")
    assert is_signed_in(browser)
    entry = AuditEntry.objects.get(what="remove_factors")
    assert entry.details == {"person": world.ben.public_id}
