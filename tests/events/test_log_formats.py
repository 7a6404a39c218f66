"""Lines of logs, as nginx and Apache write them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from apps.events.logs.formats import BrokenLine, LogFormat, Request, UnknownFormat

WEST = timezone(timedelta(hours=-7))
MOMENT = datetime(2026, 10, 10, 13, 55, 36, tzinfo=WEST)
LINE = (
    b'203.0.113.9 - ada [10/Oct/2026:13:55:36 -0700] "GET /start?q=1 HTTP/1.1" 200 2326 '
    b'"https://example.com/?x=1" "Mozilla/5.0 (X11)"\n'
)
READ = Request(
    address="203.0.113.9",
    moment=MOMENT,
    method="GET",
    target="/start?q=1",
    status=200,
    referrer="https://example.com/?x=1",
    user_agent="Mozilla/5.0 (X11)",
)


def test_a_combined_line_is_read() -> None:
    assert LogFormat("combined").read(LINE) == READ


def test_what_stands_behind_the_format_is_left_open() -> None:
    assert LogFormat("combined").read(LINE.replace(b"\n", b' "10.0.0.1" 0.003\r\n')) == READ


def test_a_common_line_has_no_referrer_and_no_agent() -> None:
    line = b'2001:db8::1 - - [10/Oct/2026:13:55:36 -0700] "HEAD / HTTP/2.0" 304 -\n'
    assert LogFormat("common").read(line) == Request(
        address="2001:db8::1", moment=MOMENT, method="HEAD", target="/", status=304
    )


def test_a_line_of_apache_s_virtual_hosts_names_the_host() -> None:
    request = LogFormat("vhost_combined").read(b"Docs.Acme.example:443 " + LINE)
    assert request is not None
    assert (request.host, request.target) == ("docs.acme.example", "/start?q=1")


@pytest.mark.parametrize(
    ("written", "line"),
    [
        (
            '$time_iso8601 $status "$request_method $scheme://$host$request_uri" $remote_addr "$http_user_agent"',
            b'2026-10-10T13:55:36-07:00 200 "GET https://docs.acme.example/start?q=1" 203.0.113.9 "Mozilla/5.0 (X11)"',
        ),
        (
            '${msec} $http_host $remote_addr $status "$request" "$http_user_agent" "$http_accept_language"',
            b'1791665736.000 docs.acme.example 203.0.113.9 200 "GET /start?q=1 HTTP/3.0" "Mozilla/5.0 (X11)" "-"',
        ),
        (
            r"(?P<host>\S+)\|(?P<remote_addr>\S+)\|(?P<time_local>[^|]+)\|(?P<request>[^|]+)\|(?P<status>\d+)"
            r"\|(?P<http_user_agent>.*)",
            b"docs.acme.example|203.0.113.9|10/Oct/2026:13:55:36 -0700|GET /start?q=1 HTTP/1.1|200|Mozilla/5.0 (X11)",
        ),
    ],
)
def test_a_format_of_one_s_own_is_nginx_s_text_or_a_regular_expression(written: str, line: bytes) -> None:
    request = LogFormat(written).read(line)
    assert request is not None
    assert (request.moment, request.host, request.address) == (MOMENT, "docs.acme.example", "203.0.113.9")
    assert (request.method, request.target, request.status) == ("GET", "/start?q=1", 200)
    assert (request.user_agent, request.language) == ("Mozilla/5.0 (X11)", "")


@pytest.mark.parametrize(
    ("written", "agent"),
    [
        (rb"say \x22hi\x22 \xC3\xA9", 'say "hi" é'),
        (rb"say \"hi\" C:\\x", 'say "hi" C:\\x'),
        ("Öl".encode(), "Öl"),
        (b"\xff\xfe", "\ufffd\ufffd"),
        (rb"tab\there", "tab\there"),
        (b"-", ""),
        (b"", ""),
    ],
)
def test_what_servers_escape_is_read_as_it_was_sent(written: bytes, agent: str) -> None:
    request = LogFormat("combined").read(LINE.replace(b"Mozilla/5.0 (X11)", written))
    assert request is not None
    assert request.user_agent == agent


@pytest.mark.parametrize(
    ("time", "moment"),
    [
        (b"01/Jan/2026:00:30:00 +0545", datetime(2025, 12, 31, 18, 45, tzinfo=UTC)),
        (b"29/Feb/2028:23:59:59 +0000", datetime(2028, 2, 29, 23, 59, 59, tzinfo=UTC)),
        (b"31/Dec/2016:23:59:60 +0000", datetime(2016, 12, 31, 23, 59, 59, tzinfo=UTC)),
        (b"10/Oct/2026:13:55:36 -0930", datetime(2026, 10, 10, 23, 25, 36, tzinfo=UTC)),
    ],
)
def test_a_time_has_its_zone(time: bytes, moment: datetime) -> None:
    request = LogFormat("combined").read(LINE.replace(b"10/Oct/2026:13:55:36 -0700", time))
    assert request is not None
    assert request.moment == moment


@pytest.mark.parametrize("request_line", [rb"\x16\x03\x01\x02\x00", b"-", b"", b"GET /", rb"\x00 / HTTP/1.1"])
def test_a_connection_without_a_request_is_none(request_line: bytes) -> None:
    assert LogFormat("combined").read(LINE.replace(b"GET /start?q=1 HTTP/1.1", request_line)) is None


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"nonsense", "is not of the format"),
        (b"", "is not of the format"),
        (LINE[:60], "is not of the format"),
        (LINE.replace(b" 200 ", b" 2xx "), "has no status of three digits"),
        (LINE.replace(b"Oct", b"Okt"), "has no time that is understood"),
        (LINE.replace(b"10/Oct", b"32/Oct"), "has no time that is understood"),
        (LINE.replace(b" -0700", b""), "has no time that is understood"),
        (LINE.replace(b"-0700", b"+9999"), "has no time that is understood"),
    ],
)
def test_a_line_that_cannot_be_read_says_why(line: bytes, reason: str) -> None:
    with pytest.raises(BrokenLine, match=f"^{reason}$"):
        LogFormat("combined").read(line)


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(BrokenLine, match="has a time without a zone"):
        LogFormat("$time_iso8601 $status $remote_addr $request_method $request_uri").read(
            b"2026-10-10T13:55:36 200 203.0.113.9 GET /"
        )


@pytest.mark.parametrize(
    ("written", "lacks"),
    [
        ("combine", "no $time_local, $time_iso8601 or $msec"),
        ("$msec $remote_addr $status", "neither $request nor $request_method and $request_uri"),
        ('$remote_addr "$request" $status', "no $time_local, $time_iso8601 or $msec"),
        ('$msec "$request" $status', "no $remote_addr"),
        ('$msec $remote_addr "$request"', "no $status"),
        ("(?P<msec>", "no regular expression"),
    ],
)
def test_a_format_that_lacks_something_is_refused(written: str, lacks: str) -> None:
    with pytest.raises(UnknownFormat) as caught:
        LogFormat(written)
    assert lacks in str(caught.value)


def test_a_hostile_line_takes_no_longer_than_its_length_asks() -> None:
    """A megabyte that almost is of the format: the engine gives up at once, where it could try all ways to cut it."""
    hostile = LINE[:50] + b'"' + b'\\"' * 500_000
    with pytest.raises(BrokenLine, match="is not of the format"):
        LogFormat("combined").read(hostile)
