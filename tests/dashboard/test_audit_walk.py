"""Whatever can be posted to of a site is posted to by its owner, and the audit tells of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.urls import URLPattern, reverse

from apps.dashboard.models import SavedReport
from apps.dashboard.urls import urlpatterns
from apps.organizations.audit import AuditEntry
from apps.organizations.inviting import invite
from apps.organizations.models import ApiToken, Membership, Role, User
from apps.segments.models import VisitorSegment
from apps.sites.sharing import create_link
from tests.api.calls import Caller, address
from tests.dashboard.conftest import Desk
from tests.people import token_of

NOTHING_IS_CHANGED = {
    "decline-invitation": "The browser forgets an invitation, which stays valid.",
    "shared-unlock": "A guest is let in to what was shared before; the link itself tells when it was used last.",
}
"""Routes that take a POST and are not told of, with the reason."""

FORMS: dict[str, tuple[str, Callable[[Any], dict[str, Any]]]] = {
    "settings": (
        "change_site",
        lambda _kept: {"title": "Handbook", "url": "", "time_zone": "UTC", "ingest_policy": "public"},
    ),
    "export": ("export_visitor", lambda _kept: {"export-visitor_id": "v1"}),
    "erase": ("erase_visitor", lambda _kept: {"erase-visitor_id": "v1", "erase-certain": "on"}),
    "reset": ("erase_reset", lambda _kept: {"reset-certain": "on"}),
    "export-events": ("export_events", lambda _kept: {"first": "2026-04-29", "last": "2026-04-30", "form": "ndjson"}),
    "share": ("create_share_link", lambda _kept: {"title": "Board", "report": "traffic", "parameters": "range=30d"}),
    "share-password": ("change_share_link_password", lambda kept: {f"{kept.public_id}-without": "on"}),
    "share-revoke": ("revoke_share_link", lambda _kept: {}),
    "saved-report": ("rename_report", lambda kept: {f"{kept.public_id}-title": "Monthly"}),
    "delete-report": ("delete_report", lambda _kept: {}),
    "saved-segment": ("rename_segment", lambda kept: {f"{kept.public_id}-title": "Gamma"}),
    "delete-segment": ("delete_segment", lambda _kept: {}),
}
"""Route → what the audit calls it, and the form for what is there already."""
KEEPING: dict[str, tuple[str, dict[str, str]]] = {
    "explore": ("save_report", {"title": "Weekly", "address": ""}),
    "segments": ("save_segment", {"title": "Beta", "claims": '{"beta": true}'}),
}
TOKEN = {"title": "Nightly", "scopes": ["site:insights:read"], "reach": "all", "lasts": "30"}
TEAM: dict[str, tuple[str, dict[str, str | list[str]]]] = {
    "organizations": ("create_organization", {"title": "Globex"}),
    "rename-organization": ("rename_organization", {"title": "Acme & Sons"}),
    "leave-organization": ("leave_organization", {}),
    "transfer-organization": ("transfer_ownership", {"transfer-member": "<user_id>", "transfer-certain": "on"}),
    "delete-organization": ("delete_organization", {"delete-certain": "on"}),
    "add-site": ("create_site", {"site-title": "Guide", "site-url": ""}),
    "delete-site": ("delete_site", {"delete-certain": "on"}),
    "change-member": ("change_member", {"<user_id>-role": "editor"}),
    "remove-member": ("remove_member", {}),
    "invite": ("invite", {"role": "reader", "email": "", "most_uses": "1"}),
    "revoke-invitation": ("revoke_invitation", {}),
    "invitation": ("accept_invitation", {}),
    "token-new": ("create_token", TOKEN),
    "token-rotate": ("rotate_token", {"overlap": "24"}),
    "token-revoke": ("revoke_token", {}),
    "organization-token-new": ("create_token", TOKEN),
}
"""The same of what is no site's; ``<user_id>`` is that of a reader."""


@pytest.fixture
def owner(seat: Callable[[Role], Desk]) -> Desk:
    """Ben at his desk, as an owner."""
    return seat(Role.OWNER)


def kept_of(desk: Desk, name: str) -> Any:
    """Something that the route ``name`` is about, where it is about more than the site."""
    if name.startswith("share-"):
        link, _token = create_link(
            site=desk.site, who=desk.world.ada, title="First", report="traffic", parameters="range=30d"
        )
        return link
    if name.endswith("-report"):
        return SavedReport.objects.create(site=desk.site, title="Weekly", address="")
    if name.endswith("-segment"):
        return VisitorSegment.objects.create(site=desk.site, title="Beta", claims={"beta": True})
    return None


