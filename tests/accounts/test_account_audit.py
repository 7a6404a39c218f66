"""What people do with their own accounts is told to operators, of no organization, and tells no secret."""

from __future__ import annotations

import re
from typing import Any

import pytest
import time_machine
from django.apps import apps
from django.core.cache import cache
from django.test import Client

from apps.organizations.models import AuditEntry, User
from tests.access.routes import routes
from tests.access.table import read_table
from tests.accounts.test_forgotten_password import choose, link_to
from tests.accounts.test_registration import EVE, link_in
from tests.accounts.visits import confirm_password, set_up_app, sign_in
from tests.people import PASSWORD, World

NEW = "a-new-long-passphrase"
FACTORS, ELSEWHERE, PASSKEYS = "/accounts/factors/", "tests/accounts/test_openid.py", "tests/browser/test_passkeys.py"
TOLD = {
    "/accounts/": "change_account",
    "/accounts/confirm-email/<key>/": "confirm_address",
    "/accounts/connections/": f"disconnect_account, in {ELSEWHERE}",
    "/accounts/connections/signup/": f"sign_up, in {ELSEWHERE}",
    f"{FACTORS}recovery-codes/generate/": "renew_factor",
    f"{FACTORS}totp/activate/": "add_factor",
    f"{FACTORS}totp/deactivate/": "remove_factor",
    f"{FACTORS}webauthn/add/": f"add_factor, in {PASSKEYS}",
    f"{FACTORS}webauthn/keys/<pk>/remove/": f"remove_factor, in {PASSKEYS}",
    "/accounts/oidc/callback/": f"connect_account, in {ELSEWHERE}",
    "/accounts/password/": "change_password",
    "/accounts/password/reset/key/<uidb36>-<key>/": "reset_password",
    "/accounts/password/set/": "set_password",
    "/accounts/sessions/": "end_other_sessions",
    "/accounts/signup/": "sign_up",
}
"""Routes that change an account, and what the audit calls it: here where no other file is named."""
UNTOLD = {
    "/admin/login/": "leads to the sign-in of everybody",
    "/admin/logout/": "ends the session of this browser",
    "/admin/password_change/": "leads to the page of everybody",
    "/admin/password_change/done/": "leads there too",
    "/accounts/login/": "who signs in is told by their sessions",
    "/accounts/logout/": "ends the session of this browser",
    "/accounts/oidc/": "leads to the provider",
    "/accounts/password/reset/": "sends mail; what the link does is told",
    "/accounts/reauthenticate/": "shows who it is",
    f"{FACTORS}": "is read",
    f"{FACTORS}authenticate/": "shows who it is",
    f"{FACTORS}reauthenticate/": "shows who it is",
    f"{FACTORS}recovery-codes/": "is read",
    f"{FACTORS}recovery-codes/download/": "is read",
    f"{FACTORS}webauthn/": "is read",
    f"{FACTORS}webauthn/keys/<pk>/edit/": "changes what its owner calls a passkey, and nothing that it opens",
    f"{FACTORS}webauthn/login/": "shows who it is",
    f"{FACTORS}webauthn/reauthenticate/": "shows who it is",
}
"""Routes that take a POST, in docs/access.md, and change nothing that is kept, with the reason."""


OF_NO_ACCOUNT = {
    "/admin/",
    "/admin/<app_label>/",
    "/admin/<url>",
    "/admin/autocomplete/",
    "/admin/jsi18n/",
    "/admin/r/<content_type_id>/<object_id>/",
    "/admin/search/",
}
"""Routes of the administration that are neither about rows nor about one's own account."""


def test_of_each_route_it_is_known_whether_it_is_told() -> None:
    places = ("/accounts/", "/admin/")
    posted = {route for method, route in read_table() if method == "POST" and route.startswith(places)}
    assert posted == TOLD.keys() | UNTOLD.keys()
    assert not TOLD.keys() & UNTOLD.keys()


