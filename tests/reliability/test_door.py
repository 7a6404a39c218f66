"""The socket at which a running server lets commands of its user read the embedded engine."""

from __future__ import annotations

import stat

import pytest

from apps.core.errors import Refusal, Unavailable
from apps.events.door import NAME, StoreBehindDoor, rows_of
from apps.events.store import Statement
from tests.reliability.service import Service, event

COUNT = Statement(sql="SELECT count() FROM events WHERE query = {mark:String}", parameters={"mark": "a"})


def test_it_answers_questions_of_its_user_alone_and_nothing_else_also_after_a_kill(service: Service) -> None:
    path = service.data / NAME
    behind = StoreBehindDoor(path)
    service.start()
    assert service.track([event("a")]).status == 204
    assert rows_of(behind, COUNT) == [[1]]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    for refused in ("TRUNCATE TABLE events", " SELECT 1", "INSERT INTO given_ids SELECT 1"):
        with pytest.raises(Refusal, match=r"Only a SELECT is answered\."):
            behind.rendered(Statement(sql=refused), "Native")
    service.kill()
    assert path.exists()
    with pytest.raises(Unavailable, match="does not answer"):
        rows_of(behind, COUNT)
    service.start()
    assert rows_of(behind, COUNT) == [[1]]
