"""The web server: a supervising parent, and spawned workers of many threads that own the event store.

The embedded engine belongs to one process and does not survive a fork, so the parent never opens it
and workers are spawned. This module is imported by each of them before Django is: keep it light.
"""

from __future__ import annotations

import gc
import multiprocessing
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable
from multiprocessing.util import Finalize
from typing import Any

from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.log import LogLevels
from granian.server.mp import MPServer

CONNECTIONS = 1_024
"""Open connections a worker accepts; more wait in the listening socket's queue."""
HEAD_SECONDS = 30
"""A client that takes longer to send the head of a request is cut off, and so is a connection that is idle as long."""
STOP_SECONDS = 20
"""After this long a worker that does not stop is killed."""
HANDOVER_SECONDS = 10.0
"""After SIGHUP in server mode: so long a new worker has to listen before the one that it follows is ended."""
EARLY_SECONDS = 10.0
"""A worker that lives less than this did not start properly."""
EARLY_DEATHS = 5
"""After this many of them in a row the server gives up."""


class _OneAtATime(MPServer):
    """Of the embedded engine, which belongs to one process: after SIGHUP the worker ends before the next one starts."""

    starts_anew = False

    def signal_handler_interrupt(self, *_: object) -> None:
        self.starts_anew = False
        super().signal_handler_interrupt()  # type: ignore[no-untyped-call]  # the library's

    def signal_handler_reload(self, *_: object) -> None:
        super().signal_handler_interrupt()  # type: ignore[no-untyped-call]  # the library's
        self.starts_anew = True


class CannotListen(Exception):
    """The address cannot be listened on; the message is one sentence for the operator."""


def worker_application() -> Callable[..., Any]:
    """The WSGI application of a worker, which holds the event store as long as it lives."""
    # Ctrl-C reaches every process of a terminal, and the parent's SIGTERM comes right behind it: two signals at once
    # can leave a worker waiting until it is killed. The parent alone answers Ctrl-C. (Later threads inherit this.)
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    from insights_site.told import log_the_end_of_a_thread
    from insights_site.wsgi import application

    threading.excepthook = log_the_end_of_a_thread
    threading.Thread(target=_stop_with_parent, name="parent-watch", daemon=True).start()
    _prepare()
    _open_door()
    _start_background()
    return application


def _prepare() -> None:
    """Load what the first request would wait for; needs a Django that is set up."""
    import insights_site.urls  # noqa: F401
    from apps.core.errors import Unavailable
    from apps.events.services import warm_up
    from apps.events.store import get_store

    warm_up()
    gc.freeze()  # what is loaded by now stays: the collector need not look at it again
    try:
        get_store()
    except Unavailable as error:
        # It may be back later (an import that holds it ends): until then requests get 503.
        sys.stderr.write(f"{error}\n")


def _open_door() -> None:
    """Let commands read the embedded engine, which this process alone has."""
    from django.conf import settings

    from apps.events.door import open_door

    if not settings.CLICKHOUSE_URL:
        open_door()


def _start_background() -> None:
    """Worker and beat beside the web threads, where there is no Redis through which others could do the work.

    Where there is one, other processes count too: what this one counts is added to theirs.
    """
    from django.conf import settings

    if settings.REDIS_URL:
        from insights_site.totals import sharer

        sharer.start()
        return
    from insights_site.background import Background

    background = Background()
    background.start()
    # Called once the last request is answered and before the interpreter ends its thread pools, as atexit is not.
    Finalize(None, background.stop, exitpriority=10)


def _stop_with_parent() -> None:
    """Stop this worker when its parent is gone, so that no orphan keeps the port and the store."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os.kill(os.getpid(), signal.SIGTERM)


def resolve(host: str, port: int) -> str:
    """The numeric address of ``host``; raises ``CannotListen`` where ``port`` cannot be listened on there."""
    try:
        family, kind, protocol, _name, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except OSError as error:
        raise CannotListen(f"HOST {host} is not an address of this machine: {error.strerror}.") from error
    # Workers listen with SO_REUSEPORT, which would share the port with another server in silence.
    with socket.socket(family, kind, protocol) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(address)
        except OSError as error:
            raise CannotListen(
                f"Cannot listen on {host}:{port}: {error.strerror}. Stop what uses it, or set PORT."
            ) from error
    return str(address[0])


def serve(host: str, port: int, *, workers: int, threads: int, embedded: bool, announce: Callable[[], None]) -> int:
    """Serve until SIGTERM or SIGINT; restart workers that die; call ``announce`` once connections are accepted.

    SIGHUP starts workers anew, with the code of then: one after the other, each beside the one that it
    follows; where the engine is ``embedded`` after it, so that nobody is answered in between.
    Returns the exit code: 0 after a signal, 1 when workers keep dying at their start.
    Raises ``CannotListen`` before anything is started.
    """
    address = resolve(host, port)
    multiprocessing.set_start_method("spawn", force=True)
    threading.Thread(target=_announce_when_up, args=(address, port, announce), daemon=True).start()
    early_deaths = 0
    while early_deaths < EARLY_DEATHS:
        server = _server(_OneAtATime if embedded else MPServer, address, port, workers, threads)
        started = time.monotonic()
        try:
            server.serve(target_loader=worker_application, wrap_loader=False)
        except SystemExit:
            # How the server reports that a worker died. A signal may have come at the same time.
            ends = server.interrupt_signal
        else:
            ends = True
        if isinstance(server, _OneAtATime) and server.starts_anew:
            early_deaths = 0
            continue
        if ends:
            return 0
        early_deaths = early_deaths + 1 if time.monotonic() - started < EARLY_SECONDS else 0
    sys.stderr.write(f"The server gives up: its worker died {EARLY_DEATHS} times at its start.\n")
    return 1


def _server(kind: type[Any], address: str, port: int, workers: int, threads: int) -> Any:
    return kind(
        "insights_site.serve:worker_application",
        address=address,
        port=port,
        interface=Interfaces.WSGI,
        http=HTTPModes.http1,
        http1_settings=HTTP1Settings(header_read_timeout=1_000 * HEAD_SECONDS),
        workers=workers,
        blocking_threads=threads,
        backpressure=CONNECTIONS,
        backlog=CONNECTIONS,
        websockets=False,
        log_level=LogLevels.error,
        workers_kill_timeout=STOP_SECONDS,
        respawn_interval=HANDOVER_SECONDS,
    )


def _announce_when_up(address: str, port: int, announce: Callable[[], None]) -> None:
    while True:
        try:
            socket.create_connection((address, port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            announce()
            return
