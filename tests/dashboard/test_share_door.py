"""The password of a share link: whom it lets in, for how long, and how often it may be guessed."""

from __future__ import annotations

import html
import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.test import Client

from apps.sites.models import ShareLink
from apps.sites.sharing import change_password, revoke_link
from tests.dashboard.conftest import NOW, Desk
from tests.dashboard.visits import SECRET, Visit, share

HTMX = {"HX-Request": "true"}


@pytest.fixture
def locked(busy_desk: Desk) -> Visit:
    """A link with a password."""
    return share(busy_desk, password=SECRET)


def test_a_password_lets_in_who_knows_it_and_tells_the_others_nothing(locked: Visit) -> None:
    door = locked.get()
    assert door.status_code == 200
    assert "This report has a password" in door.content.decode()
    assert "For the board" not in door.content.decode()
    wrong = locked.guess("a loud evening")
    assert wrong.status_code == 422
    (bad,) = re.findall(r'<div class="field field-bad">(.*?)</div>', wrong.content.decode(), re.DOTALL)
    assert "That is not the password." in bad
    assert not locked.sees_figures
    right = locked.guess(SECRET)
    assert (right.status_code, right["Location"]) == (302, locked.address)
    assert locked.sees_figures


@pytest.mark.parametrize("path", ["/pages", "/pages.csv", "/nothing"])
def test_the_parts_of_a_locked_report_are_locked(locked: Visit, path: str) -> None:
    answer = locked.get(path)
    assert answer.status_code == 403
    assert "/guide" not in answer.content.decode()
    assert locked.get(path, **HTMX)["HX-Refresh"] == "true"
    locked.guess(SECRET)
    assert locked.get(path).status_code == (404 if path == "/nothing" else 200)


def test_the_cookie_is_for_the_paths_of_the_link_and_for_no_script(locked: Visit) -> None:
    cookie = locked.guess(SECRET).cookies["share"]
    assert cookie["path"] == locked.address
    assert cookie["max-age"] == 12 * 3600
    assert cookie["httponly"] is True
    assert cookie["samesite"] == "Lax"
    assert cookie["secure"] == ""
    encrypted = locked.client.post(
        f"{locked.address}/unlock", {"password": SECRET}, secure=True, headers={"referer": "https://testserver/"}
    )
    assert encrypted.cookies["share"]["secure"] is True


def test_a_browser_is_let_in_for_twelve_hours(locked: Visit) -> None:
    value = locked.guess(SECRET).cookies["share"].value
    later = Client()
    later.cookies["share"] = value
    with time_machine.travel(NOW + timedelta(hours=11, minutes=59), tick=False):
        assert "Top pages" in later.get(locked.address).content.decode()
    with time_machine.travel(NOW + timedelta(hours=12, minutes=1), tick=False):
        assert "Top pages" not in later.get(locked.address).content.decode()


@pytest.mark.parametrize("password", ["another morning", SECRET])
def test_a_new_password_locks_out_whoever_knew_the_old_one(locked: Visit, password: str) -> None:
    locked.guess(SECRET)
    assert locked.sees_figures
    change_password(locked.link, password, who=locked.desk.world.ada)
    assert not locked.sees_figures
    assert locked.guess(password).status_code == 302
    assert locked.sees_figures


def test_a_password_can_be_taken_away(locked: Visit) -> None:
    assert not locked.sees_figures
    change_password(locked.link, "", who=locked.desk.world.ada)
    assert locked.sees_figures
    assert locked.guess("").status_code == 302


def test_who_was_let_in_is_out_when_the_link_is_revoked(locked: Visit) -> None:
    locked.guess(SECRET)
    assert locked.sees_figures
    revoke_link(locked.link, who=locked.desk.world.ada)
    assert locked.get().status_code == 404


def test_a_cookie_of_one_link_opens_no_other(locked: Visit) -> None:
    other = share(locked.desk, password=SECRET)
    value = locked.guess(SECRET).cookies["share"].value
    for forged in (value, "", "x", value[:-1]):
        other.client.cookies["share"] = forged
        assert not other.sees_figures
    assert other.guess(SECRET).status_code == 302
    assert other.sees_figures


