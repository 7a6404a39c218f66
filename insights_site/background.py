"""Worker and beat as threads of the one server process, where no Redis lets them be processes of their own.

The embedded event store belongs to this process, and so does a broker in memory. Nothing is lost with it that
matters: what is due is told by state rows, and the schedule's file tells what ran last.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from celery.beat import Service
from celery.worker import WorkController, state

from insights_site import signs
from insights_site.celery import Scheduler, app

log = logging.getLogger(__name__)

STOP_SECONDS = 15.0
"""How long a task under way may go on after SIGTERM; less than the time after which the server kills its worker."""
BEAT_SECONDS = 1.0
"""How long beat sleeps at most, and so how long it takes to stop."""
TIMER_SECONDS = 0.2
"""How long the worker's timer sleeps at most, likewise."""
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 30.0
"""Seconds before a part that ended by itself is started again; doubled each time, anew after a longer life."""


class Part:
    """One thread that runs ``run`` for as long as the process lives: where it ends by itself it is started again."""

    def __init__(self, name: str, run: Callable[[], None]) -> None:
        self.name = name
        self._run = run
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._keep_running, name=name, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def announce_stop(self) -> None:
        """From now on an end is an end."""
        self._stopping.set()

    def has_ended(self, seconds: float) -> bool:
        """Whether the thread ends within ``seconds``."""
        self._thread.join(max(0.0, seconds))
        return not self._thread.is_alive()

    def _keep_running(self) -> None:
        pause = FIRST_PAUSE
        while not self._stopping.is_set():
            started = time.monotonic()
            try:
                self._run()
            except Exception:
                log.exception("The %s thread failed.", self.name)
            if self._stopping.is_set():
                return
            signs.forget(self.name)
            if time.monotonic() - started > LONGEST_PAUSE:
                pause = FIRST_PAUSE
            log.error("The %s thread ended; it is started again in %d s.", self.name, pause)
            self._stopping.wait(pause)
            pause = min(pause * 2, LONGEST_PAUSE)


class Background:
    """The worker and beat of this process."""

    def __init__(self) -> None:
        self._beat_service: Service | None = None
        self._parts = (Part("worker", self._work), Part("beat", self._beat))

    def start(self) -> None:
        # On the main thread, so that two threads do not import the tasks at once.
        app.finalize()
        app.loader.import_default_modules()
        for part in self._parts:
            part.start()

    def stop(self, seconds: float = STOP_SECONDS) -> None:
        """Take no more work; return when the tasks under way are done, or after ``seconds``."""
        deadline = time.monotonic() + seconds
        for part in self._parts:
            part.announce_stop()
        state.should_stop = 0
        if self._beat_service is not None:
            self._beat_service.stop()
        for part in self._parts:
            if not part.has_ended(deadline - time.monotonic()):
                log.warning("The %s thread is still at work after %d s; it ends with the process.", part.name, seconds)

    def _work(self) -> None:
        # The bare controller: celery's program around it would handle signals, which only a main thread can.
        controller = WorkController(
            app=app,
            hostname="server@localhost",
            timer_precision=TIMER_SECONDS,
            without_gossip=True,
            without_mingle=True,
            without_heartbeat=True,
        )
        controller.start()

    def _beat(self) -> None:
        self._beat_service = Service(app, max_interval=BEAT_SECONDS, scheduler_cls=Scheduler, remote_control=False)
        self._beat_service.start()
