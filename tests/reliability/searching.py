"""Marks in files: what must not be kept or told is sent with marks, and every file is searched for them."""

from __future__ import annotations

from pathlib import Path


def found_in_files(folder: Path, marks: list[bytes]) -> dict[bytes, set[str]]:
    """The files below ``folder`` that hold a mark as it was sent."""
    found: dict[bytes, set[str]] = {}
    for file in folder.rglob("*"):
        content = file.read_bytes() if file.is_file() else b""
        for mark in marks:
            if mark in content:
                found.setdefault(mark, set()).add(file.relative_to(folder).parts[0])
    return found
