"""What all processes count together: each adds what moved to totals in Redis, so that any of them can tell.

Workers have no door of their own, and of several web processes one answers. The totals only grow: a process that ends
takes nothing away with it, and one that is killed no more than what it counted in the last ``SECONDS``. Where Redis is
away, what moved is added later. Without ``REDIS_URL`` there is one process, and nothing to share.

The client library's own way, files of each process, ends at the machine and keeps those of every process there was.
"""

from __future__ import annotations

import atexit
import json
import logging
import os
import secrets
import socket
import threading
import time
from collections import defaultdict
from collections.abc import Iterable

import redis
from django.conf import settings
from prometheus_client import REGISTRY, disable_created_metrics
from prometheus_client.metrics_core import Metric
from prometheus_client.samples import Sample

from apps.core.redis import client

log = logging.getLogger(__name__)

OURS = "insights_"
SECONDS = 5.0
"""How often a process adds what moved."""
SILENT_SECONDS = 60
"""What a process holds now counts for nothing once it has not told for so long."""
_TOTALS, _NOW = "metrics:totals", "metrics:now"

disable_created_metrics()  # type: ignore[no-untyped-call]  # when a counter of one process began is not when the total did

_Key = tuple[str, str, tuple[tuple[str, str], ...]]
"""Names of a family and of a sample of it, and its labels in order."""


def ours() -> list[Metric]:
    """What this process counts, of the service itself."""
    return [family for family in REGISTRY.collect() if family.name.startswith(OURS)]


def of_process() -> list[Metric]:
    """What is known of this process as of any other: memory, processor time, open files."""
    return [family for family in REGISTRY.collect() if not family.name.startswith(OURS)]


class Sharer:
    """Adds what this process counts to the totals. Safe for threads."""

    def __init__(self) -> None:
        self._name = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"
        self._told: dict[_Key, float] = {}
        self._sharing = threading.Lock()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._is_away = False

    def start(self) -> None:
        """Share every few seconds from now on, and once more when the process ends."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="totals", daemon=True)
            self._thread.start()
            atexit.register(self.stop)

    def stop(self) -> None:
        """Share for the last time."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
            self._try(is_last=True)

    def share(self, *, is_last: bool = False) -> None:
        """Add what moved since the last time. Raises ``redis.RedisError`` where Redis is away: it is added later.

        Where Redis breaks before it answers, it may have added it all the same: then it counts twice.
        """
        with self._sharing:
            counted, held = _samples()
            pipeline = client().pipeline(transaction=True)
            for key, value in counted.items():
                # Also what has not moved yet: a figure that is there from the beginning shows its first step.
                if key not in self._told or value != self._told[key]:
                    pipeline.hincrbyfloat(_TOTALS, json.dumps(key), value - self._told.get(key, 0.0))
            if is_last:
                pipeline.hdel(_NOW, self._name)
            else:
                pipeline.hset(_NOW, self._name, json.dumps([time.time(), [*held.items()]]))
            pipeline.execute()
            self._told = counted

    def _work(self) -> None:
        while not self._stop.wait(SECONDS):
            self._try()

    def _try(self, *, is_last: bool = False) -> None:
        try:
            self.share(is_last=is_last)
        except redis.RedisError as error:
            if not self._is_away:
                log.warning("What is counted for monitoring is told later: %s", error)
            self._is_away = True
        else:
            self._is_away = False


def _samples() -> tuple[dict[_Key, float], dict[_Key, float]]:
    """What was counted by now, and what is held now."""
    counted: dict[_Key, float] = {}
    held: dict[_Key, float] = {}
    for family in ours():
        place = held if family.type == "gauge" else counted
        for sample in family.samples:
            place[family.name, sample.name, tuple(sorted(sample.labels.items()))] = sample.value
    return counted, held


sharer = Sharer()
"""The sharer of this process."""


def of_all() -> list[Metric]:
    """What all processes counted, and hold now. Raises ``redis.RedisError`` where that cannot be told."""
    if not settings.REDIS_URL:
        return ours()
    sharer.share()
    values: dict[_Key, float] = defaultdict(float, dict.fromkeys(_samples()[0], 0.0))
    for text, value in client().hgetall(_TOTALS).items():
        values[_read(json.loads(text))] = float(value)
    for process, text in client().hgetall(_NOW).items():
        moment, held = json.loads(text)
        if time.time() - moment > SILENT_SECONDS:
            client().hdel(_NOW, process)
            continue
        for key, value in held:
            values[_read(key)] += value
    return list(_families(values))


def _read(key: list[object]) -> _Key:
    family, sample, labels = key
    return str(family), str(sample), tuple((str(name), str(value)) for name, value in labels)  # type: ignore[attr-defined]


def _families(values: dict[_Key, float]) -> Iterable[Metric]:
    """The families that this process knows, with these values."""
    by_family: dict[str, list[Sample]] = defaultdict(list)
    for (family, name, labels), value in sorted(values.items(), key=_place):
        by_family[family].append(Sample(name, dict(labels), value))
    for known in ours():
        told = Metric(known.name, known.documentation, known.type)
        told.samples = by_family[known.name]
        yield told


def _place(item: tuple[_Key, float]) -> tuple[object, ...]:
    """The buckets of a histogram in their order."""
    (family, name, labels), _value = item
    bound = dict(labels).get("le", "0")
    return family, [label for label in labels if label[0] != "le"], name, float(bound)
