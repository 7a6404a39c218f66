"""Brings the generated events into a site by the ordinary import, once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec

from apps.events.demo.traffic import events
from apps.events.imports import Progress, open_run, run_import
from apps.events.records import ImportRun
from apps.sites.models import Site


def is_filled(site: Site) -> bool:
    """Whether an import into ``site`` has come to its end."""
    return ImportRun.objects.filter(site=site, finished_at__isnull=False).exists()


def fill(site: Site, *, seed: int, size: int, folder: Path, progress: Callable[[Progress], None]) -> ImportRun:
    """Import about ``size`` events of the 90 days before ``site`` was made; goes on where an earlier call was stopped.

    The events wait in a file in ``folder`` (about 700 bytes each), which is deleted at the end: what an interrupted
    import goes on with is the same file, whatever has changed in the generator since. Raises as ``run_import`` does.
    """
    file = waiting_file(site, folder)
    if not file.exists():
        write_events(file, site, seed=seed, size=size)
    run = run_import(open_run(site.pk, str(file), resume=True).pk, file=str(file), progress=progress)
    file.unlink()
    return run


def waiting_file(site: Site, folder: Path) -> Path:
    """Where the events of ``site`` wait for their import."""
    return folder / f"demo-{site.public_id}.ndjson"


def write_events(file: Path, site: Site, *, seed: int, size: int) -> None:
    """Write the events under another name first, so that a file by the right name is whole."""
    encode = msgspec.json.Encoder().encode
    unfinished = file.with_suffix(".unfinished")
    with unfinished.open("wb") as out:
        for event in events(seed=seed, now=site.created_at, size=size):
            out.write(encode(event))
            out.write(b"\n")
    unfinished.replace(file)
