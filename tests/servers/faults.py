"""What the test server does wrong on purpose: told over its own door, one fault at a time."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from enum import StrEnum


class Mode(StrEnum):
    """``SLOW`` answers rightly, but late; ``HUNG`` accepts and never answers; ``ERROR`` refuses before anything is
    done; ``LOST`` does the work and then hangs; ``CUT`` ends the connection within the answer; ``MIDWAY`` tells an
    error after a part of the answer; ``GATEWAY`` answers as a proxy before it does, which passes on what is answered
    with a status of 500 or more and loses the answer."""

    SLOW = "slow"
    HUNG = "hung"
    ERROR = "error"
    LOST = "lost"
    CUT = "cut"
    MIDWAY = "midway"
    GATEWAY = "gateway"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """``seconds`` of waiting; the engine's ``code`` and ``message`` of an error, or a proxy's status; ``only``
    statements that begin so, in lower case, with | between several beginnings."""

    mode: Mode
    seconds: float = 60.0
    code: int = 999
    message: str = "Coordination::Exception: Connection loss"
    only: str = ""
    times: int = 1_000_000


class Faults:
    """The fault that is set now."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._changed = threading.Event()
        self._fault: Fault | None = None
        self._left = 0
        self.met = 0
        """How many statements have met one."""

    def set(self, fault: Fault | None) -> None:
        with self._lock:
            self._fault, self._left, self.met = fault, fault.times if fault else 0, 0
            self._changed.set()
            self._changed = threading.Event()

    def of(self, begins: str) -> Fault | None:
        """The fault that a statement meets that begins so."""
        with self._lock:
            if self._fault is None or not self._left or not begins.startswith(tuple(self._fault.only.split("|"))):
                return None
            self._left -= 1
            self.met += 1
            return self._fault

    def wait(self, fault: Fault) -> None:
        """Pass the fault's time, or less where another one, or none, is set meanwhile."""
        changed, deadline = self._changed, time.monotonic() + fault.seconds
        changed.wait(max(deadline - time.monotonic(), 0))
