"""Whoever may change people does not thereby get more rights than they have."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Permission
from django.test import Client

from apps.organizations.models import AuditEntry, User
from tests.people import World

PASSWORD = "long enough and never seen before"


def staff_member(name: str, *rights: str, **more: bool) -> User:
    user = User.objects.create(email=f"{name}@example.com", is_staff=True, **more)
    user.user_permissions.set(Permission.objects.filter(codename__in=rights))
    return user


@pytest.fixture
def clerk(client: Client, world: World) -> Client:
    """May change and delete people, and is no superuser."""
    client.force_login(staff_member("clerk", "view_user", "change_user", "delete_user", "view_membership"))
    return client


@pytest.fixture
def root(world: World) -> User:
    return staff_member("root", is_superuser=True)


def form_of(person: User, **changes: object) -> dict[str, object]:
    rows = {"memberships-TOTAL_FORMS": "0", "memberships-INITIAL_FORMS": "0"}
    return {"email": person.email, "first_name": "", "last_name": "", "is_active": "on", **rows, **changes}


def page_of(person: User, page: str = "change") -> str:
    return f"/admin/organizations/user/{person.pk}/{page}/"


def test_a_clerk_changes_people_and_gives_no_rights(clerk: Client, world: World) -> None:
    every = [str(each) for each in Permission.objects.values_list("pk", flat=True)]
    wanted = form_of(world.ben, first_name="Benedict", is_staff="on", is_superuser="on", user_permissions=every)
    assert clerk.post(page_of(world.ben), wanted).status_code == 302
    world.ben.refresh_from_db()
    assert (world.ben.first_name, world.ben.is_staff, world.ben.is_superuser) == ("Benedict", False, False)
    assert not world.ben.user_permissions.exists()


def test_a_clerk_has_no_rights_over_others_of_the_staff(clerk: Client, root: User) -> None:
    colleague = staff_member("colleague", "view_event")
    for person in (root, colleague):
        email, old = person.email, person.password
        clerk.post(page_of(person), form_of(person, email="mine@example.com"))
        clerk.post(page_of(person, "password"), {"password1": PASSWORD, "password2": PASSWORD})
        clerk.post(page_of(person, "delete"), {"post": "yes"})
        for action in ("remove_factors", "end_sessions", "delete_selected"):
            chosen = {"action": action, "_selected_action": [person.pk], "post": "yes"}
            clerk.post("/admin/organizations/user/", chosen)
        person.refresh_from_db()
        assert (person.email, person.password) == (email, old)
    assert not AuditEntry.objects.exists()


def test_a_clerk_does_not_raise_themselves(clerk: Client) -> None:
    own = User.objects.get(email="clerk@example.com")
    clerk.post(page_of(own), form_of(own, is_staff="on", is_superuser="on"))
    own.refresh_from_db()
    assert (own.is_staff, own.is_superuser) == (True, False)


def test_a_superuser_gives_a_right_that_works_at_once_and_is_told(client: Client, root: User, world: World) -> None:
    right = Permission.objects.get(codename="view_organization")
    client.force_login(root)
    answer = client.post(
        page_of(world.ben), form_of(world.ben, first_name="Ben", is_staff="on", user_permissions=[right.pk])
    )
    assert answer.status_code == 302
    assert AuditEntry.objects.get().details["fields"] == ["is_staff", "user_permissions"]
    client.force_login(world.ben)
    assert client.get("/admin/organizations/organization/").status_code == 200
    refused = client.get("/admin/organizations/user/")
    assert refused.status_code == 403
    assert "rights in the administration do not include it" in refused.content.decode()
    assert 'href="/admin/"' in refused.content.decode()
