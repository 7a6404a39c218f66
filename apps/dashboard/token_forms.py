"""What people fill in about API tokens: to make one, and to give one a new secret."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from apps.core.clock import utc_now
from apps.dashboard.ranges import LATEST
from apps.organizations.issuing import make_token
from apps.organizations.models import ApiToken, Organization, Scope, User
from apps.organizations.tokens import OF_PEOPLE, scopes_for
from apps.sites.models import Site, SiteQuerySet

ALL, SOME = "all", "some"
NEVER, DATE = "never", "date"
OVERLAPS = (
    (0, _("ends at once")),
    (1, _("works for 1 hour more")),
    (24, _("works for 24 hours more")),
    (24 * 7, _("works for 7 days more")),
)
"""Hours."""


class TokenForm(forms.Form):
    """A new token: of ``user`` in ``organization``, or without one of the organization itself."""

    title = forms.CharField(
        label=_("Title"), max_length=100, help_text=_("What it is for, such as “nightly report”: you find it by this.")
    )
    scopes = forms.MultipleChoiceField(label=_("What it may do"), widget=forms.CheckboxSelectMultiple)
    reach = forms.ChoiceField(
        label=_("Sites"),
        choices=((ALL, _("All sites, also those of later")), (SOME, _("Only these:"))),
        initial=ALL,
        widget=forms.RadioSelect,
    )
    sites = forms.ModelMultipleChoiceField(
        label=_("Only these sites"),
        queryset=Site.objects.none(),
        to_field_name="public_id",
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    lasts = forms.ChoiceField(
        label=_("It ends"),
        choices=(
            ("30", _("after 30 days")),
            ("90", _("after 90 days")),
            ("365", _("after 365 days")),
            (NEVER, _("never, until it is revoked")),
            (DATE, _("on a date")),
        ),
        initial="90",
    )
    last_day = forms.DateField(
        label=_("Last day"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text=_("Of a token that ends on a date: it works until the end of this day, in UTC."),
    )

    def __init__(self, *args: Any, organization: Organization, user: User | None, sites: SiteQuerySet, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self._organization, self._user = organization, user
        fields: dict[str, Any] = self.fields
        fields["scopes"].choices = [(each.value, each.label) for each in _scopes(organization, user)]
        fields["sites"].queryset = sites

    def clean_last_day(self) -> date | None:
        day: date | None = self.cleaned_data["last_day"]
        if day is not None and day < utc_now().date():
            raise ValidationError(_("That day is over."))
        if day is not None and day > LATEST:
            raise ValidationError(_("Choose “never” for a token that does not end."))
        return day

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        if "sites" in values and "reach" in values:
            if values["reach"] == SOME and not values["sites"]:
                self.add_error("sites", _("Tick at least one site."))
            if values["reach"] == ALL and values["sites"]:
                self.add_error("sites", _("Choose “Only these”, or tick none."))
        if "last_day" in values and "lasts" in values and (values["lasts"] == DATE) != bool(values["last_day"]):
            self.add_error("last_day", _("Choose “on a date” and a day, or neither."))
        return values

    def create(self, who: User) -> tuple[ApiToken, str]:
        """Make the token; returns it with its secret."""
        values = self.cleaned_data
        return make_token(
            organization=self._organization,
            user=self._user,
            who=who,
            title=values["title"],
            scopes=values["scopes"],
            sites=values["sites"] if values["reach"] == SOME else None,
            expires_at=_end(values["lasts"], values["last_day"]),
        )


class RotateForm(forms.Form):
    """How long the old secret of a token goes on."""

    overlap = forms.TypedChoiceField(
        label=_("The old secret"), choices=OVERLAPS, coerce=lambda hours: timedelta(hours=int(hours)), initial=24
    )


def _scopes(organization: Organization, user: User | None) -> list[Scope]:
    if user is None:
        return [each for each in Scope if each not in OF_PEOPLE]
    role = organization.role_of(user)
    return scopes_for(role) if role else []


def _end(lasts: str, last_day: date | None) -> datetime | None:
    if lasts == NEVER:
        return None
    if last_day is not None:
        return datetime.combine(last_day + timedelta(days=1), time(), tzinfo=UTC)
    return utc_now() + timedelta(days=int(lasts))
