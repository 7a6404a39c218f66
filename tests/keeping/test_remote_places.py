"""Backups on another machine, over FTP: made and read, away; the password of the address is never told."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.keeping.moved import RECORDS, VALUES, Empty, Kept
from tests.servers.ftp import PASSWORD
from tests.servers.running import Ftp

# Each service here has the embedded engine and a database of its own, whatever the tests run with.
pytestmark = pytest.mark.embedded

_AUDIT = """
import django; django.setup()
from apps.organizations.audit import AuditEntry
print([(entry.what, entry.details) for entry in AuditEntry.objects.all()])
"""


@pytest.fixture
def ftp(tmp_path: Path) -> Iterator[Ftp]:
    server = Ftp(tmp_path / "ftp")
    server.start()
    yield server
    server.end()


def told(done: subprocess.CompletedProcess[str]) -> str:
    """All that a command says; the password is not in it."""
    assert PASSWORD not in done.stdout + done.stderr
    return done.stderr


def logs(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in folder.rglob("*.log"))


def test_a_backup_goes_to_a_server_of_ftp_and_comes_back(kept: Kept, empty: Empty, ftp: Ftp, tmp_path: Path) -> None:
    address = f"{ftp.url}/backups/first"
    told(kept.manage("backup", address))
    names = {str(path.relative_to(tmp_path / "ftp" / "backups" / "first")) for path in tmp_path.glob("ftp/**/*.*")}
    assert {"manifest.json", "records.ndjson.gz", "events/000001.parquet"} <= names
    assert "The folder is not empty" in told(kept.manage("backup", address, check=False))
    told(empty.manage("restore", address))
    assert empty.stored(VALUES) == kept.stored(VALUES)
    assert empty.python(RECORDS) == kept.python(RECORDS)
    for service, what in ((kept, "back_up"), (empty, "restore")):
        audit = service.python(_AUDIT)
        assert what in audit
        assert PASSWORD not in audit
    assert PASSWORD.encode() not in logs(tmp_path)


@pytest.mark.parametrize("command", ["backup", "restore", "export_events", "import_events"])
def test_the_password_is_not_told_where_the_server_is_away_or_refuses(kept: Kept, ftp: Ftp, command: str) -> None:
    wrong = ftp.url.replace(PASSWORD, f"{PASSWORD}-wrong")
    done = kept.manage(command, f"{wrong}/there", check=False)
    assert done.returncode == 1
    assert "cannot be reached" in told(done)
    ftp.end()
    done = kept.manage(command, f"{ftp.url}/there", "--traceback", check=False)
    assert done.returncode == 1
    assert f"ftp://keeper:***@127.0.0.1:{ftp.port}/there cannot be reached: [Errno 111]" in told(done)
    assert PASSWORD not in kept.python(_AUDIT)


@pytest.mark.parametrize("name", ["000001.parquet", "records.ndjson.gz", "manifest.json"])
def test_one_of_which_a_file_is_kept_by_half_is_not_taken_for_whole(
    kept: Kept, empty: Empty, ftp: Ftp, name: str
) -> None:
    ftp.halve(name)
    done = kept.manage("backup", f"{ftp.url}/broken", check=False)
    assert done.returncode == 1
    assert re.search(f"{name} (is not there as it was written|cannot be written): ", told(done))
    assert "back_up" not in kept.python(_AUDIT)
    refused = empty.manage("restore", f"{ftp.url}/broken", check=False)
    assert refused.returncode == 1
    assert "manifest.json is " in told(refused)
