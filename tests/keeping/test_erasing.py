"""Erasing: figures are right before, during and after, whatever is being counted meanwhile."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.core.clock import utc_now
from apps.core.hashing import keyed_hash64
from apps.events import aside
from apps.events.journal import read_records
from apps.events.store import EventStore, Row, Statement, get_store, journal_folder
from apps.insights.services import resolve
from apps.keeping import erasing, retention, statements
from apps.keeping.asking import ask_for_old, ask_for_reset, ask_for_visitor
from apps.keeping.erasing import carry_out, finish_all
from apps.keeping.retention import delete_old
from apps.organizations.audit import AuditEntry, Fixed
from apps.rollups import filling
from apps.rollups.answers import plan, run
from apps.rollups.filling import Window, fill_month, fill_window, given_twice
from apps.rollups.models import Erasure, FilledPeriod
from apps.rollups.periods import Level
from apps.rollups.services import fill_due
from apps.rollups.verification import verify
from apps.sites.models import Site
from tests.insights.events import event
from tests.keeping import scenarios
from tests.people import World
from tests.reliability.apart import run_apart
from tests.rollups.conftest import hold

NOW = datetime(2026, 4, 30, 12, 34, tzinfo=UTC)
MARCH = {"from": "2026-03-01T00:00:00Z", "to": "2026-04-01T00:00:00Z"}


def visitor(site: Site, name: str) -> int:
    return keyed_hash64(bytes(site.hash_key), b"visitor", name)


def visits(site: Site, name: str, *moments: str, **fields: Any) -> list[dict[str, Any]]:
    known = visitor(site, name)
    return [event(moment, visitor=known, session=known >> 1, **fields) for moment in moments]


def figures(site: Site, **body: Any) -> tuple[list[int], str]:
    """Events, visitors and sessions of March, and what they were counted from."""
    select = [{"column": name} for name in ("eventsCount", "visitorsCount", "sessionsCount")]
    query = resolve({"range": MARCH, "select": select, **body}, site=site, now=NOW)
    return [column.values[0] for column in run(query).columns], plan(query).source.value


@pytest.fixture
def march(rollups: EventStore, world: World) -> EventStore:
    """Mal and Eve on the docs and on another site, in March, all counted."""
    for site in (world.docs, world.secrets):
        hold(
            rollups,
            site.pk,
            *visits(site, "mal", "2026-03-03T10:00:00Z", "2026-03-03T11:00:00Z", "2026-03-20T10:00:00Z"),
            *visits(site, "eve", "2026-03-03T10:30:00Z", "2026-03-12T10:00:00Z"),
        )
    fill_due(NOW)
    assert figures(world.docs) == ([5, 2, 2], "rollup")
    return rollups


def test_a_visitor_is_erased_from_answers_at_once_and_from_prepared_counts(march: EventStore, world: World) -> None:
    assert carry_out(ask_for_visitor(world.docs, "mal", who="command")) == 3
    assert figures(world.docs)[0] == [2, 1, 1]
    fill_due(NOW)
    assert figures(world.docs) == ([2, 1, 1], "rollup")
    assert verify(100)[1] == []


def test_only_the_touched_periods_are_counted_anew(march: EventStore, world: World) -> None:
    carry_out(ask_for_visitor(world.docs, "mal", who="command"))
    due = FilledPeriod.objects.filter(site=world.docs, state="due").exclude(level="hour")
    assert sorted(
        f"{period.level} {period.start:%m-%d}" for period in due if period.start < NOW - timedelta(days=29)
    ) == [
        "day 03-03",
        "day 03-20",
        "month 03-01",
    ]


def test_the_same_id_on_another_site_is_another_visitor(march: EventStore, world: World) -> None:
    carry_out(ask_for_visitor(world.docs, "mal", who="command"))
    assert figures(world.secrets) == ([5, 2, 2], "rollup")


def test_an_id_that_nobody_has_erases_nothing(march: EventStore, world: World) -> None:
    assert carry_out(ask_for_visitor(world.docs, "nobody", who="command")) == 0
    assert figures(world.docs) == ([5, 2, 2], "rollup")


def test_numbers_of_the_erased_visitor_go_and_no_number_is_shared(march: EventStore, world: World) -> None:
    carry_out(ask_for_visitor(world.docs, "mal", who="command"))
    for identity in ("visitor", "session"):
        columns = march.query(
            Statement(sql=f"SELECT hash FROM {identity}_numbers WHERE site = {world.docs.pk} ORDER BY hash")
        )
        eve = visitor(world.docs, "eve")
        assert list(columns[0]) == [eve if identity == "visitor" else eve >> 1]
    hold(march, world.docs.pk, *visits(world.docs, "new", "2026-03-05T10:00:00Z"))
    fill_due(NOW)
    assert figures(world.docs)[0] == [3, 2, 2]
    assert given_twice() == 0


@pytest.mark.parametrize("when", ["asked", "marked", "deleted", "done"])
def test_a_filling_that_read_the_events_before_is_not_recorded(
    march: EventStore, world: World, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    """It is held up after it has counted, until the erasure is as far as ``when``."""
    first = datetime(2026, 3, 3, tzinfo=UTC)
    window = Window(Level.DAY, first, first + timedelta(days=1), (world.docs.pk,))
    record, done = filling._record, {}

    def held_up(*arguments: Any) -> int:
        erase(world.docs, when, monkeypatch)
        done["recorded"] = record(*arguments)
        return done["recorded"]

    monkeypatch.setattr(filling, "_record", held_up)
    assert fill_window(window, 2**62) == 0
    monkeypatch.setattr(filling, "_record", record)
    finish_all()
    assert figures(world.docs)[0] == [2, 1, 1]
    fill_due(NOW)
    assert figures(world.docs) == ([2, 1, 1], "rollup")


class Crash(Exception):
    pass


def erase(site: Site, until: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Erase Mal, and die when it is as far as ``until``."""
    asked = ask_for_visitor(site, "mal", who="command")
    if until == "asked":
        return

    def crash(*_arguments: Any) -> Any:
        raise Crash

    with monkeypatch.context() as patch:
        if until == "marked":
            patch.setattr(statements, "erase", crash)
        elif until == "deleted":
            patch.setattr(erasing, "_end", crash)
        try:
            carry_out(asked)
        except Crash:
            return


