"""API tokens: keys for integrations, of a person or of an organization, of which only hashes are kept."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.db.models import F, Q
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from apps.core.clock import utc_now
from apps.core.ids import new_token_id
from apps.core.secret_hashes import secret_hash, secret_hashes
from apps.organizations.roles import Role

if TYPE_CHECKING:
    from apps.organizations.models import Organization, User  # they import this module


class Scope(models.TextChoices):
    """What a token may be used for. Source: contract.md, Conventions."""

    INSIGHTS_READ = "site:insights:read", _("Read insights")
    INSIGHTS_TRACK = "site:insights:track", _("Track events")
    SITE_READ = "site:read", _("Read sites")
    SITE_WRITE = "site:write", _("Create, change and delete sites")
    ORGANIZATION_READ = "organization:read", _("Read organizations")
    USER_READ = "user:read", _("Read the user's profile")


OF_PEOPLE = frozenset({Scope.USER_READ})
"""Scopes that make sense only for tokens that act for a person."""
OF_EDITORS = frozenset({Scope.INSIGHTS_TRACK, Scope.SITE_WRITE})
"""Scopes that a reader's token cannot hold: they change what others see."""


def all_scopes() -> list[str]:
    """Every scope there is."""
    return list(Scope.values)


def scopes_for(role: Role) -> list[Scope]:
    """The scopes that a token of a person with ``role`` may hold."""
    return [each for each in Scope if role.can_edit or each not in OF_EDITORS]


TOKEN_MARK = "sit_"  # noqa: S105  # the recognisable beginning of every token, not a secret
_PURPOSE = "api-token"
_PREFIX_LENGTH = 8
_SECRET_BYTES = 30


class ApiTokenQuerySet(models.QuerySet["ApiToken"]):
    def usable(self, now: datetime) -> ApiTokenQuerySet:
        """Tokens that are neither revoked nor expired; a person's, while that person may sign in and is a member."""
        is_member = Q(user__is_active=True, user__memberships__organization=F("organization"))
        return self.filter(
            Q(expires_at__isnull=True) | Q(expires_at__gt=now),
            Q(user__isnull=True) | is_member,
            revoked_at__isnull=True,
        ).distinct()

    def visible_to(self, user: User | AnonymousUser) -> ApiTokenQuerySet:
        """A member's own tokens, and all those of the organizations that ``user`` owns."""
        if isinstance(user, AnonymousUser):
            return self.none()
        owned = user.memberships.filter(role=Role.OWNER).values("organization")
        joined = user.memberships.values("organization")
        return self.filter(Q(organization__in=owned) | Q(user=user, organization__in=joined))

    def find(self, raw: str, *, now: datetime) -> ApiToken | None:
        """The usable token that ``raw`` is, or ``None``; a rotated one is found by its old secret until that ends."""
        if not raw.startswith(TOKEN_MARK):
            return None
        hashes = secret_hashes(_PURPOSE, raw)
        known = Q(hash__in=hashes) | Q(old_hash__in=hashes, old_ends_at__gt=now)
        return self.usable(now).select_related("user", "organization").filter(known).first()

    def use(self, raw: str, *, now: datetime) -> ApiToken | None:
        """The same, and note the use. A hash that was made under an older secret key is made anew under that of now."""
        token = self.find(raw, now=now)
        if token is not None:
            token.touch(now)
            token.rehash(raw)
        return token


