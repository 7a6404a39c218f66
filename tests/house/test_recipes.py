"""The recipes are listed, executed, and installed from locks that name no registry."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
RECIPES = ROOT / "docs" / "recipes"
TESTS = ROOT / "tests" / "recipes"


def test_every_recipe_is_listed_and_executed() -> None:
    recipes = {path.stem for path in RECIPES.glob("*.md")} - {"README"}
    assert "plain" in recipes
    listed = re.findall(r"^\| \[[^\]]+\]\(([a-z-]+)\.md\)", (RECIPES / "README.md").read_text(), re.MULTILINE)
    assert set(listed) == recipes
    assert {path.stem.removeprefix("test_").replace("_", "-") for path in TESTS.glob("test_*.py")} == recipes


def test_every_generator_is_installed_by_make_from_a_lock_without_addresses() -> None:
    made = re.search(r"^RECIPES := (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert made
    locks = {path.parent.name: path for path in TESTS.glob("*/package-lock.json")}
    assert set(made[1].split()) == {"python", *locks}
    assert "://" not in (ROOT / "requirements" / "recipes.txt").read_text()
    assert [name for name, lock in locks.items() if '"resolved"' in lock.read_text()] == []
