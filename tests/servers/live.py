"""Django's live server, which answers a browser in threads of the tests' own process."""

from __future__ import annotations

import threading
import time
from typing import Any

from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import request_finished, request_started

PATIENCE_SECONDS = 5.0
"""How long at most to wait at the end of a test: its figures and complaints are looked at by then."""
IDLE_SECONDS = 0.05
"""So long nothing may begin: what a browser has sent is read within."""


class Served:
    """How many requests the live server has under way that began since this was made.

    Those of Django's test client are not counted. Others that a test makes of the WSGI application itself, and does not
    close, count for ever: so each test counts anew.
    """

    def __init__(self) -> None:
        self._begun = threading.Condition()
        """Told of each that begins."""
        self._under_way = 0
        request_started.connect(self._begin)
        request_finished.connect(self._finish)

    def end(self) -> None:
        """Count no more."""
        request_started.disconnect(self._begin)
        request_finished.disconnect(self._finish)

    def wait_until_idle(self) -> None:
        """Return when nothing is under way, and nothing has begun for a moment, or after some seconds."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            with self._begun:
                if not self._begun.wait(IDLE_SECONDS) and self._under_way < 1:
                    return

    def _begin(self, sender: object, **_signal: Any) -> None:
        if _is_live(sender):
            with self._begun:
                self._under_way += 1
                self._begun.notify_all()

    def _finish(self, sender: object, **_signal: Any) -> None:
        if _is_live(sender):
            with self._begun:
                self._under_way -= 1


def _is_live(handler: object) -> bool:
    return isinstance(handler, type) and issubclass(handler, WSGIHandler)
