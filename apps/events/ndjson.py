"""Files of one JSON value a line: plain or gzip, a path or standard input, read in bounded pieces."""

from __future__ import annotations

import gzip
import sys
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from hashlib import blake2b
from io import BufferedReader
from pathlib import Path
from typing import BinaryIO, cast

STREAM = "-"
"""The file name that means standard input."""
CHUNK_LINES = 10_000
CHUNK_BYTES = 32 << 20
"""A chunk is cut at whichever comes first; where, depends on the content alone."""
LINE_BYTES = 1 << 20
"""A longer line cannot be an event. The same bound as for a posted body."""
_SAMPLE_BYTES = 1 << 20
_GZIP_MARK = b"\x1f\x8b"
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class Unreadable(Exception):
    """The file cannot be opened or read; the message says why."""


@dataclass(slots=True, kw_only=True)
class Chunk:
    """Consecutive lines. What is beyond ``LINE_BYTES`` of a line is missing."""

    number: int
    lines: list[tuple[int, bytes]] = field(default_factory=list)
    """Line number, from 1, and text with its line end; blank lines are left out."""
    last_line: int
    end: int
    """Bytes of the file, unpacked, up to and with the last line."""
    share: float | None = None
    """How much of the file, 0 … 1, was read so far; None for a stream."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """An opened file: its unpacked bytes, and how much of it was read."""

    stream: BinaryIO
    share: Callable[[], float | None]

    def chunks(self, *, number: int = 0, line: int = 0, offset: int = 0) -> Iterator[Chunk]:
        """The chunks after the first ``number``, which had ``line`` lines and ``offset`` bytes.

        Raises ``Unreadable`` where the file ends in the middle of its compression, or cannot be read.
        """
        try:
            if offset:
                self.stream.seek(offset)
            while chunk := self._next(number, line, offset):
                yield chunk
                number, line, offset = number + 1, chunk.last_line, chunk.end
        except (OSError, EOFError, zlib.error) as error:
            raise Unreadable(f"The file cannot be read after line {line}: {error}.") from error

    def _next(self, number: int, line: int, offset: int) -> Chunk | None:
        chunk = Chunk(number=number, last_line=line, end=offset)
        while chunk.last_line - line < CHUNK_LINES and chunk.end - offset < CHUNK_BYTES:
            text, length = self._read_line()
            if not length:
                break
            chunk.last_line += 1
            chunk.end += length
            if chunk.last_line == 1:
                text = text.removeprefix(_BYTE_ORDER_MARK)
            if not text.isspace():
                chunk.lines.append((chunk.last_line, text))
        chunk.share = self.share()
        return chunk if chunk.end > offset else None

    def _read_line(self) -> tuple[bytes, int]:
        """The next line, cut after ``LINE_BYTES`` + 1, and the length of the whole of it."""
        text = self.stream.readline(LINE_BYTES + 1)
        length, rest = len(text), text
        while len(rest) > LINE_BYTES and not rest.endswith(b"\n"):
            rest = self.stream.readline(LINE_BYTES + 1)
            length += len(rest)
        return text, length


@contextmanager
def opened(file: str) -> Iterator[Source]:
    """Open a path, or standard input for ``-``; unpacks gzip, told by its first bytes. Raises ``Unreadable``."""
    with ExitStack() as stack:
        raw = _raw(file, stack)
        size = None if file == STREAM else Path(file).stat().st_size
        packed = raw.peek(2)[:2] == _GZIP_MARK
        stream = cast(BinaryIO, stack.enter_context(gzip.open(raw)) if packed else raw)
        yield Source(stream=stream, share=lambda: min(1.0, raw.tell() / size) if size else None)


def _raw(file: str, stack: ExitStack) -> BufferedReader:
    if file == STREAM:
        return cast(BufferedReader, sys.stdin.buffer)
    try:
        return stack.enter_context(Path(file).open("rb"))
    except OSError as error:
        raise Unreadable(f"{file} cannot be opened: {error.strerror}.") from error


def fingerprint(file: str) -> str:
    """What tells one content from another: its size, its first and its last MiB. Raises ``Unreadable``."""
    with ExitStack() as stack:
        raw = _raw(file, stack)
        size = Path(file).stat().st_size
        digest = blake2b(str(size).encode(), digest_size=32)
        digest.update(raw.read(_SAMPLE_BYTES))
        raw.seek(max(0, size - _SAMPLE_BYTES))
        digest.update(raw.read(_SAMPLE_BYTES))
        return digest.hexdigest()
