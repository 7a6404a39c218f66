"""Around every request: its id, and a line in the log once it is answered."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from django.conf import settings

from apps.core import trace
from insights_site.logs import ACCESS

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

log = logging.getLogger(ACCESS)
errors = logging.getLogger(__name__)


class Traced:
    """A WSGI application that gives each request an id, tells it in the answer, and logs the request.

    The line has the method, the name of the route (so no value of an address), the status, and the milliseconds until
    the answer began. Who asked is not in it.
    """

    def __init__(self, application: WSGIApplication) -> None:
        self._application = application

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        started, status = time.perf_counter(), "500"
        request_id = trace.begin(environ.get("HTTP_X_REQUEST_ID"))

        def start(line: str, headers: list[tuple[str, str]], *error: Any) -> Callable[[bytes], object]:
            nonlocal status
            status = line[:3]
            return start_response(line, [*headers, (trace.HEADER, request_id)], *error)

        try:
            answer = self._application(environ, start)
            return _Stream(answer) if getattr(answer, "streaming", False) else answer
        except Exception:
            errors.exception("A request failed.")  # the server tells nobody what it was
            raise
        finally:
            if settings.ACCESS_LOG:
                fields = {
                    trace.FIELD: request_id,
                    "method": environ["REQUEST_METHOD"],
                    "route": environ.get(trace.ROUTE, ""),
                    "status": int(status),
                    "ms": round(1_000 * (time.perf_counter() - started), 1),
                }
                log.info("request", fields)  # noqa: PLE1205  # they are no arguments of the text


class _Stream:
    """An answer that is made while it is sent; that it broke off is logged."""

    def __init__(self, answer: Any) -> None:
        self._answer = answer

    def __iter__(self) -> Iterator[bytes]:
        try:
            yield from self._answer
        except Exception:
            errors.exception("An answer broke off.")
            raise

    def close(self) -> None:
        """Whoever iterates calls it at the end."""
        self._answer.close()
