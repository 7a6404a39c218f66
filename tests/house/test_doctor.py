"""The doctor: beside a running service, before there is one, with everything down, and with what is wrong."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from apps.core.clock import utc_now
from apps.events.records import Reason, RefusalCount
from apps.events.store import TABLES
from apps.rollups.models import Erasure, FilledPeriod, State
from apps.rollups.periods import Level
from insights_site.doctor import services
from insights_site.doctor.findings import Health
from tests.people import World
from tests.reliability.apart import environment
from tests.reliability.service import ROOT, Service
from tests.servers.running import wait_until

_BREAK_TABLES = """
import django; django.setup()
from apps.events.store import Statement, close_store, get_store
store = get_store()
store.command(Statement(sql="ALTER TABLE table_changes DELETE WHERE name LIKE '0004%' SETTINGS mutations_sync = 2"))
store.command(Statement(sql="INSERT INTO table_changes VALUES ('9999_later.sql', now())"))
close_store()
"""


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    service = Service(tmp_path)
    yield service
    service.end()


def told(text: str) -> dict[str, set[tuple[str, str]]]:
    """Check → what is said of it."""
    found: dict[str, set[tuple[str, str]]] = {}
    for each in json.loads(text):
        found.setdefault(each["check"], set()).add((each["health"], each["message"]))
        assert each["health"] == "OK" or each["advice"], each
    return found


def healths(found: dict[str, set[tuple[str, str]]]) -> dict[str, set[str]]:
    return {check: {health for health, _message in lines} for check, lines in found.items()}


def test_beside_a_running_service_all_is_seen_and_well(service: Service) -> None:
    service.start()
    found = told(service.manage("doctor", "--json").stdout)
    assert {check: states for check, states in healths(found).items() if check != "disk" and states != {"OK"}} == {}
    assert ("OK", f"All {len(list(TABLES.glob('*.sql')))} changes of tables are applied.") in found["tables"]
    assert len(found) >= 13
    lines = service.manage("doctor").stdout
    assert "OK       tables" in lines


@pytest.mark.parametrize(
    "settings",
    [
        {"HOST": "127.0.0.2"},
        {"ALLOWED_HOSTS": "docs.example.com"},
        {"ALLOWED_HOSTS": ".example.com"},
        {"PUBLIC_URL": "https://docs.example.com/insights", "ALLOWED_HOSTS": "localhost", "TRUSTED_PROXIES": "1"},
    ],
    ids=str,
)
def test_a_server_is_asked_under_a_name_of_its_own(tmp_path: Path, settings: dict[str, str]) -> None:
    service = Service(tmp_path, **settings)
    server = service.popen("serve")
    try:
        wait_until(lambda: "listens on" in service.log.read_text(), service.log)
        [(health, message)] = told(service.manage("doctor", "--json").stdout)["server"]
    finally:
        server.terminate()
        server.wait()
    assert (health, message) == (
        "OK",
        f"It answers at http://{settings.get('HOST', '127.0.0.1')}:{service.port}/readyz; all its parts are well.",
    )


def test_what_answers_and_is_no_server_of_these_settings_is_not_taken_for_silence(service: Service) -> None:
    service.start()
    service.set(ALLOWED_HOSTS="elsewhere.example.com")
    [(health, message)] = told(service.manage("doctor", "--json", check=False).stdout)["server"]
    assert health == "problem"
    assert message.startswith(f"What answers at http://127.0.0.1:{service.port}/readyz says 400")


def test_with_everything_down_each_part_is_named_and_it_ends_with_1(tmp_path: Path) -> None:
    down = environment(
        tmp_path,
        CLICKHOUSE_URL="http://127.0.0.1:9",
        REDIS_URL="redis://127.0.0.1:9/0",
        PORT="9",
    ) | {"DATABASE_URL": "postgres://nobody:nothing@127.0.0.1:9/none"}
    done = subprocess.run(
        [sys.executable, "manage.py", "doctor", "--json"],
        cwd=ROOT,
        env=down,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1, done.stderr
    states = healths(told(done.stdout))
    assert {check for check, found in states.items() if "problem" in found} == {"records", "background", "events"}
    assert states["server"] == states["rollups"] == {"warning"}
    assert "nothing" not in done.stdout


def test_what_is_wrong_with_files_and_tables_is_told(service: Service) -> None:
    service.python(_BREAK_TABLES)
    (service.data / "secret_key").chmod(0o644)
    service.data.chmod(0o755)
    (service.data / "journal").mkdir(exist_ok=True)
    (service.data / "journal" / "000000000001.damaged").write_bytes(b"?")
    done = service.manage("doctor", "--json", check=False)
    assert done.returncode == 1
    found = told(done.stdout)
    assert found["rights"] == {
        ("warning", f"Other users may read {service.data}."),
        ("problem", f"Other users may read {service.data / 'secret_key'}."),
    }
    assert found["tables"] == {
        ("problem", "Changes of tables are not applied: 0004_counts.sql."),
        ("problem", "The tables were changed by a later version: 9999_later.sql."),
    }
    assert healths(found)["journal"] == {"problem", "OK"}


def test_a_key_that_a_file_gives_is_seen_as_given(tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_text("k" * 50)
    service = Service(tmp_path, SECRET_KEY_FILE=str(key))
    found = told(service.manage("doctor", "--json").stdout)
    assert not (service.data / "secret_key").exists()
    assert ("OK", "SECRET_KEY is given by the environment.") in found["rights"]
    assert healths(found)["rights"] == {"OK"}


@pytest.mark.parametrize(("hours", "health"), [(1, Health.OK), (5, Health.WARNING), (40, Health.PROBLEM)])
def test_hours_that_wait_to_be_counted_are_told_by_how_long(world: World, hours: int, health: Health) -> None:
    hour = utc_now().replace(minute=0, second=0, microsecond=0) - timedelta(hours=hours)
    FilledPeriod.objects.create(site=world.docs, level=Level.HOUR.label, start=hour, state=State.DUE)
    assert [each.health for each in services.counts_keep_up()] == [health]


def test_what_could_not_be_stored_is_a_warning_and_what_was_wrong_is_none(world: World) -> None:
    minute = utc_now().replace(second=0, microsecond=0)
    RefusalCount.objects.create(site=world.docs, minute=minute, reason=Reason.INVALID, requests=1, events=7)
    (found,) = services.events_are_taken()
    assert (found.health, found.message) == (Health.OK, "Refused or left out in the last day: invalid 7.")
    RefusalCount.objects.create(site=world.docs, minute=minute, reason=Reason.UNAVAILABLE, requests=1, events=3)
    (found,) = services.events_are_taken()
    assert found.health is Health.WARNING
    assert found.message.startswith("3 events could not be stored")


def test_an_erasure_that_does_not_end_is_a_problem(world: World) -> None:
    erasure = Erasure.objects.create(
        kind=Erasure.Kind.RESET, store_site=world.docs.pk, site_id="x", organization_id="y", through=1, who="z", entry=1
    )
    assert [each.health for each in services.erasures_end()] == [Health.OK]
    Erasure.objects.filter(pk=erasure.pk).update(asked_at=utc_now() - timedelta(hours=2))
    assert [each.health for each in services.erasures_end()] == [Health.PROBLEM]
