"""What is done with several models at once: sites, and a first organization with its owner and site."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import URLValidator, validate_email
from django.db import transaction

from apps.core.errors import Refusal
from apps.organizations.audit import AuditEntry, record
from apps.organizations.issuing import make_token
from apps.organizations.members import create_organization, create_person
from apps.organizations.models import Organization, Role, User, all_scopes
from apps.sites.models import Site

SHORTEST_TITLE = 2
"""Of a site or an organization, in characters."""
TOKEN_TITLE = "bootstrap"  # noqa: S105  # the name of the row


@dataclass(frozen=True, slots=True, kw_only=True)
class Bootstrapped:
    """What was made or found; ``token`` is new and cannot be shown again."""

    organization: Organization
    owner: User
    site: Site
    token: str


@transaction.atomic
def create_site(organization: Organization, *, title: str, url: str, who: User | str, **fields: Any) -> Site:
    """A new site; the audit tells."""
    site = Site.objects.create(organization=organization, title=title, url=url, **fields)
    record(who, "create_site", site=site)
    return site


@transaction.atomic
def delete_site(site: Site, *, who: User) -> None:
    """Delete a site with all that is kept of it; its events are erased in the background. The audit tells."""
    record(who, "delete_site", site=site)
    site.delete()


@transaction.atomic
def bootstrap(*, organization: str, site: str, url: str, email: str, password: str) -> Bootstrapped:
    """Make or find an organization, its owner and its site by title and e-mail address, and issue a token.

    A person who is new gets ``password``; where there is no administrator yet, they become it. What
    exists already is left as it is. An organization of that title that the person does not own is
    refused: whoever may run this command cannot take over a team by mistake. Raises ``Refusal``
    with the name of the value as ``path``.
    """
    organization, site, url, email = organization.strip(), site.strip(), url.strip(), email.strip().lower()
    _refuse_nonsense(organization, site, url, email)
    owner = _find_or_make_person(email, password)
    team = _find_or_make_organization(organization, owner)
    found = team.sites.filter(title=site).first() or create_site(team, title=site, url=url, who=AuditEntry.COMMAND)
    _row, raw = make_token(organization=team, user=owner, who=None, title=TOKEN_TITLE, scopes=all_scopes())
    return Bootstrapped(organization=team, owner=owner, site=found, token=raw)


def _refuse_nonsense(organization: str, site: str, url: str, email: str) -> None:
    for path, title, model in (("organization", organization, Organization), ("site", site, Site)):
        longest = model._meta.get_field("title").max_length or 0
        if not SHORTEST_TITLE <= len(title) <= longest:
            raise Refusal(f"expected a title of {SHORTEST_TITLE} to {longest} characters", path=path)
    try:
        URLValidator(schemes=["http", "https"])(url)
    except ValidationError:
        raise Refusal("expected an http or https URL", path="url") from None
    try:
        validate_email(email)
    except ValidationError:
        raise Refusal("expected an e-mail address", path="email") from None


def _find_or_make_person(email: str, password: str) -> User:
    person = User.objects.filter(email__iexact=email).first()
    if person is not None:
        if not person.is_active:
            raise Refusal("this person may not sign in any more", path="email")
        return person
    try:
        validate_password(password, User(email=email))
    except ValidationError as error:
        raise Refusal(" ".join(error.messages).removesuffix("."), path="password") from None
    first = not User.objects.filter(is_superuser=True).exists()
    return create_person(email, password, who=AuditEntry.COMMAND, is_staff=first, is_superuser=first)


def _find_or_make_organization(title: str, owner: User) -> Organization:
    same_title = Organization.objects.filter(title=title)
    owned = same_title.filter(memberships__user=owner, memberships__role=Role.OWNER).first()
    if owned is not None:
        return owned
    if same_title.exists():
        raise Refusal(f"“{title}” exists, and {owner.email} does not own it", path="organization")
    return create_organization(title, owner=owner, who=AuditEntry.COMMAND)
