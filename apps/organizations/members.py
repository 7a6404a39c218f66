"""What is done with organizations and their members. The audit tells of every change.

Whoever changes members holds the row of their organization, so that changes come one after the other: two owners who
remove each other at the same moment cannot both succeed, and who lost a right meanwhile has it no more.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext as _

from apps.core.errors import Refusal
from apps.organizations.audit import record
from apps.organizations.issuing import revoke_token
from apps.organizations.models import Membership, Organization, User
from apps.organizations.roles import Role

if TYPE_CHECKING:
    from apps.sites.models import Site  # it knows organizations, not they it


class LastOwner(Refusal):
    """An organization would be left without an owner."""

    status = 409

    def __init__(self) -> None:
        super().__init__(_("An organization always has an owner: make somebody else an owner first."))


class NotAMember(Refusal):
    """Somebody who does not belong to the organization (any more)."""

    status = 404

    def __init__(self) -> None:
        super().__init__(_("This person is not a member of the organization."))


class HoldsSites(Refusal):
    """An organization with sites was to be deleted."""

    status = 409

    def __init__(self) -> None:
        super().__init__(_("The organization holds sites, whose events would be gone with it: delete them first."))


@transaction.atomic
def create_person(email: str, password: str, *, who: User | str, **fields: Any) -> User:
    """A new person of no organization; ``who`` makes them, a person or ``AuditEntry.COMMAND``."""
    made = User.objects.create_user(email, password, **fields)
    record(who, "create_person", details={"person": made.public_id})
    return made


@transaction.atomic
def create_organization(title: str, *, owner: User, who: User | str) -> Organization:
    """A new organization; ``who`` makes it, a person or ``AuditEntry.COMMAND``."""
    organization = Organization.objects.create(title=title)
    Membership.objects.create(organization=organization, user=owner, role=Role.OWNER)
    _note("create_organization", organization, who)
    return organization


@transaction.atomic
def rename_organization(organization: Organization, title: str, *, who: User) -> None:
    """Give it another title. Raises ``PermissionDenied`` where ``who`` does not own it, as all below do."""
    lock_as_owner(organization, who)
    organization.title = title
    organization.save(update_fields=["title"])
    _note("rename_organization", organization, who)


@transaction.atomic
def delete_organization(organization: Organization, *, who: User) -> None:
    """Delete it with its memberships and tokens. Raises ``HoldsSites`` while there is a site."""
    lock_as_owner(organization, who)
    if organization.sites.exists():
        raise HoldsSites
    _note("delete_organization", organization, who)
    organization.delete()


@transaction.atomic
def change_member(
    organization: Organization, member: User, role: Role, *, who: User, sites: Sequence[Site] | None = None
) -> None:
    """Give a member another role; a reader may be limited to ``sites`` of the organization, ``None`` for all there are.

    Raises ``LastOwner`` and ``NotAMember``.
    """
    lock_as_owner(organization, who)
    membership = _membership(organization, member)
    if role != Role.OWNER:
        _must_leave_an_owner([membership])
    was = membership.role
    membership.role, membership.is_limited = role, sites is not None and role == Role.READER
    membership.save(update_fields=["role", "is_limited"])
    membership.sites.set(organization.sites.filter(pk__in=[site.pk for site in sites or ()]))
    note_member("change_member", membership, who=who, was=was)


@transaction.atomic
def remove_member(organization: Organization, member: User, *, who: User) -> None:
    """End a membership, with the tokens that the person had in the organization. Raises as ``change_member`` does."""
    lock_as_owner(organization, who)
    membership = _membership(organization, member)
    _must_leave_an_owner([membership])
    note_removal(membership, who=who)
    membership.delete()


@transaction.atomic
def leave_organization(organization: Organization, *, who: User) -> None:
    """End the membership of ``who``. Raises ``LastOwner`` and ``NotAMember``."""
    lock(organization)
    membership = _membership(organization, who)
    _must_leave_an_owner([membership])
    _end_tokens(membership, who=who)
    membership.delete()
    _note("leave_organization", organization, who)


@transaction.atomic
def transfer_ownership(organization: Organization, member: User, *, who: User) -> None:
    """Make a member an owner, and ``who``, who was one, an editor.

    Raises ``NotAMember``, also for a member who may not sign in any more.
    """
    lock_as_owner(organization, who)
    heir, former = _membership(organization, member), _membership(organization, who)
    if not heir.user.is_active:
        raise NotAMember
    if heir == former:
        return
    for membership, role in ((heir, Role.OWNER), (former, Role.EDITOR)):
        membership.role, membership.is_limited = role, False
        membership.save(update_fields=["role", "is_limited"])
        membership.sites.clear()
    _note("transfer_ownership", organization, who, member=member.public_id)


def lock(*organizations: Organization) -> None:
    """Hold the rows until the transaction ends; always in the same order, so that nobody waits for each other."""
    list(Organization.objects.select_for_update().filter(pk__in=[each.pk for each in organizations]).order_by("pk"))


def lock_as_owner(organization: Organization, who: User) -> None:
    """Hold the organization's row. Raises ``PermissionDenied`` where ``who`` does not own it (any more)."""
    lock(organization)
    if organization.role_of(who) != Role.OWNER:
        raise PermissionDenied


def left_without_owner(losing: Iterable[Membership], gaining: Iterable[Organization | None] = ()) -> list[Organization]:
    """The organizations that have no owner left once the memberships ``losing`` are none, or none of an owner.

    ``gaining`` get a new one by the same change. For an answer that holds, ``lock`` them before.
    """
    lost = Membership.objects.filter(pk__in=[each.pk for each in losing])
    kept = Membership.objects.filter(role=Role.OWNER, user__is_active=True).exclude(pk__in=lost)
    touched = Organization.objects.filter(memberships__in=lost.filter(role=Role.OWNER)).distinct()
    return list(
        touched.exclude(pk__in=[each.pk for each in gaining if each]).exclude(pk__in=kept.values("organization"))
    )


def note_member(what: str, membership: Membership, *, who: User, **details: Any) -> None:
    """Add an entry of the audit about what somebody may see now."""
    sites = [site.public_id for site in membership.sites.all()] if membership.is_limited else None
    member = membership.user.public_id
    _note(what, membership.organization, who, member=member, role=str(membership.role), sites=sites, **details)


def _end_tokens(membership: Membership, *, who: User) -> None:
    """Revoke what the person's programs have in the organization; the audit tells of each token."""
    for token in membership.organization.tokens.filter(user=membership.user).order_by("pk"):
        revoke_token(token, who=who)


def note_removal(membership: Membership, *, who: User) -> None:
    """Add an entry of the audit about a membership that ends, and end what the person's programs had.

    Should they be a member again, their old tokens stay revoked.
    """
    _end_tokens(membership, who=who)
    _note("remove_member", membership.organization, who, member=membership.user.public_id)


def _membership(organization: Organization, user: User) -> Membership:
    found = organization.memberships.select_related("user", "organization").filter(user=user).first()
    if found is None:
        raise NotAMember
    return found


def _must_leave_an_owner(losing: Iterable[Membership]) -> None:
    if left_without_owner(losing):
        raise LastOwner


def _note(what: str, organization: Organization, who: User | str, **details: Any) -> None:
    record(who, what, organization=organization, details=details)
