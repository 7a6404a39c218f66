"""Where a person is signed in: listed, and ended everywhere else at once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import time_machine
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.test import Client

from apps.core.clock import utc_now
from apps.organizations.models import AuditEntry, User
from apps.organizations.tasks import delete_expired_sessions
from tests.accounts.visits import is_signed_in, sign_in, text_of
from tests.people import PASSWORD, World

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
SAFARI = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)"
    " Version/18.5 Mobile/15E148 Safari/604.1"
)


def browser(user_agent: str, email: str = "ben@example.com", address: str = "192.0.2.7") -> Client:
    """A browser in which somebody has signed in."""
    found = Client(headers={"user-agent": user_agent}, REMOTE_ADDR=address)
    sign_in(found, email)
    assert is_signed_in(found)
    return found


def test_every_browser_is_listed_and_this_one_marked(world: World) -> None:
    here, _there = browser(FIREFOX), browser(SAFARI, address="198.51.100.9")
    browser(FIREFOX, email="ada@example.com", address="203.0.113.1")
    page = text_of(here.get("/accounts/sessions/"))
    assert "<strong>Firefox on Linux</strong> · this browser" in page
    assert "<strong>Mobile Safari on iOS</strong>" in page
    assert page.count("this browser") == 1
    assert "from 192.0.2.7" in page
    assert "from 198.51.100.9" in page
    assert "203.0.113.1" not in page


def test_signing_out_everywhere_ends_the_other_sessions_at_once(world: World) -> None:
    here, there, hers = browser(FIREFOX), browser(SAFARI), browser(FIREFOX, email="ada@example.com")
    page = text_of(here.post("/accounts/sessions/", follow=True))
    assert "You are signed out everywhere else." in page
    assert "You are signed in nowhere else." in page
    assert not is_signed_in(there)
    assert is_signed_in(here)
    assert is_signed_in(hers)


def test_a_session_from_before_there_was_a_list_ends_too(world: World) -> None:
    old, here = Client(), browser(FIREFOX)
    old.force_login(world.ben)
    assert UserSession.objects.count() == 1
    here.post("/accounts/sessions/")
    assert not is_signed_in(old)


def test_a_session_from_before_there_was_a_list_gets_into_it(world: World) -> None:
    old = Client(headers={"user-agent": FIREFOX})
    old.force_login(world.ben)
    old.get("/accounts/")
    assert "Firefox on Linux" in text_of(old.get("/accounts/sessions/"))


def test_when_a_browser_was_seen_is_noted_every_few_minutes(world: World, clock: time_machine.Traveller) -> None:
    here = browser(FIREFOX)
    seen = UserSession.objects.get().last_seen_at
    clock.shift(timedelta(minutes=4))
    is_signed_in(here)
    assert UserSession.objects.get().last_seen_at == seen
    clock.shift(timedelta(minutes=2))
    is_signed_in(here)
    assert UserSession.objects.get().last_seen_at - seen == timedelta(minutes=6)


def test_a_page_is_shown_even_where_the_proxy_did_not_tell_the_address(world: World, settings: Any) -> None:
    here = Client()
    here.force_login(world.ben)
    settings.ALLAUTH_TRUSTED_CLIENT_IP_HEADER = "Visitoraddress"
    assert is_signed_in(here)
    assert not UserSession.objects.exists()


def test_who_is_barred_is_out_at_once_and_is_told_at_the_door(world: World) -> None:
    here = browser(FIREFOX)
    User.objects.filter(pk=world.ben.pk).update(is_active=False)
    assert not is_signed_in(here)
    assert sign_in(here, "ben@example.com").headers["Location"] == "/accounts/inactive/"
    assert "This account is closed" in text_of(here.get("/accounts/inactive/"))
    assert not is_signed_in(here)


def test_a_new_password_ends_the_other_sessions(world: World) -> None:
    here, there = browser(FIREFOX), browser(SAFARI)
    here.post("/accounts/password/", {"oldpassword": PASSWORD, "password1": "x y z 1 2 3", "password2": "x y z 1 2 3"})
    assert is_signed_in(here)
    assert not is_signed_in(there)
    page = text_of(here.get("/accounts/sessions/"))
    assert page.count(" on ") == page.count("Firefox on Linux") == 1


def test_what_is_known_of_an_ended_session_is_deleted_with_it(world: World) -> None:
    browser(FIREFOX)
    kept = browser(SAFARI, email="ada@example.com")
    ended = Session.objects.filter(pk=UserSession.objects.get(user=world.ben).session_key)
    ended.update(expire_date=utc_now() - timedelta(seconds=1))
    delete_expired_sessions()
    assert [each.user for each in UserSession.objects.all()] == [world.ada]
    assert is_signed_in(kept)


def test_an_administrator_signs_somebody_out_everywhere(world: World) -> None:
    here, hers = browser(FIREFOX), browser(FIREFOX, email="ada@example.com")
    root = Client()
    root.force_login(User.objects.create(email="root@example.com", is_staff=True, is_superuser=True))
    choice = {"action": "end_sessions", "_selected_action": [world.ben.pk]}
    assert root.post("/admin/organizations/user/", choice).status_code == 302
    assert not is_signed_in(here)
    assert is_signed_in(hers)
    assert AuditEntry.objects.get(what="end_sessions").details == {"person": world.ben.public_id}
