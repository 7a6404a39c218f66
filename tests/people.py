"""The people of every test: Ada owns Acme, Ben reads there, Cy is a stranger with an organization of his own."""

from __future__ import annotations

from dataclasses import dataclass

from apps.organizations.models import ApiToken, Membership, Organization, Role, User
from apps.sites.models import Site

PASSWORD = "correct horse battery staple"


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """Two organizations that must never see each other."""

    ada: User
    ben: User
    cy: User
    acme: Organization
    docs: Site
    elsewhere: Organization
    secrets: Site


def make_world() -> World:
    """Ada (owner) and Ben (reader) with Acme and its site ``docs``; Cy with ``elsewhere`` and its site ``secrets``."""
    ada, ben, cy = (
        User.objects.create_user(f"{name}@example.com", PASSWORD, first_name=name.title())
        for name in ("ada", "ben", "cy")
    )
    acme = Organization.objects.create(title="Acme")
    elsewhere = Organization.objects.create(title="Elsewhere")
    Membership.objects.create(organization=acme, user=ada, role=Role.OWNER)
    Membership.objects.create(organization=acme, user=ben, role=Role.READER)
    Membership.objects.create(organization=elsewhere, user=cy, role=Role.OWNER)
    docs = Site.objects.create(organization=acme, title="Acme Docs", url="https://docs.acme.example")
    secrets = Site.objects.create(organization=elsewhere, title="Secrets", url="https://secrets.example")
    return World(ada=ada, ben=ben, cy=cy, acme=acme, docs=docs, elsewhere=elsewhere, secrets=secrets)


def token_of(user: User | None, organization: Organization, *scopes: str) -> str:
    """A new raw token of ``user``, or of ``organization`` itself, with all scopes where none is named."""
    _token, raw = ApiToken.issue(organization=organization, user=user, title="test", scopes=list(scopes) or None)
    return raw
