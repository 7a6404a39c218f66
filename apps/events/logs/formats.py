"""Lines of a web server's log: how they are written, and what one says.

A format is nginx's ``log_format`` text, as Apache's can be written too, or a regular expression whose groups are named
as nginx names its variables.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone

COMMON = '$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent'
NAMED = {
    "combined": f'{COMMON} "$http_referer" "$http_user_agent"',
    "common": COMMON,
    "vhost_combined": f'$host:$server_port {COMMON} "$http_referer" "$http_user_agent"',
}
"""Name → format. Source: nginx's and Apache's own, of these names."""

ABSENT = "-"
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_VARIABLE = re.compile(r'(?P<alone>"\$\{?(?P<quoted>\w+)\}?")|\$\{?(?P<plain>\w+)\}?')
_SHAPES = {"host": r'\[[^\]\s]+\]|[^\s"/:]+', "http_host": r'[^\s"/]+', "server_name": r'[^\s"/:]+'}
"""Where values stand side by side, a host ends before the port and the path."""
_QUOTED = r'(?:[^"\\]|\\.)*+'
_LOCAL_TIME = re.compile(r"(\d{2})/([A-Z][a-z]{2})/(\d{4}):(\d{2}):(\d{2}):(\d{2}) ([+-])(\d{2})(\d{2})")
_ESCAPED = re.compile(r'\\(?:x([0-9A-Fa-f]{2})|(["\\/bfnrtv]))')
_CONTROLS = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}


class UnknownFormat(Exception):
    """The format cannot be used; the message says what it lacks."""


class BrokenLine(Exception):
    """The line is not of the format; the message says what is wrong with it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What a line says; texts are empty where the log has none. ``target`` is as sent, in bytes as Latin-1."""

    address: str
    moment: datetime
    method: str
    target: str
    status: int
    referrer: str = ""
    user_agent: str = ""
    host: str = ""
    language: str = ""


class LogFormat:
    """A format, ready to read lines."""

    def __init__(self, written: str) -> None:
        """Raises ``UnknownFormat``."""
        written = NAMED.get(written, written)
        try:
            self._line = re.compile(written if "(?P<" in written else _expression(written), re.DOTALL)
        except (re.error, OverflowError) as error:
            raise UnknownFormat(f"The format is no regular expression: {error}.") from None
        names = set(self._line.groupindex)
        self._moment = _reader_of_time(names)
        whole = "request" in names
        if not whole and not {"request_method", "request_uri"} <= names:
            raise UnknownFormat("The format has neither $request nor $request_method and $request_uri.")
        if missing := {"remote_addr", "status"} - names:
            raise UnknownFormat(f"The format has no ${min(missing)}.")
        self._whole = whole
        self.has_host = bool(names & {"host", "http_host", "server_name"})

    def read(self, line: bytes) -> Request | None:
        """What ``line`` says; None where no request came over the connection. Raises ``BrokenLine``."""
        match = self._line.fullmatch(line.decode("latin-1").rstrip("\r\n"))
        if match is None:
            raise BrokenLine("is not of the format")
        said = {name: _plain(text) for name, text in match.groupdict().items() if text not in (None, ABSENT)}
        if self._whole:
            method, target = _request(said.get("request", ""))
        else:
            method, target = said.get("request_method", ""), said.get("request_uri", "")
        status = said.get("status", "")
        if not re.fullmatch(r"\d{3}", status):
            raise BrokenLine("has no status of three digits")
        moment = self._moment(said)
        if not method or not target:
            return None
        return Request(
            address=said.get("remote_addr", ""),
            moment=moment,
            method=method,
            target=target,
            status=int(status),
            referrer=_text(said.get("http_referer", "")),
            user_agent=_text(said.get("http_user_agent", "")),
            host=(said.get("host") or said.get("http_host") or said.get("server_name") or "").lower(),
            language=said.get("http_accept_language", "").partition(",")[0].partition(";")[0].strip(),
        )


def _expression(written: str) -> str:
    """The regular expression of an nginx format; what stands behind its last variable is left open."""
    found, end = [], 0
    seen: set[str] = set()
    for match in _VARIABLE.finditer(written):
        found.append(re.escape(written[end : match.start()]))
        name = match["quoted"] or match["plain"]
        before = written[match.start() - 1 : match.start()]
        shape = _QUOTED if match["alone"] else r"[^\]]*+" if before == "[" else _SHAPES.get(name, r'[^\s"]+')
        group = f"({shape})" if name in seen else f"(?P<{name}>{shape})"
        found.append(f'"{group}"' if match["alone"] else group)
        seen.add(name)
        end = match.end()
    return "".join([*found, re.escape(written[end:]), r"(?:\s.*)?"])


def _request(line: str) -> tuple[str, str]:
    """Method and target of a request line; empty for what is not one, such as the start of an encrypted connection."""
    method, _, rest = line.partition(" ")
    target, _, version = rest.rpartition(" ")
    return (method, target) if version.startswith("HTTP/") and method.isalpha() and method.isascii() else ("", "")


def _reader_of_time(names: set[str]) -> Callable[[dict[str, str]], datetime]:
    if "time_local" in names:
        return lambda said: _local_time(said.get("time_local", ""))
    if "time_iso8601" in names:
        return lambda said: _iso_time(said.get("time_iso8601", ""))
    if "msec" in names:
        return lambda said: _epoch(said.get("msec", ""))
    raise UnknownFormat("The format has no $time_local, $time_iso8601 or $msec.")


def _local_time(text: str) -> datetime:
    """``10/Oct/2026:13:55:36 -0700``; the month's name is English whatever the machine's language."""
    match = _LOCAL_TIME.fullmatch(text)
    try:
        day, month, year, hour, minute, second, sign, hours, minutes = match.groups()  # type: ignore[union-attr]
        offset = timedelta(hours=int(hours), minutes=int(minutes)) * (1 if sign == "+" else -1)
        clock = (int(hour), int(minute), min(int(second), 59))  # a leap second is the one before it
        return datetime(int(year), _MONTHS.index(month) + 1, int(day), *clock, tzinfo=timezone(offset))
    except (AttributeError, ValueError):
        raise BrokenLine("has no time that is understood") from None


def _iso_time(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise BrokenLine("has no time that is understood") from None
    if moment.tzinfo is None:
        raise BrokenLine("has a time without a zone")
    return moment


def _epoch(text: str) -> datetime:
    try:
        return datetime.fromtimestamp(float(text), UTC)
    except (ValueError, OverflowError, OSError):
        raise BrokenLine("has no time that is understood") from None


def _plain(text: str) -> str:
    """``text`` without the escapes of nginx (``\\x22``) and Apache (``\\"``, ``\\t``)."""
    if "\\" not in text:
        return text
    return _ESCAPED.sub(lambda m: chr(int(m[1], 16)) if m[1] else _CONTROLS.get(m[2], m[2]), text)


def _text(latin: str) -> str:
    """Bytes that were read as Latin-1, as the UTF-8 that they mostly are."""
    return latin if latin.isascii() else latin.encode("latin-1", "replace").decode("utf-8", "replace")
