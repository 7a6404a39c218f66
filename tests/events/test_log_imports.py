"""Imports of logs: every request counts once, however often and in whatever pieces its line comes."""

from __future__ import annotations

import gzip
import io
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from apps.core.errors import Unavailable
from apps.events import ndjson
from apps.events.store import EventStore, Row, Statement
from apps.events.writer import Writer, close_writer
from tests.people import World

pytestmark = pytest.mark.django_db

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
GPTBOT = "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; GPTBot/1.2; +https://openai.com/gptbot)"


@pytest.fixture(autouse=True)
def _small_chunks(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Chunks of three lines, and a writer of this test's own."""
    monkeypatch.setattr(ndjson, "CHUNK_LINES", 3)
    yield
    close_writer()


def line(
    path: str, *, second: int = 0, status: int = 200, ip: str = "193.0.6.139", agent: str = FIREFOX, method: str = "GET"
) -> bytes:
    time = f"23/Nov/2026:13:00:{second:02} +0100"
    return f'{ip} - - [{time}] "{method} {path} HTTP/1.1" {status} 9 "https://duckduckgo.com/" "{agent}"\n'.encode()


def command(world: World, file: object, *arguments: str) -> tuple[dict[str, Any], str]:
    out, err = io.StringIO(), io.StringIO()
    call_command("import_logs", "--site", world.docs.public_id, str(file), *arguments, stdout=out, stderr=err)
    summary: dict[str, Any] = json.loads(out.getvalue())
    return summary, err.getvalue()


def stored(store: EventStore, *columns: str) -> list[tuple[Any, ...]]:
    found = store.query(Statement(sql=f"SELECT {', '.join(columns)} FROM events ORDER BY timestamp, id"))
    return list(zip(*found, strict=True))


def paths(store: EventStore) -> list[str]:
    return [path for (path,) in stored(store, "url_path")]


def test_requests_become_events_with_country_browser_bot_and_source(
    store: EventStore, world: World, tmp_path: Path
) -> None:
    log = tmp_path / "access.log"
    log.write_bytes(
        line("/guide/?utm_source=news")
        + line("/site.css")
        + line("/gone", second=1, status=404)
        + line("/guide.md", second=2, agent=GPTBOT, ip="8.8.8.8")
        + line("/llms.txt", second=3, agent=GPTBOT, ip="8.8.8.8")
        + line("/mcp", second=4, method="POST", agent="claude-code/2.1.86 (cli)")
        + line("/old", second=5, status=301)
    )
    summary, errors = command(world, log)
    assert summary == {
        "lines": 7,
        "imported": 5,
        "known": 0,
        "skipped": {"assets": 1, "redirects": 1},
        "rejected": 0,
    }
    assert "7 lines, 0 refused" in errors or errors == ""
    columns = ("toString(event_type)", "toString(page)", "toString(country)", "toString(bot)", "toString(browser)")
    assert stored(store, *columns, "referrer_domain", "toString(display_context)", "toString(utm_source)") == [
        ("page_view", "/guide", "NL", "", "firefox", "duckduckgo.com", "site", "news"),
        ("page_view", "", "NL", "", "firefox", "duckduckgo.com", "site", ""),
        ("page_markdown_request", "/guide", "US", "gptbot", "unknown", "duckduckgo.com", "server", ""),
        ("llms_request", "", "US", "gptbot", "unknown", "duckduckgo.com", "server", ""),
        ("mcp_request", "", "NL", "claude-code", "unknown", "duckduckgo.com", "mcp", ""),
    ]
    moments, visitors = zip(*stored(store, "toString(timestamp)", "visitor"), strict=True)
    assert (moments[0], len(set(visitors))) == ("2026-11-23 12:00:00.000", 3)


def test_a_file_counts_once_also_when_it_has_grown_or_was_compressed(
    store: EventStore, world: World, tmp_path: Path
) -> None:
    log = tmp_path / "access.log"
    first = b"".join(line(f"/{name}", second=number // 2) for number, name in enumerate("abcde"))
    log.write_bytes(first)
    assert command(world, log)[0]["imported"] == 5
    again = command(world, log)[0]
    assert (again["imported"], again["known"]) == (0, 5)
    log.write_bytes(first + line("/f", second=2) + line("/g", second=3))
    grown = command(world, log)[0]
    assert (grown["imported"], grown["known"]) == (2, 5)
    (tmp_path / "access.log.1.gz").write_bytes(gzip.compress(log.read_bytes()))
    packed = command(world, tmp_path / "access.log.1.gz")[0]
    assert (packed["imported"], packed["known"]) == (0, 7)
    assert paths(store) == [f"/{name}" for name in "abcdefg"]


@pytest.mark.parametrize("lines", [2, 3, 4, 5, 8])
def test_equal_requests_of_one_second_count_each_and_only_once(
    store: EventStore, world: World, tmp_path: Path, lines: int
) -> None:
    log = tmp_path / "access.log"
    log.write_bytes(line("/a") * lines)
    assert command(world, log)[0]["imported"] == lines
    assert command(world, log)[0]["known"] == lines
    assert paths(store) == ["/a"] * lines


def test_a_broken_line_is_named_and_costs_no_other(store: EventStore, world: World, tmp_path: Path) -> None:
    log = tmp_path / "access.log"
    long = line("/" + "x" * 2100, second=1)
    log.write_bytes(
        line("/a") + b"half a li\n\n" + long + line("/b", second=2) + b"x" * (ndjson.LINE_BYTES + 1) + b"\n"
    )
    summary, errors = command(world, log)
    assert (summary["lines"], summary["imported"], summary["rejected"]) == (5, 2, 3)
    assert errors.splitlines() == [
        "Line 2: is not of the format.",
        "Line 4: location.url: expected a URL of at most 2048 characters.",
        "Line 6: is longer than 1 MiB.",
    ]
    assert paths(store) == ["/a", "/b"]


def test_of_many_broken_lines_the_first_are_named_and_the_others_counted(
    store: EventStore, world: World, tmp_path: Path
) -> None:
    log = tmp_path / "access.log"
    log.write_bytes(b"?\n" * 23 + line("/a"))
    summary, errors = command(world, log)
    assert summary["rejected"] == 23
    assert errors.splitlines()[-2:] == ["Line 20: is not of the format.", "3 more lines cannot be read."]


def test_a_log_of_another_format_fails_and_says_what_to_do(store: EventStore, world: World, tmp_path: Path) -> None:
    log = tmp_path / "access.log"
    log.write_bytes(b"docs.acme.example:443 " + line("/a"))
    with pytest.raises(CommandError, match=r"^No line could be read: name the log's format with --format\.$"):
        command(world, log)
    assert command(world, log, "--format", "vhost_combined")[0]["imported"] == 1
    assert stored(store, "url") == [("https://docs.acme.example/a",)]


def test_standard_input_is_read(store: EventStore, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BufferedReader(io.BytesIO(gzip.compress(line("/a"))))))
    assert command(world, "-", "--url", "http://localhost:8080/docs/")[0]["imported"] == 1
    assert stored(store, "url") == [("http://localhost:8080/a",)]


def test_no_address_and_no_id_made_of_it_is_stored(store: EventStore, world: World, tmp_path: Path) -> None:
    (tmp_path / "access.log").write_bytes(line("/a"))
    command(world, tmp_path / "access.log")
    ((row,),) = stored(store, "toString(tuple(*))")
    assert "193.0.6" not in row
    assert "duckduckgo.com" in row


def test_a_store_that_goes_away_stops_the_import_and_the_same_command_adds_the_rest(
    store: EventStore, world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = tmp_path / "access.log"
    log.write_bytes(b"".join(line(f"/{name}", second=number) for number, name in enumerate("abcdefgh")))
    write, done = Writer.write_through, []

    def write_twice(self: Writer, rows: list[Row], **more: Any) -> None:
        if len(done) == 2:
            raise Unavailable("The event store does not answer.")
        done.append(len(rows))
        write(self, rows, **more)

    with monkeypatch.context() as patch:
        patch.setattr(Writer, "write_through", write_twice)
        with pytest.raises(CommandError, match="does not answer"):
            command(world, log)
    close_writer()
    rest = command(world, log)[0]
    assert (rest["known"], rest["imported"]) == (6, 2)
    assert paths(store) == [f"/{name}" for name in "abcdefgh"]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("missing.log",), "missing.log cannot be opened: No such file or directory."),
        (("-", "--url", "docs"), "Where is the site? Name its address with --url https://docs.example.com."),
        (("-", "--format", "combine"), "The format has no $time_local, $time_iso8601 or $msec."),
    ],
)
def test_what_cannot_be_imported_is_one_sentence(world: World, arguments: tuple[str, ...], sentence: str) -> None:
    with pytest.raises(CommandError) as caught:
        command(world, *arguments)
    assert str(caught.value) == sentence


