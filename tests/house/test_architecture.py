"""What import-linter cannot say: which parts of a foreign package a room may use."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent


def imported_names(file: Path) -> Iterator[str]:
    """The dotted names that a module imports, anywhere in it."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def test_the_query_compiler_knows_neither_http_nor_settings() -> None:
    files = list((ROOT / "apps" / "insights").rglob("*.py"))
    found = {name for file in files for name in imported_names(file)}
    assert "__future__.annotations" in found
    assert not {name for name in found if name.startswith(("django.http", "django.conf", "rest_framework"))}


def test_no_module_is_too_long_to_read() -> None:
    lengths = {str(file.relative_to(ROOT)): len(file.read_text().splitlines()) for file in ROOT.glob("apps/**/*.py")}
    assert {name: lines for name, lines in lengths.items() if lines > 450} == {}
