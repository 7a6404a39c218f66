"""How long pages of the administration take beside many events, and many entries of the audit.

``python -m benchmarks.administration --data-dir FOLDER`` asks the first page and every list of what ``python -m
benchmarks.traffic`` has made there, and prints a Markdown table. Times are the server's, without the browser's; the
processor's, with the engine's threads, is slowed less by other work on the machine.
"""

from __future__ import annotations

import argparse
import os
import time
from pathlib import Path
from statistics import median

from benchmarks.machine import description
from benchmarks.traffic import set_up

RUNS = 7
ENTRIES = 100_000
NARROWED = {
    "/admin/events/event/": (
        "?period=all",
        "?period=all&bots=true",
        "?period=all&type=ad_click",
        "?period=all&page=100",
    ),
    "/admin/organizations/auditentry/": ("?q=a-person", "?what__exact=create_token"),
}


def _fill_audit() -> None:
    from django.db import transaction

    from apps.organizations.models import AuditEntry

    with transaction.atomic():
        for each in range(AuditEntry.objects.count(), ENTRIES):
            AuditEntry(who="a-person", what="create_token", site=f"site_{each % 50}").save()


def _addresses() -> list[str]:
    from django.contrib import admin
    from django.urls import reverse

    lists = [
        reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist") for model in admin.site._registry
    ]
    return ["/admin/", *(path + more for path in lists for more in ("", *NARROWED.get(path, ())))]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.administration", description=__doc__)
    parser.add_argument("--data-dir", type=Path, required=True, help="where benchmarks.traffic made events")
    folder: Path = parser.parse_args().data_dir
    machine = f"{description()}; load average {os.getloadavg()[0]:.1f}"  # asks an engine of its own, so before ours
    set_up(folder)
    from django.test import Client

    from apps.events.store import Statement, get_store
    from apps.organizations.models import User

    _fill_audit()
    user, _made = User.objects.get_or_create(email="root@example.com", is_staff=True, is_superuser=True)
    client = Client(headers={"host": "localhost"})
    client.force_login(user)
    ((events,),) = get_store().query(Statement(sql="SELECT count() FROM events"))
    print(f"{machine}; {events:,} events, {ENTRIES:,} entries of the audit\n")
    print("| address | median ms | slowest ms | processor ms |\n|---|---:|---:|---:|")
    for address in _addresses():
        took, busy = [], []
        for _run in range(RUNS):
            start, processor = time.perf_counter(), time.process_time()
            assert client.get(address).status_code == 200, address
            took.append((time.perf_counter() - start) * 1_000)
            busy.append((time.process_time() - processor) * 1_000)
        print(f"| `{address}` | {median(took):,.0f} | {max(took):,.0f} | {median(busy):,.0f} |", flush=True)


if __name__ == "__main__":
    main()
