"""The service below a path of its host: ``BASE_PATH``."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from django.conf import settings

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


def below_base_path(application: WSGIApplication) -> WSGIApplication:
    """``application`` without ``BASE_PATH`` in the paths that it is asked for, which its answers have all the same.

    A path outside is handed on as it is: a proxy that strips the path asks so, and so do checks from beside the
    service, and rules that send single paths of a documentation here.
    """
    base: str = settings.BASE_PATH
    if not base:
        return application
    below = f"{base}/"

    def stripped(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        path: str = environ["PATH_INFO"]
        if path == base:
            # Below it the browser would resolve what is relative elsewhere.
            query = environ.get("QUERY_STRING", "")
            start_response("308 Permanent Redirect", [("Location", below + (f"?{query}" if query else ""))])
            return []
        if path.startswith(below):
            environ["PATH_INFO"] = path[len(base) :]
        return application(environ, start_response)

    return stripped
