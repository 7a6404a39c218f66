"""``python -m insights_site.probe``: ends with 0 where ``/healthz`` answers 200 on this machine, else with 1.

For health checks of containers, which hold no other client. Django is not loaded: it runs every few seconds.
The doctor asks the server in the same way.
"""

from __future__ import annotations

import http.client
import os
import sys
from collections.abc import Sequence
from contextlib import closing
from urllib.parse import urlsplit

SECONDS = 4.0


def reached_at(host: str) -> str:
    """Where a server that listens on ``host`` is reached from its own machine."""
    return {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104  # asked, not bound


def answers_to(allowed_hosts: Sequence[str], public_url: str) -> str:
    """A name under which a server with these settings answers, whatever its address is."""
    named = [name for name in allowed_hosts if name and not name.startswith(("*", "."))]
    public = urlsplit(public_url).hostname
    of_many = [
        name[1:] for name in allowed_hosts if name.startswith(".")
    ]  # ``.example.com`` allows ``example.com`` too
    return next(filter(None, [*named, public, *of_many]), "localhost")


def ask(path: str, *, host: str, port: int, name: str, seconds: float) -> tuple[int, bytes]:
    """Status and body of the answer; raises ``OSError`` or ``HTTPException`` where there is none."""
    with closing(http.client.HTTPConnection(reached_at(host), port, timeout=seconds)) as connection:
        connection.request("GET", path, headers={"Host": name})
        answer = connection.getresponse()
        return answer.status, answer.read()


def main() -> int:
    """Ask the server that has this environment."""
    given = {name: os.environ.get(name, "").strip() for name in ("HOST", "PORT", "ALLOWED_HOSTS", "PUBLIC_URL")}
    allowed = [name.strip() for name in given["ALLOWED_HOSTS"].split(",")]
    name = answers_to(allowed, given["PUBLIC_URL"])
    try:
        status, _body = ask("/healthz", host=given["HOST"], port=int(given["PORT"] or 8000), name=name, seconds=SECONDS)
    except (OSError, http.client.HTTPException) as error:
        sys.stderr.write(f"No answer: {error}\n")
        return 1
    if status != 200:
        sys.stderr.write(f"The answer is {status}.\n")
    return int(status != 200)


if __name__ == "__main__":
    sys.exit(main())
