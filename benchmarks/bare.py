"""The least that frameworks do for a posted body: what the tracking route is measured against.

``python -m benchmarks.bare wsgi|django|drf PORT THREADS`` serves one of three applications, which read the body and
answer 204, with the server and the threads of the service.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable
from typing import Any

from granian.constants import HTTPModes, Interfaces
from granian.log import LogLevels
from granian.server import Server

KINDS = ("wsgi", "django", "drf")
_KIND = "BENCHMARK_KIND"


def wsgi(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """No framework at all."""
    environ["wsgi.input"].read()
    start_response("204 No Content", [])
    return [b""]


def application() -> Callable[..., Any]:
    """The application that ``BENCHMARK_KIND`` names."""
    kind = os.environ[_KIND]
    return wsgi if kind == "wsgi" else _in_django(kind)


def _in_django(kind: str) -> Callable[..., Any]:
    from django.conf import settings

    settings.configure(
        SECRET_KEY="of no use",
        ALLOWED_HOSTS=["127.0.0.1"],
        ROOT_URLCONF=__name__,
        INSTALLED_APPS=["rest_framework"] if kind == "drf" else [],
        MIDDLEWARE=[],
        REST_FRAMEWORK={
            "DEFAULT_AUTHENTICATION_CLASSES": [],
            "DEFAULT_PERMISSION_CLASSES": [],
            "UNAUTHENTICATED_USER": None,
        },
    )
    from django.core.wsgi import get_wsgi_application
    from django.urls import path

    found = get_wsgi_application()
    sys.modules[__name__].urlpatterns = [path("track", _drf_view() if kind == "drf" else _django_view)]  # type: ignore[attr-defined]
    return found


def _django_view(request: Any) -> Any:
    from django.http import HttpResponse

    request.body  # noqa: B018  # reading it is the point
    return HttpResponse(status=204)


def _drf_view() -> Any:
    from rest_framework.response import Response
    from rest_framework.views import APIView

    class Track(APIView):
        def post(self, request: Any) -> Response:
            request.data  # noqa: B018  # reading and parsing it is the point
            return Response(status=204)

    return Track.as_view()


def main(kind: str, port: int, threads: int) -> None:
    """Serve until a signal."""
    os.environ[_KIND] = kind
    Server(
        f"{__spec__.name}:application" if __spec__ else "benchmarks.bare:application",
        address="127.0.0.1",
        port=port,
        interface=Interfaces.WSGI,
        http=HTTPModes.http1,
        workers=1,
        blocking_threads=threads,
        backpressure=1024,
        backlog=1024,
        websockets=False,
        log_level=LogLevels.error,
        factory=True,
    ).serve()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
