"""A refusal has a status, a sentence and a place."""

from __future__ import annotations


class Refusal(Exception):
    """A request that is answered with an error, in words meant for the one who asked.

    ``status`` is the HTTP status it becomes; ``path`` the dotted place in the input
    (``body.events.3.location.url``), empty where the input as a whole is meant.
    """

    status = 422

    def __init__(self, message: str, *, path: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.path = path

    def __str__(self) -> str:
        return f"{self.path}: {self.message}" if self.path else self.message


class InOwnWords(Exception):
    """A mark: the message is a sentence of ours, without values of requests and events, so that logs may tell it."""


class Unavailable(Refusal, InOwnWords):
    """The service cannot do this now; the same request may succeed after ``retry_after`` seconds."""

    status = 503

    def __init__(self, message: str, *, retry_after: int = 5) -> None:
        super().__init__(message)
        self.retry_after = retry_after
