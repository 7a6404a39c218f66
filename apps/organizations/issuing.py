"""What is done with API tokens: they are made, changed, rotated, revoked. The audit tells of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.db import transaction

from apps.core.clock import utc_now
from apps.core.errors import Refusal
from apps.organizations.audit import AuditEntry, record
from apps.organizations.models import ApiToken, Organization, Scope, User
from apps.organizations.tokens import scopes_for

if TYPE_CHECKING:
    from apps.sites.models import Site

OVERLAP = timedelta(hours=24)
"""How long the old secret of a rotated token works, unless it is said otherwise."""


@transaction.atomic
def make_token(
    *,
    organization: Organization,
    user: User | None,
    who: User | None,
    title: str,
    scopes: Sequence[str],
    sites: Iterable[Site] | None = None,
    expires_at: datetime | None = None,
) -> tuple[ApiToken, str]:
    """Make a token; returns the row and the token itself, which cannot be shown again.

    It acts for ``user``, or, where that is ``None``, for the organization; ``who`` makes it (``None``: a command). It
    reaches all ``sites``, of now and later, where that is ``None``. Raises ``Refusal`` where it would be of no use.
    """
    chosen = None if sites is None else list(sites)
    _refuse_nonsense(organization, user, scopes, chosen)
    token, raw = ApiToken.issue(
        organization=organization,
        user=user,
        title=title,
        scopes=list(scopes),
        expires_at=expires_at,
        only_some_sites=chosen is not None,
        created_by=who,
    )
    token.sites.set(chosen or ())
    note_token("create_token", token, who, _limits(token))
    return token, raw


@transaction.atomic
def rotate_token(token: ApiToken, *, who: User, overlap: timedelta = OVERLAP) -> str:
    """Give the token a new secret, which is returned; the old one works for ``overlap`` more, then ends."""
    now = utc_now()
    if not token.is_usable(now):
        raise Refusal("The token has ended.")
    raw = token.renew(old_ends_at=now + overlap)
    note_token("rotate_token", token, who, {"old_ends_at": _moment(token.old_ends_at)})
    return raw


@transaction.atomic
def revoke_token(token: ApiToken, *, who: User | None) -> bool:
    """End the token for good, with its old secret too; whether it had not been ended before.

    ``who`` ends it (``None``: a command).
    """
    if token.revoked_at is not None:
        return False
    token.revoke(utc_now())
    note_token("revoke_token", token, who, {})
    return True


def note_change(token: ApiToken, *, who: User) -> None:
    """Tell the audit that the token's scopes, sites, expiry or title were changed to what they are now."""
    note_token("change_token", token, who, _limits(token))


def note_token(what: str, token: ApiToken, who: User | None, details: dict[str, Any]) -> None:
    """Add an entry about ``token`` to the audit."""
    told = {"token": token.public_id, "user": token.user.public_id if token.user else None} | details
    record(who or AuditEntry.COMMAND, what, organization=token.organization, details=told)


def _limits(token: ApiToken) -> dict[str, Any]:
    sites = sorted(token.sites.values_list("public_id", flat=True)) if token.only_some_sites else None
    return {"scopes": token.scopes, "sites": sites, "expires_at": _moment(token.expires_at)}


def _refuse_nonsense(
    organization: Organization, user: User | None, scopes: Sequence[str], sites: list[Site] | None
) -> None:
    if not scopes or not set(scopes) <= set(Scope.values):
        raise Refusal("expected some of the scopes that there are", path="scopes")
    if user is not None:
        role = organization.role_of(user)
        if role is None:
            raise Refusal("This person is not a member of the organization.", path="user")
        if not set(scopes) <= set(scopes_for(role)):
            raise Refusal("A reader's token cannot track events nor change sites.", path="scopes")
    if sites is not None and any(site.organization_id != organization.pk for site in sites):
        raise Refusal("expected sites of the organization", path="sites")


def _moment(value: datetime | None) -> str | None:
    return f"{value:%Y-%m-%dT%H:%M:%S%z}" if value else None
