"""Admin pages whose changes are told in the audit."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, ClassVar

from django.db import models
from django.http import HttpRequest
from unfold.admin import ModelAdmin

from apps.organizations.audit import AuditEntry, record


class AuditedAdmin(ModelAdmin):  # type: ignore[misc]  # unfold has no types
    """Whatever is added, changed or deleted on these pages is told in the audit: ids and names of fields, no values.

    Rows beside one, such as a person's memberships, have entries of their own. Django's own history gets the names
    alone too, for its texts would hold those of rows, which may be personal.
    """

    noun: ClassVar[str]
    """What the audit calls a row: ``site`` makes ``create_site``, ``change_site`` and ``delete_site``."""

    def construct_change_message(
        self, request: HttpRequest, form: Any, formsets: Iterable[Any] | None, add: bool = False
    ) -> list[dict[str, Any]]:
        """The names of changed fields, and those of rows beside it that were added, changed or deleted."""
        told: list[dict[str, Any]] = [{"added": {}}] if add else []
        if form.changed_data and not add:
            told.append({"changed": {"fields": sorted(form.changed_data)}})
        for formset in formsets or ():
            name = formset.model._meta.model_name
            told += [{"added": {"name": name, "object": str(row.pk)}} for row in formset.new_objects]
            told += [
                {"changed": {"name": name, "object": str(row.pk), "fields": sorted(fields)}}
                for row, fields in formset.changed_objects
            ]
            told += [{"deleted": {"name": name, "object": str(row.pk)}} for row in formset.deleted_objects]
        return told

    def log_addition(self, request: HttpRequest, obj: models.Model, message: Any) -> Any:
        self.tell(request, f"create_{self.noun}", obj)
        return super().log_addition(request, obj, message)

    def log_change(self, request: HttpRequest, obj: models.Model, message: Any) -> Any:
        """Nothing is told where nothing of the row itself was changed."""
        fields = [name for each in _own(message) for name in each["changed"]["fields"]]
        if fields:
            self.tell(request, f"change_{self.noun}", obj, fields=fields)
        return super().log_change(request, obj, message)

    def log_deletions(self, request: HttpRequest, queryset: Iterable[models.Model]) -> Any:
        for row in queryset:
            self.tell(request, f"delete_{self.noun}", row)
        return super().log_deletions(request, queryset)

    def tell(self, request: HttpRequest, what: str, row: Any, **details: Any) -> AuditEntry:
        """Add an entry about ``row``, which is named by its id, and by those of its site and organization."""
        site = row if self.noun == "site" else getattr(row, "site", "")
        organization = row if self.noun == "organization" else getattr(row, "organization", "")
        named = {} if row in (site, organization) else {self.noun: getattr(row, "public_id", row.pk)}
        return record(request, what, site=site, organization=organization, details={**named, **details})


def _own(message: Any) -> Sequence[dict[str, Any]]:
    """The parts of a message that are about the row itself."""
    if not isinstance(message, list):
        return []
    return [each for each in message if set(each.get("changed", {})) == {"fields"}]
