"""People, organizations, and memberships with roles."""

from __future__ import annotations

from typing import Any, ClassVar

from allauth.account.models import EmailAddress
from django.contrib.auth.models import AbstractUser, AnonymousUser, BaseUserManager
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from apps.core.clock import utc_now
from apps.core.ids import new_organization_id, new_user_id
from apps.organizations.audit import AuditEntry
from apps.organizations.invitations import Invitation
from apps.organizations.roles import Role
from apps.organizations.tokens import ApiToken, Scope, all_scopes

__all__ = [
    "ApiToken",
    "AuditEntry",
    "Invitation",
    "Membership",
    "Organization",
    "Role",
    "Scope",
    "User",
    "all_scopes",
]


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
        """The person with an address, whatever its case; of several that differ in case alone, the one written so.

        Raises ``User.DoesNotExist``.
        """
        try:
            return self.get(email__iexact=username)
        except User.MultipleObjectsReturned:
            return self.get(email=username)


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

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Keep one address a person: of an earlier one it is forgotten that it was confirmed, and that it signs in."""
        super().save(*args, **kwargs)
        fields = kwargs.get("update_fields")
        if fields is None or "email" in fields:
            EmailAddress.objects.filter(user=self).exclude(email__iexact=self.email).delete()


class OrganizationQuerySet(models.QuerySet["Organization"]):
    def visible_to(self, user: User | AnonymousUser) -> OrganizationQuerySet:
        """The organizations that ``user`` is a member of."""
        if not isinstance(user, User):
            return self.none()
        return self.filter(memberships__user=user).distinct()

    def for_token(self, token: ApiToken) -> OrganizationQuerySet:
        """The organization that ``token`` belongs to, where whoever it acts for is still a member."""
        reachable = self if token.user is None else self.visible_to(token.user)
        return reachable.filter(pk=token.organization_id)


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

    def role_of_token(self, token: ApiToken) -> Role | None:
        """What a token of this organization may do here: as much as its person, or as an editor where it has none."""
        return Role.EDITOR if token.user is None else self.role_of(token.user)


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
