"""What people do with their own accounts is told to operators, of no organization, and tells no secret."""

from __future__ import annotations

from typing import Any

import pytest
import time_machine
from django.core.cache import cache
from django.test import Client

from apps.organizations.models import AuditEntry, User
from tests.accounts.test_forgotten_password import choose, link_to
from tests.accounts.test_registration import EVE, link_in
from tests.accounts.visits import confirm_password, set_up_app, sign_in
from tests.people import PASSWORD, World

NEW = "a-new-long-passphrase"


def told(person: User) -> list[tuple[str, dict[str, Any]]]:
    """What is told of a person, the oldest first: all of it from a network, and of no organization."""
    entries = list(AuditEntry.objects.filter(who=person.public_id).order_by("pk"))
    assert all(entry.origin and not entry.organization and not entry.site for entry in entries)
    return [(entry.what, entry.details) for entry in entries]


def test_a_changed_password_is_told(ben: Client, world: World) -> None:
    confirm_password(ben, "/")
    ben.post("/accounts/password/", {"oldpassword": PASSWORD, "password1": NEW, "password2": NEW})
    assert told(world.ben) == [("change_password", {})]


@pytest.mark.usefixtures("sends_mail")
def test_a_password_that_is_reset_is_told(client: Client, world: World) -> None:
    choose(client, link_to("ben@example.com"))
    assert ("reset_password", {}) in told(world.ben)


def test_the_app_and_new_codes_are_told(
    ben: Client, world: World, clock: time_machine.Traveller, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        set_up_app(ben)
        ben.post("/accounts/factors/recovery-codes/generate/")
    ben.post("/accounts/factors/totp/deactivate/")
    found = list(AuditEntry.objects.filter(who=world.ben.public_id).values_list("what", "details"))
    for what in ("add_factor", "remove_factor"):
        assert found.count((what, {"kind": "totp"})) == 1
    assert ("renew_factor", {"kind": "recovery_codes"}) in found


def test_signing_out_everywhere_else_is_told_with_their_number(world: World) -> None:
    here, there = Client(), Client()
    for browser in (here, there):
        sign_in(browser, "ben@example.com")
    here.post("/accounts/sessions/")
    assert told(world.ben)[-1] == ("end_other_sessions", {"sessions": 1})


@pytest.mark.usefixtures("sends_mail")
def test_a_sign_up_and_its_confirmation_are_told(
    client: Client, db: None, settings: Any, mailoutbox: list[Any]
) -> None:
    settings.REGISTRATION = "open"
    client.post("/accounts/signup/", EVE)
    client.post(link_in(mailoutbox[0]))
    assert told(User.objects.get()) == [("sign_up", {}), ("confirm_address", {})]


def test_operators_find_it_and_owners_do_not(ben: Client, world: World) -> None:
    ben.post("/accounts/sessions/")
    cache.clear()
    owner, operator = Client(), Client()
    owner.force_login(world.ada)
    assert "End other sessions" not in owner.get(f"/organizations/{world.acme.public_id}/audit").content.decode()
    operator.force_login(User.objects.create_superuser("operator@example.com", PASSWORD))
    page = operator.get(f"/admin/organizations/auditentry/?q={world.ben.public_id}").content.decode()
    assert "end_other_sessions" in page
