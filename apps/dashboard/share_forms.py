"""What people fill in about share links: to make one, to change its password, to get in."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django import forms
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from apps.core.clock import utc_now
from apps.core.errors import Refusal
from apps.dashboard.ranges import LATEST
from apps.dashboard.reports import REPORTS
from apps.dashboard.shared_scope import read_fixed_scope
from apps.dashboard.site_forms import Lines
from apps.organizations.models import User
from apps.sites.models import ShareLink, Site
from apps.sites.share_links import LONGEST_PASSWORD, MAX_PARAMETERS_CHARACTERS, validate_embed_hosts
from apps.sites.sharing import create_link


def _reports() -> list[tuple[str, Any]]:
    return [(each.name, each.title) for each in REPORTS.values()]


def _password(**options: Any) -> forms.CharField:
    return forms.CharField(
        strip=False,
        max_length=LONGEST_PASSWORD,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        **options,
    )


class ShareForm(forms.Form):
    """A new link to a report of ``site``."""

    title = forms.CharField(
        label=_("Title"), max_length=128, help_text=_("Whoever has the link reads it above the report.")
    )
    report = forms.ChoiceField(label=_("Report"), choices=_reports)
    parameters = forms.CharField(
        label=_("Narrowed to"),
        required=False,
        max_length=MAX_PARAMETERS_CHARACTERS,
        widget=forms.Textarea(attrs={"rows": 2, "spellcheck": "false"}),
        help_text=_("What follows the question mark in the address of the report’s page, such as range=7d."),
    )
    password = _password(
        label=_("Password"),
        required=False,
        help_text=_("Empty: whoever has the link gets in. In a frame on another site nobody can enter one."),
    )
    last_day = forms.DateField(
        label=_("Last day"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text=_("The link works until the end of this day. Empty: until it is revoked."),
    )
    embed_hosts = Lines(
        label=_("Hosts that may show it in a frame"),
        required=False,
        help_text=_("One a line: docs.acme.example, or *.acme.example for all below it. Empty: none."),
    )

    def __init__(self, *args: Any, site: Site, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._site = site

    def clean_parameters(self) -> str:
        given: str = self.cleaned_data["parameters"].removeprefix("?")
        try:
            read_fixed_scope(given, site=self._site, now=utc_now())
        except Refusal as refusal:
            raise ValidationError(refusal.message) from None
        return given

    def clean_password(self) -> str:
        return _good_or_empty(self.cleaned_data["password"])

    def clean_last_day(self) -> date | None:
        day: date | None = self.cleaned_data["last_day"]
        if day is None:
            return None
        if day < utc_now().astimezone(self._site.zone).date():
            raise ValidationError(_("That day is over."))
        if day > LATEST:
            raise ValidationError(_("Leave it empty for a link that does not end."))
        return day

    def clean_embed_hosts(self) -> list[str]:
        hosts: list[str] = self.cleaned_data["embed_hosts"]
        validate_embed_hosts(hosts)
        return hosts

    def create(self, who: User) -> tuple[ShareLink, str]:
        """Make the link; returns it with the token of its address."""
        values = dict(self.cleaned_data)
        day = values.pop("last_day")
        return create_link(site=self._site, who=who, expires_at=self._end_of(day) if day else None, **values)

    def _end_of(self, day: date) -> datetime:
        return datetime.combine(day + timedelta(days=1), time(), tzinfo=self._site.zone).astimezone(UTC)


class NewPasswordForm(forms.Form):
    """Another password for a link, or none."""

    password = _password(label=_("New password"), required=False)
    without = forms.BooleanField(label=_("Without a password: whoever has the link gets in"), required=False)

    def clean_password(self) -> str:
        return _good_or_empty(self.cleaned_data["password"])

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        if "password" in values and bool(values["password"]) == values.get("without", False):
            self.add_error("password", _("Give a password, or tick that there is none."))
        return values


class UnlockForm(forms.Form):
    """The password of a link, from whoever has it."""

    password = forms.CharField(
        label=_("Password"),
        strip=False,
        max_length=LONGEST_PASSWORD,
        widget=forms.PasswordInput(attrs={"autocomplete": "off", "autofocus": True}),
    )


def _good_or_empty(password: str) -> str:
    if password:
        validate_password(password)
    return password