def test_the_form_is_safe_from_forgery(locked: Visit) -> None:
    client = Client(enforce_csrf_checks=True)
    door = client.get(locked.address)
    assert client.post(f"{locked.address}/unlock", {"password": SECRET}).status_code == 403
    (token,) = re.findall(r'name="csrfmiddlewaretoken" value="([^"]+)"', door.content.decode())
    form = {"password": SECRET, "csrfmiddlewaretoken": token}
    assert client.post(f"{locked.address}/unlock", form).status_code == 302
    # A browser that may send no referrer says “null” here, and is refused: so this page alone allows its own host.
    assert client.post(f"{locked.address}/unlock", form, headers={"origin": "null"}).status_code == 403
    assert door["Referrer-Policy"] == "same-origin"


def test_in_a_frame_on_another_site_the_password_is_asked_for_in_a_tab(busy_desk: Desk) -> None:
    visit = share(busy_desk, password=SECRET, embed_hosts=["docs.example.org"])
    frame = {"Sec-Fetch-Dest": "iframe"}
    page = visit.get(**frame, **{"Sec-Fetch-Site": "cross-site"}).content.decode()
    assert f'<a href="{visit.address}" target="_blank"' in page
    assert "<form" not in page
    assert "<form" in visit.get(**frame, **{"Sec-Fetch-Site": "same-site"}).content.decode()


# Guesses.


@pytest.fixture
def guessed_out(locked: Visit) -> Visit:
    """An address has used its ten guesses, eight minutes before they are forgotten."""
    with time_machine.travel(datetime(2026, 4, 30, 12, 32, tzinfo=UTC), tick=False):
        answers = [locked.guess(f"guess {number}").status_code for number in range(10)]
    assert answers == [422] * 10
    return locked


def test_the_eleventh_guess_has_to_wait_even_if_it_is_right(guessed_out: Visit) -> None:
    with time_machine.travel(datetime(2026, 4, 30, 12, 32, tzinfo=UTC), tick=False):
        answer = guessed_out.guess(SECRET)
        assert answer.status_code == 429
        assert answer["Retry-After"] == "480"
        assert "It can be tried again in 8 minutes." in html.unescape(answer.content.decode())
        assert not guessed_out.sees_figures
    with time_machine.travel(datetime(2026, 4, 30, 12, 40, tzinfo=UTC), tick=False):
        assert guessed_out.guess(SECRET).status_code == 302


def test_guesses_of_one_address_or_link_are_not_those_of_another(guessed_out: Visit) -> None:
    other = share(guessed_out.desk, password=SECRET)
    with time_machine.travel(datetime(2026, 4, 30, 12, 32, tzinfo=UTC), tick=False):
        assert guessed_out.guess("wrong").status_code == 429
        assert other.guess("wrong").status_code == 422
        assert guessed_out.guess(SECRET, address="192.0.2.2").status_code == 302


def test_neighbours_in_an_ipv6_network_share_their_guesses(locked: Visit) -> None:
    answers = [locked.guess("wrong", address=f"2001:db8::{number}").status_code for number in range(1, 12)]
    assert answers == [422] * 10 + [429]
    assert locked.guess("wrong", address="2001:db8:0:1::1").status_code == 422


def test_a_link_takes_a_hundred_wrong_guesses_an_hour_from_all_addresses(locked: Visit) -> None:
    answers = [locked.guess("wrong", address=f"192.0.2.{number // 10}").status_code for number in range(100)]
    assert answers == [422] * 100
    answer = locked.guess(SECRET, address="192.0.2.200")
    assert (answer.status_code, answer["Retry-After"]) == (429, "1800")
    with time_machine.travel(NOW + timedelta(minutes=30), tick=False):
        assert locked.guess(SECRET, address="192.0.2.200").status_code == 302


def test_an_address_without_guesses_takes_none_of_the_others(locked: Visit) -> None:
    assert {locked.guess("wrong").status_code for _number in range(150)} == {422, 429}
    assert locked.guess("wrong", address="192.0.2.2").status_code == 422


def test_right_passwords_cost_no_guesses(locked: Visit) -> None:
    assert {locked.guess(SECRET).status_code for _number in range(120)} == {302}
    assert locked.guess("wrong").status_code == 422


def test_an_empty_form_is_no_guess(locked: Visit) -> None:
    assert {locked.guess("").status_code for _number in range(12)} == {422}
    assert locked.guess(SECRET).status_code == 302


def test_who_stands_before_the_door_has_not_used_the_link(locked: Visit) -> None:
    locked.get()
    locked.guess("wrong")
    assert ShareLink.objects.get(pk=locked.link.pk).last_used_at is None
