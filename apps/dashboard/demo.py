"""The demo: an organization, a site with 90 days of lifelike traffic, a sign-in and a token to look around with."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from ipaddress import ip_address

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction

from apps.core.errors import Refusal
from apps.organizations.audit import AuditEntry, record
from apps.organizations.issuing import make_token, revoke_token
from apps.organizations.members import create_organization, create_person
from apps.organizations.models import ApiToken, Organization, Role, User, all_scopes
from apps.segments.models import VisitorSegment
from apps.sites.models import Site
from apps.sites.services import create_site

EMAIL = "demo@example.com"
PASSWORD = "demo-insights"  # noqa: S105  # printed for everybody; refused where others could reach the service
ORGANIZATION = "Acme"
SITE = "Acme Docs"
SITE_URL = "https://docs.acme.example"
TOKEN = "demo"  # noqa: S105  # the token's title
SEED = 2026
SEGMENTS = {
    "Enterprise customers": {"plan": "enterprise"},
    "Beta readers": {"unsigned": {"beta": True}},
}


class NotLoopback(Refusal):
    """The service can be reached from elsewhere and the demo's password is known to everybody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Demo:
    """What there is to sign in to."""

    organization: Organization
    site: Site
    user: User


def wants_demo() -> bool:
    """Whether a demo may be made here: where it is already, or where there is no organization at all."""
    return find_organization() is not None or not Organization.objects.exists()


def find_organization() -> Organization | None:
    """The demo's organization, if there is one."""
    owned = Organization.objects.filter(memberships__user__email=EMAIL, memberships__role=Role.OWNER)
    return owned.filter(title=ORGANIZATION).first()


@transaction.atomic
def make_demo(*, host: str, password: str, now: datetime) -> Demo:
    """Make or find the demo without its events; never touches another organization.

    ``password`` is the operator's choice for the demo's sign-in, empty for the known one. Raises
    ``NotLoopback`` where ``host`` lets others in and the known one would let them sign in, and
    ``Refusal`` where ``password`` is one that anybody could guess.
    """
    if password:
        _refuse_weak(password)
    user = User.objects.filter(email=EMAIL).first()
    if user is None:
        rights = {"is_staff": True, "is_superuser": True}
        user = create_person(EMAIL, password or PASSWORD, who=AuditEntry.COMMAND, first_name="Demo", **rights)
    elif password and not user.check_password(password):
        user.set_password(password)
        user.save(update_fields=["password"])
        record(AuditEntry.COMMAND, "set_password", details={"person": user.public_id})
    if not is_loopback(host) and user.check_password(PASSWORD):
        raise NotLoopback(
            f"HOST {host} can be reached from other machines and everybody knows the demo's password:"
            " set DEMO_PASSWORD to one of your own, or serve without a demo (make serve)."
        )
    organization = find_organization()
    if organization is None:
        organization = create_organization(ORGANIZATION, owner=user, who=AuditEntry.COMMAND)
    site = organization.sites.filter(title=SITE).first()
    if site is None:
        site = create_site(organization, title=SITE, url=SITE_URL, who=AuditEntry.COMMAND, created_at=now)
        for title, claims in SEGMENTS.items():
            VisitorSegment.objects.create(site=site, title=title, claims=claims)
    return Demo(organization=organization, site=site, user=user)


def _refuse_weak(password: str) -> None:
    try:
        validate_password(password, User(email=EMAIL))
    except ValidationError as error:
        raise Refusal(" ".join(error.messages), path="DEMO_PASSWORD") from None


@transaction.atomic
def fresh_token(demo: Demo) -> str:
    """A new token of the demo's owner; the one of the last start stops working. The audit tells of both."""
    for token in ApiToken.objects.filter(user=demo.user, title=TOKEN, revoked_at=None):
        revoke_token(token, who=None)
    _token, raw = make_token(organization=demo.organization, user=demo.user, who=None, title=TOKEN, scopes=all_scopes())
    return raw


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach a server that listens on ``host``."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
