"""The id of a request: it is in every line of the log, in the answer, and in what the request has others do."""

from __future__ import annotations

import random
import re
import secrets

from structlog.contextvars import bind_contextvars, clear_contextvars, get_contextvars

HEADER = "X-Request-ID"
FIELD = "request_id"
"""Its name in the log and in the messages of tasks."""
ROUTE = "insights.route"
"""Where a request's ``META`` holds the name of its route, once that is found."""

# No dot, colon or at sign, so that it can be neither an address nor a mail's.
_SANE = re.compile(r"[A-Za-z0-9_-]{8,64}")
_numbers = random.Random(secrets.randbits(256))  # noqa: S311  # unlike, not secret; asking the system lets others run


def begin(given: str | None, **fields: object) -> str:
    """From now on this thread works for a request: ``given`` is what its caller calls it, where that looks sane.

    Returns its id. ``fields`` are in the lines of the log too.
    """
    request_id = given if given and _SANE.fullmatch(given) else f"{_numbers.getrandbits(128):032x}"
    clear_contextvars()
    bind_contextvars(**{FIELD: request_id}, **fields)
    return request_id


def current_request_id() -> str:
    """The id of the request that is worked for; empty where it is none."""
    return str(get_contextvars().get(FIELD, ""))
