"""The server lives without its store, says so, and takes it up again."""

from __future__ import annotations

import fcntl
import time

from tests.reliability.load import batches_in_store
from tests.reliability.service import Service, event


def test_without_the_store_requests_get_503_until_it_is_back(service: Service) -> None:
    assert service.manage("migrate_store").stdout.startswith("0001_events.sql\n")
    with (service.data / "events" / "status").open("ab") as status:
        fcntl.flock(status, fcntl.LOCK_EX)  # what another process's engine does
        service.start(health=503)
        assert service.get("/healthz").body == b'{"status": "unavailable"}'
        refused = service.track([event("refused")])
        assert (refused.status, refused.retry_after) == (503, "5")
    service.wait_until_healthy()
    assert service.get("/healthz").body == b'{"status": "ok"}'
    assert service.track([event("taken")]).status == 204
    assert service.stop() == 0
    assert batches_in_store(service) == {"taken": (1, 1)}
    assert "Traceback" not in service.log.read_text()


def test_ctrl_c_ends_it_at_once_while_the_store_is_away(service: Service) -> None:
    service.manage("migrate_store")
    with (service.data / "events" / "status").open("ab") as status:
        fcntl.flock(status, fcntl.LOCK_EX)
        service.start(health=503)
        interrupted = time.monotonic()
        assert service.interrupt() == 0
    # Far less than what it waits for a worker that does not end (STOP_SECONDS), and room for a busy machine.
    assert time.monotonic() - interrupted < 15
