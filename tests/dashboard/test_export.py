"""Exporting events from the Events page: for editors, in three forms, exactly those of the chosen days."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest

from apps.events import downloads
from apps.events.store import Statement
from apps.organizations.audit import AuditEntry
from apps.organizations.models import Role
from tests.dashboard.conftest import As, Desk
from tests.insights.events import event

DAYS = {"first": "2026-04-20", "last": "2026-04-21"}


@pytest.fixture
def full(desk: Desk) -> Desk:
    """Three events on the chosen days, one on each side, and one of another site."""
    desk.holds(
        event("2026-04-19T23:59:59.999Z", visitor=1, url_path="/before"),
        event("2026-04-20T00:00:00Z", visitor=1, url_path="/first", query="=cmd()", claims={"plan": ["pro"]}),
        event("2026-04-20T12:00:00.123Z", visitor=2**63 + 1, session=2, url_path="/second"),
        event("2026-04-21T23:59:59.999Z", visitor=1, url_path="/third"),
        event("2026-04-22T00:00:00Z", visitor=1, url_path="/after"),
    )
    desk.store.insert([event("2026-04-20T10:00:00Z", url_path="/hidden") | {"site": desk.world.secrets.pk}])
    return desk


def export(desk: Desk, **asked: str) -> Any:
    return desk.client.post(f"{desk.home}/events/export", {**DAYS, "form": "ndjson", **asked})


def body(answer: Any) -> bytes:
    assert answer.status_code == 200
    return b"".join(answer.streaming_content)


def test_lines_of_json_hold_the_events_of_the_days(full: Desk, seat: As) -> None:
    seat(Role.EDITOR)
    answer = export(full)
    rows = [json.loads(line) for line in body(answer).splitlines()]
    assert [row["url_path"] for row in rows] == ["/first", "/second", "/third"]
    assert rows[1]["timestamp"] == "2026-04-20 12:00:00.123"
    assert {"visitor", "session", "event_type", "claims_json"} <= rows[0].keys()
    assert answer["Content-Disposition"] == 'attachment; filename="acme-docs-events-2026-04-20-2026-04-21.ndjson"'


def test_csv_holds_them_and_no_formula(full: Desk, seat: As) -> None:
    seat(Role.EDITOR)
    heads, *rows = csv.reader(io.StringIO(body(export(full, form="csv")).decode()))
    found = [dict(zip(heads, row, strict=True)) for row in rows]
    assert [row["url_path"] for row in found] == ["/first", "/second", "/third"]
    assert found[0]["query"] == "'=cmd()"
    assert (found[1]["timestamp"], found[1]["visitor"]) == ("2026-04-20T12:00:00.123Z", str(2**63 + 1))


def test_parquet_holds_them(full: Desk, seat: As, tmp_path: Any) -> None:
    seat(Role.EDITOR)
    file = tmp_path / "events.parquet"
    file.write_bytes(body(export(full, form="parquet")))
    assert file.read_bytes()[:4] == b"PAR1"
    read = Statement(
        sql="SELECT url_path FROM file({file:String}, Parquet) ORDER BY timestamp", parameters={"file": str(file)}
    )
    assert list(full.store.query(read)[0]) == ["/first", "/second", "/third"]


def test_days_are_the_sites(full: Desk, seat: As) -> None:
    seat(Role.EDITOR)
    full.site.time_zone = "Europe/Berlin"
    full.site.save()
    rows = [json.loads(line)["url_path"] for line in body(export(full)).splitlines()]
    assert rows == ["/before", "/first", "/second"]


def test_who_exported_stands_in_the_audit(full: Desk, seat: As) -> None:
    seat(Role.OWNER)
    export(full, form="csv")
    entry = AuditEntry.objects.get(what="export_events")
    assert (entry.who, entry.site) == (full.world.ben.public_id, full.site.public_id)
    assert entry.details == {"first": "2026-04-20", "last": "2026-04-21", "form": "csv"}


def test_a_reader_may_not_export_and_is_offered_no_form(full: Desk, seat: As) -> None:
    seat(Role.READER)
    assert export(full).status_code == 403
    assert "/events/export" not in full.get("/events").content.decode()
    assert not AuditEntry.objects.filter(what="export_events").exists()
    seat(Role.EDITOR)
    assert "/events/export" in full.get("/events").content.decode()


def test_a_stranger_gets_404(full: Desk, seat: As) -> None:
    seat(Role.OWNER)
    full.client.force_login(full.world.cy)
    assert export(full).status_code == 404


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"first": "2026-04-22"}, "The last day is before the first."),
        ({"first": "yesterday"}, "Enter a valid date."),
        ({"first": "1900-01-01"}, "There is no such day here."),
        ({"form": "xls"}, "Select a valid choice."),
    ],
)
def test_what_makes_no_sense_is_told_beside_the_form(full: Desk, seat: As, asked: dict[str, str], told: str) -> None:
    seat(Role.EDITOR)
    answer = export(full, **asked)
    assert answer.status_code == 422
    assert told in answer.content.decode()


def test_more_events_than_a_file_holds_are_refused_before_anything_is_written(
    full: Desk, seat: As, monkeypatch: pytest.MonkeyPatch
) -> None:
    seat(Role.EDITOR)
    monkeypatch.setattr(downloads, "MOST_EVENTS", 2)
    answer = export(full)
    assert answer.status_code == 422
    assert "These are 3 events; a file holds at most 2. Choose fewer days." in answer.content.decode()
