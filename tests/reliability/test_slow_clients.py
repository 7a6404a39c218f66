"""Clients that send slowly: a head that does not come is cut off; a body holds a thread, and there are many."""

from __future__ import annotations

import socket
import time
from contextlib import ExitStack, closing

from insights_site.serve import HEAD_SECONDS
from tests.reliability.service import Service, event

SLOW = 16


def test_sixteen_clients_that_stop_in_the_middle_of_a_body_keep_nobody_from_being_counted(service: Service) -> None:
    service.start()
    path = f"/v1/orgs/{service.organization_id}/sites/{service.site_id}/insights/events"
    head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n"
    with ExitStack() as held:
        for _ in range(SLOW):
            client = held.enter_context(closing(socket.create_connection(("127.0.0.1", service.port))))
            client.sendall(f"{head}{{".encode())
        answers = [service.track([event(f"{number}")]).status for number in range(5)]
    assert answers == [204] * 5
    assert service.stop() == 0
    assert service.stored("SELECT count() FROM events") == [[5]]


def test_a_client_that_does_not_finish_the_head_of_its_request_is_cut_off(service: Service) -> None:
    service.start()
    with ExitStack() as held:
        clients = [
            held.enter_context(
                closing(socket.create_connection(("127.0.0.1", service.port), timeout=HEAD_SECONDS + 20))
            )
            for _ in range(100)
        ]
        began = time.monotonic()
        for client in clients:
            client.sendall(b"GET /healthz HTTP/1.1\r\nHost: local")
        assert service.get("/healthz").status == 200
        ends = [client.recv(1_000) for client in clients]
        assert all(end == b"" or end.startswith(b"HTTP/1.1 4") for end in ends)
        assert time.monotonic() - began < HEAD_SECONDS + 10
    assert service.get("/healthz").status == 200
    assert service.stop() == 0
