"""What was acknowledged survives whatever happens to the server."""

from __future__ import annotations

import time
from statistics import median

from insights_site.serve import STOP_SECONDS
from tests.reliability.load import Load, batches_in_store
from tests.reliability.service import Service, event

SIZE = 7
COMING_IN = 0.2
"""Of a request's time, what it may take on a busy machine to come in."""


def test_acknowledged_events_survive_ten_kills_and_no_batch_is_half_there(service: Service) -> None:
    load = Load(service=service, clients=16, size=SIZE, keep=True)
    service.start()
    for kill in ("worker", "worker", "parent", "worker", "worker", "worker", "all", "worker", "worker", "worker"):
        load.start()
        load.wait_for_answers(200)
        if kill == "worker":
            service.kill_worker()
        elif kill == "parent":
            service.kill_parent()
        else:
            service.kill()
        load.stop()
        if kill == "worker":
            service.wait_until_healthy()
        else:
            service.start()
    assert service.stop() == 0

    stored = batches_in_store(service)
    assert len(load.acknowledged) >= 2_000
    assert load.acknowledged <= stored.keys()
    assert set(stored.values()) == {(SIZE, 1)}
    assert "Traceback" not in service.log.read_text()


def test_sigterm_answers_what_came_in_and_the_next_start_has_it_all(service: Service) -> None:
    load = Load(service=service, clients=8, size=1_000)
    service.start()
    load.start()
    load.wait_for_answers(16)
    usual = median(sent.ended - sent.started for sent in list(load.sent))
    # One group's clients are answered at once, and all send anew at once: the signal finds them in the midst of it.
    time.sleep(usual / 2)
    signalled = time.monotonic()
    assert service.stop() == 0
    seconds = time.monotonic() - signalled
    load.stop()
    service.start()
    assert service.track([event("after")]).status == 204
    assert service.stop() == 0

    under_way = [sent for sent in load.sent if sent.started < signalled - COMING_IN * usual and sent.ended > signalled]
    assert under_way, "No request was under way at the signal."
    assert {sent.answer.status for sent in under_way} == {204}
    assert seconds < STOP_SECONDS
    stored = batches_in_store(service)
    assert load.acknowledged <= stored.keys()
    assert stored.pop("after") == (1, 1)
    assert set(stored.values()) == {(1_000, 1)}
    assert service.log.read_text() == f"Site Insights listens on http://127.0.0.1:{service.port}\n" * 2
