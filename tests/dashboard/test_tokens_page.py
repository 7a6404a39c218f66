"""The pages of tokens: who sees, makes, rotates and ends which, and that a secret is shown once."""

from __future__ import annotations

import html
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.test import Client

from apps.organizations.audit import AuditEntry
from apps.organizations.issuing import make_token
from apps.organizations.models import ApiToken, Membership, Role
from apps.sites.models import Site
from tests.dashboard.conftest import NOW, As, Desk
from tests.people import token_of

FORM: dict[str, Any] = {
    "title": "Nightly",
    "scopes": ["site:read", "site:insights:read"],
    "reach": "all",
    "lasts": "90",
    "last_day": "",
}
RAW = re.compile(r"sit_[0-9a-f]{60}")


def text(answer: Any) -> str:
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", answer.content.decode())))


def signed_in(person: Any) -> Client:
    client = Client()
    client.force_login(person)
    return client


def make(client: Client, desk: Desk, *, for_organization: bool = False, **changes: Any) -> Any:
    acme = desk.world.acme.public_id
    path = f"/organizations/{acme}/tokens/new" if for_organization else f"/tokens/{acme}/new"
    return client.post(path, FORM | changes)


def call(raw: str) -> int:
    return Client().get("/v1/orgs", headers={"Authorization": f"Bearer {raw}"}).status_code


def test_a_member_makes_a_token_that_is_shown_once_and_works(desk: Desk) -> None:
    answer = make(desk.client, desk, scopes=["organization:read"])
    assert answer.status_code == 201
    (raw,) = RAW.findall(answer.content.decode())
    assert "no-store" in answer["Cache-Control"]
    assert call(raw) == 200
    made = ApiToken.objects.get()
    assert (made.user, made.created_by, made.organization) == (desk.world.ben, desk.world.ben, desk.world.acme)
    assert (made.title, made.scopes, made.only_some_sites) == ("Nightly", ["organization:read"], False)
    assert made.expires_at == NOW + timedelta(days=90)
    again = desk.client.get("/tokens").content.decode()
    assert "Nightly" in again
    assert raw not in again
    kept = "".join(str(session.get_decoded()) for session in Session.objects.all())
    assert raw not in kept + str(answer.cookies) + str(desk.client.cookies)


@pytest.mark.parametrize(
    ("lasts", "last_day", "ends"),
    [
        ("30", "", NOW + timedelta(days=30)),
        ("365", "", NOW + timedelta(days=365)),
        ("never", "", None),
        ("date", "2026-05-01", datetime(2026, 5, 2, tzinfo=UTC)),
        ("date", "2026-04-30", datetime(2026, 5, 1, tzinfo=UTC)),
    ],
)
def test_a_token_ends_when_it_was_said(desk: Desk, lasts: str, last_day: str, ends: datetime | None) -> None:
    assert make(desk.client, desk, lasts=lasts, last_day=last_day).status_code == 201
    assert ApiToken.objects.get().expires_at == ends


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"title": ""}, "This field is required."),
        ({"title": "x" * 101}, "at most 100 characters"),
        ({"scopes": []}, "This field is required."),
        ({"scopes": ["everything"]}, "not one of the available choices"),
        ({"scopes": ["site:write"]}, "not one of the available choices"),  # Ben only reads
        ({"reach": "some"}, "Tick at least one site."),
        ({"reach": "none"}, "not one of the available choices"),
        ({"lasts": "0"}, "not one of the available choices"),
        ({"lasts": "date"}, "Choose “on a date” and a day, or neither."),
        ({"last_day": "2026-06-01"}, "Choose “on a date” and a day, or neither."),
        ({"lasts": "date", "last_day": "2026-04-29"}, "That day is over."),
        ({"lasts": "date", "last_day": "9999-12-31"}, "Choose “never”"),
    ],
)
def test_what_makes_no_sense_is_told_and_makes_nothing(desk: Desk, changes: dict[str, Any], complaint: str) -> None:
    answer = make(desk.client, desk, **changes)
    assert answer.status_code == 422
    assert complaint in text(answer)
    assert not ApiToken.objects.exists()


