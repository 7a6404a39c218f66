"""The recorder of refusals: bounded, complete in its counts, and written at the end."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import time_machine
from django.contrib.auth.models import Permission
from django.db import DatabaseError
from django.test import Client

from apps.events import refused
from apps.events.models import Reason, RefusalCount, RefusedEvent
from apps.events.refused import Recorder, Refused
from apps.events.tasks import delete_old_refusals
from apps.organizations.models import User
from apps.sites.models import Site
from tests.people import World
from tests.reliability.apart import run_apart

NOW = datetime(2026, 3, 1, 12, 0, 59, tzinfo=UTC)


@pytest.fixture
def recorder() -> Iterator[Recorder]:
    recorder = Recorder(seconds=3_600)
    yield recorder
    recorder.forget()


def one(site: Site, **more: object) -> Refused:
    return Refused(**{"site": site.pk, "at": NOW, "reason": Reason.INVALID, **more})  # type: ignore[arg-type]


def counts() -> list[tuple[str, str, int, int]]:
    return [
        (f"{count.minute:%H:%M}", count.reason, count.requests, count.events) for count in RefusalCount.objects.all()
    ]


def test_refusals_add_up_by_minute_and_reason_over_several_flushes(world: World, recorder: Recorder) -> None:
    for _ in range(2):
        recorder.note(one(world.docs, events=3))
        recorder.note(one(world.docs))
        recorder.note(one(world.docs, reason=Reason.HOSTNAME))
        recorder.note(one(world.docs, at=NOW + timedelta(seconds=1)))
        recorder.flush()
    recorder.flush()
    assert counts() == [("12:01", "invalid", 2, 2), ("12:00", "hostname", 2, 2), ("12:00", "invalid", 4, 8)]


def test_only_the_last_thousand_of_a_site_are_kept_and_all_are_counted(world: World, recorder: Recorder) -> None:
    recorder.note(one(world.secrets, place="other"))
    for number in range(600):
        recorder.note(one(world.docs, place=f"a{number}"))
    recorder.flush()
    for number in range(1_001):
        recorder.note(one(world.docs, place=f"b{number}"))
    recorder.flush()
    places = list(RefusedEvent.objects.filter(site=world.docs).values_list("place", flat=True))
    assert (len(places), places[0], places[-1]) == (1_000, "b1000", "b1")
    assert RefusedEvent.objects.get(site=world.secrets).place == "other"
    assert RefusalCount.objects.get(site=world.docs).requests == 1_601


def test_memory_is_bounded_whatever_is_named(
    world: World, recorder: Recorder, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(refused, "MOST_COUNTS", 3)
    monkeypatch.setattr(refused, "MOST_WAITING", 2)
    for number in range(5):
        recorder.note(Refused(site=("nobody", f"site_{number}"), at=NOW, reason=Reason.NOT_ALLOWED))
    recorder.note(one(world.docs))
    recorder.flush()
    assert caplog.messages == ["3 refused requests were not counted: too many at once."]
    assert counts() == []
    recorder.note(one(world.docs))
    recorder.flush()
    assert counts() == [("12:00", "invalid", 1, 1)]
    assert RefusedEvent.objects.count() == 1


def test_what_cannot_be_written_waits_for_the_next_time(
    world: World, recorder: Recorder, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def away(*_arguments: object) -> None:
        recorder.note(one(world.docs, place="meanwhile"))
        raise DatabaseError("away")

    with monkeypatch.context() as patch:
        patch.setattr(refused, "_write", away)
        recorder.note(one(world.docs, place="before"))
        recorder.flush()
    assert caplog.messages == ["Refused events cannot be written now."]
    recorder.flush()
    assert counts() == [("12:00", "invalid", 2, 2)]
    assert list(RefusedEvent.objects.values_list("place", flat=True)) == ["meanwhile", "before"]


def test_a_site_that_was_deleted_meanwhile_spoils_nothing(world: World, recorder: Recorder) -> None:
    recorder.note(one(world.secrets))
    recorder.note(one(world.docs))
    world.secrets.delete()
    recorder.flush()
    assert [count.site for count in RefusalCount.objects.all()] == [world.docs]


def test_old_refusals_are_deleted_and_counts_stay_longer(world: World, recorder: Recorder) -> None:
    now = datetime(2026, 6, 1, 3, 27, tzinfo=UTC)
    for days in (91, 89, 8, 6):
        recorder.note(one(world.docs, at=now - timedelta(days=days), place=f"d{days}"))
    recorder.flush()
    with time_machine.travel(now, tick=False):
        delete_old_refusals()
        delete_old_refusals()
    assert list(RefusedEvent.objects.values_list("place", flat=True)) == ["d6"]
    assert [(now - count.minute).days for count in RefusalCount.objects.all()] == [6, 8, 89]


def refuse_and_leave(site: Site) -> None:
    """Note from many threads at once, see the first of it written by itself, and end the process right after more."""
    refused.recorder.seconds = 0.05
    threads = [threading.Thread(target=_refuse, args=(site, 50)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    deadline = time.monotonic() + 30
    while not RefusedEvent.objects.exists():
        assert time.monotonic() < deadline
        time.sleep(0.01)
    refused.recorder.seconds = 3_600
    time.sleep(0.2)
    _refuse(site, 7)


def _refuse(site: Site, times: int) -> None:
    for _ in range(times):
        refused.recorder.note(one(site))


def test_refusals_are_written_by_themselves_and_when_the_process_ends(tmp_path: Path) -> None:
    assert run_apart(refuse_and_leave, tmp_path) == ""
    database = sqlite3.connect(tmp_path / "data" / "records.sqlite3")
    found = database.execute("SELECT sum(requests), sum(events) FROM events_refusalcount").fetchall()
    kept = database.execute("SELECT count(*) FROM events_refusedevent").fetchall()
    database.close()
    assert (found, kept) == ([(407, 407)], [(407,)])


@pytest.fixture
def staff(client: Client, world: World) -> Client:
    client.force_login(User.objects.create(email="root@example.com", is_staff=True, is_superuser=True))
    return client


def test_the_admin_lists_refusals_by_site_reason_and_day(staff: Client, world: World, recorder: Recorder) -> None:
    recorder.note(one(world.docs, place="body.events.1.type", host="a.example", path="/<script>"))
    recorder.note(one(world.secrets, place="elsewhere"))
    recorder.note(one(world.docs, place="hosts", reason=Reason.HOSTNAME))
    recorder.note(one(world.docs, place="days", at=NOW + timedelta(days=1)))
    recorder.flush()
    last, minutes = "/admin/events/refusedevent/", "/admin/events/refusalcount/"

    def places(query: str) -> set[str]:
        page = staff.get(f"{last}?{query}").content.decode()
        assert "<script>" not in page.partition("/&lt;")[2][:20]
        return {word for word in ("body.events.1.type", "elsewhere", "hosts", "days") if f">{word}<" in page}

    assert places("") == {"body.events.1.type", "elsewhere", "hosts", "days"}
    assert places(f"site__id__exact={world.docs.pk}") == {"body.events.1.type", "hosts", "days"}
    assert places("reason__exact=hostname") == {"hosts"}
    assert places("refused_at__year=2026&refused_at__month=3&refused_at__day=2") == {"days"}
    page = staff.get(f"{minutes}?reason__exact=hostname").content.decode()
    assert "2026-03-01 12:00" in page
    assert "2026-03-02" not in page.partition("<tbody")[2]


def test_refusals_cannot_be_written_or_deleted_by_hand_but_go_with_their_site(
    staff: Client, world: World, recorder: Recorder
) -> None:
    recorder.note(one(world.docs))
    recorder.flush()
    for name, pk in (("refusedevent", RefusedEvent.objects.get().pk), ("refusalcount", RefusalCount.objects.get().pk)):
        for path in ("add/", f"{pk}/delete/"):
            assert staff.get(f"/admin/events/{name}/{path}").status_code == 403, path
    assert staff.post(f"/admin/sites/site/{world.docs.pk}/delete/", {"post": "yes"}).status_code == 302
    assert not RefusedEvent.objects.exists()
    assert Permission.objects.filter(codename="view_refusedevent").exists()
