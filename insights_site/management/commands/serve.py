"""``manage.py serve``."""

from __future__ import annotations

import signal
import sys
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connections

from insights_site.serve import CannotListen, resolve, serve


class Command(BaseCommand):
    """Everything that must be true before the server listens, then the server."""

    help = (
        "Bring the database and the event table up to date, then serve on HOST:PORT until SIGTERM or Ctrl-C:"
        " requests that came in are answered and their events stored before it ends."
        " A worker that dies is restarted; SIGHUP starts workers anew. WEB_THREADS sets the threads of a worker;"
        " WEB_WORKERS the number of workers, more than one only with CLICKHOUSE_URL."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
        if settings.WEB_WORKERS > 1 and not settings.CLICKHOUSE_URL:
            raise CommandError("WEB_WORKERS above 1 needs CLICKHOUSE_URL: the embedded engine belongs to one process.")
        try:
            resolve(settings.HOST, settings.PORT)
            call_command("migrate", interactive=False, verbosity=0)
            connections.close_all()
            code = serve(
                settings.HOST,
                settings.PORT,
                workers=settings.WEB_WORKERS,
                threads=settings.WEB_THREADS,
                embedded=not settings.CLICKHOUSE_URL,
                announce=self._announce,
            )
        except CannotListen as error:
            raise CommandError(str(error)) from error
        except KeyboardInterrupt:
            code = 0
        if code:
            raise CommandError("The server could not be kept running.", returncode=code)

    def _announce(self) -> None:
        host = f"[{settings.HOST}]" if ":" in settings.HOST else settings.HOST
        self.stdout.write(f"Site Insights listens on http://{host}:{settings.PORT}{settings.BASE_PATH}")
        self.stdout.flush()
