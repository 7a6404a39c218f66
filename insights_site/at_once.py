"""Several questions to parts of the service at once: whoever asks waits no longer than it says."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from typing import Generic, TypeVar

from django.db import connections

T = TypeVar("T")
BESIDE_SECONDS = 1.0
"""What is given to a part that is asked about something beside: that it is away is told by its own check."""


class _Asked(Generic[T]):
    """A question that is asked by a thread of its own; several may wait for its answer."""

    def __init__(self, question: Callable[[], T]) -> None:
        self._question = question
        self._done = threading.Event()
        self._answer: T | Exception = TimeoutError("It does not answer.")
        threading.Thread(target=self._ask, name="asks-a-part", daemon=True).start()

    def answer(self, seconds: float) -> T | Exception:
        """What it came to; ``TimeoutError`` where it came to nothing within ``seconds``."""
        self._done.wait(max(0.0, seconds))
        return self._answer

    def _ask(self) -> None:
        try:
            self._answer = self._question()
        except Exception as error:
            self._answer = error
        finally:
            connections.close_all()
            with _guard:
                _under_way.pop(self._question, None)
            self._done.set()


_guard = threading.Lock()
_under_way: dict[Callable[[], object], _Asked[object]] = {}


def at_once(questions: Mapping[str, Callable[[], T]], *, seconds: float) -> dict[str, T | Exception]:
    """Name → answer, or what was raised instead: ``TimeoutError`` where nothing came within ``seconds`` in all.

    A question that hangs is not asked a second time meanwhile, so that no more than one thread is held by each.
    """
    deadline = time.monotonic() + seconds
    asked = {name: _asked(question) for name, question in questions.items()}
    return {name: each.answer(deadline - time.monotonic()) for name, each in asked.items()}


def _asked(question: Callable[[], T]) -> _Asked[T]:
    with _guard:
        found = _under_way.get(question)
        if found is None:
            found = _under_way[question] = _Asked(question)
        return found  # type: ignore[return-value]  # of the same question
