"""What staff delete in the administration is told: row by row, on its page and chosen in the list."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib import admin
from django.db.models import Model
from django.test import Client, RequestFactory
from django.urls import resolve

from apps.dashboard.models import SavedReport
from apps.organizations.inviting import invite, revoke_invitation
from apps.organizations.models import ApiToken, AuditEntry, Invitation, Membership, Organization, Role, User
from apps.segments.models import VisitorSegment
from apps.sites.models import ShareLink, Site
from apps.sites.sharing import create_link
from tests.people import World

ROWS: dict[type[Model], tuple[str, Callable[[World], Model]]] = {
    ApiToken: ("revoke_token", lambda world: ApiToken.issue(organization=world.acme, user=world.ben, title="One")[0]),
    Invitation: ("revoke_invitation", lambda world: invite(world.acme, Role.READER, who=world.ada)[0]),
    Membership: ("remove_member", lambda world: Membership.objects.get(user=world.ben)),
    Organization: ("delete_organization", lambda world: world.acme),
    SavedReport: ("delete_report", lambda world: SavedReport.objects.create(site=world.docs, title="One")),
    ShareLink: (
        "delete_share_link",
        lambda world: create_link(site=world.docs, who=world.ada, title="One", report="traffic")[0],
    ),
    Site: ("delete_site", lambda world: world.docs),
    User: ("delete_person", lambda world: world.ben),
    VisitorSegment: (
        "delete_segment",
        lambda world: VisitorSegment.objects.create(site=world.docs, title="One", claims={"a": 1}),
    ),
}
"""What can be deleted → what the audit calls it, and a row."""


@pytest.fixture
def root(world: World) -> User:
    return User.objects.create_superuser("root@example.com")


@pytest.fixture
def staff(client: Client, root: User) -> Client:
    client.force_login(root)
    return client


def place_of(row: Model) -> str:
    return f"/admin/{row._meta.app_label}/{row._meta.model_name}/"


def on_its_page(staff: Client, row: Model) -> Any:
    return staff.post(f"{place_of(row)}{row.pk}/delete/", {"post": "yes"})


def in_the_list(staff: Client, row: Model) -> Any:
    return staff.post(place_of(row), {"action": "delete_selected", "_selected_action": [row.pk], "post": "yes"})


def test_nothing_else_can_be_deleted(root: User) -> None:
    request = RequestFactory().get("/admin/")
    request.user = root

    def may_be_deleted(model: type[Model]) -> bool:
        request.resolver_match = resolve(f"/admin/{model._meta.app_label}/{model._meta.model_name}/")
        return bool(admin.site._registry[model].has_delete_permission(request))

    assert {model for model in admin.site._registry if may_be_deleted(model)} == ROWS.keys()


@pytest.mark.parametrize("delete", [on_its_page, in_the_list])
@pytest.mark.parametrize("model", ROWS, ids=lambda model: model.__name__)
def test_what_is_deleted_is_told(
    staff: Client, root: User, world: World, model: type[Model], delete: Callable[[Client, Model], Any]
) -> None:
    what, make = ROWS[model]
    row = make(world)
    assert delete(staff, row).status_code == 302
    assert not model._default_manager.filter(pk=row.pk).exists()
    assert AuditEntry.objects.filter(what=what, who=root.public_id).count() == 1


def test_a_deleted_invitation_is_told_as_revoked_and_once(staff: Client, root: User, world: World) -> None:
    made, _secret = invite(world.acme, Role.READER, who=world.ada)
    revoked, _secret = invite(world.acme, Role.READER, who=world.ada)
    revoke_invitation(revoked, who=world.ada)
    for row in (made, revoked):
        on_its_page(staff, row)
    told = AuditEntry.objects.filter(what="revoke_invitation", details={"invitation": made.public_id}).get()
    assert (told.who, told.organization) == (root.public_id, world.acme.public_id)
    again = AuditEntry.objects.filter(what="revoke_invitation", details={"invitation": revoked.public_id}).get()
    assert again.who == world.ada.public_id
