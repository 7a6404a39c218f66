"""The page of an organization's audit: for owners, of their organization alone."""

from __future__ import annotations

import pytest
from django.test import Client

from apps.dashboard import audit
from apps.keeping.asking import DELETION
from apps.organizations.audit import AuditEntry, record
from apps.organizations.models import ApiToken, Membership, Role
from tests.people import World


def page_of(client: Client, world: World, query: str = "") -> str:
    answer = client.get(f"/organizations/{world.acme.public_id}/audit{query}")
    assert answer.status_code == 200
    return answer.content.decode()


def test_owners_read_what_was_done_in_their_organization_and_by_whom(client: Client, world: World) -> None:
    record(world.ada, "change_site", site=world.docs, details={"fields": ["title", "url"]})
    record(AuditEntry.COMMAND, "erase_visitor", site=world.docs)
    record(DELETION, "erase_site", site=world.docs)
    record(world.cy, "change_site", site=world.secrets)
    client.force_login(world.ada)
    page = page_of(client, world)
    whose, what = ("Ada", "A command", "A deletion"), ("Change site", "Erase visitor", "Erase site")
    for text in (*whose, *what, "Acme Docs", "Changed: title, url"):
        assert f"<td>{text}</td>" in page
    assert page.index("Erase visitor") < page.index("Change site")
    assert "Secrets" not in page


def test_who_is_no_member_is_told_by_an_id(client: Client, world: World) -> None:
    record(world.cy, "change_site", site=world.docs)
    client.force_login(world.ada)
    page = page_of(client, world)
    assert f"<td>{world.cy.public_id}</td>" in page
    assert "Cy</td>" not in page


def test_an_organizations_token_is_told_by_its_title(client: Client, world: World) -> None:
    of_acme, _raw = ApiToken.issue(organization=world.acme, user=None, title="Nightly <sync>")
    of_others, _raw = ApiToken.issue(organization=world.elsewhere, user=None, title="Theirs")
    for token in (of_acme, of_others):
        record(token.public_id, "change_site", site=world.docs)
    client.force_login(world.ada)
    page = page_of(client, world)
    assert "<td>Token “Nightly &lt;sync&gt;”</td>" in page
    assert f"<td>{of_others.public_id}</td>" in page
    assert "Theirs" not in page


@pytest.mark.parametrize(("role", "status"), [(Role.OWNER, 200), (Role.EDITOR, 403), (Role.READER, 403)])
def test_only_owners_see_it(client: Client, world: World, role: Role, status: int) -> None:
    Membership.objects.filter(user=world.ben).update(role=role)
    client.force_login(world.ben)
    assert client.get(f"/organizations/{world.acme.public_id}/audit").status_code == status


def test_a_stranger_gets_404_and_anybody_else_the_sign_in(client: Client, world: World) -> None:
    address = f"/organizations/{world.acme.public_id}/audit"
    assert client.get(address).status_code == 302
    client.force_login(world.cy)
    assert client.get(address).status_code == 404


def test_pages_lead_from_the_newest_to_the_oldest(
    client: Client, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit, "PER_PAGE", 2)
    entries = [record(world.ada, f"step_{number}", organization=world.acme) for number in range(3)]
    client.force_login(world.ada)
    first = page_of(client, world)
    assert "Step 2" in first
    assert "Step 0" not in first
    assert f'href="?before={entries[1].pk}"' in first
    last = page_of(client, world, f"?before={entries[1].pk}")
    assert "Step 0" in last
    assert "Step 1" not in last
    assert "Older" not in last
    for nonsense in ("x", "٣", "9" * 40, "-1"):
        assert "Step 2" in page_of(client, world, f"?before={nonsense}")


def test_details_are_told_in_words_and_those_that_say_nothing_are_left_out(client: Client, world: World) -> None:
    token, _raw = ApiToken.issue(organization=world.acme, user=world.ben, title="Nightly")
    record(
        world.ada,
        "create_token",
        organization=world.acme,
        details={
            "token": token.public_id,
            "user": world.ben.public_id,
            "scopes": ["site:insights:read"],
            "sites": [world.docs.public_id],
            "expires_at": "2027-02-26T01:30:37+0100",
        },
    )
    record(
        world.ada,
        "create_share_link",
        site=world.docs,
        details={"link": "share_gone", "report": "traffic", "password": False, "expires_at": None, "embed_hosts": []},
    )
    client.force_login(world.ada)
    page = page_of(client, world)
    told = "Token: Nightly · Acts for: Ben · May: Read insights · Sites: Acme Docs · Ends: 26 Feb 2027, 00:30"
    assert f"<td>{told}</td>" in page
    assert "<td>Link: share_gone · Report: Traffic · Password: no</td>" in page


def test_all_sites_and_none_are_not_the_same(client: Client, world: World) -> None:
    record(world.ada, "change_member", organization=world.acme, details={"member": world.ben.public_id, "sites": None})
    record(world.ada, "change_member", organization=world.acme, details={"member": world.ben.public_id, "sites": []})
    client.force_login(world.ada)
    page = page_of(client, world)
    assert "<td>Member: Ben</td>" in page
    assert "<td>Member: Ben · Sites: none</td>" in page


def test_details_name_nobody_and_nothing_of_other_organizations(client: Client, world: World) -> None:
    theirs, _raw = ApiToken.issue(organization=world.elsewhere, user=None, title="Theirs")
    ids = {"member": world.cy.public_id, "token": theirs.public_id, "sites": [world.secrets.public_id]}
    record(world.ada, "change_member", organization=world.acme, details=ids)
    client.force_login(world.ada)
    page = page_of(client, world)
    told = f"Member: {world.cy.public_id} · Token: {theirs.public_id} · Sites: {world.secrets.public_id}"
    assert f"<td>{told}</td>" in page


def test_texts_in_details_are_no_markup(client: Client, world: World) -> None:
    record(world.ada, "test", organization=world.acme, details={"said": "<script>alert(1)</script>"})
    client.force_login(world.ada)
    assert "<script>alert" not in page_of(client, world)
