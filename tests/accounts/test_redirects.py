"""``next`` leads to pages of this service, whoever wrote it."""

from __future__ import annotations

from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.test.utils import override_script_prefix

from tests.accounts.visits import confirm_password, sign_in
from tests.people import PASSWORD, World

ELSEWHERE = (
    "https://evil.example/",
    "//evil.example/",
    "///evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "https:evil.example",
    "https:///evil.example",
    "https://testserver@evil.example/",
    "https://evil.example\\@testserver/",
    "\thttps://evil.example/",
    "\x01//evil.example/",
    "javascript:alert(1)",
    "data:text/html,x",
    "ftp://testserver/",
)


@pytest.mark.parametrize("place", ELSEWHERE)
def test_signing_in_and_out_leads_nowhere_else(client: Client, world: World, place: str) -> None:
    assert sign_in(client, "ada@example.com", following=place).headers["Location"] == "/"
    # Of who is in already, too.
    assert client.get("/accounts/login/", {"next": place}).headers["Location"] == "/"
    assert client.post("/accounts/logout/", {"next": place}).headers["Location"] == "/"


@pytest.mark.parametrize("place", ELSEWHERE)
def test_no_page_of_the_account_leads_elsewhere(ben: Client, place: str) -> None:
    assert confirm_password(ben, place).headers["Location"] == "/"
    passwords = {"oldpassword": PASSWORD, "password1": PASSWORD, "password2": PASSWORD}
    answer = ben.post("/accounts/password/", {**passwords, "next": place})
    assert answer.headers["Location"] == "/accounts/password/"


def test_not_even_to_another_host_of_the_service(client: Client, world: World, settings: Any) -> None:
    settings.ALLOWED_HOSTS = ["testserver", ".acme.example"]
    settings.CSRF_TRUSTED_ORIGINS = ["https://insights.acme.example"]
    for place in ("https://docs.acme.example/", "https://insights.acme.example/"):
        assert sign_in(client, "ada@example.com", following=place).headers["Location"] == "/"
        client.logout()


def test_a_page_of_the_service_is_led_to(client: Client, world: World) -> None:
    place = "/sites/x/y/traffic?range=7d"
    assert sign_in(client, "ada@example.com", following=place).headers["Location"] == place


def test_a_host_that_is_not_ours_is_not_written_into_mails(client: Client, world: World, sends_mail: None) -> None:
    form = {"email": "ada@example.com"}
    assert client.post("/accounts/password/reset/", form, headers={"host": "evil.example"}).status_code == 400


@pytest.mark.usefixtures("sends_mail")
@pytest.mark.parametrize("base", ["", "/insights"])
@pytest.mark.parametrize("host", ["testserver:4444", "localhost:1"])
def test_mails_lead_to_where_the_service_is_published_whatever_host_was_asked(
    world: World, settings: Any, host: str, base: str
) -> None:
    settings.ALLOWED_HOSTS = ["testserver", "localhost"]
    settings.PUBLIC_URL, settings.REGISTRATION = f"https://insights.example{base}", "open"
    for form, asked in (
        ("/accounts/password/reset/", {"email": "ada@example.com"}),
        ("/accounts/signup/", {"email": "eve@example.com", "password1": PASSWORD}),
        ("/accounts/signup/", {"email": "ada@example.com", "password1": PASSWORD}),
    ):
        with override_script_prefix(f"{base}/"):
            assert Client().post(form, asked, headers={"host": host}).status_code == 302
    assert [sent.subject.removeprefix("[Site insights] ") for sent in mail.outbox] == [
        "Choose a new password",
        "Confirm your address",
        "You have an account",
    ]
    for sent in mail.outbox:
        words = str(sent.body)
        assert host not in words
        assert f"https://insights.example{base}/accounts/" in words
        assert words.rstrip().endswith("Site insights at insights.example")
