"""Details of audit entries in words: what they are called, and the names of what their ids mean."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.dashboard.models import SavedReport
from apps.dashboard.reports import REPORTS
from apps.organizations.models import AuditEntry, Organization, Role, Scope, User
from apps.segments.models import VisitorSegment
from apps.sites.models import ShareLink, Site

Names = Mapping[str, str]
"""Ids, and what they are called."""

HEADINGS: Mapping[str, Any] = {
    "after_line": gettext_lazy("After line"),
    "before": gettext_lazy("Before"),
    "by_address": gettext_lazy("To an address"),
    "embed_hosts": gettext_lazy("In frames on"),
    "expires_at": gettext_lazy("Ends"),
    "fields": gettext_lazy("Changed"),
    "first": gettext_lazy("From"),
    "form": gettext_lazy("File"),
    "last": gettext_lazy("To"),
    "most_uses": gettext_lazy("Uses at most"),
    "old_ends_at": gettext_lazy("Old secret ends"),
    "scopes": gettext_lazy("May"),
    "user": gettext_lazy("Acts for"),
}
"""What a detail is called, where its own name in words would not do."""

_WORDS: Mapping[str, Mapping[str, Any]] = {
    "role": dict(Role.choices),
    "scopes": dict(Scope.choices),
    "report": {report.name: report.title for report in REPORTS.values()},
}
"""Of details with fixed values, what these are called."""

_FIRST = ("member", "token", "link", "report", "user", "role", "scopes", "sites", "expires_at")
"""The order in which details are told, before all others: PostgreSQL keeps none."""
_MOMENTS = {"before", "expires_at", "old_ends_at"}


def names_in(organization: Organization, entries: Iterable[AuditEntry]) -> dict[str, str]:
    """The names of whatever the entries' ids mean, as far as it is still the organization's."""
    ids = {each for entry in entries for each in _texts(entry)}
    people = User.objects.filter(public_id__in=ids, memberships__organization=organization)
    names = {person.public_id: person.display_name for person in people}
    names |= organization.tokens.filter(public_id__in=ids).values_list("public_id", "title")
    names |= Site.objects.filter(organization=organization).values_list("public_id", "title")
    for kept in (ShareLink, VisitorSegment, SavedReport):
        names |= kept.objects.filter(site__organization=organization, public_id__in=ids).values_list(
            "public_id", "title"
        )
    return names


def _texts(entry: AuditEntry) -> Iterator[str]:
    yield entry.who
    for value in entry.details.values():
        yield from (each for each in (value if isinstance(value, list) else [value]) if isinstance(each, str))


def in_words(details: Mapping[str, Any], names: Names) -> str:
    """All details that say something. ``names`` are those of ids; what has none is told by its id."""
    told = ((name, _value(name, details[name], names)) for name in sorted(details, key=_place))
    return " · ".join(f"{_heading(name)}: {value}" for name, value in told if value)


def _place(name: str) -> tuple[int, str]:
    return (_FIRST.index(name) if name in _FIRST else len(_FIRST)), name


def _heading(name: str) -> str:
    return str(HEADINGS.get(name) or name.replace("_", " ").capitalize())


def _value(name: str, value: Any, names: Names) -> str:
    """Empty where there is nothing to say."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if name == "sites" and value == []:
        return _("none")
    if isinstance(value, list):
        return ", ".join(_one(name, each, names) for each in value)
    return _one(name, value, names)


def _one(name: str, value: Any, names: Names) -> str:
    text = str(value)
    if name in _MOMENTS:
        return _moment(text)
    if name == "fields":
        return text.replace("_", " ")
    return str(_WORDS.get(name, {}).get(text) or names.get(text, text))


def _moment(text: str) -> str:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return text
    return date_format(moment.astimezone(UTC), "j M Y, H:i") if moment.tzinfo else text
