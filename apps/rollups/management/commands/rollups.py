"""Fill, look at, compare and rebuild the prepared counts."""

from __future__ import annotations

from argparse import ArgumentParser
from datetime import UTC, datetime, timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db.models import Count

from apps.core.clock import utc_now
from apps.core.errors import Refusal
from apps.core.progress import bar
from apps.organizations.audit import AuditEntry, record
from apps.rollups.filling import Window, given_twice
from apps.rollups.models import FilledPeriod, State
from apps.rollups.periods import Level
from apps.rollups.services import fill_due, rebuild
from apps.rollups.status import described, site_status
from apps.rollups.verification import verify
from apps.sites.models import Site

DIFFERENCES_SHOWN = 20


class Command(BaseCommand):
    help = (
        "Prepared counts. fill: count every closed period that is not counted yet. status: what is counted, what waits."
        " verify: compare random periods with their events. rebuild: count some days of a site anew."
        " Without CLICKHOUSE_URL the server must be stopped."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("verb", choices=("fill", "status", "verify", "rebuild"), help="what to do")
        parser.add_argument("--site", metavar="SITE_ID", help="rebuild: public id of the site")
        parser.add_argument("--from", dest="first", metavar="DAY", help="rebuild: first day, as 2026-03-01")
        parser.add_argument("--to", dest="last", metavar="DAY", help="rebuild: last day; the first where left out")
        parser.add_argument("--count", type=int, default=100, help="verify: how many periods (default: 100)")

    def handle(self, *args: Any, **options: Any) -> None:
        verbs = {"fill": self._fill, "status": self._status, "verify": self._verify, "rebuild": self._rebuild}
        try:
            verbs[options["verb"]](options)
        except Refusal as error:
            raise CommandError(str(error)) from error

    def _fill(self, options: dict[str, Any]) -> None:
        is_live = self.stderr.isatty()

        def show(window: Window, done: int, waiting: int) -> None:
            text = f"{bar(min(done / waiting, 1))}  {window.level.label} until {window.end:%Y-%m-%d %H:%M}"
            self.stderr.write(f"\r{text:70}" if is_live else text, ending="" if is_live else "\n")

        done = fill_due(utc_now(), progress=show)
        self.stderr.write("\n" if done and is_live else "", ending="")
        self.stdout.write(f"{done:,} periods were counted.")

    def _status(self, options: dict[str, Any]) -> None:
        now, found = utc_now(), Site.objects.filter(pk__in=FilledPeriod.objects.values("site"))
        for site in found:
            levels = FilledPeriod.objects.filter(site=site).exclude(state=State.DUE).order_by().values_list("level")
            counted = dict(levels.annotate(Count("pk")))
            figures = ", ".join(f"{counted.get(level.label, 0):,} by {level.label}" for level in Level)
            lines = (f"Periods counted: {figures}.", *described(site_status(site, now)))
            self.stdout.write("\n  ".join((site.public_id, *lines)))
        if not found:
            self.stdout.write("Nothing is counted yet.")

    def _verify(self, options: dict[str, Any]) -> None:
        compared, differences = verify(options["count"])
        for each in differences[:DIFFERENCES_SHOWN]:
            place = f"site {each.site}, {each.period.level.label} {each.period.start:%Y-%m-%d %H:%M}"
            self.stdout.write(f"{place}\n  counted  {each.counted}\n  events   {each.found}")
        if shared := given_twice():
            raise CommandError(f"{shared} visitors or sessions have two numbers or share one: their counts are wrong.")
        if differences:
            raise CommandError(f"{len(differences)} of {compared} periods differ from their events.")
        self.stdout.write(f"{compared} periods were compared: all equal their events.")

    def _rebuild(self, options: dict[str, Any]) -> None:
        site = Site.objects.filter(public_id=options["site"] or "").first()
        if site is None:
            raise CommandError(f"There is no site {options['site']}: give one with --site.")
        first = _day(options["first"])
        last = _day(options["last"]) if options["last"] else first
        if last < first:
            raise CommandError("--to lies before --from.")
        record(AuditEntry.COMMAND, "rebuild_rollups", site=site)
        done = rebuild(site, first, last + timedelta(days=1), utc_now())
        self.stdout.write(f"{done:,} periods were counted anew.")


def _day(text: str | None) -> datetime:
    try:
        return datetime.strptime(text or "", "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        raise CommandError(f"Expected a day such as 2026-03-01, not {text}.") from None
