"""Serves a built site as a static host does, another origin than the service that counts it."""

from __future__ import annotations

import mimetypes
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

from tests.servers.threads import listening


@dataclass
class StaticSite:
    """Files by path. A folder is its ``index.html``; a path without a file is ``404.html`` with status 404."""

    files: dict[str, bytes]
    values: dict[str, str] = field(default_factory=dict)
    """What a team writes in place of the recipe's example values, in pages only."""
    address: str = ""

    @classmethod
    def of(cls, folder: Path) -> StaticSite:
        paths = (path for path in folder.rglob("*") if path.is_file())
        return cls(files={path.relative_to(folder).as_posix(): path.read_bytes() for path in paths})

    def answer(self, path: str) -> tuple[int, str, bytes]:
        """Status, media type (for a redirection its target) and body."""
        name = unquote(path).removeprefix("/")
        if f"{name}/index.html" in self.files:
            return 301, f"{path}/", b""
        name = f"{name}index.html" if not name or name.endswith("/") else name
        status = 200 if name in self.files else 404
        name = name if status == 200 else "404.html"
        content = self.files.get(name, b"404 Not Found")
        kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
        if kind == "text/html":
            for example, value in self.values.items():
                content = re.sub(rb"\b%s\b" % re.escape(example.encode()), value.encode(), content)
        return status, f"{kind}; charset=utf-8" if kind.startswith("text/") else kind, content


@contextmanager
def serve(site: StaticSite) -> Iterator[StaticSite]:
    """``site`` on a free loopback port, as long as the block lasts."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, kind, body = site.answer(urlsplit(self.path).path)
            self.send_response(status)
            self.send_header("Location" if status == 301 else "Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(body)

        do_HEAD = do_GET  # noqa: N815  # the name that the server looks for

        def log_message(self, format: str, *arguments: object) -> None:
            """Say nothing: what was asked for is seen in the browser."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    site.address = f"http://127.0.0.1:{server.server_port}"
    with listening(server):
        yield site
