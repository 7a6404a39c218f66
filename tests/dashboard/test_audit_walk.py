"""Whatever can be posted to of a site is posted to by its owner, and the audit tells of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.urls import URLPattern, reverse

from apps.dashboard.models import SavedReport
from apps.dashboard.urls import urlpatterns
from apps.organizations.audit import AuditEntry
from apps.organizations.models import Role
from apps.segments.models import VisitorSegment
from apps.sites.sharing import create_link
from tests.api.calls import Caller, address
from tests.dashboard.conftest import Desk
from tests.people import token_of

NOTHING_IS_CHANGED = {
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
        path = "/" + route
        for parameter in ("organization", "site_id", "public_id", "link_id", "report_name", "panel_name", "token"):
            for kind in ("public_id:", ""):
                path = path.replace(f"<{kind}{parameter}>", ids.get(parameter, "unknown"))
        allowed = owner.client.put(path).headers.get("Allow", "")
        assert allowed, path
        if "POST" in allowed:
            taking.add(name)
    assert taking == set(FORMS) | set(KEEPING) | set(NOTHING_IS_CHANGED)


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
