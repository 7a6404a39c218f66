"""What an organization's people may change about a site, and ask to be done with its data."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar
from zoneinfo import available_timezones

from django import forms
from django.db import transaction
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from apps.keeping.forms import LONGEST_ID, StoreForm
from apps.organizations.audit import record
from apps.organizations.models import Role, User
from apps.sites.models import Site

_DELETES_DATA = "retention_months"


GROUPS: dict[str | Promise, tuple[str, ...]] = {
    _("Site"): ("title", "url", "time_zone"),
    _("Who may track"): ("ingest_policy", "hostnames"),
    _("Not counted"): ("excluded_addresses", "excluded_hostnames", "excluded_paths", "exclude_bots"),
    _("Privacy"): ("cookieless", "honour_privacy_signals"),
    _("How long events are kept"): (_DELETES_DATA,),
}


class Lines(forms.CharField):
    """A list of texts, one a line, in the place of the form field of a ``JSONField``."""

    widget = forms.Textarea(attrs={"rows": 3, "spellcheck": "false"})

    def __init__(self, *, encoder: object = None, decoder: object = None, **options: Any) -> None:
        super().__init__(**options)

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> list[str]:  # type: ignore[override]  # a list, where its base has a text
        return [line for line in map(str.strip, (super().to_python(value) or "").splitlines()) if line]

    def has_changed(self, initial: Any, data: Any) -> bool:
        return (initial or []) != self.to_python(data)


def _zones() -> list[tuple[str, str]]:
    return [(name, name.replace("_", " ")) for name in sorted(available_timezones())]


class SiteForm(forms.ModelForm):  # type: ignore[type-arg]  # generic to the type checker alone
    """The settings of a site. What deletes events is for owners."""

    url = forms.URLField(
        label=_("Address"),
        required=False,
        max_length=2048,
        assume_scheme="https",
        help_text=_("Where the documentation is published."),
    )
    time_zone = forms.ChoiceField(choices=_zones, help_text=_("Days and hours of the pages are those of this zone."))

    class Meta:
        model = Site
        fields: ClassVar = [name for group in GROUPS.values() for name in group]
        field_classes: ClassVar = dict.fromkeys(
            ("hostnames", "excluded_addresses", "excluded_hostnames", "excluded_paths"), Lines
        )

    def __init__(self, *args: Any, role: Role, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields[_DELETES_DATA].disabled = role != Role.OWNER

    @property
    def groups(self) -> Iterator[tuple[str | Promise, list[forms.BoundField]]]:
        """Titles with their fields."""
        for title, names in GROUPS.items():
            yield title, [self[name] for name in names]

    def save_as(self, who: User) -> Site:
        """Save the changed fields alone, with an entry of the audit that names them."""
        site: Site = self.instance
        with transaction.atomic():
            if self.changed_data:
                site.save(update_fields=self.changed_data)
                record(who, "change_site", site=site, details={"fields": sorted(self.changed_data)})
        return site


class VisitorForm(StoreForm):
    """A visitor, by the id that the site's pages send."""

    visitor_id = forms.CharField(
        max_length=LONGEST_ID, strip=False, label=_("Visitor id"), help_text=_("As the site’s pages send it.")
    )


class EraseVisitorForm(VisitorForm):
    certain = forms.BooleanField(label=_("I know that the events cannot be brought back."))


class ResetForm(StoreForm):
    certain = forms.BooleanField(label=_("I know that all events of this site will be gone."))
