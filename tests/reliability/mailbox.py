"""A mail server that takes every mail and keeps it."""

from __future__ import annotations

import email
import email.policy
import socketserver
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage

from tests.servers.threads import listening

SECONDS = 60
"""How long a mail may take."""


@dataclass
class Mailbox:
    """Where the mails are."""

    port: int = 0
    kept: list[EmailMessage] = field(default_factory=list)

    def text_for(self, address: str) -> str:
        """The text of the only mail to ``address``, once it has come."""
        deadline = time.monotonic() + SECONDS
        while not (found := [each for each in self.kept if each["To"] == address]):
            assert time.monotonic() < deadline, "No mail came."
            time.sleep(0.05)
        [mail] = found
        return str(mail.get_content())


@contextmanager
def open_mailbox() -> Iterator[Mailbox]:
    """A mailbox on a free loopback port, as long as the block lasts."""
    mailbox = Mailbox()

    class Session(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self._say("220 here")
            while line := self.rfile.readline():
                command = line.split()[0].upper() if line.split() else b""
                if command == b"DATA":
                    self._say("354 go on")
                    lines = list(iter(self.rfile.readline, b".\r\n"))
                    policy = email.policy.default
                    mailbox.kept.append(email.message_from_bytes(b"".join(lines), policy=policy))
                self._say("221 bye" if command == b"QUIT" else "250 taken")
                if command == b"QUIT":
                    return

        def _say(self, text: str) -> None:
            self.wfile.write(f"{text}\r\n".encode())

    server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Session)
    server.daemon_threads = True
    mailbox.port = server.server_address[1]
    with listening(server):
        yield mailbox