def test_a_token_may_be_limited_to_sites_that_its_maker_sees(desk: Desk) -> None:
    blog = Site.objects.create(organization=desk.world.acme, title="Blog")
    assert make(desk.client, desk, reach="some", sites=[blog.public_id]).status_code == 201
    made = ApiToken.objects.get()
    assert (made.only_some_sites, list(made.sites.all())) == (True, [blog])
    assert "Sites Blog" in text(desk.client.get("/tokens"))
    blog.delete()
    assert "Sites none any more" in text(desk.client.get("/tokens"))
    for foreign in (desk.world.secrets.public_id, "site_unknown"):
        assert make(desk.client, desk, reach="some", sites=[foreign]).status_code == 422
    assert "or tick none" in text(make(desk.client, desk, reach="all", sites=[desk.site.public_id]))


def test_only_owners_make_tokens_of_the_organization(seat: As) -> None:
    for role in (Role.READER, Role.EDITOR):
        assert make(seat(role).client, seat(role), for_organization=True).status_code == 403
    assert not ApiToken.objects.exists()
    desk = seat(Role.OWNER)
    answer = make(desk.client, desk, for_organization=True, scopes=["organization:read"])
    assert answer.status_code == 201
    made = ApiToken.objects.get()
    assert (made.user, made.created_by) == (None, desk.world.ben)
    assert make(desk.client, desk, for_organization=True, scopes=["user:read"]).status_code == 422
    (raw,) = RAW.findall(answer.content.decode())
    Membership.objects.filter(user=desk.world.ben).delete()
    assert call(raw) == 200


def test_owners_see_all_tokens_of_the_organization_and_others_their_own(desk: Desk) -> None:
    world = desk.world
    token_of(world.ben, world.acme)
    make_token(organization=world.acme, user=None, who=world.ada, title="Shared", scopes=["site:read"])
    make_token(organization=world.acme, user=world.ada, who=world.ada, title="Hers", scopes=["site:read"])
    make_token(organization=world.elsewhere, user=world.cy, who=world.cy, title="His", scopes=["site:read"])
    page = f"/organizations/{world.acme.public_id}/tokens"
    assert desk.client.get(page).status_code == 403
    assert signed_in(world.cy).get(page).status_code == 404
    shown = text(signed_in(world.ada).get(page))
    assert "Acts for the organization" in shown
    assert "Acts for Ben · ben@example.com" in shown
    assert ("Hers" in shown, "Shared" in shown, "His" in shown) == (True, True, False)
    own = text(desk.client.get("/tokens"))
    assert ("test" in own, "Hers" in own, "Shared" in own) == (True, False, False)


def rotate(client: Client, token: ApiToken, overlap: str = "24") -> Any:
    return client.post(f"/tokens/{token.public_id}/rotate", {"overlap": overlap})


def test_a_new_secret_is_shown_once_and_the_old_one_works_as_long_as_chosen(desk: Desk) -> None:
    old = token_of(desk.world.ben, desk.world.acme)
    token = ApiToken.objects.get()
    assert "24 hours" in text(desk.client.get(f"/tokens/{token.public_id}/rotate"))
    assert rotate(desk.client, token, "-1").status_code == 422
    answer = rotate(desk.client, token)
    assert answer.status_code == 201
    (new,) = RAW.findall(answer.content.decode())
    assert (call(old), call(new)) == (200, 200)
    assert "The old secret works until 1 May 2026, 12:30 UTC." in text(answer)
    assert "Old secret works until 1 May 2026, 12:30" in text(desk.client.get("/tokens"))
    (newest,) = RAW.findall(rotate(desk.client, token, "0").content.decode())
    assert (call(old), call(new), call(newest)) == (401, 401, 200)
    assert "Old secret works" not in text(desk.client.get("/tokens"))


