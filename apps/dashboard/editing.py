"""Who may change what a site's people share, and that it is told in the audit."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest

from apps.dashboard.frames import membership
from apps.organizations.audit import AuditEntry
from apps.organizations.models import Role, User
from apps.sites.models import Site


def may_edit(request: HttpRequest, site: Site) -> bool:
    """Whether the reader is an editor or an owner."""
    return Role(membership(request, site).role).can_edit


def editor(request: HttpRequest, site: Site) -> User:
    """The reader, who is an editor or an owner; raises ``PermissionDenied`` for anybody else."""
    if not isinstance(request.user, User) or not may_edit(request, site):
        raise PermissionDenied
    return request.user


def note(site: Site, who: User, what: str, **details: str) -> None:
    """Add an entry to the audit; ``details`` hold ids, never personal data."""
    AuditEntry.objects.create(
        who=who.public_id,
        what=what,
        organization=site.organization.public_id,
        site=site.public_id,
        details=details,
    )
