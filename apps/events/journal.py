"""What was acknowledged and may not have reached the engine yet: files of records, flushed before the answer.

A segment is ``NUMBER.journal``: the line ``MAGIC``, the newest id that events had when it was begun (8 bytes), and
records, each of its length (4 bytes), its CRC-32 (4 bytes) and a batch in MessagePack: ``[number, rows]``. All numbers
are big-endian. A segment goes as soon as all of its events are in the engine. Only the process that holds the embedded
engine writes here.
"""

from __future__ import annotations

import logging
import os
import struct
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Generic, TypeVar
from zlib import crc32

import msgspec

from apps.core.errors import Unavailable

if TYPE_CHECKING:
    from apps.events.store import Row

log = logging.getLogger(__name__)

SUFFIX = ".journal"
MAGIC = b"site-insights journal 1\n"
SEGMENT_BYTES = 8_000_000
SEGMENT_SECONDS = 10.0
"""A segment that is larger or older than this is not written on."""

_FLOOR = struct.Struct(">Q")
_HEAD = struct.Struct(">II")
_HEADER_BYTES = len(MAGIC) + _FLOOR.size

Batch = tuple[int, "list[Row]"]
"""A batch's number and its rows, not yet stamped with ids."""

_encoder = msgspec.msgpack.Encoder()
Item = TypeVar("Item")
_decoder: msgspec.msgpack.Decoder[tuple[int, list[dict[str, object]]]] = msgspec.msgpack.Decoder(
    tuple[int, list[dict[str, object]]]
)


@dataclass(slots=True, eq=False)
class Segment:
    """A file that is written, or was: ``waiting`` batches in it are not in the engine yet."""

    path: Path
    file: int
    size: int = 0
    waiting: int = 0
    begun: float = field(default_factory=time.monotonic)
    closed: bool = False


@dataclass(slots=True, eq=False)
class _Place(Generic[Item]):
    """A record on its way to the disk, and the request that waits for it."""

    record: bytes
    item: Item
    woken: threading.Lock = field(default_factory=threading.Lock)
    done: bool = False
    error: OSError | None = None


def record_of(batch: Batch) -> bytes:
    """A batch as it is written."""
    body = _encoder.encode(batch)
    return _HEAD.pack(len(body), crc32(body)) + body