def test_an_owner_ends_any_token_but_gets_no_secret_that_acts_for_somebody_else(desk: Desk) -> None:
    raw = token_of(desk.world.ben, desk.world.acme)
    token, owner = ApiToken.objects.get(), signed_in(desk.world.ada)
    assert rotate(owner, token).status_code == 403
    assert call(raw) == 200
    page = f"/tokens/{token.public_id}/revoke"
    assert "It acts for Ben." in text(owner.get(page))
    assert call(raw) == 200
    answer = owner.post(page, follow=True)
    assert "The token is revoked." in text(answer)
    assert answer.redirect_chain[-1][0] == f"/organizations/{desk.world.acme.public_id}/tokens"
    assert call(raw) == 401
    assert owner.post(page).status_code == 404
    assert [(entry.who, entry.what) for entry in AuditEntry.objects.all()] == [
        (desk.world.ada.public_id, "revoke_token")
    ]


def test_members_end_their_own_and_reach_no_other(desk: Desk) -> None:
    world = desk.world
    hers = token_of(world.ada, world.acme)
    shared, shared_raw = make_token(
        organization=world.acme, user=None, who=world.ada, title="Shared", scopes=["organization:read"]
    )
    for token in (ApiToken.objects.get(user=world.ada), shared):
        for client in (desk.client, signed_in(world.cy)):
            for verb in ("rotate", "revoke"):
                assert client.get(f"/tokens/{token.public_id}/{verb}").status_code == 404
                assert client.post(f"/tokens/{token.public_id}/{verb}", {"overlap": "0"}).status_code == 404
    assert (call(hers), call(shared_raw)) == (200, 200)
    own = token_of(world.ben, world.acme)
    page = f"/tokens/{ApiToken.objects.get(user=world.ben).public_id}/revoke"
    assert desk.client.post(page)["Location"] == "/tokens"
    assert call(own) == 401


def test_a_token_whose_time_is_over_is_told_so_and_gets_no_new_secret(desk: Desk) -> None:
    make_token(
        organization=desk.world.acme,
        user=desk.world.ben,
        who=desk.world.ben,
        title="Late",
        scopes=["site:read"],
        expires_at=NOW - timedelta(minutes=1),
    )
    page = desk.client.get("/tokens")
    assert "does not work any more" in text(page)
    assert "/rotate" not in page.content.decode()
    assert "The token has ended." in text(rotate(desk.client, ApiToken.objects.get()))


@pytest.mark.parametrize(
    "path", ["/tokens", "/tokens/{acme}/new", "/organizations/{acme}/tokens", "/organizations/{acme}/tokens/new"]
)
def test_strangers_and_people_who_are_not_signed_in_get_nowhere(desk: Desk, path: str) -> None:
    address = path.format(acme=desk.world.acme.public_id)
    assert Client().get(address)["Location"].startswith("/accounts/login/?next=/")
    if path != "/tokens":
        assert signed_in(desk.world.cy).get(address).status_code == 404
        assert signed_in(desk.world.cy).post(address, FORM).status_code in (404, 405)


def test_the_way_to_the_tokens_is_in_the_menu_and_on_the_settings_page(seat: As) -> None:
    assert 'href="/tokens"' in seat(Role.READER).client.get("/").content.decode()
    all_tokens = f'href="/organizations/{seat(Role.READER).world.acme.public_id}/tokens"'
    assert all_tokens not in seat(Role.READER).get("/settings").content.decode()
    page = seat(Role.OWNER).get("/settings").content.decode()
    assert all_tokens in page
    assert seat(Role.OWNER).site.public_id in text(seat(Role.OWNER).get("/settings"))


def test_a_list_asks_the_database_as_often_for_many_tokens_as_for_one(
    desk: Desk, django_assert_num_queries: Any
) -> None:
    def more() -> None:
        make(desk.client, desk, reach="some", sites=[desk.site.public_id])

    more()
    desk.client.get("/tokens")
    with django_assert_num_queries(6):
        desk.client.get("/tokens")
    more()
    more()
    with django_assert_num_queries(6):
        desk.client.get("/tokens")
