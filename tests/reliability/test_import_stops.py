"""An import that is killed goes on, and every event of the file is stored once."""

from __future__ import annotations

import json
import signal
import time
from pathlib import Path

from tests.reliability.service import SECONDS, Service, event

LINES = 30_000
EVERY = 1_000
"""One line in so many is refused."""


def write_file(file: Path) -> None:
    """``LINES`` lines, each event with a mark of its own."""
    line = json.dumps(event("MARK", timestamp="2026-02-03T04:05:06Z"))
    with file.open("w") as out:
        out.writelines(
            "no JSON\n" if number % EVERY == 0 else line.replace("MARK", str(number)) + "\n" for number in range(LINES)
        )


def test_an_import_killed_again_and_again_is_exact(service: Service, tmp_path: Path) -> None:
    file, refused = tmp_path / "events.ndjson", tmp_path / "events.ndjson.rejected"
    write_file(file)
    command = ("import_events", "--site", service.site_id, str(file))
    seen = 0
    for _ in range(2):
        process = service.popen(*command)
        deadline = time.monotonic() + SECONDS
        while not (refused.exists() and refused.stat().st_size > seen) and process.poll() is None:
            assert time.monotonic() < deadline
            time.sleep(0.001)
        process.send_signal(signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL
        seen = refused.stat().st_size

    done = service.manage(*command, "--resume")

    assert json.loads(done.stdout) == {"imported": 29_970, "rejected": 30}
    assert "Going on after line" in done.stderr
    assert service.stored("SELECT count(), uniqExact(query), uniqExact(id) FROM events") == [[29_970]] * 3
    lines = [json.loads(line)["line"] for line in refused.read_text().splitlines()]
    assert lines == list(range(1, LINES + 1, EVERY))
    again = service.manage(*command, check=False)
    assert again.returncode == 1
    assert "was imported into this site on" in again.stderr


def test_a_command_says_in_one_sentence_that_the_server_holds_the_store(service: Service, tmp_path: Path) -> None:
    file = tmp_path / "events.ndjson"
    file.write_text(json.dumps(event("mark")) + "\n")
    service.start()
    done = service.manage("import_events", "--site", service.site_id, str(file), check=False)
    taken = service.manage("serve", check=False)
    assert done.returncode == taken.returncode == 1
    assert done.stdout == taken.stdout == ""
    assert done.stderr.startswith("CommandError: The event store in ")
    assert done.stderr.count("\n") == 1
    assert taken.stderr == (
        f"CommandError: Cannot listen on 127.0.0.1:{service.port}: Address already in use."
        " Stop what uses it, or set PORT.\n"
    )