class Journal(Generic[Item]):
    """Appends records to segments; requests that come together share one flush. Safe for threads.

    A record comes with an item of the caller's, which is handed over when the record is on disk.
    """

    def __init__(
        self, folder: Path, *, floor: Callable[[], int], written: Callable[[Sequence[Item], Segment], None]
    ) -> None:
        """``floor`` tells an id that no event will get from now on.

        ``written`` is called with the items of a flush, in the order of their records, before their requests go on;
        for each of them ``release`` is to be called with the segment when the engine has it.
        """
        self._folder = folder
        self._floor = floor
        self._written = written
        self._lock = threading.Lock()
        self._queue: list[_Place[Item]] = []
        self._led = False
        self._files = threading.RLock()
        self._segment: Segment | None = None
        self._closed: list[Segment] = []
        self._number = max((int(path.stem) for path in segments(folder)), default=0)

    def append(self, record: bytes, item: Item) -> None:
        """Return when ``record`` is on disk.

        Raises ``Unavailable`` where it cannot be written: then it will not be replayed, unless the disk refuses even
        to cut off what it took of it.
        """
        place = _Place(record, item)
        place.woken.acquire()
        with self._lock:
            self._queue.append(place)
            leads, self._led = not self._led, True
        if not leads:
            place.woken.acquire()  # the one who leads has written it, or makes this request the next to lead
        if not place.done:
            self._lead()
        if place.error is not None:
            raise Unavailable("The event cannot be written to disk.") from place.error

    def release(self, segment: Segment) -> None:
        """One batch of ``segment`` is in the engine."""
        with self._files:
            segment.waiting -= 1
            self._remove_if_done(segment)

    @property
    def is_begun(self) -> bool:
        """Whether there is a segment that is written on."""
        return self._segment is not None

    def rotate(self, *, older_than: float = 0.0) -> list[Segment]:
        """Write on in a new segment, where the present one is older than so many seconds.

        Returns the segments that are not written on and hold batches that are not in the engine.
        """
        with self._files:
            segment = self._segment
            if segment is not None and time.monotonic() - segment.begun >= older_than:
                self._segment, segment.closed = None, True
                self._closed.append(segment)
                os.close(segment.file)
                self._remove_if_done(segment)
            return list(self._closed)

    def _lead(self) -> None:
        """Write what waits, and hand the lead to the first of those who came meanwhile."""
        with self._lock:
            places, self._queue = self._queue, []
        error = None
        try:
            segment = self._write([place.record for place in places])
            self._written([place.item for place in places], segment)
        except OSError as failure:
            log.error("The journal cannot be written: %s", failure)  # each request raises its own
            error = failure
        for place in places:
            place.done, place.error = True, error
        with self._lock:
            successor = self._queue[0] if self._queue else None
            self._led = successor is not None
        for place in places:
            place.woken.release()
        if successor is not None:
            successor.woken.release()

    def _write(self, records: Sequence[bytes]) -> Segment:
        text = b"".join(records)
        with self._files:
            segment = self._segment or self._begin()
            try:
                write_all(segment.file, text)
            except OSError:
                # What a failed write left behind is unknown: cut it off, and never write behind it.
                try:
                    os.ftruncate(segment.file, segment.size)
                finally:
                    self.rotate()
                raise
            segment.size += len(text)
            segment.waiting += len(records)
            if segment.size >= SEGMENT_BYTES:
                self.rotate()
            return segment

    def _begin(self) -> Segment:
        self._folder.mkdir(parents=True, exist_ok=True)
        self._number += 1
        path = self._folder / f"{self._number:012}{SUFFIX}"
        # Every write is flushed as it is made: two calls would let other threads in between them.
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_DSYNC
        segment = Segment(path=path, file=os.open(path, flags, 0o600))
        header = MAGIC + _FLOOR.pack(self._floor())
        try:
            write_all(segment.file, header)
            os.fsync(segment.file)
            flush_folder(self._folder)
        except OSError:
            os.close(segment.file)
            path.unlink()
            raise
        segment.size = len(header)
        self._segment = segment
        return segment

    def _remove_if_done(self, segment: Segment) -> None:
        if segment.closed and not segment.waiting:
            self._closed.remove(segment)
            try:
                remove(segment.path)
            except OSError:  # it is looked at again at the next start: its batches are then found in the store
                log.exception("A segment of the journal that is done cannot be removed.")


def segments(folder: Path) -> list[Path]:
    """The segments in a folder, the oldest first."""
    return sorted(folder.glob(f"[0-9]*{SUFFIX}"))


def read_segment(path: Path) -> tuple[int, list[Batch], bool]:
    """The floor of ids, the batches, and whether all that was acknowledged is among them, as far as can be told.

    A process that was killed leaves a last record that is shorter than it says, which nobody was told to be durable.
    """
    text = path.read_bytes()
    if len(text) < _HEADER_BYTES:
        return 0, [], MAGIC.startswith(text[: len(MAGIC)])
    if not text.startswith(MAGIC):
        return 0, [], False
    found, whole = read_records(text[_HEADER_BYTES:])
    return _FLOOR.unpack_from(text, len(MAGIC))[0], found, whole


def read_records(text: bytes) -> tuple[list[Batch], bool]:
    """The batches up to a record that is whole and cannot be read, and whether there is none."""
    found: list[Batch] = []
    for body in _bodies(memoryview(text)):
        if body is None:
            return found, False
        found.append(_decoder.decode(body))
    return found, True


def remove(path: Path) -> None:
    """Delete a segment, so that it stays deleted after a power cut."""
    path.unlink()
    flush_folder(path.parent)


def _bodies(text: memoryview) -> Iterator[memoryview | None]:
    """The records' bodies up to one that is cut short; ``None`` for one that is whole and wrong."""
    place = 0
    while place + _HEAD.size <= len(text):
        length, checksum = _HEAD.unpack_from(text, place)
        place += _HEAD.size
        body = text[place : place + length]
        if len(body) < length:
            return
        if crc32(body) != checksum:
            yield None
            return
        yield body
        place += length


def write_all(file: int, text: bytes) -> None:
    """Write ``text`` to its end."""
    rest = memoryview(text)
    while rest:
        rest = rest[os.write(file, rest) :]


def flush_folder(folder: Path) -> None:
    """Have the names of a folder's files on disk."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
