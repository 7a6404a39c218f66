"""Thousands of guesses at passwords and codes: nearly none is looked at, and the owner still gets in."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from ipaddress import ip_address
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.test import Client

from apps.organizations.models import User
from tests.accounts.visits import TOO_MANY, WRONG, code_of, is_signed_in, set_up_app, sign_in, text_of
from tests.people import PASSWORD, World

GUESSES = 10_000
NETWORKS = 1_000
"""From each of which one guess comes: no network is stopped, the account is."""
LOOKED_AT = 100
"""So many guesses at one account are looked at in an hour, wherever they come from."""
ASKS = "/accounts/factors/authenticate/"


def outcome(answer: Any) -> str:
    """What a guess led to: whether it was looked at, and with what result."""
    if answer.status_code == 302:
        return "let in"
    page = text_of(answer)
    if answer.status_code == 429:
        return "turned away" if "Too many attempts" in page else "?"
    return "wrong" if WRONG in page else "not looked at" if TOO_MANY in page else "?"


def addresses(number: int) -> list[str]:
    """As many addresses as wanted, of as many networks."""
    first = int(ip_address("2001:db8::"))
    return [str(ip_address(first + (count << 64))) for count in range(number)]


def test_guesses_from_one_address_are_stopped_whomever_they_are_at(world: World, clock: time_machine.Traveller) -> None:
    User.objects.bulk_create(User(email=f"{number}@example.com", password="!") for number in range(100))
    guesser = Client()
    found = Counter(
        outcome(sign_in(guesser, f"{number % 100}@example.com", f"guess {number}")) for number in range(GUESSES)
    )
    assert found == {"wrong": 10, "not looked at": 20, "turned away": GUESSES - 30}
    # The right password of somebody else is not looked at either.
    assert outcome(sign_in(guesser, "ada@example.com")) == "turned away"
    assert not is_signed_in(guesser)


def test_guesses_at_one_account_are_stopped_wherever_they_come_from(
    world: World, clock: time_machine.Traveller
) -> None:
    guesser = Client()
    found = Counter(
        outcome(sign_in(guesser, "ada@example.com", f"guess {number}", REMOTE_ADDR=address))
        for number, address in enumerate(addresses(NETWORKS))
    )
    assert found == {"wrong": LOOKED_AT, "not looked at": NETWORKS - LOOKED_AT}
    # A right guess among them would not have been noticed.
    assert outcome(sign_in(guesser, "ada@example.com", REMOTE_ADDR="192.0.2.1")) == "not looked at"


def test_one_network_of_ipv6_counts_as_one_address(world: World, clock: time_machine.Traveller) -> None:
    guesser = Client()
    found = Counter(
        outcome(sign_in(guesser, f"{number}@example.com", "guess", REMOTE_ADDR=f"2001:db8:0:1::{number:x}"))
        for number in range(12)
    )
    assert found == {"wrong": 10, "not looked at": 2}


def lock(email: str) -> None:
    """Guess at an account, from many networks, until no guess is looked at."""
    for address in addresses(LOOKED_AT):
        assert outcome(sign_in(Client(), email, "wrong password", REMOTE_ADDR=address)) == "wrong"


def test_the_owner_of_an_account_that_was_guessed_at_is_told_what_helps(
    client: Client, world: World, clock: time_machine.Traveller
) -> None:
    lock("ada@example.com")
    page = text_of(sign_in(client, "ada@example.com"))
    assert "by you or by somebody else. Nobody got in with them." in page
    assert "Try again in five minutes, or in an hour; a passkey works at once" in page
    clock.shift(timedelta(minutes=59, seconds=49))
    assert outcome(sign_in(client, "ada@example.com")) == "not looked at"
    clock.shift(timedelta(seconds=1))
    assert outcome(sign_in(client, "ada@example.com")) == "let in"


def test_guesses_at_one_account_from_few_networks_are_stopped_in_every_hour(
    world: World, clock: time_machine.Traveller
) -> None:
    guesser, networks = Client(), addresses(25)
    found: Counter[str] = Counter()
    for _hour in range(2):
        for number in range(150):
            if number == 125:
                clock.shift(timedelta(minutes=6))  # each network could begin anew
            guess = sign_in(guesser, "ada@example.com", f"guess {number}", REMOTE_ADDR=networks[number % 25])
            found[outcome(guess)] += 1
        clock.shift(timedelta(minutes=54))
    assert found == {"wrong": 2 * LOOKED_AT, "not looked at": 2 * (150 - LOOKED_AT)}


def test_a_few_guesses_of_others_keep_nobody_out(client: Client, world: World, clock: time_machine.Traveller) -> None:
    for guesser in addresses(5):
        guesses = [outcome(sign_in(Client(), "ada@example.com", "guess", REMOTE_ADDR=guesser)) for _time in range(8)]
        assert guesses == ["wrong"] * 5 + ["not looked at"] * 3
    assert outcome(sign_in(Client(), "ada@example.com", REMOTE_ADDR=guesser)) == "not looked at"
    assert outcome(sign_in(client, "ada@example.com")) == "let in"


def test_another_name_of_the_service_or_of_the_account_begins_no_new_count(
    world: World, clock: time_machine.Traveller
) -> None:
    guesses = [
        outcome(sign_in(Client(), email, "guess", HTTP_HOST=f"localhost:{port}"))
        for email in ("ada@example.com", "ADA@example.com", " Ada@Example.com ")
        for port in (1, 2, 3)
    ]
    assert guesses == ["wrong"] * 5 + ["not looked at"] * 4


def test_others_sign_in_while_one_account_is_guessed_at(client: Client, world: World) -> None:
    lock("ada@example.com")
    assert outcome(sign_in(client, "ben@example.com")) == "let in"


def test_who_is_signed_in_stays_so(ben: Client, world: World) -> None:
    lock("ben@example.com")
    assert is_signed_in(ben)


@pytest.mark.usefixtures("sends_mail")
def test_a_reset_by_mail_lets_the_owner_in_at_once(client: Client, world: World, clock: Any) -> None:
    sign_in(client, "ada@example.com")
    client.logout()
    lock("ada@example.com")
    client.post("/accounts/password/reset/", {"email": "ada@example.com"})
    link = next(word for word in str(mail.outbox[0].body).split() if "/key/" in word)
    form = client.get(link).headers["Location"]
    client.post(form, {"password1": "another horse, another battery", "password2": "another horse, another battery"})
    assert outcome(sign_in(client, "ada@example.com", "another horse, another battery")) == "let in"


def test_ones_own_slips_are_not_counted_once_one_is_in(client: Client, world: World, clock: Any) -> None:
    for _time in range(4):
        for _slip in range(2):
            sign_in(client, "ada@example.com", "a slip")
        assert outcome(sign_in(client, "ada@example.com")) == "let in"
        client.logout()
        clock.shift(timedelta(minutes=5))


def test_codes_are_not_guessed_either(world: World, clock: time_machine.Traveller) -> None:
    owner, guesser = Client(), Client()
    owner.force_login(world.ben)
    secret = set_up_app(owner)
    clock.shift(timedelta(seconds=30))
    right = code_of(secret)
    sign_in(guesser, "ben@example.com", PASSWORD)
    wrong = (f"{number:06}" for number in range(1_000_000) if f"{number:06}" != right)
    pages = [
        text_of(guesser.post(ASKS, {"code": next(wrong)}, REMOTE_ADDR=address)) for address in addresses(NETWORKS // 5)
    ]
    assert sum("Incorrect code." in page for page in pages) == 5
    assert sum(TOO_MANY in page for page in pages) == len(pages) - 5
    guesser.post(ASKS, {"code": right}, REMOTE_ADDR="192.0.2.1")
    assert not is_signed_in(guesser)


def test_the_password_is_not_guessed_in_a_session_that_was_left_open(ben: Client, clock: Any) -> None:
    place = "/accounts/factors/totp/activate/"
    for number in range(100):
        ben.post("/accounts/reauthenticate/", {"password": f"guess {number}", "next": place})
        ben.post(
            "/accounts/password/", {"oldpassword": f"guess {number}", "password1": "x" * 12, "password2": "x" * 12}
        )
    assert ben.post("/accounts/reauthenticate/", {"password": PASSWORD, "next": place}).status_code == 429
    answer = ben.post("/accounts/password/", {"oldpassword": PASSWORD, "password1": "x" * 12, "password2": "x" * 12})
    assert answer.status_code == 429


def test_mails_are_not_sent_without_end(client: Client, world: World, sends_mail: None, clock: Any) -> None:
    for _time in range(50):
        client.post("/accounts/password/reset/", {"email": "ada@example.com"})
    assert len(mail.outbox) == 5
