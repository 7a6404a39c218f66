"""The audit of an organization, for its owners: who did what, when, and from where."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from apps.dashboard.audit_words import in_words, names_in
from apps.dashboard.organizations import find_organization, owner
from apps.keeping.asking import DELETION
from apps.organizations.models import AuditEntry, Organization, Role

PER_PAGE = 50
_ORIGIN_CHARACTERS = 6
"""So much of a network's hash tells networks apart on a page."""
_LONGEST_NUMBER = 18


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """An entry as people read it."""

    at: datetime
    who: str
    what: str
    site: str
    origin: str
    details: str


@require_safe
@login_required
@cache_control(private=True, no_store=True)
def audit(request: HttpRequest, organization: str) -> HttpResponse:
    """The page: the newest entries, or those before the one that ``before`` numbers."""
    found = find_organization(request, organization)
    owner(request, found)
    before = request.GET.get("before", "")
    entries = AuditEntry.objects.filter(organization=found.public_id)
    if before.isascii() and before.isdigit() and len(before) <= _LONGEST_NUMBER:
        entries = entries.filter(pk__lt=int(before))
    page = list(entries[: PER_PAGE + 1])
    shown = page[:PER_PAGE]
    context = {
        "organization": found,
        "role": Role.OWNER,
        "rows": list(_rows(found, shown)),
        "older": shown[-1].pk if len(page) > PER_PAGE else None,
        "is_first": before == "",
    }
    return render(request, "organizations/audit.html", context)


def _rows(organization: Organization, entries: list[AuditEntry]) -> Iterator[Row]:
    names = names_in(organization, entries)
    who = names | _tokens(organization, entries)
    who |= {AuditEntry.COMMAND: _("A command"), AuditEntry.TASK: _("The service itself"), DELETION: _("A deletion")}
    for entry in entries:
        yield Row(
            at=entry.at,
            who=who.get(entry.who, entry.who),
            what=entry.what.replace("_", " ").capitalize(),
            site=names.get(entry.site, entry.site),
            origin=entry.origin[:_ORIGIN_CHARACTERS],
            details=in_words(entry.details, names),
        )


def _tokens(organization: Organization, entries: list[AuditEntry]) -> dict[str, str]:
    """Ids of the organization's own tokens that did something, and what they are called."""
    found = organization.tokens.filter(user=None, public_id__in={entry.who for entry in entries})
    return {each.public_id: _("Token “%(title)s”") % {"title": each.title} for each in found}
