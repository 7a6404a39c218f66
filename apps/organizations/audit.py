"""Who did what, when, and from where: entries are added, and never changed or deleted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn

from django.db import models
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from apps.core.clock import utc_now
from apps.core.origin import current_origin
from apps.organizations.people import who_of

if TYPE_CHECKING:
    from apps.organizations.models import Organization, User
    from apps.sites.models import Site

_CHANGED = "Audit entries are not changed."
_DELETED = "Audit entries are not deleted."


class Fixed(Exception):
    """An entry of the audit was to be changed or deleted: a mistake of ours."""


class AuditQuerySet(models.QuerySet["AuditEntry"]):
    """Rows to be read. The triggers of migration ``0006_audit_kept`` refuse what goes past it."""

    def update(self, **_fields: Any) -> NoReturn:
        raise Fixed(_CHANGED)

    def bulk_update(self, *_args: Any, **_kwargs: Any) -> NoReturn:
        raise Fixed(_CHANGED)

    def bulk_create(self, *_args: Any, **_kwargs: Any) -> NoReturn:
        raise Fixed("Audit entries are added one by one: in bulk they could replace others.")

    def delete(self) -> NoReturn:
        raise Fixed(_DELETED)

    def _raw_delete(self, using: str | None) -> NoReturn:
        raise Fixed(_DELETED)


class AuditEntry(models.Model):
    """One thing that was done. It outlives the person, the site and the organization: those are named by their ids.

    ``details`` hold ids, numbers, moments and names of fields, never secrets or personal data: a visitor is told by a
    keyed hash.
    """

    COMMAND: ClassVar = "command"
    TASK: ClassVar = "task"

    at = models.DateTimeField(default=utc_now, editable=False)
    who = models.CharField(max_length=64, help_text=_("Id of a person, “command” or “task”."))
    origin = models.CharField(
        _("from"),
        max_length=32,
        blank=True,
        default=current_origin,
        editable=False,
        help_text=_("Keyed hash of the network; empty for commands and tasks."),
    )
    what = models.CharField(max_length=64)
    organization = models.CharField(max_length=64, blank=True, db_index=True, help_text=_("Id."))
    site = models.CharField(max_length=64, blank=True, help_text=_("Id."))
    details = models.JSONField(default=dict)

    objects = AuditQuerySet.as_manager()

    class Meta:
        ordering = ("-pk",)
        verbose_name_plural = _("audit entries")
        default_permissions = ("view",)

    def __str__(self) -> str:
        return f"{self.what} {self.site}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise Fixed(_CHANGED)
        super().save(*args, **{**kwargs, "force_insert": True})

    def delete(self, *_args: Any, **_kwargs: Any) -> NoReturn:
        raise Fixed(_DELETED)


def record(
    by: HttpRequest | User | str,
    what: str,
    *,
    organization: Organization | str = "",
    site: Site | str = "",
    details: Mapping[str, Any] | None = None,
) -> AuditEntry:
    """Add an entry. ``what`` is a verb and its object: ``remove_member``.

    ``by`` is the request of a person who is signed in (else ``PermissionDenied``), a person, or an id, ``COMMAND`` or
    ``TASK``. A site tells its organization. Where it comes from is known without being told.
    """
    if not organization and not isinstance(site, str):
        organization = site.organization
    return AuditEntry.objects.create(
        who=_id_of(who_of(by) if isinstance(by, HttpRequest) else by),
        what=what,
        organization=_id_of(organization),
        site=_id_of(site),
        details=dict(details or {}),
    )


def _id_of(named: User | Organization | Site | str) -> str:
    return named if isinstance(named, str) else named.public_id
