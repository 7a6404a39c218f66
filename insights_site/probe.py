"""``python -m insights_site.probe``: ends with 0 where ``/healthz`` answers 200 on this machine, else with 1.

For health checks of containers, which hold no other client. Django is not loaded: it runs every few seconds.
"""

from __future__ import annotations

import http.client
import os
import sys
from urllib.parse import urlsplit

SECONDS = 4.0


def _name() -> str:
    """One under which the service answers."""
    names = (name.strip() for name in os.environ.get("ALLOWED_HOSTS", "").split(","))
    given = [name for name in names if name and not name.startswith(("*", "."))]
    return given[0] if given else urlsplit(os.environ.get("PUBLIC_URL", "")).hostname or "localhost"


def main() -> int:
    """Ask the server that has this environment."""
    host = os.environ.get("HOST", "").strip() or "127.0.0.1"
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104  # asked, not bound
    port = int(os.environ.get("PORT", "").strip() or 8000)
    connection = http.client.HTTPConnection(host, port, timeout=SECONDS)
    try:
        connection.request("GET", "/healthz", headers={"Host": _name()})
        status = connection.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        sys.stderr.write(f"No answer: {error}\n")
        return 1
    finally:
        connection.close()
    if status != 200:
        sys.stderr.write(f"The answer is {status}.\n")
    return int(status != 200)


if __name__ == "__main__":
    sys.exit(main())
