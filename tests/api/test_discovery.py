"""The discovery routes: who I am, my organization and its sites."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from django.test import Client

from apps.organizations.issuing import make_token
from apps.organizations.models import ApiToken, Membership, Role, User
from apps.sites.models import Site, Visibility
from tests.api.calls import Caller, address, refusal
from tests.people import World


def titles(caller: Caller, path: str) -> list[str]:
    return [each["title"] for each in caller.get(path).json()["items"]]


def test_the_api_tells_its_release_without_a_token(anybody: Caller) -> None:
    for path in ("/v1", "/v1/"):
        body = anybody.get(path).json()
        assert (set(body), body["version"]) == ({"version", "build"}, "0.1.0")


def test_a_token_tells_whom_it_acts_for(ada: Caller, world: World) -> None:
    assert ada.get("/v1/user").json() == {
        "object": "user",
        "id": world.ada.public_id,
        "displayName": "Ada",
        "email": "ada@example.com",
        "urls": {"location": "http://testserver/v1/user"},
    }


def test_only_the_tokens_organization_is_listed(ada: Caller, cy: Caller) -> None:
    assert titles(ada, "/v1/orgs") == ["Acme"]
    assert titles(cy, "/v1/orgs") == ["Elsewhere"]


def test_permissions_follow_the_role(ada: Caller, ben: Caller, world: World) -> None:
    path = f"/v1/orgs/{world.acme.public_id}"
    assert [caller.get(path).json()["permissions"]["admin"] for caller in (ada, ben)] == [True, False]
    assert [caller.get(address(world.docs)).json()["permissions"]["edit"] for caller in (ada, ben)] == [True, False]


def test_a_site_says_what_its_token_may_do_with_it(world: World) -> None:
    def told(
        user: User | None, *, limited: bool = False, scopes: Sequence[str] = ("site:read", "site:write")
    ) -> tuple[bool, ...]:
        token, raw = ApiToken.issue(
            organization=world.acme, user=user, title="Of a test", only_some_sites=limited, scopes=list(scopes)
        )
        token.sites.set([world.docs] if limited else [])
        answer = Client().get(address(world.docs), headers={"authorization": f"Bearer {raw}"})
        permissions = answer.json()["permissions"]
        return tuple(permissions[name] for name in ("edit", "create", "admin"))

    editor = User.objects.create_user("editor@acme.example", "editors have one too")
    Membership.objects.create(organization=world.acme, user=editor, role=Role.EDITOR)
    assert told(world.ada) == (True, True, True)
    assert told(editor) == (True, True, False)
    assert told(world.ben) == (False, False, False)
    assert told(None) == (True, True, True)
    assert told(world.ada, limited=True) == (True, False, True)
    assert told(world.ada, scopes=["site:read"]) == (False, False, False)


def test_a_site_has_the_published_shape(ada: Caller, world: World) -> None:
    body = ada.get(address(world.docs)).json()
    app = f"http://testserver/sites/{world.acme.public_id}/{world.docs.public_id}"
    assert body["id"] == world.docs.public_id
    assert (body["title"], body["visibility"], body["published"]) == ("Acme Docs", "public", True)
    assert body["urls"] == {
        "location": f"http://testserver{address(world.docs)}",
        "app": app,
        "preview": "https://docs.acme.example",
        "published": "https://docs.acme.example",
    }


@pytest.fixture
def five_sites(world: World) -> World:
    """Acme with ``Acme Docs`` and four more."""
    for number in range(4):
        Site.objects.create(
            organization=world.acme,
            title=f"Guide {number}",
            visibility=Visibility.VISITOR_AUTH if number == 3 else Visibility.UNLISTED,
        )
    return world


def test_a_list_is_walked_page_by_page(ada: Caller, five_sites: World) -> None:
    path = f"/v1/orgs/{five_sites.acme.public_id}/sites"
    first = ada.get(f"{path}?limit=2").json()
    second = ada.get(f"{path}?limit=2&page={first['next']['page']}").json()
    last = ada.get(f"{path}?limit=2&page={second['next']['page']}").json()
    pages = [[each["title"] for each in page["items"]] for page in (first, second, last)]
    assert pages == [["Acme Docs", "Guide 0"], ["Guide 1", "Guide 2"], ["Guide 3"]]
    assert "next" not in last
    assert {page["count"] for page in (first, second, last)} == {5}


def test_a_full_last_page_has_no_next(ada: Caller, five_sites: World) -> None:
    assert "next" not in ada.get(f"/v1/orgs/{five_sites.acme.public_id}/sites?limit=5").json()


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("title=guide", ["Guide 0", "Guide 1", "Guide 2", "Guide 3"]),
        ("title=nothing", []),
        ("search=docs.acme", ["Acme Docs"]),
        ("visibility=visitor-auth", ["Guide 3"]),
        ("visibility=visitor-auth&visibility=public", ["Acme Docs", "Guide 3"]),
        ("published=true", ["Acme Docs"]),
        ("published=false&limit=1", ["Guide 0"]),
        ("paused=true", []),
        ("paused=false&title=acme", ["Acme Docs"]),
        ("title=%27%20OR%201%3D1--", []),
        ("space=sp1", ["Acme Docs", "Guide 0", "Guide 1", "Guide 2", "Guide 3"]),
    ],
)
def test_sites_are_filtered(ada: Caller, five_sites: World, query: str, found: list[str]) -> None:
    assert titles(ada, f"/v1/orgs/{five_sites.acme.public_id}/sites?{query}") == found


@pytest.mark.parametrize(
    ("query", "place"),
    [
        ("limit=0", "query.limit: "),
        ("limit=1001", "query.limit: "),
        ("limit=ten", "query.limit: "),
        ("limit=-1", "query.limit: "),
        ("page=2", "query.page: "),
        ("page=%ff", "query.page: "),
        ("visibility=secret", "query.visibility: "),
        ("published=maybe", "query.published: "),
        ("paused=maybe", "query.paused: "),
        ("title=%00", "query.title: "),
    ],
)
def test_an_impossible_list_is_refused(ada: Caller, world: World, query: str, place: str) -> None:
    status, message = refusal(ada.get(f"/v1/orgs/{world.acme.public_id}/sites?{query}"))
    assert status == 422
    assert message.startswith(place)


def test_an_owner_makes_a_site(ada: Caller, world: World) -> None:
    path = f"/v1/orgs/{world.acme.public_id}/sites"
    response = ada.post(path, {"title": "Handbook", "visibility": "unlisted", "spaces": [], "type": "basic"})
    site = Site.objects.get(title="Handbook")
    assert response.status_code == 201
    assert response["Location"] == f"http://testserver{address(site)}"
    assert (response.json()["id"], site.visibility, site.organization) == (site.public_id, "unlisted", world.acme)
    assert ada.get(address(site)).json() == response.json()


def test_a_site_without_a_title_is_called_as_its_organization(ada: Caller, world: World) -> None:
    assert ada.post(f"/v1/orgs/{world.acme.public_id}/sites", {}).json()["title"] == "Acme"


def test_an_owner_changes_a_site(ada: Caller, world: World) -> None:
    answer = ada.send("PATCH", address(world.docs), {"title": "Docs", "visibility": "visitor-auth"}).json()
    assert (answer["title"], answer["visibility"]) == ("Docs", "visitor-auth")
    assert ada.get(address(world.docs)).json() == answer


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ({"title": "D"}, "body.title: "),
        ({"title": "D" * 129}, "body.title: "),
        ({"title": 12}, "body.title: "),
        ({"title": None}, "body.title: "),
        ({"title": "Docs\x00"}, "body.title: "),
        ({"title": "Docs\ud800"}, "body.title: "),
        ({"visibility": "secret"}, "body.visibility: "),
        ({"visibility": []}, "body.visibility: "),
        ([], "body: "),
        ("text", "body: "),
    ],
)
def test_a_bad_change_is_refused_with_its_place(ada: Caller, world: World, body: object, place: str) -> None:
    for method, path in (("PATCH", address(world.docs)), ("POST", f"/v1/orgs/{world.acme.public_id}/sites")):
        status, message = refusal(ada.send(method, path, body))
        assert status == 422
        assert message.startswith(place)
    assert [site.title for site in Site.objects.filter(organization=world.acme)] == ["Acme Docs"]


def test_an_owner_deletes_a_site_once(ada: Caller, world: World) -> None:
    first = ada.send("DELETE", address(world.docs))
    assert (first.status_code, first.content) == (205, b"")
    assert ada.send("DELETE", address(world.docs)).status_code == 204
    assert ada.get(address(world.docs)).status_code == 404


def test_an_editor_writes_and_a_reader_does_not(ben: Caller, world: World) -> None:
    path = f"/v1/orgs/{world.acme.public_id}/sites"
    message = "Readers of the organization have no use of the scope site:write"
    calls = (("POST", path, {"title": "Mine"}), ("PATCH", address(world.docs), {"title": "Mine"}))
    for method, where, body in calls:
        assert refusal(ben.send(method, where, body)) == (403, message)
    assert Site.objects.filter(organization=world.acme).get().title == "Acme Docs"
    membership = Membership.objects.get(user=world.ben)
    membership.role = Role.EDITOR
    membership.save()
    assert [ben.send(method, where, body).status_code for method, where, body in calls] == [201, 200]


def test_only_owners_and_the_organization_itself_delete_a_site(ben: Caller, cy: Caller, world: World) -> None:
    membership = Membership.objects.get(user=world.ben)
    for role in (Role.READER, Role.EDITOR):
        membership.role = role
        membership.save()
        for site in (world.docs, world.secrets):
            refused = ben.send("DELETE", address(world.docs).replace(world.docs.public_id, site.public_id))
            assert refused.status_code == 403
    assert refusal(refused) == (403, "Only owners of the organization can delete its sites")
    assert cy.send("DELETE", address(world.docs)).status_code == 404
    assert Site.objects.filter(pk=world.docs.pk).exists()
    _token, raw = make_token(organization=world.acme, user=None, who=world.ada, title="t", scopes=["site:write"])
    assert Caller(raw).send("DELETE", address(world.docs)).status_code == 205
    assert not Site.objects.filter(pk=world.docs.pk).exists()
