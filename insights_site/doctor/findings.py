"""What the doctor says."""

from __future__ import annotations

from enum import StrEnum

import msgspec


class Health(StrEnum):
    """How it is; a problem needs somebody now."""

    OK = "OK"
    WARNING = "warning"
    PROBLEM = "problem"


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One line: what was looked at, how it is, and what to do where that is not well."""

    check: str
    health: Health
    message: str
    advice: str = ""


def well(check: str, message: str) -> Finding:
    return Finding(check=check, health=Health.OK, message=message)


def warning(check: str, message: str, advice: str) -> Finding:
    return Finding(check=check, health=Health.WARNING, message=message, advice=advice)


def problem(check: str, message: str, advice: str) -> Finding:
    return Finding(check=check, health=Health.PROBLEM, message=message, advice=advice)


def unseen(check: str, error: Exception) -> Finding:
    """What a part that does not answer keeps from being seen; the part itself has a line of its own."""
    lines = str(error).strip().splitlines()
    return warning(
        check, f"This cannot be seen now: {lines[0] if lines else type(error).__name__}", "See the other lines."
    )
