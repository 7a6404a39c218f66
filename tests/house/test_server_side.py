"""The examples of docs/server-side.md, run as they are printed against a running service."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.conftest import require
from tests.reliability.service import Service

PAGE = Path(__file__).parents[2] / "docs" / "server-side.md"
AGENT = "claude-code/2.1.86 (cli)"
FETCHED = [("GET", "webhooks.md"), ("GET", "llms.txt"), ("GET", "llms-full.txt"), ("GET", "rss.xml"), ("POST", "mcp")]
OTHER = [("GET", "webhooks"), ("POST", "webhooks.md"), ("GET", "site.css")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A service, and what the examples read from the environment."""

    environment: dict[str, str]

    def told(self, prefix: str) -> list[tuple[str | None, ...]]:
        """The events of the paths below ``prefix``: path, type, context, variant, page, bot, country."""
        columns = ("urlPath", "eventType", "displayContext", "eventLLMSVariant", "page", "visitorBot")
        body = {
            "range": "last24Hours",
            "groupBy": [{"column": name} for name in (*columns, "visitorGeoCountry")],
            "order": {"by": {"column": "urlPath"}, "direction": "asc"},
        }
        route = "{SERVER}/v1/orgs/{ORG}/sites/{SITE}/insights/events/aggregate".format(**self.environment)
        headers = {"Authorization": f"Bearer {self.environment['TOKEN']}", "Content-Type": "application/json"}
        with urllib.request.urlopen(urllib.request.Request(route, json.dumps(body).encode(), headers)) as answer:
            values = [column["values"] for column in json.load(answer)["columns"]]
        rows = [
            tuple(one["page"] if isinstance(one, dict) else one for one in row) for row in zip(*values, strict=True)
        ]
        return [row[:7] for row in rows if str(row[0]).startswith(prefix) for _ in range(row[7])]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A service with a site, and a token."""
    service = Service(tmp_path_factory.mktemp("service"))
    made = service.manage(
        *("bootstrap", "--organization", "Widgets", "--site", "Docs", "--url", "https://docs.acme.example"),
        *("--email", "ada@example.com", "--password", "correct horse battery staple", "--json"),
    )
    ids = json.loads(made.stdout)
    service.start()
    names = {"ORG": ids["organizationId"], "SITE": ids["siteId"], "TOKEN": ids["token"]}
    yield Running(environment={**os.environ, "SERVER": f"http://127.0.0.1:{service.port}", **names})
    service.end()


def block(start: str) -> str:
    """The first block of code behind ``start``."""
    found = re.search(r"^```\w+\n(.*?)^```$", PAGE.read_text().partition(start)[2], re.MULTILINE | re.DOTALL)
    assert found
    return found[1]


def run(command: list[str], running: Running, folder: Path) -> None:
    done = subprocess.run(
        command, cwd=folder, env=running.environment, capture_output=True, text=True, timeout=180, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


def expected(prefix: str, country: str | None) -> list[tuple[str | None, ...]]:
    """What the five requests come to, by path."""
    agent = ("claude-code", country)
    return [
        (f"{prefix}/llms-full.txt", "llms_request", "server", "full", None, *agent),
        (f"{prefix}/llms.txt", "llms_request", "server", "standard", None, *agent),
        (f"{prefix}/mcp", "mcp_request", "mcp", None, None, *agent),
        (f"{prefix}/rss.xml", "rss_request", "server", None, None, *agent),
        (f"{prefix}/webhooks.md", "page_markdown_request", "server", None, f"{prefix}/webhooks", *agent),
    ]


def test_curl(running: Running, tmp_path: Path) -> None:
    require("curl")
    run(["sh", "-ec", block("## curl")], running, tmp_path)
    rows = expected("/curl", "NL")
    feed = (*rows[3][:5], "unknown", "NL")
    assert running.told("/curl/") == [rows[0], rows[2], feed, rows[4]]


def test_python(running: Running, tmp_path: Path) -> None:
    (tmp_path / "insights_middleware.py").write_text(block("`insights_middleware.py`:"))
    (tmp_path / "fetch.py").write_text(f"""
from wsgiref.util import setup_testing_defaults
from insights_middleware import Insights

def site(environ, start_response):
    start_response("404 Not Found" if "gone" in environ["PATH_INFO"] else "200 OK", [])
    return [b""]

app = Insights(site)
for method, name in {[*FETCHED, *OTHER, ("GET", "gone.md")]}:
    environ = {{"REQUEST_METHOD": method, "PATH_INFO": "/python/" + name, "HTTP_HOST": "docs.acme.example",
        "REMOTE_ADDR": "193.0.6.139", "HTTP_USER_AGENT": {AGENT!r}}}
    setup_testing_defaults(environ)
    assert list(app(environ, lambda *told: None)) == [b""]
""")
    run([sys.executable, "-W", "error", "fetch.py"], running, tmp_path)
    assert running.told("/python/") == expected("/python", "NL")


def test_node(running: Running, tmp_path: Path) -> None:
    node = require("node")
    (tmp_path / "insights.mjs").write_text(block("`insights.mjs`:"))
    (tmp_path / "fetch.mjs").write_text(f"""
import {{ createServer }} from "node:http";
import {{ insights }} from "./insights.mjs";
const server = createServer(insights((request, response) => {{
  response.statusCode = request.url.includes("gone") ? 404 : 200;
  response.end();
}}));
await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
for (const [method, name] of {json.dumps([*FETCHED, *OTHER, ("GET", "gone.md")])}) {{
  await fetch(`http://127.0.0.1:${{server.address().port}}/node/${{name}}`, {{
    method, headers: {{ "user-agent": {json.dumps(AGENT)}, connection: "close" }} }});
}}
server.close();
""")
    run([node, "fetch.mjs"], running, tmp_path)
    assert running.told("/node/") == expected("/node", None)


def test_a_worker(running: Running, tmp_path: Path) -> None:
    node = require("node")
    (tmp_path / "insights.mjs").write_text(block("`insights.mjs`:"))
    (tmp_path / "worker.mjs").write_text(block("`worker.mjs`, "))
    (tmp_path / "fetch.mjs").write_text(f"""
import worker from "./worker.mjs";
const away = globalThis.fetch;
// The platform sends what a Worker fetches for its own address to the site.
globalThis.fetch = async (request, ...more) =>
  request.url?.startsWith("https://docs.acme.example/")
    ? new Response("", {{ status: request.url.includes("gone") ? 404 : 200 }})
    : away(request, ...more);
const waited = [];
for (const [method, name] of {json.dumps([*FETCHED, *OTHER, ("GET", "gone.md")])}) {{
  const headers = {{ "user-agent": {json.dumps(AGENT)}, "cf-connecting-ip": "193.0.6.139" }};
  const request = new Request("https://docs.acme.example/worker/" + name, {{ method, headers }});
  const response = await worker.fetch(request, process.env, {{ waitUntil: (work) => waited.push(work) }});
  if (response.status !== (name === "gone.md" ? 404 : 200)) throw new Error("another answer");
}}
await Promise.all(waited);
""")
    run([node, "fetch.mjs"], running, tmp_path)
    assert running.told("/worker/") == expected("/worker", "NL")
