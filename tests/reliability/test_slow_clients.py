"""Clients that send their bodies slowly hold a thread each: there are more threads than a few of them."""

from __future__ import annotations

import socket
from contextlib import ExitStack, closing

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
