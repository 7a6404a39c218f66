"""Who joins by an invitation, and who does not."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection

from apps.core.clock import utc_now
from apps.core.errors import Unavailable
from apps.organizations.invitations import Invitation
from apps.organizations.inviting import ForSomebodyElse, Gone, invite, revoke_invitation, send, to_send
from apps.organizations.models import AuditEntry, Membership, Role, User
from apps.sites.models import Site
from tests.invitations import accept, is_valid
from tests.people import World, make_world

NOW = datetime(2026, 4, 30, 12, 30, tzinfo=UTC)


def role_of(user: User, world: World) -> str | None:
    return Membership.objects.filter(user=user, organization=world.acme).values_list("role", flat=True).first()


def test_by_a_link_somebody_joins_once_with_the_role_that_it_names(world: World) -> None:
    made, secret = invite(world.acme, Role.EDITOR, who=world.ada)
    assert is_valid(secret)
    assert accept(secret, who=world.cy).organization == world.acme
    assert role_of(world.cy, world) == "editor"
    assert not is_valid(secret)
    dan = User.objects.create_user("dan@example.com")
    with pytest.raises(Gone):
        accept(secret, who=dan)
    assert role_of(dan, world) is None
    told = list(AuditEntry.objects.order_by("pk").values_list("what", "who", "organization", "details"))
    assert told == [
        (
            "invite",
            world.ada.public_id,
            world.acme.public_id,
            {"invitation": made.public_id, "role": "editor", "sites": None, "by_address": False, "most_uses": 1},
        ),
        (
            "accept_invitation",
            world.cy.public_id,
            world.acme.public_id,
            {"member": world.cy.public_id, "role": "editor", "sites": None, "invitation": made.public_id},
        ),
    ]


def test_a_link_for_two_lets_two_in(world: World) -> None:
    _made, secret = invite(world.acme, Role.READER, who=world.ada, most_uses=2)
    dan, fay = (User.objects.create_user(f"{name}@example.com") for name in ("dan", "fay"))
    accept(secret, who=world.cy)
    accept(secret, who=dan)
    with pytest.raises(Gone):
        accept(secret, who=fay)


def test_the_secret_is_not_kept(world: World) -> None:
    _made, secret = invite(world.acme, Role.READER, who=world.ada)
    row = str(Invitation.objects.values().get()) + str(list(AuditEntry.objects.values()))
    assert len(secret) == 32
    assert secret not in row


@pytest.mark.parametrize("wrong", ["", "x", "ü" * 32, "a" * 32, "\0", "\ud800", None, 7, "a" * 100_000])
def test_what_is_no_secret_is_not_valid(world: World, wrong: Any) -> None:
    invite(world.acme, Role.READER, who=world.ada)
    assert not is_valid(wrong)
    with pytest.raises(Gone):
        accept(wrong, who=world.cy)


def test_it_ends_after_seven_days(world: World) -> None:
    with time_machine.travel(NOW, tick=False):
        _made, secret = invite(world.acme, Role.READER, who=world.ada)
    with time_machine.travel(NOW + timedelta(days=7) - timedelta(seconds=1), tick=False):
        assert is_valid(secret)
    with time_machine.travel(NOW + timedelta(days=7), tick=False):
        assert not is_valid(secret)
        with pytest.raises(Gone):
            accept(secret, who=world.cy)


def test_it_is_revoked_and_who_joined_stays(world: World) -> None:
    made, secret = invite(world.acme, Role.READER, who=world.ada, most_uses=2)
    accept(secret, who=world.cy)
    assert revoke_invitation(made, who=world.ada)
    assert not revoke_invitation(made, who=world.ada)
    assert not is_valid(secret)
    assert role_of(world.cy, world) == "reader"
    assert AuditEntry.objects.filter(what="revoke_invitation").count() == 1


@pytest.mark.parametrize("change", ["removed", "editor", "inactive"])
def test_it_ends_when_its_maker_is_no_owner_any_more(world: World, change: str) -> None:
    Membership.objects.filter(user=world.ben).update(role=Role.OWNER)
    _made, secret = invite(world.acme, Role.OWNER, who=world.ada, email="ada@example.com")
    assert is_valid(secret)
    if change == "removed":
        Membership.objects.get(user=world.ada).delete()
    elif change == "editor":
        Membership.objects.filter(user=world.ada).update(role=Role.EDITOR)
    else:
        User.objects.filter(pk=world.ada.pk).update(is_active=False)
    assert not is_valid(secret)
    with pytest.raises(Gone):
        accept(secret, who=world.ada)


def test_an_invitation_to_an_address_is_for_that_one_alone(world: World) -> None:
    _made, secret = invite(world.acme, Role.OWNER, who=world.ada, email="Cy@Example.com")
    dan = User.objects.create_user("dan@example.com")
    assert (is_valid(secret), is_valid(secret, email="cy@example.com")) == (True, True)
    assert not is_valid(secret, email="dan@example.com")
    with pytest.raises(ForSomebodyElse):
        accept(secret, who=dan)
    assert role_of(dan, world) is None
    assert is_valid(secret)
    accept(secret, who=world.cy)
    assert role_of(world.cy, world) == "owner"
    assert not is_valid(secret)


def test_who_is_a_member_already_stays_as_they_are_and_uses_nothing_up(world: World) -> None:
    _made, secret = invite(world.acme, Role.READER, who=world.ada)
    accept(secret, who=world.ada)
    assert role_of(world.ada, world) == "owner"
    _made, better = invite(world.acme, Role.EDITOR, who=world.ada)
    accept(better, who=world.ben)
    assert role_of(world.ben, world) == "reader"
    assert is_valid(secret)
    assert is_valid(better)


def test_who_is_invited_to_some_sites_sees_those(world: World, blog: Site) -> None:
    _made, secret = invite(world.acme, Role.READER, who=world.ada, sites=[blog, world.secrets])
    accept(secret, who=world.cy)
    assert list(Site.objects.visible_to(world.cy)) == [blog, world.secrets]
    assert list(Site.objects.visible_to(world.cy).filter(organization=world.acme)) == [blog]


def test_when_those_sites_are_gone_the_invitation_opens_nothing(world: World, blog: Site) -> None:
    _made, secret = invite(world.acme, Role.READER, who=world.ada, sites=[blog])
    blog.delete()
    accept(secret, who=world.cy)
    assert list(Site.objects.visible_to(world.cy)) == [world.secrets]


@pytest.mark.parametrize("role", [Role.EDITOR, Role.READER, None])
def test_only_owners_invite_and_revoke(world: World, role: Role | None) -> None:
    made, secret = invite(world.acme, Role.READER, who=world.ada)
    ben = Membership.objects.filter(user=world.ben)
    ben.update(role=role) if role else ben.delete()
    with pytest.raises(PermissionDenied):
        invite(world.acme, Role.READER, who=world.ben)
    with pytest.raises(PermissionDenied):
        revoke_invitation(made, who=world.ben)
    assert is_valid(secret)
    assert Invitation.objects.count() == 1


@pytest.mark.parametrize(
    "given",
    [
        {"role": Role.OWNER},
        {"role": Role.READER, "most_uses": 0},
        {"role": Role.READER, "most_uses": 101},
        {"role": Role.READER, "email": "nobody"},
    ],
)
def test_what_makes_no_sense_is_refused(world: World, given: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        invite(world.acme, who=world.ada, **given)
    assert not Invitation.objects.exists()


def test_the_mail_has_a_link_that_works_and_only_the_latest_does(world: World) -> None:
    made, shown_to_nobody = invite(world.acme, Role.READER, who=world.ada, email="cy@example.com")
    links = []
    for _time in range(2):
        send(to_send(made, "https://insights.example"))
        links.append(next(line for line in mail.outbox[-1].body.splitlines() if line.startswith("https://")))
    assert mail.outbox[-1].to == ["cy@example.com"]
    assert mail.outbox[-1].subject == "Ada invites you to Acme"
    secrets = [link.removeprefix("https://insights.example/invitations/") for link in links]
    assert [is_valid(secret) for secret in (shown_to_nobody, *secrets)] == [False, False, True]
    accept(secrets[1], who=world.cy)
    assert role_of(world.cy, world) == "reader"


@pytest.mark.parametrize("change", ["revoked", "used", "by link"])
def test_no_mail_is_sent_for_what_cannot_be_accepted(world: World, change: str) -> None:
    email = "" if change == "by link" else "cy@example.com"
    made, secret = invite(world.acme, Role.READER, who=world.ada, email=email)
    if change == "revoked":
        revoke_invitation(made, who=world.ada)
    elif change == "used":
        accept(secret, who=world.cy)
    send(to_send(made, "https://insights.example"))
    assert mail.outbox == []


def test_while_the_mail_server_is_away_it_is_tried_again(world: World, settings: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9
    made, _secret = invite(world.acme, Role.READER, who=world.ada, email="cy@example.com")
    with pytest.raises(Unavailable):
        send(to_send(made, "https://insights.example"))
    assert Invitation.objects.get().sent_at is None


def test_a_title_cannot_add_a_header_to_the_mail(world: World) -> None:
    world.acme.title = "Acme\nBcc: eve@example.com"
    world.acme.save()
    made, _secret = invite(world.acme, Role.READER, who=world.ada, email="cy@example.com")
    send(to_send(made, "https://insights.example"))
    assert mail.outbox[0].subject == "Ada invites you to Acme Bcc: eve@example.com"
    assert mail.outbox[0].recipients() == ["cy@example.com"]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("attempt", range(3))
def test_one_use_is_one_also_for_many_at_once(attempt: int) -> None:
    world = make_world()
    _made, secret = invite(world.acme, Role.READER, who=world.ada)
    people = [User.objects.create_user(f"guest{number}@example.com") for number in range(4)]
    together, refused = threading.Barrier(len(people)), []

    def join(who: User) -> None:
        together.wait(timeout=30)
        try:
            accept(secret, who=who)
        except Gone:
            refused.append(who)
        finally:
            connection.close()

    threads = [threading.Thread(target=join, args=(who,)) for who in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert len(refused) == len(people) - 1
    assert Invitation.objects.get().uses == 1
    assert world.acme.memberships.count() == 3


def test_what_is_open_is_listed_and_nothing_else(world: World) -> None:
    open_one, _secret = invite(world.acme, Role.READER, who=world.ada)
    ended, _secret = invite(world.acme, Role.READER, who=world.ada)
    revoke_invitation(ended, who=world.ada)
    assert list(world.acme.invitations.usable(utc_now())) == [open_one]
