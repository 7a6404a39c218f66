"""Who is tried at every route, in the order of the columns of docs/access.md."""

from __future__ import annotations

from dataclasses import dataclass
from http.cookies import SimpleCookie
from typing import Any

from django.conf import settings
from django.db import transaction
from django.test import Client

from apps.dashboard.models import SavedReport
from apps.organizations.inviting import invite
from apps.organizations.issuing import make_token
from apps.organizations.models import Membership, Organization, Role, User
from apps.organizations.tokens import scopes_for
from apps.segments.models import VisitorSegment
from apps.sites.models import Site
from apps.sites.sharing import create_link
from tests.people import PASSWORD, make_world, token_of

NOBODY = "nobody"
SIGN_IN = ("/accounts/login/", "/admin/login/")
REFUSALS = ("401", "403", "404", "405")


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A browser with a session, and a token of the API; nobody has neither, a machine no session."""

    session: str = ""
    token: str = ""

    def ask(self, method: str, address: str, *, with_token: bool, body: Any = None) -> str:
        """What becomes of a request, all of whose changes are undone: ``yes``, ``sign in``, or the refusal."""
        client = Client(raise_request_exception=False)
        if self.session and not with_token:
            client.cookies = SimpleCookie({settings.SESSION_COOKIE_NAME: self.session})
        headers = {"Authorization": f"Bearer {self.token}"} if self.token and with_token else None
        given = {} if body is None else {"data": body, "content_type": "application/json"}
        with transaction.atomic():
            answer = getattr(client, method.lower())(address, headers=headers, **given)
            if answer.streaming:
                list(answer.streaming_content)
            transaction.set_rollback(True)
        return _outcome(answer)


def _outcome(answer: Any) -> str:
    status = str(answer.status_code)
    if status == "302" and answer["Location"].startswith(SIGN_IN):
        return "sign in"
    # What was asked was looked at, and made no sense, or could not be done now.
    return "yes" if answer.status_code < 400 or status in ("409", "422", "503") else status


@dataclass(frozen=True, slots=True, kw_only=True)
class Cast:
    """Everybody, by the heading of their column, and what stands in addresses for the names in routes."""

    people: dict[str, Person]
    organization: Organization
    site: Site
    values: dict[str, str]


def make_cast() -> Cast:
    """Acme with its docs, which are tried, its blog, and members of every kind."""
    world = make_world()
    blog = Site.objects.create(organization=world.acme, title="Acme Blog")
    users = {"stranger": world.cy, "reader": world.ben, "owner": world.ada}
    for name, role in (("elsewhere", Role.READER), ("limited", Role.READER), ("editor", Role.EDITOR)):
        users[name] = User.objects.create_user(f"{name}@example.com", PASSWORD)
        membership = Membership.objects.create(organization=world.acme, user=users[name], role=role)
        if role == Role.READER:
            membership.is_limited = True
            membership.save()
            membership.sites.set([blog if name == "elsewhere" else world.docs])
    users["staff"] = User.objects.create_superuser("root@example.com", PASSWORD)
    _link, token = create_link(site=world.docs, who=world.ada, title="Shared", report="traffic")
    invitation, secret = invite(world.acme, Role.READER, who=world.ada, most_uses=100)
    values = {
        "secret": secret,
        "invitation_id": invitation.public_id,
        "user_id": world.ben.public_id,
        "organization": world.acme.public_id,
        "organization_id": world.acme.public_id,
        "site_id": world.docs.public_id,
        "link_id": world.docs.share_links.get().public_id,
        "report": SavedReport.objects.create(site=world.docs, title="Kept").public_id,
        "segment": VisitorSegment.objects.create(site=world.docs, title="Beta", claims={"beta": True}).public_id,
        "token": token,
        "token_id": make_token(
            organization=world.acme, user=world.ben, who=world.ben, title="Ben's", scopes=scopes_for(Role.READER)
        )[0].public_id,
        "key": "nothing",
        "pk": "1",
        "uidb36": "1",
        "report_name": "traffic",
        "panel_name": "pages",
        "rest": "nothing",
        "url": "nothing",
        "app_label": "sites",
        "content_type_id": "1",
        "id": str(world.ben.pk),
    }
    people = {NOBODY: Person()}
    for name in ("stranger", "elsewhere", "limited", "reader", "editor", "owner", "staff"):
        user = users[name]
        client = Client()
        client.force_login(user)
        team = world.elsewhere if name == "stranger" else world.acme
        people[name] = Person(session=client.cookies[settings.SESSION_COOKIE_NAME].value, token=token_of(user, team))
    people["machine"] = Person(token=token_of(None, world.acme))
    return Cast(people=people, organization=world.acme, site=world.docs, values=values)
