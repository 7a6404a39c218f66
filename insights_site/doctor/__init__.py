"""Whether an installation is well, for whoever runs it: each line says what was looked at, and what to do."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import redis
from django.db import DatabaseError

from apps.core.errors import Refusal
from insights_site.doctor import events, machine, services
from insights_site.doctor.findings import Finding, unseen

CHECKS: dict[str, Callable[[], Iterator[Finding]]] = {
    "settings": machine.settings_are_sound,
    "rights": machine.files_are_private,
    "disk": machine.disk_has_room,
    "records": services.records_are_up_to_date,
    "server": services.server_answers,
    "background": services.background_is_at_work,
    "events": events.store_is_sound,
    "journal": events.journal_is_carried_on,
    "rollups": services.counts_keep_up,
    "refused": services.events_are_taken,
    "erasures": services.erasures_end,
}


def examine() -> Iterator[Finding]:
    """Look at everything; what cannot be seen now is a warning of its own."""
    for name, look in CHECKS.items():
        try:
            yield from look()
        except (Refusal, DatabaseError, redis.RedisError, OSError) as error:
            yield unseen(name, error)