class ApiToken(models.Model):
    """A key for integrations in one organization, within its scopes.

    It acts for one person, or, without one, for the organization itself, with the rights of an editor, and deletes
    sites besides: such a token goes on when whoever made it leaves. Only keyed hashes are kept; the token itself is
    shown once, by whoever called ``issue`` or ``renew``.
    """

    public_id = models.CharField(max_length=64, unique=True, default=new_token_id, editable=False)
    organization = models.ForeignKey("organizations.Organization", on_delete=models.CASCADE, related_name="tokens")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="tokens",
        help_text=_("Whom it acts for. Empty: the organization itself."),
    )
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+", editable=False
    )
    title = models.CharField(max_length=100)
    prefix = models.CharField(max_length=16, db_index=True, editable=False)
    hash = models.CharField(max_length=64, unique=True, editable=False)
    old_hash = models.CharField(max_length=64, unique=True, null=True, editable=False)  # noqa: DJ001  # unique, or none
    old_ends_at = models.DateTimeField(null=True, editable=False)
    scopes = models.JSONField(default=all_scopes)
    only_some_sites = models.BooleanField(
        default=False, help_text=_("It reaches the chosen sites alone: none where all of them are gone.")
    )
    sites = models.ManyToManyField("sites.Site", blank=True, related_name="tokens")
    created_at = models.DateTimeField(default=utc_now, editable=False)
    expires_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False)
    revoked_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = ApiTokenQuerySet.as_manager()

    class Meta:
        verbose_name = _("API token")
        ordering = ("-created_at",)

    def __str__(self) -> str:
        return f"{self.title} ({self.prefix}…)"

    @classmethod
    def issue(
        cls,
        *,
        organization: Organization,
        user: User | None,
        title: str,
        scopes: list[str] | None = None,
        expires_at: datetime | None = None,
        only_some_sites: bool = False,
        created_by: User | None = None,
    ) -> tuple[ApiToken, str]:
        """Make a token; returns the row and the token itself, which cannot be shown again.

        Without a ``user`` it is the organization's own, and the scopes of people are left out.
        """
        wanted = all_scopes() if scopes is None else scopes
        token = cls(
            organization=organization,
            user=user,
            title=title,
            scopes=[scope for scope in wanted if user or scope not in OF_PEOPLE],
            expires_at=expires_at,
            only_some_sites=only_some_sites,
            created_by=created_by or user,
        )
        raw = token._take_secret()
        token.save()
        return token, raw

    def renew(self, *, old_ends_at: datetime) -> str:
        """Give it a new secret, which is returned and cannot be shown again.

        The secret of now works until ``old_ends_at``; a still older one ends at once.
        """
        self.old_hash, self.old_ends_at = self.hash, old_ends_at
        raw = self._take_secret()
        self.save(update_fields=["hash", "prefix", "old_hash", "old_ends_at"])
        return raw

    @cached_property
    def role(self) -> Role | None:
        """What it may do in the organization at most, as it was when this was first asked of the row."""
        return self.organization.role_of_token(self)

    def holds(self, scope: Scope) -> bool:
        """Whether it was made for this."""
        return scope.value in self.scopes and (self.user_id is not None or scope not in OF_PEOPLE)

    def allows(self, scope: Scope) -> bool:
        """Whether it may be used for this now: the role of its person counts, which may be less than it was."""
        return self.holds(scope) and self.role is not None and scope in scopes_for(self.role)

    @property
    def may_delete_sites(self) -> bool:
        """Whether it may delete sites that its scopes and limits reach: an owner's may, and the organization's own."""
        return self.user_id is None or self.role is Role.OWNER

    def is_usable(self, now: datetime) -> bool:
        return self.revoked_at is None and (self.expires_at is None or self.expires_at > now)

    def revoke(self, now: datetime) -> None:
        self.revoked_at = now
        self.save(update_fields=["revoked_at"])

    def touch(self, now: datetime) -> None:
        """Note the use, at most once a minute."""
        if self.last_used_at is None or now - self.last_used_at > timedelta(minutes=1):
            type(self).objects.filter(pk=self.pk).update(last_used_at=now)
            self.last_used_at = now

    def rehash(self, raw: str) -> None:
        """Keep ``raw``, which is this token's secret, as a hash under the secret key of now."""
        now, *older = secret_hashes(_PURPOSE, raw)
        for name in ("hash", "old_hash"):
            kept = getattr(self, name)
            if kept in older:
                type(self).objects.filter(pk=self.pk, **{name: kept}).update(**{name: now})
                setattr(self, name, now)

    def _take_secret(self) -> str:
        raw = TOKEN_MARK + secrets.token_hex(_SECRET_BYTES)
        self.prefix = raw[: len(TOKEN_MARK) + _PREFIX_LENGTH]
        self.hash = secret_hash(_PURPOSE, raw)
        return raw
