"""Who did what to data that cannot be brought back: entries are added, and never changed or deleted."""

from __future__ import annotations

from typing import Any, ClassVar, NoReturn

from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.core.clock import utc_now


class Fixed(Exception):
    """An entry of the audit was to be changed or deleted: a mistake of ours."""


class AuditQuerySet(models.QuerySet["AuditEntry"]):
    def update(self, **_fields: Any) -> NoReturn:
        raise Fixed("Audit entries are not changed.")

    def delete(self) -> NoReturn:
        raise Fixed("Audit entries are not deleted.")


class AuditEntry(models.Model):
    """One thing that was done. It outlives the person, the site and the organization: those are named by their ids.

    ``details`` hold numbers and moments, never personal data: a visitor is told by a keyed hash.
    """

    COMMAND: ClassVar = "command"
    TASK: ClassVar = "task"

    at = models.DateTimeField(default=utc_now, editable=False)
    who = models.CharField(max_length=64, help_text=_("Id of a person, “command” or “task”."))
    what = models.CharField(max_length=64)
    organization = models.CharField(max_length=64, blank=True, help_text=_("Id."))
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
            raise Fixed("Audit entries are not changed.")
        super().save(*args, **kwargs)

    def delete(self, *_args: Any, **_kwargs: Any) -> NoReturn:
        raise Fixed("Audit entries are not deleted.")


def note(what: str, *, who: str, organization: str = "", site: str = "", **details: Any) -> AuditEntry:
    """Add an entry. All are ids but ``what``, a verb and its object: ``remove_member``."""
    return AuditEntry.objects.create(who=who, what=what, organization=organization, site=site, details=details)
