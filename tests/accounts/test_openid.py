"""Signing in through a real OpenID Connect provider on loopback: who gets in, and which answers are refused."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine
from allauth.socialaccount.models import SocialAccount
from django.test import Client
from joserfc.jwk import OctKey, RSAKey

from apps.organizations.inviting import invite
from apps.organizations.models import AuditEntry, Role, User
from tests.accounts.provider import CALLBACK, LOGIN, PEOPLE, Provider, running
from tests.accounts.visits import (
    code_of,
    come_back,
    confirm_password,
    connected,
    is_signed_in,
    round_trip,
    set_out,
    set_up_app,
    sign_in,
    text_of,
)
from tests.people import PASSWORD, World

FAILED = "Signing in did not work"


def test_the_provider_is_asked_for_a_code_with_pkce(client: Client, provider: Provider, db: None) -> None:
    assert "Continue with Acme ID" in text_of(client.get("/accounts/login/"))
    asked = parse_qs(urlsplit(set_out(client)).query)
    assert asked["response_type"] == ["code"]
    assert set(asked["scope"][0].split()) == {"openid", "profile", "email"}
    assert asked["code_challenge_method"] == ["S256"]
    assert len(asked["code_challenge"][0]) == 43
    assert asked["redirect_uri"] == [provider.client.redirect_uri]


def test_a_connected_account_signs_in_and_leads_to_what_was_wanted(world: World, provider: Provider) -> None:
    browser = connected(world.ada, provider, "Ada")
    assert round_trip(browser, "Ada", next="/admin/").headers["Location"] == "/admin/"
    assert is_signed_in(browser)


@pytest.mark.parametrize("place", ["https://evil.example/", "//evil.example/"])
def test_it_leads_nowhere_else(world: World, provider: Provider, place: str) -> None:
    browser = connected(world.ada, provider, "Ada")
    assert round_trip(browser, "Ada", next=place).headers["Location"] == "/"


def test_what_a_link_carries_is_not_handed_on_to_the_provider(client: Client, provider: Provider, db: None) -> None:
    answer = client.post(f"{LOGIN}?auth_params=redirect_uri%3Dhttps%3A%2F%2Fevil.example&scope=admin")
    assert "evil.example" not in text_of(answer)
    assert "admin" not in text_of(answer)


def test_nobody_unknown_gets_in(client: Client, world: World, provider: Provider) -> None:
    page = text_of(round_trip(client, "Eve"))
    assert "Making accounts is closed" in page
    assert not is_signed_in(client)
    assert not User.objects.filter(email="eve@example.com").exists()


def test_the_providers_people_make_accounts_where_the_operator_says_so(
    client: Client, world: World, provider: Provider, settings: Any
) -> None:
    settings.OIDC_SIGN_UP = True
    assert round_trip(client, "Eve").headers["Location"] == "/"
    assert is_signed_in(client)
    eve = User.objects.get(email="eve@example.com")
    assert (eve.first_name, eve.has_usable_password()) == ("Eve", False)
    # The page about passwords offers the first one.
    assert client.get("/accounts/password/").headers["Location"] == "/accounts/password/set/"
    assert "Set the password" in text_of(client.get("/accounts/password/set/"))


@pytest.mark.parametrize("everybody", [True, False])
def test_an_account_that_an_invitation_allows_uses_it_up(
    world: World, provider: Provider, settings: Any, everybody: bool
) -> None:
    settings.OIDC_SIGN_UP = everybody
    made, secret = invite(world.acme, Role.READER, who=world.ada)
    browsers = [Client(), Client()]
    for browser in browsers:
        browser.get(f"/invitations/{secret}")
    assert round_trip(browsers[0], "Eve").headers["Location"] == "/invitation"
    round_trip(browsers[1], "Fay")
    assert is_signed_in(browsers[1]) == everybody
    made.refresh_from_db()
    assert made.uses == (0 if everybody else 1)
    assert browsers[0].post("/invitation").status_code == 302
    made.refresh_from_db()
    assert made.uses == 1


def test_an_account_is_made_with_another_address_where_that_of_the_provider_is_taken(
    world: World, provider: Provider, client: Client
) -> None:
    made, secret = invite(world.acme, Role.READER, who=world.ada)
    client.get(f"/invitations/{secret}")
    form = round_trip(client, "Ben").headers["Location"]
    assert client.post(form, {"email": "benjamin@example.com"}).headers["Location"] == "/invitation"
    assert SocialAccount.objects.get().user.email == "benjamin@example.com"
    made.refresh_from_db()
    assert made.uses == 1
    assert AuditEntry.objects.filter(what="sign_up").count() == 1


def test_an_invitation_to_an_address_makes_no_account_of_another(
    client: Client, world: World, provider: Provider
) -> None:
    _made, secret = invite(world.acme, Role.READER, who=world.ada, email="eve@example.com")
    client.get(f"/invitations/{secret}")
    form = round_trip(client, "Fay").headers["Location"]
    assert "for another e-mail address" in text_of(client.post(form, {"email": "fay@example.com"}))
    assert not is_signed_in(client)
    round_trip(client, "Eve")
    assert is_signed_in(client)


def test_the_second_factor_is_asked_for_all_the_same(
    world: World, provider: Provider, clock: time_machine.Traveller
) -> None:
    browser = connected(world.ada, provider, "Ada")
    browser.force_login(world.ada)
    secret = set_up_app(browser)
    browser.logout()
    clock.shift(timedelta(seconds=30))
    assert round_trip(browser, "Ada").headers["Location"] == "/accounts/factors/authenticate/"
    assert not is_signed_in(browser)
    browser.post("/accounts/factors/authenticate/", {"code": code_of(secret)})
    assert is_signed_in(browser)


def test_an_account_is_connected_only_after_the_password_was_shown_again(
    ben: Client, world: World, provider: Provider
) -> None:
    assert round_trip(ben, "Ben", process="connect").headers["Location"] == "/accounts/reauthenticate/"
    assert not SocialAccount.objects.exists()
    answer = ben.post("/accounts/reauthenticate/", {"password": PASSWORD})
    assert answer.headers["Location"] == "/accounts/connections/"
    assert SocialAccount.objects.get().user == world.ben
    page = text_of(ben.get("/accounts/connections/"))
    assert "<strong>ben@example.com</strong>" in page
    assert AuditEntry.objects.get(who=world.ben.public_id).what == "connect_account"


def test_a_connection_is_ended(ben: Client, world: World, provider: Provider) -> None:
    connected(world.ben, provider, "Ben")
    confirm_password(ben, "/")
    ben.post("/accounts/connections/", {"account": SocialAccount.objects.get().pk})
    assert not SocialAccount.objects.exists()
    told = AuditEntry.objects.filter(who=world.ben.public_id)
    assert [entry.what for entry in told] == ["disconnect_account", "connect_account"]
    other = Client()
    round_trip(other, "Ben")
    assert not is_signed_in(other)


def test_an_account_elsewhere_is_connected_with_one_account_here(world: World, provider: Provider) -> None:
    connected(world.ada, provider, "Ada")
    browser = Client()
    browser.force_login(world.ben)
    confirm_password(browser, "/")
    page = text_of(browser.get(come_back(set_out(browser, process="connect"), "Ada"), follow=True))
    assert "already connected to a different account" in page
    assert SocialAccount.objects.get().user == world.ada


def test_only_what_is_needed_is_kept_of_what_the_provider_tells(world: World, provider: Provider) -> None:
    connected(world.ada, provider, "Ada")
    kept = SocialAccount.objects.get().extra_data
    assert {name: value for name, value in kept.items() if name != "key"} == {
        "sub": "1001",
        "email": "ada@example.com",
        "email_verified": True,
        "name": "Ada A.",
    }


def test_who_is_barred_here_does_not_get_in_from_there(world: World, provider: Provider) -> None:
    browser = connected(world.ada, provider, "Ada")
    User.objects.filter(pk=world.ada.pk).update(is_active=False)
    assert round_trip(browser, "Ada").headers["Location"] == "/accounts/inactive/"
    assert not is_signed_in(browser)


def test_turning_back_at_the_provider_is_told(client: Client, provider: Provider, db: None) -> None:
    answer = round_trip(client, "")
    assert answer.headers["Location"] == "/accounts/connections/login/cancelled/"
    assert "You are not signed in" in text_of(client.get(answer.headers["Location"]))


@pytest.mark.parametrize(
    "lies",
    [
        {"id_lies": {"sub": "1002"}},
        {"userinfo_lies": {"sub": "1002"}},
        {"id_lies": {"aud": ["another-client"]}},
        {"id_lies": {"iss": "http://localhost:1"}},
        {"id_lies": {"exp": 1_000_000_000}},
        {"id_lies": {"sub": ""}, "userinfo_lies": {"sub": ""}},
        {"discovery_lies": {"issuer": "https://evil.example"}},
        {"discovery_lies": {"jwks_uri": "http://localhost:1/"}},
    ],
)
def test_an_answer_that_does_not_fit_is_refused(world: World, provider: Provider, lies: dict[str, Any]) -> None:
    browser = connected(world.ada, provider, "Ada")
    address = set_out(browser)
    for name, value in lies.items():
        getattr(provider, name).update(value)
    answer = browser.get(come_back(address, "Ada"))
    assert answer.status_code == 401
    assert FAILED in text_of(answer)
    assert not is_signed_in(browser)


@pytest.mark.parametrize("algorithm", ["RS256", "HS256"])
def test_an_id_token_that_the_provider_has_not_signed_is_refused(
    world: World, provider: Provider, algorithm: str
) -> None:
    browser = connected(world.ada, provider, "Ada")
    provider.algorithm = algorithm
    # With a key of somebody else, or with what is no key pair at all.
    provider.signs_with = OctKey.import_key("s" * 32) if algorithm == "HS256" else RSAKey.generate_key(2048)
    answer = round_trip(browser, "Ada")
    assert answer.status_code == 401
    assert not is_signed_in(browser)


def test_an_answer_is_for_the_browser_that_set_out(world: World, provider: Provider) -> None:
    browser = connected(world.ada, provider, "Ada")
    back = come_back(set_out(browser), "Ada")
    victim = Client()
    assert FAILED in text_of(victim.get(back))
    assert not is_signed_in(victim)


def test_a_stolen_code_is_of_no_use(world: World, provider: Provider) -> None:
    """What a thief lacks is the verifier, which the browser that set out has in its session."""
    browser = connected(world.ada, provider, "Ada")
    code = parse_qs(urlsplit(come_back(set_out(browser), "Ada")).query)["code"][0]
    thief = Client()
    state = parse_qs(urlsplit(set_out(thief)).query)["state"][0]
    answer = thief.get(CALLBACK, {"code": code, "state": state})
    assert FAILED in text_of(answer)
    assert not is_signed_in(thief)


def test_a_code_works_once(world: World, provider: Provider) -> None:
    browser = connected(world.ada, provider, "Ada")
    back = come_back(set_out(browser), "Ada")
    browser.get(back)
    assert is_signed_in(browser)
    browser.logout()
    browser.get(back)
    assert not is_signed_in(browser)


def test_the_same_id_at_another_provider_is_another_person(world: World, provider: Provider, settings: Any) -> None:
    browser = connected(world.ada, provider, "Ada")
    with running({"Ada": PEOPLE["Ada"]}) as other:
        other.client.redirect_uri = provider.client.redirect_uri
        settings.SOCIALACCOUNT_PROVIDERS["openid_connect"]["APPS"][0]["settings"]["server_url"] = other.url
        settings.OIDC_ISSUER = other.url
        round_trip(browser, "Ada")
    assert not is_signed_in(browser)


def test_a_provider_that_is_away_is_told(client: Client, provider: Provider, settings: Any, db: None) -> None:
    settings.SOCIALACCOUNT_PROVIDERS["openid_connect"]["APPS"][0]["settings"]["server_url"] = "http://localhost:1"
    answer = client.post(LOGIN)
    assert answer.status_code == 401
    assert FAILED in text_of(answer)


def test_without_a_provider_there_is_no_such_page(client: Client, db: None) -> None:
    assert client.post(LOGIN).status_code == 404
    assert client.get(CALLBACK).status_code == 404
    assert "Continue with" not in text_of(client.get("/accounts/login/"))


def test_signing_in_with_the_password_works_beside_it(client: Client, world: World, provider: Provider) -> None:
    sign_in(client, "ada@example.com")
    assert is_signed_in(client)