def test_a_filling_that_begins_and_ends_while_an_erasure_is_stopped_is_not_recorded(
    march: EventStore, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    erase(world.docs, "marked", monkeypatch)
    fill_due(NOW)
    assert figures(world.docs)[1] != "rollup"
    finish_all()
    assert figures(world.docs)[0] == [2, 1, 1]
    fill_due(NOW)
    assert figures(world.docs) == ([2, 1, 1], "rollup")


def test_a_month_that_read_its_days_before_is_not_recorded(
    march: EventStore, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = filling._record

    def held_up(*arguments: Any) -> int:
        carry_out(ask_for_visitor(world.docs, "mal", who="command"))
        return record(*arguments)

    monkeypatch.setattr(filling, "_record", held_up)
    assert fill_month(datetime(2026, 3, 1, tzinfo=UTC), [world.docs.pk]) == 0
    assert figures(world.docs)[0] == [2, 1, 1]


def test_other_sites_are_counted_while_one_is_held(march: EventStore, world: World) -> None:
    ask_for_visitor(world.docs, "mal", who="command")
    hold(march, world.secrets.pk, *visits(world.secrets, "new", "2026-03-25T10:00:00Z", id=10**9))
    FilledPeriod.objects.update(state="due")
    fill_due(NOW)
    assert not FilledPeriod.objects.filter(site=world.docs, state="counted").exists()
    assert figures(world.secrets) == ([6, 3, 3], "rollup")


def test_an_erasure_that_is_done_twice_takes_nothing_that_came_since(march: EventStore, world: World) -> None:
    asked = ask_for_reset(world.docs, who="command")
    carry_out(asked)
    later = asked.through + 1
    hold(march, world.docs.pk, *visits(world.docs, "mal", "2026-03-05T10:00:00Z", id=later))
    fill_due(NOW)
    counted = FilledPeriod.objects.filter(site=world.docs).count()
    assert carry_out(Erasure(pk=10**6, **{k: v for k, v in asked.__dict__.items() if k not in ("_state", "id")})) == 0
    assert figures(world.docs)[0] == [1, 1, 1]
    assert FilledPeriod.objects.filter(site=world.docs).count() == counted


def test_fillings_in_other_threads_never_spoil_a_figure(tmp_path: Path) -> None:
    run_apart(scenarios.erase_while_others_fill, tmp_path, ROLLUP_MIN_EVENTS="0")


def test_nothing_of_an_erased_visitor_is_left_on_disk(tmp_path: Path) -> None:
    assert run_apart(scenarios.erase_and_search, tmp_path, ROLLUP_MIN_EVENTS="0").split() == ["found", "gone"]


def test_an_erasure_that_ends_meanwhile_does_not_leave_files_of_another(
    march: EventStore, world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    end = erasing._end

    def another_ends(*arguments: Any) -> None:
        end(*arguments)
        for table in ("events", *statements.NUMBERS):
            march.command(statements.ease(table))

    monkeypatch.setattr(erasing, "_end", another_ends)
    monkeypatch.setattr(erasing, "PATIENCE_SECONDS", 15.0)
    carry_out(ask_for_visitor(world.docs, "mal", who="command"))
    assert [text for text in caplog.messages if "still on disk" in text] == []


def test_a_reset_leaves_the_site_and_nothing_of_its_events(march: EventStore, world: World) -> None:
    assert carry_out(ask_for_reset(world.docs, who="command")) == 5
    assert left_in_store(world.docs.pk) == [0, 0, 0, 0]
    assert set(FilledPeriod.objects.filter(site=world.docs).values_list("state", "events")) == {("due", 0)}
    assert Site.objects.filter(pk=world.docs.pk).exists()
    assert figures(world.secrets) == ([5, 2, 2], "rollup")
    hold(march, world.docs.pk, *visits(world.docs, "mal", "2026-03-05T10:00:00Z", id=10**9))
    fill_due(NOW)
    assert figures(world.docs) == ([1, 1, 1], "rollup")


def left_in_store(site: int) -> list[int]:
    tables = ("events", "rollups", "visitor_numbers", "session_numbers")
    return [get_store().query(Statement(sql=f"SELECT count() FROM {t} WHERE site = {site}"))[0][0] for t in tables]


def test_a_deleted_site_leaves_nothing_in_the_store(march: EventStore, world: World) -> None:
    site = world.docs.pk
    world.acme.delete()
    assert Erasure.objects.get().kind == "site"
    assert finish_all() == 1
    assert left_in_store(site) == [0, 0, 0, 0]
    assert left_in_store(world.secrets.pk)[0] == 5
    hold(march, site, *visits(world.docs, "mal", "2026-03-05T10:00:00Z", id=10**9))  # by who did not know it yet
    with time_machine.travel(utc_now() + timedelta(minutes=5)):
        assert finish_all() == 1
    assert left_in_store(site) == [0, 0, 0, 0]
    assert not Erasure.objects.exists()
    assert AuditEntry.objects.get(what="erased_site").details["events"] == 5


@pytest.mark.one_process
def test_whoever_deletes_a_site_waits_for_the_watermark_before_the_periods(march: EventStore, world: World) -> None:
    """As those do who record what was counted: else each could wait for the other."""
    with CaptureQueriesContext(connection) as told:
        world.acme.delete()
    texts = [query["sql"].upper() for query in told.captured_queries]
    locked = next(place for place, sql in enumerate(texts) if "ROLLUPS_WATERMARK" in sql)
    assert locked < next(place for place, sql in enumerate(texts) if sql.startswith("DELETE"))


def test_the_audit_tells_how_many_events_an_erasure_found_that_was_stopped(
    march: EventStore, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    erase(world.docs, "deleted", monkeypatch)
    finish_all()
    assert AuditEntry.objects.get(what="erased_visitor").details["events"] == 3


def test_old_events_that_two_delete_are_told_once(
    march: EventStore, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    Site.objects.filter(pk=world.docs.pk).update(retention_months=1)
    now, look, asked = datetime(2026, 4, 12, 23, 0, tzinfo=UTC), retention.has_older, []

    def another_asks(site: Site, before: datetime) -> bool:
        found = look(site, before)
        asked.append(ask_for_old(site, before, who="task"))
        return found

    monkeypatch.setattr(retention, "has_older", another_asks)
    delete_old(now, who="task")
    finish_all()
    assert len(asked) == 1
    told = AuditEntry.objects.order_by("pk").values_list("what", "details")
    assert [(what, details.get("events")) for what, details in told] == [("erase_old", None), ("erased_old", 3)]


def test_old_events_are_deleted_by_whole_days_and_the_rest_is_counted(march: EventStore, world: World) -> None:
    Site.objects.filter(pk=world.docs.pk).update(retention_months=1)
    deleted = delete_old(datetime(2026, 4, 12, 23, 0, tzinfo=UTC), who="task")
    assert {site.pk: events for site, events in deleted.items()} == {world.docs.pk: 3}
    assert figures(world.docs)[0] == [2, 2, 2]
    fill_due(NOW)
    assert figures(world.docs)[0] == [2, 2, 2]
    assert verify(100)[1] == []
    assert figures(world.secrets) == ([5, 2, 2], "rollup")
    assert min(FilledPeriod.objects.filter(site=world.docs, level="day").values_list("start", flat=True)).day == 12
    assert delete_old(datetime(2026, 4, 12, 23, 0, tzinfo=UTC), who="task") == {}


def test_one_site_whose_old_events_cannot_be_deleted_does_not_keep_the_others_from_it(
    march: EventStore, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    Site.objects.update(retention_months=1)
    erase_events = statements.erase

    def failing(erasure: Erasure) -> Statement:
        if erasure.store_site == world.docs.pk:  # the first by title
            raise Crash
        return erase_events(erasure)

    with monkeypatch.context() as patch:
        patch.setattr(statements, "erase", failing)
        with pytest.raises(Crash):
            delete_old(datetime(2026, 5, 12, 23, 0, tzinfo=UTC), who="task")
    assert [left_in_store(site.pk)[0] for site in (world.docs, world.secrets)] == [5, 0]
    assert finish_all() == 1
    assert left_in_store(world.docs.pk)[0] == 0


def kept_aside() -> list[tuple[int, str]]:
    """Site and query of the rows in batches that the engine refused."""
    kept = journal_folder() / aside.REFUSED
    batches = read_records(kept.read_bytes())[0] if kept.exists() else []
    return [(cast(int, row["site"]), str(row["query"])) for _number, rows in batches for row in rows]


def test_an_erasure_reaches_batches_that_the_engine_refused(
    march: EventStore, world: World, caplog: pytest.LogCaptureFixture
) -> None:
    folder = journal_folder()
    folder.mkdir(exist_ok=True)
    moment = datetime(2026, 3, 5, 10, tzinfo=UTC)
    for site in (world.docs, world.secrets):
        rows: list[Row] = [
            {
                "site": site.pk,
                "visitor": visitor(site, name),
                "timestamp": moment + timedelta(days=days),
                "query": query,
            }
            for name, days, query in (("ann", 0, "old"), ("mal", 1, "of mal"), ("ann", 2, "new"))
        ]
        aside.set_aside(folder, (site.pk, rows))
    others = [(world.secrets.pk, query) for query in ("old", "of mal", "new")]
    carry_out(ask_for_visitor(world.docs, "mal", who="command"))
    assert kept_aside() == [(world.docs.pk, "old"), (world.docs.pk, "new"), *others]
    carry_out(ask_for_old(world.docs, datetime(2026, 3, 6, tzinfo=UTC), who="task"))
    assert kept_aside() == [(world.docs.pk, "new"), *others]
    carry_out(ask_for_reset(world.docs, who="command"))
    assert kept_aside() == others
    damaged = folder / "000000000001.damaged"
    damaged.touch()
    carry_out(ask_for_reset(world.secrets, who="command"))
    assert kept_aside() == []
    told = [record.getMessage() for record in caplog.records if "Damaged files" in record.getMessage()]
    assert [text.endswith("000000000001.damaged") for text in told] == [True]
    damaged.unlink()


def test_the_audit_says_who_and_what_and_no_visitor(march: EventStore, world: World) -> None:
    carry_out(ask_for_visitor(world.docs, "mal", who=world.ada.public_id))
    carry_out(ask_for_old(world.docs, datetime(2026, 3, 4, tzinfo=UTC), who="task"))
    done, asked_old, erased, asked = AuditEntry.objects.all()
    assert [entry.what for entry in (asked, erased, asked_old, done)] == [
        "erase_visitor",
        "erased_visitor",
        "erase_old",
        "erased_old",
    ]
    assert {entry.site for entry in AuditEntry.objects.all()} == {world.docs.public_id}
    assert (asked.who, asked.organization) == (world.ada.public_id, world.acme.public_id)
    assert set(asked.details) == {"visitor"}
    assert asked.details["visitor"] not in ("mal", f"{visitor(world.docs, 'mal'):016x}")
    assert erased.details == {"entry": asked.pk, "events": 3}
    assert asked_old.details == {"before": "2026-03-04T00:00:00Z"}
    assert abs(asked.at - utc_now()) < timedelta(minutes=1)


def test_entries_of_the_audit_are_neither_changed_nor_deleted(world: World) -> None:
    entry = AuditEntry.objects.create(who="command", what="erase_reset")
    for change in (
        entry.save,
        entry.delete,
        AuditEntry.objects.all().delete,
        lambda: AuditEntry.objects.update(who=""),
    ):
        with pytest.raises(Fixed):
            change()
    assert AuditEntry.objects.get().who == "command"
