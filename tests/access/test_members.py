"""What owners do with members, and that an organization always keeps one."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection

from apps.core.clock import utc_now
from apps.organizations.members import (
    HoldsSites,
    LastOwner,
    NotAMember,
    change_member,
    create_organization,
    delete_organization,
    leave_organization,
    remove_member,
    rename_organization,
    transfer_ownership,
)
from apps.organizations.models import ApiToken, AuditEntry, Membership, Organization, Role, User
from apps.sites.models import Site
from tests.people import World, make_world, token_of

Act = Callable[[World], None]


def roles(organization: Organization) -> dict[str, str]:
    return dict(organization.memberships.values_list("user__first_name", "role"))


def entries() -> list[tuple[str, str, str, object]]:
    return list(AuditEntry.objects.order_by("pk").values_list("what", "who", "organization", "details"))


def test_whoever_makes_an_organization_owns_it(world: World) -> None:
    made = create_organization("Globex", owner=world.ben, who=world.ben)
    assert roles(made) == {"Ben": "owner"}
    assert entries() == [("create_organization", world.ben.public_id, made.public_id, {})]


def test_an_owner_renames_it(world: World) -> None:
    rename_organization(world.acme, "Acme Inc.", who=world.ada)
    assert Organization.objects.get(pk=world.acme.pk).title == "Acme Inc."
    assert entries() == [("rename_organization", world.ada.public_id, world.acme.public_id, {})]


def test_an_owner_changes_a_role_and_the_audit_tells_what_it_was(world: World) -> None:
    change_member(world.acme, world.ben, Role.EDITOR, who=world.ada)
    assert roles(world.acme) == {"Ada": "owner", "Ben": "editor"}
    told = {"member": world.ben.public_id, "was": "reader", "role": "editor", "sites": None}
    assert entries() == [("change_member", world.ada.public_id, world.acme.public_id, told)]


def test_a_reader_is_limited_to_sites_of_the_organization_alone(world: World, blog: Site) -> None:
    change_member(world.acme, world.ben, Role.READER, who=world.ada, sites=[blog, world.secrets])
    assert list(Site.objects.visible_to(world.ben)) == [blog]
    assert AuditEntry.objects.get().details["sites"] == [blog.public_id]
    change_member(world.acme, world.ben, Role.READER, who=world.ada, sites=[])
    assert list(Site.objects.visible_to(world.ben)) == []
    change_member(world.acme, world.ben, Role.READER, who=world.ada)
    assert list(Site.objects.visible_to(world.ben)) == [blog, world.docs]


def test_a_limited_reader_who_becomes_an_editor_sees_every_site(world: World, blog: Site) -> None:
    change_member(world.acme, world.ben, Role.READER, who=world.ada, sites=[blog])
    change_member(world.acme, world.ben, Role.EDITOR, who=world.ada, sites=[blog])
    assert list(Site.objects.visible_to(world.ben)) == [blog, world.docs]


def test_who_is_removed_sees_nothing_and_their_tokens_stay_dead(world: World) -> None:
    raw, kept = token_of(world.ben, world.acme), token_of(world.ada, world.acme)
    remove_member(world.acme, world.ben, who=world.ada)
    assert list(Organization.objects.visible_to(world.ben)) == []
    Membership.objects.create(organization=world.acme, user=world.ben)
    assert ApiToken.objects.find(raw, now=utc_now()) is None
    assert ApiToken.objects.find(kept, now=utc_now()) is not None
    of_ben = ApiToken.objects.get(user=world.ben)
    revoked = {"token": of_ben.public_id, "user": world.ben.public_id}
    assert entries() == [
        ("revoke_token", world.ada.public_id, world.acme.public_id, revoked),
        ("remove_member", world.ada.public_id, world.acme.public_id, {"member": world.ben.public_id}),
    ]


def test_who_leaves_is_told_with_each_token_that_ends(world: World) -> None:
    for _token in range(2):
        token_of(world.ben, world.acme)
    leave_organization(world.acme, who=world.ben)
    assert roles(world.acme) == {"Ada": "owner"}
    ben, acme = world.ben.public_id, world.acme.public_id
    assert entries() == [
        *(
            ("revoke_token", ben, acme, {"token": token.public_id, "user": ben})
            for token in ApiToken.objects.filter(user=world.ben).order_by("pk")
        ),
        ("leave_organization", ben, acme, {}),
    ]


def test_ownership_is_handed_over_and_the_former_owner_edits(world: World, blog: Site) -> None:
    change_member(world.acme, world.ben, Role.READER, who=world.ada, sites=[blog])
    transfer_ownership(world.acme, world.ben, who=world.ada)
    assert roles(world.acme) == {"Ada": "editor", "Ben": "owner"}
    assert list(Site.objects.visible_to(world.ben)) == [blog, world.docs]
    assert entries()[1:] == [
        ("transfer_ownership", world.ada.public_id, world.acme.public_id, {"member": world.ben.public_id}),
    ]


def test_ownership_cannot_be_handed_to_somebody_who_may_not_sign_in(world: World) -> None:
    User.objects.filter(pk=world.ben.pk).update(is_active=False)
    with pytest.raises(NotAMember):
        transfer_ownership(world.acme, world.ben, who=world.ada)
    assert roles(world.acme) == {"Ada": "owner", "Ben": "reader"}


def test_nothing_is_done_to_somebody_who_is_not_a_member(world: World) -> None:
    for act in (
        lambda: change_member(world.acme, world.cy, Role.OWNER, who=world.ada),
        lambda: remove_member(world.acme, world.cy, who=world.ada),
        lambda: transfer_ownership(world.acme, world.cy, who=world.ada),
        lambda: leave_organization(world.acme, who=world.cy),
    ):
        with pytest.raises(NotAMember):
            act()
    assert roles(world.acme) == {"Ada": "owner", "Ben": "reader"}


@pytest.mark.parametrize(
    "act",
    [
        lambda world: change_member(world.acme, world.ada, Role.EDITOR, who=world.ada),
        lambda world: remove_member(world.acme, world.ada, who=world.ada),
        lambda world: leave_organization(world.acme, who=world.ada),
    ],
)
def test_the_last_owner_stays_until_there_is_another(world: World, act: Act) -> None:
    with pytest.raises(LastOwner):
        act(world)
    assert roles(world.acme) == {"Ada": "owner", "Ben": "reader"}
    assert entries() == []
    Membership.objects.filter(user=world.ben).update(role=Role.OWNER)
    act(world)
    assert roles(world.acme)["Ben"] == "owner"
    assert roles(world.acme).get("Ada") != "owner"


def test_an_owner_who_may_not_sign_in_any_more_is_none(world: World) -> None:
    Membership.objects.filter(user=world.ben).update(role=Role.OWNER)
    User.objects.filter(pk=world.ben.pk).update(is_active=False)
    with pytest.raises(LastOwner):
        leave_organization(world.acme, who=world.ada)


@pytest.mark.parametrize("role", [Role.READER, Role.EDITOR, None])
@pytest.mark.parametrize(
    "act",
    [
        lambda world: rename_organization(world.acme, "Ours", who=world.ben),
        lambda world: delete_organization(world.acme, who=world.ben),
        lambda world: change_member(world.acme, world.ben, Role.OWNER, who=world.ben),
        lambda world: remove_member(world.acme, world.ada, who=world.ben),
        lambda world: transfer_ownership(world.acme, world.ben, who=world.ben),
    ],
)
def test_nobody_but_an_owner_does_any_of_it(world: World, act: Act, role: Role | None) -> None:
    ben = Membership.objects.filter(user=world.ben)
    ben.update(role=role) if role else ben.delete()
    before = roles(world.acme)
    with pytest.raises(PermissionDenied):
        act(world)
    assert roles(world.acme) == before
    assert Organization.objects.get(pk=world.acme.pk).title == "Acme"
    assert entries() == []


def test_an_organization_is_deleted_once_it_holds_no_site(world: World) -> None:
    with pytest.raises(HoldsSites):
        delete_organization(world.acme, who=world.ada)
    world.docs.delete()
    number = world.acme.public_id
    delete_organization(world.acme, who=world.ada)
    assert list(Organization.objects.values_list("title", flat=True)) == ["Elsewhere"]
    assert entries()[-1] == ("delete_organization", world.ada.public_id, number, {})


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("attempt", range(5))
def test_two_owners_who_remove_each_other_at_once_do_not_both_succeed(attempt: int) -> None:
    world, refused = make_world(), []
    Membership.objects.filter(user=world.ben).update(role=Role.OWNER)
    together = threading.Barrier(2)

    def remove(who: User, other: User) -> None:
        together.wait(timeout=30)
        try:
            remove_member(world.acme, other, who=who)
        except PermissionDenied:
            refused.append(who)
        finally:
            connection.close()

    threads = [threading.Thread(target=remove, args=pair) for pair in ((world.ada, world.ben), (world.ben, world.ada))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert len(refused) == 1
    assert list(roles(world.acme).values()) == ["owner"]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("attempt", range(5))
def test_of_two_owners_who_leave_at_once_one_stays(attempt: int) -> None:
    world, refused = make_world(), []
    Membership.objects.filter(user=world.ben).update(role=Role.OWNER)
    together = threading.Barrier(2)

    def leave(who: User) -> None:
        together.wait(timeout=30)
        try:
            leave_organization(world.acme, who=who)
        except LastOwner:
            refused.append(who)
        finally:
            connection.close()

    threads = [threading.Thread(target=leave, args=(who,)) for who in (world.ada, world.ben)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert len(refused) == 1
    assert list(roles(world.acme).values()) == ["owner"]
