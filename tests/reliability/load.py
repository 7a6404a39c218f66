"""Clients that post batches until they are told to stop, and remember what they were answered."""

from __future__ import annotations

import threading
import time
from contextlib import closing
from dataclasses import dataclass, field

from tests.reliability.service import SECONDS, Answer, Service, event


@dataclass(slots=True, kw_only=True)
class Sent:
    """A batch: its mark, when it was sent and answered (monotonic seconds), and with what."""

    mark: str
    started: float
    ended: float
    answer: Answer


@dataclass(slots=True, kw_only=True)
class Load:
    """``clients`` threads, each posting batches of ``size`` events that carry the batch's own mark.

    With ``keep`` each does so over one connection, as long as that lasts.
    """

    service: Service
    clients: int
    size: int
    keep: bool = False
    sent: list[Sent] = field(default_factory=list)
    _stop: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)

    def start(self) -> None:
        self._stop.clear()
        self._threads = [threading.Thread(target=self._post, args=(name,)) for name in range(self.clients)]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def wait_for_answers(self, more: int) -> None:
        """Wait until ``more`` batches than now were acknowledged."""
        goal, deadline = len(self.acknowledged) + more, time.monotonic() + SECONDS
        while len(self.acknowledged) < goal:
            assert time.monotonic() < deadline, "The server acknowledges nothing."
            time.sleep(0.005)

    @property
    def acknowledged(self) -> set[str]:
        """Marks of the batches that were answered with 204."""
        return {sent.mark for sent in list(self.sent) if sent.answer.status == 204}

    def _post(self, client: int) -> None:
        number = 0
        with closing(self.service.connection()) as kept:
            while not self._stop.is_set():
                mark, started = f"{len(self.sent)}-{client}-{number}-{time.monotonic_ns()}", time.monotonic()
                events = [event(mark) for _ in range(self.size)]
                answer = self.service.track(events, over=kept if self.keep else None)
                self.sent.append(Sent(mark=mark, started=started, ended=time.monotonic(), answer=answer))
                number += 1
                if answer.status == 0:
                    time.sleep(0.01)


def batches_in_store(service: Service) -> dict[str, tuple[int, int]]:
    """Per mark: how many events are stored, and in how many batches of the store. The server must be stopped."""
    columns = service.stored("SELECT query, uniqExact(id), uniqExact(batch), count() FROM events GROUP BY query")
    if not columns:
        return {}
    marks, ids, batches, counts = columns
    assert ids == counts, "An id was given twice."
    return {mark: (count, batch) for mark, count, batch in zip(marks, counts, batches, strict=True)}
