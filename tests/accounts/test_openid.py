"""Signing in through a real OpenID Connect provider on loopback: who gets in, and which answers are refused."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
import time_machine
from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialAccount
from django.test import Client
from joserfc.jwk import OctKey, RSAKey

from apps.core.clock import utc_now
from apps.organizations.inviting import invite
from apps.organizations.issuing import make_token
from apps.organizations.members import create_organization
from apps.organizations.models import ApiToken, AuditEntry, Role, User
from tests.accounts.provider import CLIENT, SECRET, Provider, running
from tests.accounts.test_forgotten_password import choose, link_to
from tests.accounts.visits import code_of, confirm_password, is_signed_in, set_up_app, sign_in, text_of
from tests.people import PASSWORD, World

PEOPLE: dict[str, dict[str, Any]] = {
    "Ada": {"sub": "1001", "email": "ada@example.com", "email_verified": True, "name": "Ada A.", "phone": "+4930123"},
    "Ben": {"sub": "1002", "email": "ben@example.com", "email_verified": True, "name": "Ben B."},
    "Eve": {"sub": "6666", "email": "eve@example.com", "email_verified": True, "given_name": "Eve"},
    "Fay": {"sub": "6665", "email": "fay@example.com", "email_verified": True},
    "Mallory": {"sub": "6667", "email": "ada@example.com", "email_verified": False},
    "Mallet": {"sub": "6668", "email": "ada@example.com", "email_verified": "false"},
    "Squatter": {"sub": "6669", "email": "eve@example.com", "email_verified": False},
}
LOGIN, CALLBACK = "/accounts/oidc/", "/accounts/oidc/callback/"
FAILED = "Signing in did not work"


@pytest.fixture(scope="module")
def _provider() -> Iterator[Provider]:
    with running(PEOPLE) as found:
        found.client.redirect_uri = f"http://testserver{CALLBACK}"
        yield found


def configure(settings: Any, issuer: str) -> None:
    """The settings that the variables of the environment lead to."""
    app = settings.SOCIALACCOUNT_PROVIDERS["openid_connect"]["APPS"]
    settings.OIDC_ISSUER, settings.OIDC_NAME = issuer, "Acme ID"
    known = {"server_url": issuer, "oauth_pkce_enabled": True, "uid_field": "key"}
    settings.SOCIALACCOUNT_PROVIDERS = {
        "openid_connect": {
            "APPS": [
                {"provider_id": "oidc", "name": "Acme ID", "client_id": CLIENT, "secret": SECRET, "settings": known}
            ]
        }
    }
    assert app == []


@pytest.fixture
def provider(_provider: Provider, settings: Any) -> Iterator[Provider]:
    """The provider, which tells the truth, and the service connected with it."""
    configure(settings, _provider.url)
    yield _provider
    _provider.signs_with, _provider.algorithm = None, "RS256"
    for lies in (_provider.id_lies, _provider.userinfo_lies, _provider.discovery_lies):
        lies.clear()


def set_out(client: Client, **form: str) -> str:
    """Press the button; answers the address at the provider that the page leads to."""
    process = form.pop("process", "")
    page = text_of(client.post(LOGIN + (f"?process={process}" if process else ""), form))
    (address,) = set(re.findall(r'(?:url=|href=")(http://localhost[^"]+)"', page))
    return unescape(address)


def come_back(address: str, who: str) -> str:
    """Be ``who`` at the provider; answers the path that it leads back to."""
    there = requests.post(address, data={"who": who}, allow_redirects=False, timeout=10)
    back = urlsplit(there.headers["Location"])
    return f"{back.path}?{back.query}"


def round_trip(client: Client, who: str, **form: str) -> Any:
    return client.get(come_back(set_out(client, **form), who))


def connected(user: User, provider: Provider, who: str) -> Client:
    """A browser in which the account here was connected with the one there, and which signed out."""
    browser = Client()
    browser.force_login(user)
    confirm_password(browser, "/accounts/connections/")
    assert round_trip(browser, who, process="connect").headers["Location"] == "/accounts/connections/"
    assert SocialAccount.objects.get(user=user)
    browser.logout()
    return browser


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


@pytest.fixture
def trusted(settings: Any) -> None:
    """Addresses that the provider has confirmed are believed, and its people make accounts."""
    settings.SOCIALACCOUNT_EMAIL_AUTHENTICATION = settings.SOCIALACCOUNT_EMAIL_AUTHENTICATION_AUTO_CONNECT = True
    settings.OIDC_SIGN_UP = True


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
