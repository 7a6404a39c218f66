"""Invitations by the secret of their link, as whoever has it comes with it."""

from __future__ import annotations

from apps.core.clock import utc_now
from apps.organizations import inviting
from apps.organizations.invitations import Invitation
from apps.organizations.models import Membership, User


def found(secret: object) -> Invitation | None:
    return Invitation.objects.find(secret, now=utc_now())


def is_valid(secret: object, *, email: str | None = None) -> bool:
    """Whether somebody may join now; where it is told, somebody with this address."""
    invitation = found(secret)
    return invitation is not None and (email is None or invitation.is_for(email))


def accept(secret: object, *, who: User) -> Membership:
    return inviting.accept(found(secret), who=who)
