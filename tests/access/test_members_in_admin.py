"""Members in the admin: every change is told in the audit, and the last owner stays there too."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from apps.core.clock import utc_now
from apps.events.store import EventStore
from apps.organizations.inviting import invite
from apps.organizations.models import ApiToken, AuditEntry, Membership, Organization, Role, User
from apps.sites.models import Site
from tests.access.conftest import signed_in
from tests.invitations import is_valid
from tests.people import World, token_of

ADMIN = "/admin/organizations"


@pytest.fixture
def root(world: World) -> User:
    """An administrator who is a member of nothing."""
    return User.objects.create(email="root@example.com", is_staff=True, is_superuser=True)


@pytest.fixture
def staff(root: User) -> Client:
    return signed_in(root)


def of(user: User) -> Membership:
    return Membership.objects.get(user=user)


def inline(*memberships: Membership, **changes: str) -> dict[str, str]:
    """The inline forms of memberships as they are, and ``changes`` of the fields of ``N``: ``N_role="editor"``."""
    form = {"memberships-TOTAL_FORMS": str(len(memberships)), "memberships-INITIAL_FORMS": str(len(memberships))}
    for number, each in enumerate(memberships):
        form |= {
            f"memberships-{number}-id": str(each.pk),
            f"memberships-{number}-organization": str(each.organization_id),
            f"memberships-{number}-user": str(each.user_id),
            f"memberships-{number}-role": each.role,
        }
    return form | {
        f"memberships-{name.removeprefix('_').replace('_', '-', 1)}": value for name, value in changes.items()
    }


def told() -> list[tuple[str, str, Any]]:
    return list(AuditEntry.objects.order_by("pk").values_list("what", "who", "details__member"))


def owners(organization: Organization) -> set[str]:
    return set(organization.memberships.filter(role=Role.OWNER).values_list("user__first_name", flat=True))


def save(staff: Client, path: str, form: dict[str, str]) -> Any:
    return staff.post(f"{ADMIN}/{path}/change/", form)


def test_the_last_owner_cannot_be_made_anything_else_on_their_membership(staff: Client, world: World) -> None:
    form = {"organization": str(world.acme.pk), "user": str(world.ada.pk), "role": "editor"}
    answer = save(staff, f"membership/{of(world.ada).pk}", form)
    assert answer.status_code == 200
    assert "“Acme” would have no owner any more." in answer.content.decode()
    assert owners(world.acme) == {"Ada"}
    assert told() == []


def test_a_membership_that_is_saved_as_it_was_tells_nothing(staff: Client, world: World) -> None:
    form = {"organization": str(world.acme.pk), "user": str(world.ben.pk), "role": "reader"}
    assert save(staff, f"membership/{of(world.ben).pk}", form).status_code == 302
    assert told() == []
    assert save(staff, f"membership/{of(world.ben).pk}", form | {"role": "editor"}).status_code == 302
    assert [what for what, _who, _member in told()] == ["change_member"]


@pytest.mark.parametrize("changes", [{"_0_role": "editor"}, {"_0_DELETE": "on"}])
def test_the_last_owner_stays_on_the_page_of_the_organization(
    staff: Client, world: World, changes: dict[str, str]
) -> None:
    ada, ben = of(world.ada), of(world.ben)
    answer = save(staff, f"organization/{world.acme.pk}", {"title": "Acme", **inline(ada, ben, **changes)})
    assert answer.status_code == 200
    assert "“Acme” would have no owner any more." in answer.content.decode()
    assert owners(world.acme) == {"Ada"}
    assert told() == []


@pytest.mark.parametrize("changes", [{"_0_role": "editor"}, {"_0_DELETE": "on"}])
def test_another_owner_in_the_same_form_is_enough(
    staff: Client, root: User, world: World, changes: dict[str, str]
) -> None:
    ada, ben = of(world.ada), of(world.ben)
    form = {"title": "Acme", **inline(ada, ben, **changes, _1_role="owner")}
    assert save(staff, f"organization/{world.acme.pk}", form).status_code == 302
    assert owners(world.acme) == {"Ben"}
    expected = {"_0_role": "change_member", "_0_DELETE": "remove_member"}
    assert sorted(told()) == sorted(
        [
            (expected[next(iter(changes))], root.public_id, world.ada.public_id),
            ("change_member", root.public_id, world.ben.public_id),
        ]
    )


@pytest.mark.parametrize(
    ("changes", "what"), [({"_0_role": "editor"}, "change_member"), ({"_0_DELETE": "on"}, "remove_member")]
)
def test_a_membership_that_is_changed_on_the_page_of_the_person_is_told_once(
    staff: Client, root: User, world: World, changes: dict[str, str], what: str
) -> None:
    form = {"email": "ben@example.com", "first_name": "Ben", "is_active": "on", **inline(of(world.ben), **changes)}
    assert save(staff, f"user/{world.ben.pk}", form).status_code == 302
    assert told() == [(what, root.public_id, world.ben.public_id)]


def test_a_change_of_the_person_beside_one_of_their_membership_is_told_apart(
    staff: Client, root: User, world: World
) -> None:
    form = {"email": "ben@example.com", "first_name": "Ben", "is_active": "on", "is_staff": "on"}
    assert save(staff, f"user/{world.ben.pk}", form | inline(of(world.ben), _0_role="editor")).status_code == 302
    assert told() == [("change_member", root.public_id, world.ben.public_id), ("change_person", root.public_id, None)]
    assert AuditEntry.objects.get(what="change_person").details == {
        "person": world.ben.public_id,
        "fields": ["is_staff"],
    }


def test_somebody_who_may_not_sign_in_is_no_owner_to_leave_it_to(staff: Client, world: World) -> None:
    User.objects.filter(pk=world.ben.pk).update(is_active=False)
    form = {"title": "Acme", **inline(of(world.ada), of(world.ben), _0_role="editor", _1_role="owner")}
    assert "“Acme” would have no owner any more." in save(staff, f"organization/{world.acme.pk}", form).content.decode()
    assert owners(world.acme) == {"Ada"}


@pytest.mark.parametrize("changes", [{"_0_role": "reader"}, {"_0_DELETE": "on"}])
def test_the_last_owner_stays_on_the_page_of_the_person(staff: Client, world: World, changes: dict[str, str]) -> None:
    form = {"email": "ada@example.com", "is_active": "on", **inline(of(world.ada), **changes)}
    answer = save(staff, f"user/{world.ada.pk}", form)
    assert answer.status_code == 200
    assert "“Acme” would have no owner any more." in answer.content.decode()
    assert owners(world.acme) == {"Ada"}


@pytest.mark.parametrize("kind", ["membership", "user"])
def test_neither_the_last_owner_nor_their_membership_is_deleted(staff: Client, world: World, kind: str) -> None:
    row = of(world.ada) if kind == "membership" else world.ada
    answer = staff.post(f"{ADMIN}/{kind}/{row.pk}/delete/", {"post": "yes"})
    assert answer.status_code == 200
    assert "the last owner of “Acme”" in answer.content.decode()
    chosen = {"action": "delete_selected", "_selected_action": [str(row.pk)], "post": "yes"}
    assert "the last owner of “Acme”" in staff.post(f"{ADMIN}/{kind}/", chosen).content.decode()
    assert owners(world.acme) == {"Ada"}
    assert told() == []


@pytest.mark.parametrize("kind", ["membership", "user"])
def test_two_owners_are_not_deleted_together(staff: Client, world: World, kind: str) -> None:
    Membership.objects.filter(user=world.ben).update(role=Role.OWNER)
    rows = [of(each) if kind == "membership" else each for each in (world.ada, world.ben)]
    chosen = {"action": "delete_selected", "_selected_action": [str(row.pk) for row in rows], "post": "yes"}
    staff.post(f"{ADMIN}/{kind}/", chosen)
    assert owners(world.acme) == {"Ada", "Ben"}


@pytest.mark.parametrize("kind", ["membership", "user"])
@pytest.mark.parametrize("many", [False, True])
def test_others_are_deleted_and_that_is_told(staff: Client, root: User, world: World, kind: str, many: bool) -> None:
    row = of(world.ben) if kind == "membership" else world.ben
    if many:
        form: dict[str, Any] = {"action": "delete_selected", "_selected_action": [str(row.pk)], "post": "yes"}
        answer = staff.post(f"{ADMIN}/{kind}/", form)
    else:
        answer = staff.post(f"{ADMIN}/{kind}/{row.pk}/delete/", {"post": "yes"})
    assert answer.status_code == 302
    assert not Membership.objects.filter(pk=row.pk if kind == "membership" else None).exists()
    assert world.acme.memberships.count() == 1
    person = [("delete_person", root.public_id, None)] if kind == "user" else []
    assert told() == [*person, ("remove_member", root.public_id, world.ben.public_id)]


def test_a_membership_that_staff_end_ends_the_tokens_of_the_person(staff: Client, world: World) -> None:
    raw = token_of(world.ben, world.acme)
    form = {"title": "Acme", **inline(of(world.ada), of(world.ben), _1_DELETE="on")}
    assert save(staff, f"organization/{world.acme.pk}", form).status_code == 302
    Membership.objects.create(organization=world.acme, user=world.ben)
    assert ApiToken.objects.find(raw, now=utc_now()) is None


def test_a_reader_is_limited_on_the_page_of_their_membership(
    staff: Client, root: User, world: World, blog: Site
) -> None:
    address, whose = f"membership/{of(world.ben).pk}", {"organization": str(world.acme.pk), "user": str(world.ben.pk)}
    form = {**whose, "role": "reader", "is_limited": "on", "sites": str(blog.pk)}
    assert save(staff, address, form).status_code == 302
    assert list(Site.objects.visible_to(world.ben)) == [blog]
    assert AuditEntry.objects.get().details == {
        "member": world.ben.public_id,
        "role": "reader",
        "sites": [blog.public_id],
    }
    refused = save(staff, address, {**form, "role": "editor"})
    assert "Only readers are limited to some sites." in refused.content.decode()
    assert (
        save(
            staff,
            f"organization/{world.acme.pk}",
            {"title": "Acme", **inline(of(world.ada), of(world.ben), _1_role="editor")},
        ).status_code
        == 302
    )
    assert list(Site.objects.visible_to(world.ben)) == [blog, world.docs]


def test_a_membership_is_not_handed_to_somebody_else(staff: Client, world: World) -> None:
    form = {"organization": str(world.elsewhere.pk), "user": str(world.cy.pk), "role": "editor"}
    assert save(staff, f"membership/{of(world.ben).pk}", form).status_code == 302
    assert of(world.ben).organization == world.acme
    assert of(world.ben).role == "editor"


def test_a_new_member_is_told(staff: Client, root: User, world: World) -> None:
    form = {"organization": str(world.acme.pk), "user": str(world.cy.pk), "role": "reader"}
    assert staff.post(f"{ADMIN}/membership/add/", form).status_code == 302
    assert told() == [("add_member", root.public_id, world.cy.public_id)]


def test_an_organization_is_renamed_and_deleted_with_its_last_owner(
    staff: Client, root: User, world: World, store: EventStore
) -> None:
    form = {"title": "Acme Inc.", **inline(of(world.ada), of(world.ben))}
    assert save(staff, f"organization/{world.acme.pk}", form).status_code == 302
    assert staff.post(f"{ADMIN}/organization/{world.acme.pk}/delete/", {"post": "yes"}).status_code == 302
    assert not Organization.objects.filter(pk=world.acme.pk).exists()
    whats = [entry.what for entry in AuditEntry.objects.filter(who=root.public_id).order_by("pk")]
    assert whats == ["rename_organization", "delete_organization"]


def test_invitations_are_read_and_revoked_and_their_secrets_are_not_there(
    staff: Client, root: User, world: World
) -> None:
    made, secret = invite(world.acme, Role.EDITOR, who=world.ada)
    page = staff.get(f"{ADMIN}/invitation/{made.pk}/change/").content.decode()
    assert made.public_id in page
    assert made.secret_hash not in page
    assert staff.get(f"{ADMIN}/invitation/add/").status_code == 403
    chosen = {"action": "revoke", "_selected_action": [made.pk]}
    for answer in ("1 invitation was revoked.", "0 invitations were revoked."):
        assert answer in staff.post(f"{ADMIN}/invitation/", chosen, follow=True).content.decode()
    assert not is_valid(secret)
    entry = AuditEntry.objects.get(what="revoke_invitation")
    assert (entry.who, entry.details) == (root.public_id, {"invitation": made.public_id})
