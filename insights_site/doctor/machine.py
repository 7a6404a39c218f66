"""The machine: settings, rights of files, room on the disk."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings
from django.core import checks
from django.template.defaultfilters import filesizeformat

from insights_site.doctor.findings import Finding, problem, warning, well

LITTLE, TOO_LITTLE = 0.15, 0.05
"""Of the disk: less room than this is a warning, or a problem."""
LEAST_BYTES = 1_000_000_000
"""Room that a merge of the engine needs however large the disk is."""


def settings_are_sound() -> Iterator[Finding]:
    """``manage.py check``."""
    found = [message for message in checks.run_checks() if not message.is_silenced()]
    for message in found:
        say = problem if message.level >= checks.ERROR else warning
        yield say("settings", message.msg, message.hint or "docs/settings.md describes every setting.")
    if not found:
        yield well("settings", "All settings are sound.")


def files_are_private() -> Iterator[Finding]:
    """``DATA_DIR`` holds what visitors did, and the key of all secrets."""
    folder: Path = settings.DATA_DIR
    if folder.stat().st_uid != os.geteuid():
        yield warning(
            "rights",
            f"{folder} is not of the user who runs this command.",
            "Run commands as the service's user: files that another makes cannot be written by it.",
        )
    if _is_open(folder):
        yield warning("rights", f"Other users may read {folder}.", f"chmod 700 {folder}")
    else:
        yield well("rights", f"{folder} is its owner's alone.")
    key = folder / "secret_key"
    if settings.SECRET_KEY_IS_GIVEN:
        yield well("rights", "SECRET_KEY is given by the environment.")
    elif stat.S_IMODE(key.stat().st_mode) & 0o077:
        yield problem(
            "rights", f"Other users may read {key}.", f"chmod 600 {key}, and change the key: docs/accounts.md."
        )
    else:
        yield well("rights", f"{key} is its owner's alone.")


def disk_has_room() -> Iterator[Finding]:
    """Room for what comes, and for the engine to write parts anew."""
    room = shutil.disk_usage(settings.DATA_DIR)
    place = f"under {settings.DATA_DIR}"
    yield room_on(place, free=room.free, total=room.total, wanted=_size(settings.EVENT_STORE_DIR))


def room_on(place: str, *, free: int, total: int, wanted: int = 0) -> Finding:
    """Whether a disk has room, and more than the ``wanted`` bytes."""
    told = f"{filesizeformat(free)} of {filesizeformat(total)} are free {place}."
    advice = "Make room, keep events for fewer months (a site's retention), or use a larger disk."
    if free < max(TOO_LITTLE * total, LEAST_BYTES):
        return problem("disk", told, advice)
    return warning("disk", told, advice) if free < max(LITTLE * total, wanted) else well("disk", told)


def _is_open(path: Path) -> bool:
    return bool(stat.S_IMODE(path.stat().st_mode) & 0o077)


def _size(folder: Path) -> int:
    """Bytes on disk; what goes while it is counted is not counted."""
    total = 0
    for place, _folders, names in os.walk(folder):
        for name in names:
            try:
                total += (Path(place) / name).stat(follow_symlinks=False).st_size
            except FileNotFoundError:
                continue
    return total
