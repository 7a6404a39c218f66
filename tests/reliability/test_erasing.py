"""An erasure and the journal: what was acknowledged and is erased does not come back, however the server ended."""

from __future__ import annotations

from tests.reliability.service import Service, event

STORED = "SELECT query FROM events ORDER BY id"


def of(visitor: str, mark: str) -> dict[str, object]:
    sent = event(mark)
    return sent | {"session": sent["session"] | {"visitorId": visitor}}


def erase(service: Service) -> str:
    return service.manage("erase_visitor", "--site", service.site_id, "--visitor", "mal").stdout


def test_events_that_only_the_journal_has_are_erased_and_stay_so(service: Service) -> None:
    service.start()
    assert service.track([of("mal", "one"), of("eve", "two"), of("mal", "three")]).status == 204
    service.kill()
    assert erase(service) == "2 events were erased.\n"
    for _start in range(2):
        service.start()
        service.kill()
    assert service.stored(STORED) == [["two"]]


def test_what_a_visitor_does_after_the_erasure_is_kept(service: Service) -> None:
    service.start()
    assert service.track([of("mal", "before")]).status == 204
    service.kill()
    erase(service)
    service.start()
    assert service.track([of("mal", "after")]).status == 204
    service.kill()
    assert service.stored(STORED) == [["after"]]
    assert erase(service) == "1 events were erased.\n"
    assert service.stored(STORED) == []
