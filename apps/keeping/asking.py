"""Asking for an erasure: a row that holds the counting of its site, and an entry in the audit."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from dateutil.relativedelta import relativedelta
from django.db import transaction

from apps.core.clock import utc_now
from apps.core.hashing import keyed_hash64
from apps.events.ids import id_at
from apps.events.store import get_store
from apps.keeping import statements
from apps.organizations.audit import AuditEntry, record
from apps.rollups.models import Erasure, Watermark
from apps.rollups.periods import Level, floor
from apps.sites.models import Site

Kind = Erasure.Kind
LAST_ID = 2**63 - 1
DELETION = "deletion"
"""Who asked, where a site itself was deleted: the entry about that deletion (of it, of its organization) tells."""


def ask_for_visitor(site: Site, visitor_id: str, *, who: str) -> Erasure:
    """Erase the events of the visitor whom the site's pages call ``visitor_id``."""
    visitor = keyed_hash64(bytes(site.hash_key), b"visitor", visitor_id)
    details = {"visitor": told(site, visitor_id)}
    return _ask(Kind.VISITOR, site, who=who, through=_newest, details=details, visitor=f"{visitor:016x}")


def ask_for_reset(site: Site, *, who: str) -> Erasure:
    """Erase all events of a site."""
    return _ask(Kind.RESET, site, who=who, through=_newest)


def ask_for_old(site: Site, before: datetime, *, who: str) -> Erasure:
    """Erase the events before ``before``; where that was asked for and is not done, it is that erasure."""
    details = {"before": f"{before:%Y-%m-%dT%H:%M:%SZ}"}
    return _ask(Kind.OLD, site, who=who, through=_newest, details=details, before=before)


def kept_since(site: Site, now: datetime) -> datetime | None:
    """The midnight (UTC) before which a site's events are not kept; ``None`` where all are."""
    if site.retention_months is None:
        return None
    return floor(Level.DAY, now - relativedelta(months=site.retention_months))


def has_older(site: Site, before: datetime) -> bool:
    """Whether a site has events before ``before``."""
    return bool(get_store().query(statements.any_before(site.pk, before)))


def site_is_deleted(instance: Site, **_signal: Any) -> None:
    """Erase what a deleted site leaves in the store: once the deletion is committed, in the background.

    Before any row goes: whoever records what was counted locks the watermark first and the site's periods then.
    """
    from apps.keeping.tasks import finish_erasures  # it imports this module's neighbours

    _ask(Kind.SITE, instance, who=DELETION, through=lambda _site: LAST_ID)
    finish_erasures.enqueue()


def note_export(site: Site, visitor_id: str, *, who: str) -> AuditEntry:
    """An entry of the audit: somebody gets a visitor's events."""
    return record(who, "export_visitor", site=site, details={"visitor": told(site, visitor_id)})


def told(site: Site, visitor_id: str) -> str:
    """How the audit names a visitor: by a hash of its own, which no event has."""
    return f"{keyed_hash64(bytes(site.hash_key), b'audit', visitor_id):016x}"


def note(what: str, erasure: Erasure, details: dict[str, Any]) -> AuditEntry:
    """An entry of the audit about an erasure."""
    return record(erasure.who, what, organization=erasure.organization_id, site=erasure.site_id, details=details)


def _newest(site: int) -> int:
    columns = get_store().query(statements.newest(site))
    # Ids are those of the clock, so that what is under way at this moment is told from what is stored.
    return max(int(columns[0][0]) if columns else 0, id_at(utc_now()))


def _ask(
    kind: Erasure.Kind,
    site: Site,
    *,
    who: str,
    through: Callable[[int], int],
    details: dict[str, Any] | None = None,
    **fields: Any,
) -> Erasure:
    """While the watermark is locked nothing is recorded: what was counted before is marked, what is later is held."""
    with transaction.atomic():
        Watermark.objects.select_for_update().get_or_create(pk=1)
        if kind == Kind.OLD and (asked := Erasure.objects.filter(kind=kind, store_site=site.pk, **fields).first()):
            return asked
        erasure = Erasure(
            kind=kind,
            store_site=site.pk,
            site_id=site.public_id,
            organization_id=site.organization.public_id,
            through=through(site.pk),
            who=who,
            **fields,
        )
        erasure.entry = note(f"erase_{kind}", erasure, details or {}).pk
        erasure.save()
    return erasure
