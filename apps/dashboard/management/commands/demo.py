"""``manage.py demo``."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from apps.core.clock import utc_now
from apps.core.errors import Refusal
from apps.dashboard.demo import EMAIL, PASSWORD, SEED, Demo, fresh_token, make_demo, wants_demo
from apps.events.demo.filling import fill, is_filled
from apps.events.demo.traffic import EVENTS
from apps.events.progress import ProgressBar
from insights_site.serve import CannotListen, resolve

QUESTION = {
    "range": "last30Days",
    "select": [{"column": "eventsCount"}, {"column": "visitorsCount"}],
    "groupBy": [{"column": "urlPath"}],
    "where": [{"column": "eventType", "values": ["page_view"]}, {"column": "visitorBot", "values": [""]}],
    "limit": 10,
}
"""What the printed curl line asks: the top pages of the last 30 days, read by people."""


class Command(BaseCommand):
    """Make or find the demo, fill it once, and say how to look at it."""

    help = (
        f"Make the organization Acme with the sign-in {EMAIL} and a site with 90 days of made-up traffic; a second"
        " time only print a new API token. Does nothing where other organizations exist and the demo does not."
        " Where HOST lets other machines in, DEMO_PASSWORD must be set."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--events", type=int, default=EVENTS, help="about how many events to make (default: %(default)s)"
        )
        parser.add_argument(
            "--before-serving",
            action="store_true",
            help="stop at once where HOST:PORT cannot be listened on: a running service keeps its token",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["before_serving"]:
            _refuse_taken_port()
        call_command("migrate", interactive=False, verbosity=0)
        if not wants_demo():
            self.stdout.write("There are organizations here already: no demo is made.")
            return
        try:
            demo = make_demo(host=settings.HOST, password=settings.DEMO_PASSWORD, now=utc_now())
            if not is_filled(demo.site):
                self._fill(demo, size=options["events"])
        except Refusal as error:
            raise CommandError(str(error)) from error
        self._explain(demo, fresh_token(demo))

    def _fill(self, demo: Demo, *, size: int) -> None:
        self.stdout.write(f"Making {size:,} events of made-up traffic, the first time only …")
        self.stdout.flush()
        bar = ProgressBar(sys.stderr, before=0)
        run = fill(demo.site, seed=SEED, size=size, folder=settings.DATA_DIR, progress=bar.show)
        bar.end()
        self.stdout.write(f"{run.imported:,} events are in.")

    def _explain(self, demo: Demo, token: str) -> None:
        address = _address()
        insights = f"{address}/v1/orgs/{demo.organization.public_id}/sites/{demo.site.public_id}/insights"
        known = demo.user.check_password(PASSWORD)
        self.stdout.write(
            f"""
  Pages      {address}/
  Sign in    {EMAIL}
  Password   {PASSWORD if known else "the one you set"}
  API token  {token} (new at every start)

  For the tour in README.md:

  export SERVER={address} ORG={demo.organization.public_id} SITE={demo.site.public_id} TOKEN={token}

  The top pages of the last 30 days, once the server is up:

  curl -s {insights}/events/aggregate \\
    -H 'Authorization: Bearer {token}' -H 'Content-Type: application/json' \\
    -d '{json.dumps(QUESTION, separators=(",", ":"))}'
"""
        )


def _refuse_taken_port() -> None:
    try:
        resolve(settings.HOST, settings.PORT)
    except CannotListen as error:
        raise CommandError(str(error)) from error


def _address() -> str:
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings.HOST, settings.HOST)  # noqa: S104  # named, not bound
    return f"http://{f'[{host}]' if ':' in host else host}:{settings.PORT}{settings.BASE_PATH}"
