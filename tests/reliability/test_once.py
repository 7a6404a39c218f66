"""Idempotency keys where requests come at once, and where the process is killed between two of their steps."""

from __future__ import annotations

import json
import os
import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.db import connections
from django.test import Client

from apps.events import once
from apps.events.store import Statement, get_store
from apps.events.writer import Writer
from apps.sites.models import Site
from tests.reliability.apart import run_apart, tell
from tests.reliability.service import event

KEYS, CALLS = 4, 6


def post(site: Site, key: str) -> int:
    path = f"/v1/orgs/{site.organization.public_id}/sites/{site.public_id}/insights/events"
    body = json.dumps({"events": [event(key), event(key)]})
    try:
        answer = Client(SERVER_NAME="localhost").post(path, body, "application/json", headers={"Idempotency-Key": key})
        return answer.status_code
    finally:
        connections.close_all()


def marks() -> dict[str, int]:
    columns = get_store().query(Statement(sql="SELECT query, count() FROM events GROUP BY query"))
    return dict(zip(*columns, strict=True)) if columns else {}


def post_at_once(site: Site) -> None:
    """Each key from several threads at the same time."""
    site = Site.objects.select_related("organization").get(pk=site.pk)
    keys = [f"k{number % KEYS}" for number in range(KEYS * CALLS)]
    with ThreadPoolExecutor(len(keys)) as pool:
        answers = list(pool.map(lambda key: post(site, key), keys))
    assert answers == [204] * len(keys)
    assert marks() == {f"k{number}": 2 for number in range(KEYS)}


def test_requests_with_one_key_at_the_same_time_count_once(tmp_path: Path) -> None:
    run_apart(post_at_once, tmp_path)


def _die(*_arguments: object, **_named: object) -> None:
    tell("killed")
    os.kill(os.getpid(), signal.SIGKILL)


def kill_before_storing(site: Site) -> None:
    """The record is there, the events are not."""
    Writer.write = _die  # type: ignore[method-assign]
    post(site, "before-storing")


def kill_before_noting(site: Site) -> None:
    """The events are there, the record does not know, and the answer is lost."""
    once._note_stored = _die
    post(site, "before-noting")


def kill_before_answering(site: Site) -> None:
    """All is done, and the answer is lost."""
    assert post(site, "before-answering") == 204
    _die()


def repeat(site: Site) -> None:
    """Each key twice more."""
    tell(sorted(marks().items()))
    tell([post(site, key) for key in ("before-storing", "before-noting", "before-answering") * 2])
    tell(sorted(marks().items()))


def test_whenever_the_process_is_killed_the_repetition_counts_once(tmp_path: Path) -> None:
    for kill in (kill_before_storing, kill_before_noting, kill_before_answering):
        with pytest.raises(AssertionError, match="killed"):
            run_apart(kill, tmp_path)
    assert run_apart(repeat, tmp_path).splitlines() == [
        "[('before-answering', 2), ('before-noting', 2)]",
        "[204, 204, 204, 204, 204, 204]",
        "[('before-answering', 2), ('before-noting', 2), ('before-storing', 2)]",
    ]