def test_the_administration_has_no_other_route_about_ones_own_account() -> None:
    about_rows = {app.label for app in apps.get_app_configs()}
    found = {route for route in routes() if route.startswith("/admin/") and route.split("/")[2] not in about_rows}
    assert found - OF_NO_ACCOUNT == {route for route in UNTOLD if route.startswith("/admin/")}


@pytest.mark.parametrize("place", ["", "done/"])
def test_the_administration_leads_to_the_one_page_for_passwords(client: Client, db: None, place: str) -> None:
    operator = User.objects.create_superuser("operator@example.com", PASSWORD)
    client.force_login(operator)
    assert 'href="/admin/password_change/"' in client.get("/admin/").content.decode()
    form = {"old_password": PASSWORD, "new_password1": NEW, "new_password2": NEW}
    for answer in (client.get(f"/admin/password_change/{place}"), client.post(f"/admin/password_change/{place}", form)):
        assert answer.status_code == 302
        assert answer.headers["Location"] == "/accounts/password/"
    assert User.objects.get().check_password(PASSWORD)


def told(person: User) -> list[tuple[str, dict[str, Any]]]:
    """What is told of a person, the oldest first: all of it from a network, and of no organization."""
    entries = list(AuditEntry.objects.filter(who=person.public_id).order_by("pk"))
    assert all(entry.origin and not entry.organization and not entry.site for entry in entries)
    return [(entry.what, entry.details) for entry in entries]


def test_a_changed_password_is_told(ben: Client, world: World) -> None:
    confirm_password(ben, "/")
    ben.post("/accounts/password/", {"oldpassword": PASSWORD, "password1": NEW, "password2": NEW})
    assert told(world.ben) == [("change_password", {})]


def test_a_first_password_is_told(client: Client, world: World) -> None:
    world.ben.set_unusable_password()
    world.ben.save()
    client.force_login(world.ben)
    client.post("/accounts/password/set/", {"password1": NEW, "password2": NEW})
    assert told(world.ben) == [("set_password", {})]


def test_a_changed_name_is_told_by_the_names_of_its_fields(ben: Client, world: World) -> None:
    form = {"first_name": "Benjamin", "last_name": world.ben.last_name}
    for _time in range(2):
        ben.post("/accounts/", form)
    assert told(world.ben) == [("change_account", {"fields": ["first_name"]})]


@pytest.mark.usefixtures("sends_mail")
def test_a_password_that_is_reset_is_told(client: Client, world: World) -> None:
    choose(client, link_to("ben@example.com"))
    assert ("reset_password", {}) in told(world.ben)


@pytest.mark.django_db(transaction=True)  # what is told comes when it is stored
def test_the_app_and_new_codes_are_told(ben: Client, world: World, clock: time_machine.Traveller) -> None:
    set_up_app(ben)
    ben.post("/accounts/factors/recovery-codes/generate/")
    ben.post("/accounts/factors/totp/deactivate/")
    app, codes = {"kind": "totp"}, {"kind": "recovery_codes"}
    assert told(world.ben) == [
        ("add_factor", app),
        ("add_factor", codes),
        ("renew_factor", codes),
        ("remove_factor", app),
        ("remove_factor", codes),
    ]


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
    page = owner.get(f"/organizations/{world.acme.public_id}/audit")
    assert page.status_code == 200
    assert "End other sessions" not in page.content.decode()
    operator.force_login(User.objects.create_superuser("operator@example.com", PASSWORD))
    assert found_by(operator, world.ben) == ["end_other_sessions"]
    assert found_by(operator, world.ada) == []


def found_by(operator: Client, person: User) -> list[str]:
    """What the list of the admin says was done by a person."""
    page = operator.get(f"/admin/organizations/auditentry/?q={person.public_id}").content.decode()
    return re.findall(r"field-what[^>]*>\s*(\w+)\s*<", page)