def test_an_unknown_site_is_one_sentence(world: World) -> None:
    with pytest.raises(CommandError, match=r"^There is no site site_nowhere\.$"):
        call_command("import_logs", "--site", "site_nowhere", "-")


PAGE = Path(__file__).parents[2] / "docs" / "logs.md"


def printed(kind: str) -> str:
    """The text of the page's block of this kind."""
    found = re.search(rf"^```{kind}\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    assert found
    return found[1]


def test_the_log_of_the_page_gives_what_the_page_prints(store: EventStore, world: World, tmp_path: Path) -> None:
    (tmp_path / "access.log").write_text(printed("log"))
    summary, errors = command(world, tmp_path / "access.log")
    assert json.dumps(summary) + "\n" == printed("json")
    assert "Line" not in errors
    assert stored(store, "toString(event_type)", "toString(page)", "toString(bot)") == [
        ("page_view", "/guides/webhooks", ""),
        ("page_view", "", ""),
        ("llms_request", "", "gptbot"),
        ("page_markdown_request", "/guides/webhooks", "gptbot"),
        ("mcp_request", "", "claude-code"),
    ]


def test_the_format_of_the_page_is_the_same_for_nginx_and_for_the_command(
    store: EventStore, world: World, tmp_path: Path
) -> None:
    (written,) = re.findall(r"^log_format docs '(.*)';$", printed("nginx"), re.MULTILINE)
    assert f"--format \\\n  '{written}'" in PAGE.read_text()
    log = tmp_path / "docs.log"
    log.write_text(
        'docs.acme.example 8.8.8.8 [2026-11-23T13:01:00+01:00] "GET /rss.xml HTTP/1.1" 200 "-" "curl/8" "en-GB,en"\n'
    )
    assert command(world, log, "--format", written)[0]["imported"] == 1
    assert stored(store, "url", "toString(language)", "toString(timestamp)") == [
        ("https://docs.acme.example/rss.xml", "en", "2026-11-23 12:01:00.000")
    ]


def test_nginx_logs_what_the_script_does_not_see() -> None:
    (unseen,) = re.findall(r"~\*(\S+) 1;", printed("nginx"))
    seen = ["/guide/", "/guide.html", "/site.css", "/mcpx", "/readme.mdy"]
    requests = ["/a.md", "/A.MDX", "/llms.txt", "/x/llms-full.txt", "/mcp", "/blog/feed.xml", "/index.xml"]
    assert [path for path in (*seen, *requests) if re.search(unseen, path, re.IGNORECASE)] == requests


def test_what_the_site_excludes_is_skipped(world: World, store: EventStore, tmp_path: Path) -> None:
    world.docs.excluded_addresses = ["193.0.6.0/24"]
    world.docs.excluded_paths = ["/drafts/*"]
    world.docs.exclude_bots = True
    world.docs.save()
    log = tmp_path / "access.log"
    lines = (line("/a"), line("/b", ip="89.160.20.112"), line("/drafts/c", ip="89.160.20.112"))
    log.write_bytes(b"".join((*lines, line("/d", ip="89.160.20.112", agent=GPTBOT))))
    summary, _complaints = command(world, log)
    assert paths(store) == ["/b"]
    assert summary["imported"] == 1
    assert summary["skipped"] == {"requests that the site excludes": 3}
