"""What was acknowledged and could not be stored: kept beside the journal, for a person to look at, for some time.

Batches that the engine would not take are records of one file; of a segment with a damaged record the file stays.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import cast

from apps.core.clock import utc_now
from apps.events.journal import Batch, flush_folder, read_records, record_of, remove, write_all
from apps.events.records import Reason
from apps.events.refused import Refused, recorder
from apps.events.store import Row

log = logging.getLogger(__name__)

DAMAGED = ".damaged"
"""What a segment is renamed to where a record in it cannot be read."""
REFUSED = "refused.journal.kept"
"""The file of batches that the engine would not take."""
KEPT_FOR = timedelta(days=30)

_lock = threading.Lock()


def set_aside(folder: Path, batch: Batch) -> Path:
    """Keep a batch that the engine will never take, and count it as refused; returns the file."""
    path, rows = folder / REFUSED, batch[1]
    with _lock:
        _write(path, record_of(batch), os.O_APPEND)
    recorder.note(
        Refused(
            site=cast(int, rows[0]["site"]),
            at=utc_now(),
            reason=Reason.ERROR,
            event_type=str(rows[0].get("event_type", "")),
            events=len(rows),
        )
    )
    return path


def forget(folder: Path, unwanted: Callable[[Row], bool]) -> int:
    """Delete the rows that are ``unwanted`` of the batches that the engine refused; returns how many those were."""
    path = folder / REFUSED
    with _lock:
        if not path.exists():
            return 0
        batches, _whole = read_records(path.read_bytes())
        left = [(number, [row for row in rows if not unwanted(row)]) for number, rows in batches]
        gone = _rows(batches) - _rows(left)
        if not _rows(left):
            remove(path)
        elif gone:
            fresh = path.with_suffix(".fresh")
            _write(fresh, b"".join(record_of(batch) for batch in left if batch[1]), os.O_TRUNC)
            fresh.replace(path)
            flush_folder(folder)
        return gone


def damaged(folder: Path) -> list[Path]:
    """The segments that could not be read to their end."""
    return sorted(folder.glob(f"*{DAMAGED}"))


def delete_old(folder: Path, now: datetime) -> None:
    """Delete what was kept for ``KEPT_FOR``."""
    before = now - KEPT_FOR
    forget(folder, lambda row: cast(datetime, row["timestamp"]) < before)
    for path in damaged(folder):
        if datetime.fromtimestamp(path.stat().st_mtime, UTC) < before:
            remove(path)


def tell(folder: Path) -> None:
    """Log what is there, where something is."""
    kept = [*folder.glob(REFUSED), *damaged(folder)]
    if kept:
        names = ", ".join(path.name for path in kept)
        log.warning("Events that were acknowledged and could not be stored are in %s: %s", folder, names)


def _rows(batches: list[Batch]) -> int:
    return sum(len(rows) for _number, rows in batches)


def _write(path: Path, text: bytes, how: int) -> None:
    file = os.open(path, os.O_WRONLY | os.O_CREAT | how, 0o600)
    try:
        write_all(file, text)
        os.fsync(file)
    finally:
        os.close(file)
