"""Passkeys, with Chromium's own virtual authenticator: added, signed in with, a second factor, renamed, removed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.core.cache import cache
from playwright.sync_api import CDPSession, expect

from apps.organizations.models import AuditEntry
from tests.browser.conftest import Reader
from tests.people import PASSWORD


class Keyring:
    """What keeps Ben's passkeys. It can be told to refuse to know its owner."""

    def __init__(self, session: CDPSession) -> None:
        self.session = session
        session.send("WebAuthn.enable", {"enableUI": False})
        options = {
            "protocol": "ctap2",
            "transport": "internal",
            "hasResidentKey": True,
            "hasUserVerification": True,
            "isUserVerified": True,
            "automaticPresenceSimulation": True,
        }
        self.id = session.send("WebAuthn.addVirtualAuthenticator", {"options": options})["authenticatorId"]

    @property
    def passkeys(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.session.send("WebAuthn.getCredentials", {"authenticatorId": self.id})[
            "credentials"
        ]
        return found

    def knows_owner(self, answer: bool) -> None:
        self.session.send("WebAuthn.setUserVerified", {"authenticatorId": self.id, "isUserVerified": answer})


@pytest.fixture(autouse=True)
def _no_attempts_counted() -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def keyring(reader: Reader) -> Keyring:
    return Keyring(reader.page.context.new_cdp_session(reader.page))


def add_passkey(reader: Reader, name: str = "Laptop", alone: bool = True) -> None:
    """From the account's page to a passkey, on the way showing the password again."""
    page = reader.page
    page.goto(f"{reader.server}/accounts/factors/webauthn/")
    page.get_by_role("link", name="Add a passkey").click()
    if page.get_by_label("Password", exact=True).count():
        page.get_by_label("Password", exact=True).fill(PASSWORD)
        page.get_by_role("button", name="Go on").click()
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_label("Sign in with it alone").set_checked(alone)
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_text("A passkey was added.")).to_be_visible()


def sign_out(reader: Reader) -> None:
    reader.page.context.clear_cookies()


def test_a_passkey_signs_in_without_a_password(reader: Reader, keyring: Keyring) -> None:
    reader.sign_in()
    add_passkey(reader)
    assert [each["isResidentCredential"] for each in keyring.passkeys] == [True]
    # So that nobody is locked out, there are recovery codes from now on.
    expect(reader.page).to_have_url(f"{reader.server}/accounts/factors/recovery-codes/")
    sign_out(reader)
    reader.page.goto(reader.traffic)
    reader.page.get_by_role("button", name="Use a passkey").click()
    expect(reader.page).to_have_url(reader.traffic)


def test_a_passkey_is_a_second_factor_beside_the_password(reader: Reader, keyring: Keyring) -> None:
    reader.sign_in()
    add_passkey(reader, alone=False)
    sign_out(reader)
    page = reader.page
    page.goto(reader.traffic)
    page.get_by_label("Email").fill("ben@example.com")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Second factor")).to_be_visible()
    page.get_by_role("button", name="Use a passkey").click()
    expect(page).to_have_url(reader.traffic)


def test_a_passkey_shows_who_it_is_before_factors_change(reader: Reader, keyring: Keyring) -> None:
    reader.sign_in()
    add_passkey(reader)
    sign_out(reader)
    page = reader.page
    page.goto(f"{reader.server}/accounts/login/")
    page.get_by_role("button", name="Use a passkey").click()
    expect(page).to_have_url(f"{reader.server}/")
    page.goto(f"{reader.server}/accounts/factors/recovery-codes/")
    page.get_by_role("link", name="Use a passkey").click()
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()


def test_a_passkey_is_renamed_and_removed_and_then_lets_nobody_in(reader: Reader, keyring: Keyring) -> None:
    reader.sign_in()
    add_passkey(reader)
    page = reader.page
    page.goto(f"{reader.server}/accounts/factors/webauthn/")
    page.get_by_role("link", name="Rename – Laptop").click()
    page.get_by_label("Name", exact=True).fill("Old laptop")
    page.get_by_role("button", name="Save").click()
    page.get_by_role("link", name="Remove – Old laptop").click()
    page.get_by_role("button", name="Remove").click()
    expect(page.get_by_text("You have none.")).to_be_visible()
    assert not Authenticator.objects.exists()
    told = AuditEntry.objects.filter(details__kind="webauthn").order_by("pk")
    assert [entry.what for entry in told] == ["add_factor", "remove_factor"]
    sign_out(reader)
    page.goto(f"{reader.server}/accounts/login/")
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.get_by_text("Incorrect code.")).to_be_visible()


def test_a_device_that_does_not_know_its_owner_lets_nobody_in(reader: Reader, keyring: Keyring) -> None:
    reader.sign_in()
    add_passkey(reader)
    sign_out(reader)
    keyring.knows_owner(False)
    page = reader.page
    page.goto(f"{reader.server}/accounts/login/")
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.get_by_role("alert")).to_have_text("No passkey was used: it was cancelled, or took too long.")
    expect(page).to_have_url(f"{reader.server}/accounts/login/")


def test_a_device_keeps_one_passkey_of_an_account(reader: Reader, keyring: Keyring) -> None:
    reader.sign_in()
    add_passkey(reader)
    page = reader.page
    page.goto(f"{reader.server}/accounts/factors/webauthn/add/")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_role("alert")).to_have_text("This device already has a passkey of this account.")
    assert len(keyring.passkeys) == 1


def test_the_passkey_of_one_person_does_not_sign_in_another(reader: Reader, keyring: Keyring) -> None:
    """The answer of Ben’s keyring, said to be Ada's, is refused: who it is comes from the key."""
    reader.sign_in()
    add_passkey(reader)
    sign_out(reader)
    page = reader.page
    Authenticator.objects.filter(type="webauthn").update(user=reader.world.ada)
    page.goto(f"{reader.server}/accounts/login/")
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.get_by_text("Incorrect code.")).to_be_visible()


def test_without_javascript_no_passkey_is_offered(reader: Reader, browser: Any) -> None:
    page = browser.new_context(java_script_enabled=False).new_page()
    page.goto(f"{reader.server}/accounts/login/")
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    expect(page.get_by_role("button", name="Use a passkey")).to_be_hidden()
    page.context.close()
