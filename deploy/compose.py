"""compose.yaml as Docker reads it: with the values of an environment file, for one profile."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parent.parent
FILE = ROOT / "compose.yaml"
PROFILES = ("embedded", "server")
"""Each with an environment file beside this one."""

_VARIABLE = re.compile(r"\$\{(?P<name>\w+)(?::-(?P<default>[^}]*))?\}")


def environment_of(profile: str) -> dict[str, str]:
    """What the environment file of a profile sets."""
    lines = (ROOT / "deploy" / f"{profile}.env").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def variables() -> set[str]:
    """The names that compose.yaml takes from the environment."""
    return {match["name"] for match in _VARIABLE.finditer(FILE.read_text())}


def read(given: Mapping[str, str]) -> dict[str, Any]:
    """The whole file. Raises ``KeyError`` for a variable that has neither a value nor a default."""
    found: dict[str, Any] = _filled(yaml.safe_load(FILE.read_text()), given)
    return found


def _filled(node: Any, given: Mapping[str, str]) -> Any:
    """Each text with its variables' values. What is empty then stays a text, as it does in Docker."""
    if isinstance(node, dict):
        return {name: _filled(child, given) for name, child in node.items()}
    if isinstance(node, list):
        return [_filled(child, given) for child in node]
    return _VARIABLE.sub(lambda match: _value(match, given), node) if isinstance(node, str) else node


def _value(match: re.Match[str], given: Mapping[str, str]) -> str:
    default = match["default"]
    return given[match["name"]] if default is None else given.get(match["name"]) or default


def services(profile: str) -> dict[str, dict[str, Any]]:
    """The services of a profile, by name, as its environment file has them."""
    found = read(environment_of(profile))["services"]
    return {name: service for name, service in found.items() if profile in service["profiles"]}


def is_ours(service: Mapping[str, Any]) -> bool:
    """Whether it runs our image."""
    return "build" in service
