"""What is done with invitations: they are made, sent, accepted, revoked. The audit tells of each."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.mail import send_mail
from django.db import transaction
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from apps.core.clock import utc_now
from apps.core.errors import Refusal, Unavailable
from apps.core.sealing import Broken, seal, unseal
from apps.organizations.audit import record
from apps.organizations.invitations import LASTS, Invitation, hash_of, new_secret
from apps.organizations.members import lock, lock_as_owner, note_member
from apps.organizations.models import Membership, Organization, User
from apps.organizations.roles import Role

if TYPE_CHECKING:
    from apps.sites.models import Site

log = logging.getLogger(__name__)

WAITS = 86_400
"""Seconds after which an invitation that still waits for being sent is not sent any more."""
_PURPOSE = "invitation"


class Gone(Refusal):
    """There is no such invitation, or not any more."""

    status = 404

    def __init__(self) -> None:
        super().__init__(_("This invitation is not valid, or not any more. Ask whoever sent it for another."))


class ForSomebodyElse(Refusal):
    """An invitation to another address."""

    status = 403

    def __init__(self) -> None:
        super().__init__(_("This invitation is for another e-mail address than the one you are signed in with."))


def sends_mail() -> bool:
    """Whether invitations to an address are sent there; else their link is shown to whoever makes them."""
    return bool(settings.SENDS_MAIL)


@transaction.atomic
def invite(
    organization: Organization,
    role: Role,
    *,
    who: User,
    email: str = "",
    most_uses: int = 1,
    sites: Sequence[Site] | None = None,
) -> tuple[Invitation, str]:
    """Make an invitation; returns the row and the secret of its address, which cannot be shown again.

    ``sites`` limit a reader; ``None``: no limit. Raises ``PermissionDenied`` where ``who`` is no owner of it,
    ``ValidationError`` where a field makes no sense.
    """
    lock_as_owner(organization, who)
    secret, now = new_secret(), utc_now()
    invitation = Invitation(
        organization=organization,
        role=role,
        email=email,
        is_limited=sites is not None and role == Role.READER,
        secret_hash=hash_of(secret),
        most_uses=1 if email else most_uses,
        made_by=who,
        made_at=now,
        expires_at=now + LASTS,
    )
    invitation.full_clean()
    invitation.save()
    if invitation.is_limited:
        invitation.sites.set(organization.sites.filter(pk__in=[site.pk for site in sites or ()]))
    limits = [site.public_id for site in invitation.sites.all()] if invitation.is_limited else None
    _note(
        "invite", invitation, who, role=str(role), sites=limits, by_address=bool(email), most_uses=invitation.most_uses
    )
    return invitation, secret


@transaction.atomic
def accept(found: Invitation | None, *, who: User) -> Membership:
    """Make ``who`` a member, as the invitation that they came with says; ``None``: it is none, or none any more.

    Whose account was made by it has used it by that. Who is a member already stays as they are, and uses up nothing.
    Raises ``Gone``, and ``ForSomebodyElse``.
    """
    if found is None:
        raise Gone
    lock(found.organization)
    # As it is now that nobody else changes it.
    invitation = Invitation.objects.again(found.pk, found.secret_hash, now=utc_now(), who=who)
    if invitation is None:
        raise Gone
    if not invitation.is_for(who.email):
        raise ForSomebodyElse
    organization = invitation.organization
    already = organization.memberships.filter(user=who).first()
    is_expected = invitation.expected.filter(pk=who.pk).exists()
    invitation.expected.remove(who)
    if already:
        return already
    if not is_expected and not Invitation.objects.use(invitation):  # meanwhile somebody made an account by it
        raise Gone
    membership = Membership.objects.create(
        organization=organization, user=who, role=invitation.role, is_limited=invitation.is_limited
    )
    membership.sites.set(invitation.sites.filter(organization=organization))
    note_member("accept_invitation", membership, who=who, invitation=invitation.public_id)
    return membership


@transaction.atomic
def expect(invitation: Invitation | None, *, who: User) -> None:
    """Count the account of ``who``, which is being made by an invitation, as a use, and keep that for their joining.

    Raises ``Gone``.
    """
    if invitation is None or not Invitation.objects.use(invitation):
        raise Gone
    invitation.expected.add(who)


@transaction.atomic
def revoke_invitation(invitation: Invitation, *, who: User) -> bool:
    """End it for good; whether it had not been ended before. Who joined by it stays.

    Raises ``PermissionDenied`` where ``who`` does not own the organization.
    """
    lock_as_owner(invitation.organization, who)
    return revoke_as_staff(invitation, who=who)


@transaction.atomic
def revoke_as_staff(invitation: Invitation, *, who: User) -> bool:
    """The same for those who need no role."""
    if not Invitation.objects.not_revoked().filter(pk=invitation.pk).update(revoked_at=utc_now()):
        return False
    _note("revoke_invitation", invitation, who)
    return True


def to_send(invitation: Invitation, origin: str) -> str:
    """What ``send`` needs, for the queue; ``origin`` is where this service is reached.

    It is sealed: else who writes there could have our mail lead to a page of theirs.
    """
    return seal(_PURPOSE, [invitation.pk, origin])


def send(sealed: str) -> None:
    """Send an invitation to its address, with a new secret: no other place, also no queue, ever held it.

    Nothing is sent for one that cannot be accepted any more, nor for what was not sealed here within ``WAITS``. Safe
    to repeat: the latest mail has the link that works. Raises ``Unavailable`` while the mail server takes nothing.
    """
    try:
        invitation_id, origin = unseal(_PURPOSE, sealed, seconds=WAITS)
    except Broken:
        log.warning("An invitation was not sent: it had waited for too long, or its key is not known any more.")
        return
    invitation = Invitation.objects.usable(utc_now()).filter(pk=invitation_id).exclude(email="").first()
    if invitation is None:
        return
    secret = new_secret()
    invitation.secret_hash = hash_of(secret)
    invitation.save(update_fields=["secret_hash"])
    context = {
        "organization": invitation.organization.title,
        "inviter": invitation.made_by.display_name,
        "role": invitation.get_role_display(),
        "url": f"{origin}/invitations/{secret}",
        "expires_at": invitation.expires_at,
    }
    subject = " ".join(render_to_string("organizations/mail/invitation_subject.txt", context).split())
    text = render_to_string("organizations/mail/invitation.txt", context)
    try:
        send_mail(subject, text, None, [invitation.email])
    except OSError as error:  # SMTPException is one
        raise Unavailable("The mail server takes nothing now.") from error
    invitation.sent_at = utc_now()
    invitation.save(update_fields=["sent_at"])


def _note(what: str, invitation: Invitation, who: User, **details: Any) -> None:
    told = {"invitation": invitation.public_id, **details}
    record(who, what, organization=invitation.organization, details=told)
