"""People, organizations, memberships with roles, and API tokens."""

from __future__ import annotations

import hmac
import secrets
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, ClassVar

from django.conf import settings
from django.contrib.auth.models import AbstractUser, AnonymousUser, BaseUserManager
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from apps.core.clock import utc_now
from apps.core.ids import new_organization_id, new_user_id
from apps.organizations.audit import AuditEntry
from apps.organizations.invitations import Invitation
from apps.organizations.roles import Role

__all__ = ["ApiToken", "AuditEntry", "Invitation", "Membership", "Organization", "Role", "Scope", "User"]


class UserManager(BaseUserManager["User"]):
    """People are made and found by e-mail address."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> User:
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)

    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(email__iexact=username)


class User(AbstractUser):
    """A person who signs in with an e-mail address and a password."""

    username = None  # type: ignore[assignment]  # the e-mail address is the name
    public_id = models.CharField(max_length=64, unique=True, default=new_user_id, editable=False)
    email = models.EmailField(_("e-mail address"), unique=True)

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    objects = UserManager()  # type: ignore[assignment,misc]

    @property
    def display_name(self) -> str:
        """The full name, or the part of the address before the ``@``."""
        return self.get_full_name() or self.email.partition("@")[0]


class OrganizationQuerySet(models.QuerySet["Organization"]):
    def visible_to(self, user: User | AnonymousUser) -> OrganizationQuerySet:
        """The organizations that ``user`` is a member of."""
        if not isinstance(user, User):
            return self.none()
        return self.filter(memberships__user=user).distinct()


class Organization(models.Model):
    """A team that owns sites."""

    public_id = models.CharField(max_length=64, unique=True, default=new_organization_id, editable=False)
    title = models.CharField(max_length=255)
    created_at = models.DateTimeField(default=utc_now, editable=False)

    objects = OrganizationQuerySet.as_manager()

    class Meta:
        ordering = ("title", "pk")

    def __str__(self) -> str:
        return self.title

    def role_of(self, user: User | AnonymousUser) -> Role | None:
        """The role of ``user`` here, or ``None`` for somebody who is not a member."""
        if not isinstance(user, User):
            return None
        membership = self.memberships.filter(user=user).first()
        return Role(membership.role) if membership else None


class MembershipQuerySet(models.QuerySet["Membership"]):
    def opening(self, user: User, *, site: str = "pk", organization: str = "organization") -> Exists:
        """A condition for queries of sites, or of what belongs to one: that ``user`` may see the site.

        ``site`` and ``organization`` name both as that query does.
        """
        mine = self.filter(user=user, organization=OuterRef(organization))
        return Exists(mine.filter(Q(is_limited=False) | Q(sites=OuterRef(site))))


class Membership(models.Model):
    """That a person belongs to an organization, with a role.

    A limited reader sees ``sites`` alone: no other, none when the last of them is gone, and none that is added later.
    """

    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=16, choices=Role.choices, default=Role.READER)
    is_limited = models.BooleanField(_("limited to some sites"), default=False)
    sites = models.ManyToManyField(
        "sites.Site", blank=True, related_name="+", help_text=_("Those of a limited reader.")
    )
    created_at = models.DateTimeField(default=utc_now, editable=False)

    objects = MembershipQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=("organization", "user"), name="one_membership_a_person"),
            models.CheckConstraint(
                condition=Q(is_limited=False) | Q(role=Role.READER),
                name="only_readers_are_limited",
                violation_error_message=_("Only readers are limited to some sites."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} · {self.get_role_display()}"


class Scope(models.TextChoices):
    """What a token may be used for. Source: contract.md, Conventions."""

    INSIGHTS_READ = "site:insights:read", _("Read insights")
    INSIGHTS_TRACK = "site:insights:track", _("Track events")
    SITE_READ = "site:read", _("Read sites")
    SITE_WRITE = "site:write", _("Create, change and delete sites")
    ORGANIZATION_READ = "organization:read", _("Read organizations")
    USER_READ = "user:read", _("Read the user's profile")


def all_scopes() -> list[str]:
    """Every scope there is."""
    return list(Scope.values)


TOKEN_MARK = "sit_"  # noqa: S105  # the recognisable beginning of every token, not a secret
_PREFIX_LENGTH = 8
_SECRET_BYTES = 30


def _hash_token(raw: str) -> str:
    """A keyed hash of a whole token; the key is derived from the service's secret key."""
    pepper = sha256(b"api-token:" + settings.SECRET_KEY.encode()).digest()
    return hmac.new(pepper, raw.encode("utf-8", "surrogatepass"), sha256).hexdigest()


class ApiTokenQuerySet(models.QuerySet["ApiToken"]):
    def usable(self, now: datetime) -> ApiTokenQuerySet:
        """Tokens that are neither revoked nor expired, and whose owner may still sign in and is still a member."""
        return self.filter(
            Q(expires_at__isnull=True) | Q(expires_at__gt=now),
            revoked_at__isnull=True,
            user__is_active=True,
            user__memberships__organization=models.F("organization"),
        ).distinct()

    def find(self, raw: str, *, now: datetime) -> ApiToken | None:
        """The usable token that ``raw`` is, or ``None``."""
        if not raw.startswith(TOKEN_MARK):
            return None
        return self.usable(now).select_related("user", "organization").filter(hash=_hash_token(raw)).first()


class ApiToken(models.Model):
    """A key for integrations: acts for one person in one organization, within its scopes.

    Only a keyed hash is kept; the token itself is shown once, by whoever called ``issue``.
    """

    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="tokens")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="tokens")
    title = models.CharField(max_length=100)
    prefix = models.CharField(max_length=16, db_index=True, editable=False)
    hash = models.CharField(max_length=64, unique=True, editable=False)
    scopes = models.JSONField(default=all_scopes)
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
        user: User,
        title: str,
        scopes: list[str] | None = None,
        expires_at: datetime | None = None,
    ) -> tuple[ApiToken, str]:
        """Make a token; returns the row and the token itself, which cannot be shown again."""
        raw = TOKEN_MARK + secrets.token_hex(_SECRET_BYTES)
        token = cls.objects.create(
            organization=organization,
            user=user,
            title=title,
            prefix=raw[: len(TOKEN_MARK) + _PREFIX_LENGTH],
            hash=_hash_token(raw),
            scopes=all_scopes() if scopes is None else scopes,
            expires_at=expires_at,
        )
        return token, raw

    def allows(self, scope: Scope) -> bool:
        return scope.value in self.scopes

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
