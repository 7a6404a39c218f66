"""``manage.py bootstrap``: the same ids every time, and nobody's team taken over."""

from __future__ import annotations

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from apps.core.clock import utc_now
from apps.organizations.models import ApiToken, AuditEntry, Membership, Organization, Role, Scope, User
from apps.sites.models import IngestPolicy, Site
from tests.people import PASSWORD, World

GOOD = {
    "organization": "Globex",
    "site": "Globex Docs",
    "url": "https://docs.globex.example",
    "email": "Gil@example.com",
    "password": PASSWORD,
}


def run(*flags: str, **changes: str) -> str:
    out = StringIO()
    arguments = [text for name, value in {**GOOD, **changes}.items() for text in (f"--{name}", value)]
    call_command("bootstrap", *arguments, *flags, stdout=out)
    return out.getvalue()


def test_it_prints_one_json_line_whose_token_works(db: None) -> None:
    line = run("--json")
    assert line.count("\n") == 1
    answer = json.loads(line)
    assert sorted(answer) == ["organizationId", "siteId", "token"]
    token = ApiToken.objects.find(answer["token"], now=utc_now())
    assert token is not None
    assert token.organization.public_id == answer["organizationId"]
    assert token.user.email == "gil@example.com"
    assert all(token.allows(scope) for scope in Scope)
    site = Site.objects.for_token(token).get()
    assert site.public_id == answer["siteId"]
    assert (site.title, site.url, site.hostnames) == ("Globex Docs", "https://docs.globex.example", [])
    assert site.ingest_policy == IngestPolicy.PUBLIC


def test_the_owner_is_made_with_the_password_and_owns_the_organization(db: None) -> None:
    run("--json")
    gil = User.objects.get(email="gil@example.com")
    assert gil.check_password(PASSWORD)
    assert Organization.objects.get().role_of(gil) is Role.OWNER


def test_only_the_first_person_becomes_administrator(db: None) -> None:
    run()
    run(organization="Initech", email="ina@example.com")
    assert list(User.objects.order_by("pk").values_list("email", "is_superuser", "is_staff")) == [
        ("gil@example.com", True, True),
        ("ina@example.com", False, False),
    ]


def test_again_gives_the_same_ids_and_a_new_token(db: None) -> None:
    first, second = json.loads(run("--json")), json.loads(run("--json", password="another long password"))
    assert first["organizationId"] == second["organizationId"]
    assert first["siteId"] == second["siteId"]
    assert first["token"] != second["token"]
    assert ApiToken.objects.find(first["token"], now=utc_now()) is not None
    assert User.objects.get().check_password(PASSWORD)
    assert Membership.objects.count() == 1
    assert AuditEntry.objects.filter(what="create_token", who="command").count() == 2


def test_an_owner_gets_another_site_in_the_same_organization(world: World) -> None:
    answer = json.loads(run("--json", organization="Acme", email="ada@example.com", site="Acme API"))
    assert answer["organizationId"] == world.acme.public_id
    assert answer["siteId"] != world.docs.public_id
    assert world.acme.sites.count() == 2


def test_without_json_people_can_read_it(db: None) -> None:
    text = run()
    assert "Globex Docs  site_" in text
    assert "API token     sit_" in text


@pytest.mark.parametrize("email", ["ben@example.com", "cy@example.com", "new@example.com"])
def test_somebody_elses_organization_is_refused_and_nothing_is_made(world: World, email: str) -> None:
    with pytest.raises(CommandError, match=f"--organization: “Acme” exists, and {email} does not own it."):
        run(organization="Acme", email=email)
    assert not User.objects.filter(email="new@example.com").exists()
    assert not ApiToken.objects.exists()


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("organization", "G", "--organization: expected a title of 2 to 255 characters."),
        ("organization", "   ", "--organization: expected a title of 2 to 255 characters."),
        ("site", "x" * 129, "--site: expected a title of 2 to 128 characters."),
        ("url", "docs.globex.example", "--url: expected an http or https URL."),
        ("url", "ftp://docs.globex.example", "--url: expected an http or https URL."),
        ("email", "gil", "--email: expected an e-mail address."),
        ("password", "short", "--password: This password is too short. It must contain at least 8 characters."),
    ],
)
def test_nonsense_is_refused_with_its_place(db: None, name: str, value: str, sentence: str) -> None:
    with pytest.raises(CommandError) as refused:
        run(**{name: value})
    assert str(refused.value) == sentence
    assert not Organization.objects.exists()
    assert not User.objects.exists()
