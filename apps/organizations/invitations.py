"""Invitations to an organization: whoever has the link of one may join, as its owner laid down."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, ClassVar

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from apps.core.clock import utc_now
from apps.core.ids import new_invitation_id
from apps.core.secret_hashes import secret_hash, secret_hashes
from apps.organizations.roles import Role

if TYPE_CHECKING:
    from apps.organizations.models import User  # it imports this module

LASTS = timedelta(days=7)
MOST_USES = 100
_PURPOSE = "invitation"
_SECRET_BYTES = 24
_LONGEST_SECRET = 64


def new_secret() -> str:
    """192 random bits, as they stand in the link's address."""
    return secrets.token_urlsafe(_SECRET_BYTES)


def hash_of(secret: str) -> str:
    """What is kept of a secret."""
    return secret_hash(_PURPOSE, secret)


class InvitationQuerySet(models.QuerySet["Invitation"]):
    def not_revoked(self) -> InvitationQuerySet:
        return self.filter(revoked_at__isnull=True)

    def usable(self, now: datetime, *, who: User | None = None) -> InvitationQuerySet:
        """Those that are neither revoked, expired nor used up, and whose maker still owns the organization.

        An owner who was removed cannot come back by a link that they kept. What is used up is usable for whom a use is
        kept: ``who``, or, where it is not known who comes, somebody.
        """
        kept = Invitation.expected.through._default_manager.filter(invitation=OuterRef("pk"))
        return self.not_revoked().filter(
            Q(uses__lt=F("most_uses")) | Exists(kept.filter(user=who) if who else kept),
            expires_at__gt=now,
            made_by__is_active=True,
            made_by__memberships__organization=F("organization"),
            made_by__memberships__role=Role.OWNER,
        )

    def find(self, secret: object, *, now: datetime) -> Invitation | None:
        """The usable invitation of a secret. All others are ``None``, by the same one question.

        The database compares hashes, not secrets: how long it takes tells nothing of a secret.
        """
        if not isinstance(secret, str) or not 0 < len(secret) <= _LONGEST_SECRET:
            return None
        usable = self.usable(now).select_related("organization", "made_by")
        return usable.filter(secret_hash__in=secret_hashes(_PURPOSE, secret)).first()

    def again(self, invitation_id: int, kept_hash: str, *, now: datetime, who: User | None = None) -> Invitation | None:
        """An invitation that was found before, where ``who`` can use it still and its secret is the same."""
        usable = self.usable(now, who=who).select_related("organization", "made_by")
        return usable.filter(pk=invitation_id, secret_hash=kept_hash).first()

    def use(self, invitation: Invitation) -> bool:
        """Count a use; whether there was one left. Of many who come at once no more than there are uses get one."""
        left = self.filter(pk=invitation.pk, uses__lt=F("most_uses"))
        return left.update(uses=F("uses") + 1) == 1


class Invitation(models.Model):
    """A way into an organization with a role, for whoever has the link, or for one address alone.

    Of the secret in its address only a keyed hash is kept; the address is shown once, or sent.
    """

    organization = models.ForeignKey("organizations.Organization", on_delete=models.CASCADE, related_name="invitations")
    public_id = models.CharField(max_length=64, unique=True, default=new_invitation_id, editable=False)
    role = models.CharField(max_length=16, choices=Role.choices, default=Role.READER)
    email = models.EmailField(_("e-mail address"), blank=True, help_text=_("Empty: whoever has the link may join."))
    is_limited = models.BooleanField(_("limited to some sites"), default=False)
    sites = models.ManyToManyField(
        "sites.Site", blank=True, related_name="+", help_text=_("Those of a limited reader.")
    )
    secret_hash = models.CharField(max_length=64, unique=True, editable=False)
    most_uses = models.PositiveSmallIntegerField(
        default=1, validators=[MinValueValidator(1), MaxValueValidator(MOST_USES)], help_text=_("How many may join.")
    )
    uses = models.PositiveSmallIntegerField(default=0, editable=False)
    expected = models.ManyToManyField(settings.AUTH_USER_MODEL, blank=True, related_name="+", editable=False)
    """Whose account was made by it, which was a use, and who have not joined yet."""
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", editable=False)
    made_at = models.DateTimeField(default=utc_now, editable=False)
    expires_at = models.DateTimeField(editable=False)
    revoked_at = models.DateTimeField(null=True, blank=True, editable=False)
    sent_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = InvitationQuerySet.as_manager()

    class Meta:
        ordering = ("-made_at", "-pk")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(is_limited=False) | Q(role=Role.READER), name="only_invited_readers_are_limited"
            ),
            models.CheckConstraint(condition=~Q(email="") | ~Q(role=Role.OWNER), name="owners_are_invited_by_address"),
            models.CheckConstraint(condition=Q(email="") | Q(most_uses=1), name="an_address_joins_once"),
        ]

    def __str__(self) -> str:
        return self.email or self.public_id

    @property
    def has_uses(self) -> bool:
        """Whether somebody else may come by it."""
        return self.uses < self.most_uses

    def is_for(self, email: str) -> bool:
        """Whether somebody with this address may join by it."""
        return not self.email or self.email.lower() == email.lower()
