"""A small documentation site on a port of its own, another origin than the service that counts it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.servers.threads import listening

CONTENT = """
<header><a id="outbound" href="https://example.com/tool?a=b">A tool</a></header>
<nav><a id="inner" href="/reference">Reference</a></nav>
<main>
  <input data-insights-search aria-label="Search">
  <div data-insights-results><a id="result" href="/found.html">Found</a></div>
  <article>
    <h1>{title}</h1>
    <nav><a id="anchor" href="#details">Details</a></nav>
    <button data-insights-rating="good">Helpful</button>
    <form data-insights-comment><textarea aria-label="Comment"></textarea><button>Send</button></form>
    <button data-insights-markdown>Copy as Markdown</button>
    <button data-insights-api-open="GET /pets/{{id}}">Open</button>
    <button data-insights-api-request="GET /pets/{{id}}">Try it</button>
    <button data-insights-ask-open>Ask</button>
    <form data-insights-ask><input aria-label="Question"><button>Ask it</button></form>
    <div data-insights-response="r1"><button data-insights-ask-rating="-1">Wrong</button></div>
  </article>
</main>
<script>
  document.addEventListener("submit", (event) => event.preventDefault());
  document.addEventListener("click", (event) => event.target.closest("a") && event.preventDefault());
</script>
"""


@dataclass
class Documentation:
    """What the site serves: every path but ``/gone``, with the script and whatever a test puts beside it."""

    address: str = ""
    script: str = ""
    attributes: str = ""
    head: str = ""
    title: str = "Welcome"
    seen: list[str] = field(default_factory=list)

    def page(self, path: str) -> tuple[int, bytes]:
        """Status and body of ``path``."""
        title = "Nothing here" if path == "/gone" else self.title
        text = f"<!doctype html><title>{title}</title>{self.head}"
        text += f"<script defer {self.script} {self.attributes}></script>{CONTENT.format(title=title)}"
        return 404 if path == "/gone" else 200, text.encode()


@contextmanager
def serve_documentation() -> Iterator[Documentation]:
    """The site on a free loopback port, as long as the block lasts."""
    site = Documentation()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, body = site.page(self.path.partition("?")[0])
            self.send_response(status)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *arguments: object) -> None:
            site.seen.append(format % arguments)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    site.address = f"http://127.0.0.1:{server.server_port}"
    with listening(server):
        yield site