def address_of(desk: Desk, name: str, kept: Any) -> str:
    if name in KEEPING:
        return f"{desk.home}/{name}"
    ids = [desk.world.acme.public_id, desk.site.public_id]
    return reverse(f"dashboard:{name}", args=[*ids, kept.public_id] if kept else ids)


@pytest.mark.parametrize("name", [*FORMS, *KEEPING])
def test_an_owner_who_posts_is_told_of(owner: Desk, name: str) -> None:
    kept = kept_of(owner, name)
    before = AuditEntry.objects.count()
    what, form = (FORMS[name][0], FORMS[name][1](kept)) if name in FORMS else KEEPING[name]
    answer = owner.client.post(address_of(owner, name, kept), form)
    assert answer.status_code in (200, 201, 302), answer.content
    entry = AuditEntry.objects.first()
    assert entry is not None
    assert AuditEntry.objects.count() == before + 1
    assert (entry.what, entry.site) == (what, owner.site.public_id)
    assert entry.organization == owner.world.acme.public_id
    assert entry.origin


@pytest.mark.parametrize("name", TEAM)
def test_an_owner_who_changes_the_team_is_told_of(owner: Desk, name: str) -> None:
    acme, what = owner.world.acme, TEAM[name][0]
    dan = User.objects.create_user("dan@example.com")
    Membership.objects.create(organization=acme, user=dan, role=Role.READER)
    if name == "delete-organization":
        acme.sites.all().delete()
    if name == "invitation":
        _made, secret = invite(owner.world.elsewhere, Role.READER, who=owner.world.cy)
        owner.client.get(f"/invitations/{secret}")
    ids = {
        "organization": acme.public_id,
        "site_id": owner.site.public_id,
        "user_id": dan.public_id,
        "invitation_id": invite(acme, Role.READER, who=owner.world.ada)[0].public_id,
        "token_id": ApiToken.issue(organization=acme, user=owner.world.ben, title="First")[0].public_id,
    }
    path = "/" + filled(dict(routes())[name], ids)
    form = {
        filled(key, ids): filled(value, ids) if isinstance(value, str) else value
        for key, value in TEAM[name][1].items()
    }
    before = AuditEntry.objects.count()
    answer = owner.client.post(path, form)
    assert answer.status_code in (200, 201, 302), answer.content
    told = list(AuditEntry.objects.order_by("pk")[before:])
    assert what in [each.what for each in told]
    assert all(each.origin for each in told if each.who == owner.world.ben.public_id)


def filled(text: str, ids: dict[str, str]) -> str:
    return re.sub(r"<(?:public_id:)?(\w+)>", lambda named: ids.get(named[1], "unknown"), text)


def routes() -> Iterator[tuple[str, str]]:
    """Name and address of every route of the pages, with ids that name nothing where the site is not enough."""
    for pattern in urlpatterns:
        assert isinstance(pattern, URLPattern)
        name = pattern.name or str(pattern.pattern)
        yield name, str(pattern.pattern)


def test_no_route_that_takes_a_post_is_left_out(owner: Desk) -> None:
    ids = {"organization": owner.world.acme.public_id, "site_id": owner.site.public_id}
    taking = set()
    for name, route in routes():
        path = "/" + filled(route, ids)
        allowed = owner.client.put(path).headers.get("Allow", "")
        assert allowed, path
        if "POST" in allowed:
            taking.add(name)
    assert taking == set(FORMS) | set(KEEPING) | set(TEAM) | set(NOTHING_IS_CHANGED)


def test_the_api_tells_too(owner: Desk) -> None:
    ada = Caller(token_of(owner.world.ada, owner.world.acme))
    sites = f"/v1/orgs/{owner.world.acme.public_id}/sites"
    made = ada.post(sites, {"title": "Guide"}).json()["id"]
    assert ada.send("PATCH", address(owner.site), {"title": "Handbook"}).status_code == 200
    assert ada.send("DELETE", f"{sites}/{made}").status_code == 205
    told = [(each.what, each.site, each.who) for each in AuditEntry.objects.order_by("pk")]
    who = owner.world.ada.public_id
    assert told == [
        ("create_site", made, who),
        ("change_site", owner.site.public_id, who),
        ("delete_site", made, who),
        ("erase_site", made, "deletion"),
    ]
