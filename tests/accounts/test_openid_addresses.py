"""Whose account an address is that a provider tells: confirmed, unconfirmed and squatted ones."""

from __future__ import annotations

from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialAccount
from django.test import Client

from apps.core.clock import utc_now
from apps.organizations.issuing import make_token
from apps.organizations.members import create_organization
from apps.organizations.models import ApiToken, AuditEntry, User
from tests.accounts.provider import PEOPLE, Provider
from tests.accounts.test_forgotten_password import choose, link_to
from tests.accounts.visits import confirm_password, is_signed_in, round_trip, text_of
from tests.people import PASSWORD, World


@pytest.fixture
def trusted(settings: Any) -> None:
    """Addresses that the provider has confirmed are believed, and its people make accounts."""
    settings.SOCIALACCOUNT_EMAIL_AUTHENTICATION = settings.SOCIALACCOUNT_EMAIL_AUTHENTICATION_AUTO_CONNECT = True
    settings.OIDC_SIGN_UP = True


def test_an_address_alone_does_not_sign_in(client: Client, world: World, provider: Provider) -> None:
    round_trip(client, "Ada")
    assert not is_signed_in(client)


def test_a_confirmed_address_signs_in_where_the_provider_is_trusted_with_it(
    client: Client, world: World, provider: Provider, settings: Any
) -> None:
    settings.SOCIALACCOUNT_EMAIL_AUTHENTICATION = settings.SOCIALACCOUNT_EMAIL_AUTHENTICATION_AUTO_CONNECT = True
    round_trip(client, "Ada")
    assert is_signed_in(client)
    assert SocialAccount.objects.get().user == world.ada
    # She keeps her password.
    assert User.objects.get(pk=world.ada.pk).check_password(PASSWORD)


@pytest.mark.parametrize("who", ["Mallory", "Mallet"])
def test_an_address_that_the_provider_has_not_confirmed_never_signs_in(
    client: Client, world: World, provider: Provider, settings: Any, who: str
) -> None:
    settings.SOCIALACCOUNT_EMAIL_AUTHENTICATION = settings.SOCIALACCOUNT_EMAIL_AUTHENTICATION_AUTO_CONNECT = True
    settings.OIDC_SIGN_UP = True
    round_trip(client, who)
    assert not is_signed_in(client)
    assert not EmailAddress.objects.filter(email="ada@example.com", user=world.ada, verified=False).exists()
    assert not SocialAccount.objects.exists()


def claimed(settings: Any) -> User:
    """An account that somebody made with Eve's address, and connected with their own at the provider."""
    settings.REGISTRATION = "open"
    thief = Client()
    thief.post("/accounts/signup/", {"email": "eve@example.com", "password1": PASSWORD})
    confirm_password(thief, "/accounts/connections/")
    round_trip(thief, "Squatter", process="connect")
    made = User.objects.get(email="eve@example.com")
    assert SocialAccount.objects.get().user == made
    settings.REGISTRATION = "invite"
    return made


@pytest.mark.usefixtures("db", "trusted")
def test_who_claims_an_address_at_the_provider_makes_no_account_with_it(client: Client, provider: Provider) -> None:
    answer = round_trip(client, "Squatter")
    assert (answer.status_code, is_signed_in(client)) == (403, False)
    assert "Acme ID has not confirmed your e-mail address" in text_of(answer)
    assert not User.objects.exists()
    round_trip(client, "Eve")
    assert is_signed_in(client)
    other = Client()
    round_trip(other, "Squatter")
    assert not is_signed_in(other)


@pytest.mark.usefixtures("db")
def test_where_addresses_are_not_trusted_they_need_not_be_confirmed(
    client: Client, provider: Provider, settings: Any
) -> None:
    settings.OIDC_SIGN_UP = True
    round_trip(client, "Squatter")
    assert is_signed_in(client)
    assert not EmailAddress.objects.get().verified


@pytest.mark.usefixtures("db", "trusted")
def test_an_account_whose_address_is_unconfirmed_is_not_shared_with_its_owner(
    client: Client, provider: Provider, settings: Any
) -> None:
    thiefs = claimed(settings)
    answer = round_trip(client, "Eve")
    assert (answer.status_code, is_signed_in(client)) == (403, False)
    page = text_of(answer)
    assert "has an account here, but nobody has confirmed" in page
    assert "ask whoever runs this service to delete that account" in page
    assert SocialAccount.objects.get().extra_data["sub"] == PEOPLE["Squatter"]["sub"]
    assert User.objects.get(pk=thiefs.pk).check_password(PASSWORD)
    # As the operator does then.
    thiefs.delete()
    round_trip(client, "Eve")
    assert is_signed_in(client)
    thief = Client()
    round_trip(thief, "Squatter")
    assert not is_signed_in(thief)


@pytest.mark.usefixtures("db", "trusted")
def test_who_signed_up_without_confirming_connects_the_two_and_gets_in(
    client: Client, provider: Provider, settings: Any
) -> None:
    settings.REGISTRATION = "open"
    client.post("/accounts/signup/", {"email": "eve@example.com", "password1": PASSWORD})
    confirm_password(client, "/accounts/connections/")
    assert round_trip(client, "Eve", process="connect").headers["Location"] == "/accounts/connections/"
    client.logout()
    round_trip(client, "Eve")
    assert is_signed_in(client)
    assert User.objects.get().check_password(PASSWORD)


@pytest.mark.usefixtures("transactional_db", "trusted")
def test_with_mail_the_owner_of_an_address_takes_the_account_and_nobody_else_keeps_a_way_in(
    client: Client, provider: Provider, settings: Any, request: pytest.FixtureRequest
) -> None:
    thiefs, thief = claimed(settings), Client()
    acme = create_organization("Acme", owner=thiefs, who=thiefs)
    _token, raw = make_token(organization=acme, user=thiefs, who=thiefs, title="Mine", scopes=["site:insights:read"])
    request.getfixturevalue("sends_mail")
    answer = round_trip(client, "Eve")
    assert not is_signed_in(client)
    assert '<a href="/accounts/password/reset/">' in text_of(answer)
    choose(client, link_to("eve@example.com"))
    assert EmailAddress.objects.get().verified
    round_trip(client, "Eve")
    assert is_signed_in(client)
    assert [account.extra_data["sub"] for account in SocialAccount.objects.all()] == [PEOPLE["Eve"]["sub"]]
    assert ApiToken.objects.find(raw, now=utc_now()) is None
    round_trip(thief, "Squatter")
    assert not is_signed_in(thief)
    told = AuditEntry.objects.filter(who=thiefs.public_id).order_by("pk").values_list("what", flat=True)
    assert set(list(told)[-5:-1]) == {"disconnect_account", "revoke_token", "confirm_address", "reset_password"}
    assert list(told)[-1] == "connect_account"


@pytest.mark.usefixtures("db")
def test_while_an_address_is_unconfirmed_its_account_gets_no_second_factor(provider: Provider, settings: Any) -> None:
    thief = Client()
    thief.force_login(claimed(settings))
    for place in ("totp/activate/", "webauthn/add/"):
        confirm_password(thief, "/")
        assert thief.get(f"/accounts/factors/{place}").headers["Location"] == "/accounts/factors/"
