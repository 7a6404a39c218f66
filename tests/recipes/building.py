"""Small documentation sites, each built with the files that its recipe in docs/recipes gives.

``make test-recipes`` installs the generators from their locks under ``.recipes``; what was built is kept there until a
recipe, a page or a lock changes.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.conftest import lacking

ROOT = Path(__file__).resolve().parents[2]
RECIPES = ROOT / "docs" / "recipes"
PAGES = Path(__file__).parent
KEPT = ROOT / ".recipes"
BUILD_SECONDS = 900
FILE_OF_A_RECIPE = re.compile(r"^`([^`\n]+)`:\n\n```\w+\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Generator:
    """How a site is built from a folder that holds its pages and the files of its recipe."""

    name: str
    """Of the recipe, and of the folder beside this file that holds the pages."""
    tools: str
    """The folder under ``.recipes`` that the generator is installed in."""
    lock: str
    """The file that says what is installed there."""
    command: tuple[str, ...]
    """The program, from ``tools``, and its arguments; ``OUT`` stands for the folder that it fills."""


def python(name: str, *command: str) -> Generator:
    """A generator in the virtual environment of all recipes."""
    return Generator(name=name, tools="python", lock="requirements/recipes.txt", command=command)


def npm(name: str, *command: str) -> Generator:
    """A generator that is a package of its own folder's lock."""
    return Generator(name=name, tools=name, lock=f"tests/recipes/{name}/package-lock.json", command=command)


GENERATORS = {
    each.name: each
    for each in (
        python("mkdocs-material", "bin/mkdocs", "build", "--strict", "--site-dir", "OUT"),
        python("sphinx", "bin/sphinx-build", "--fail-on-warning", "--quiet", ".", "OUT"),
        npm("vitepress", "node_modules/.bin/vitepress", "build", ".", "--outDir", "OUT"),
        npm("docusaurus", "node_modules/.bin/docusaurus", "build", ".", "--out-dir", "OUT"),
        npm("starlight", "node_modules/.bin/astro", "build", "--outDir", "OUT"),
    )
}


def files_of_the_recipe(name: str) -> dict[str, bytes]:
    """The files that a recipe gives: each block of code below a line that is nothing but the file's path."""
    found = FILE_OF_A_RECIPE.findall((RECIPES / f"{name}.md").read_text())
    assert found, f"docs/recipes/{name}.md gives no file"
    return {path: text.encode() for path, text in found}


def files_of_the_pages(name: str) -> dict[str, bytes]:
    """What is in the folder of the site's pages."""
    paths = (path for path in sorted((PAGES / name).rglob("*")) if path.is_file())
    return {str(path.relative_to(PAGES / name)): path.read_bytes() for path in paths}


def build_plain_pages() -> dict[str, bytes]:
    """The pages without a generator: what the recipe gives is included where a page says so."""
    parts = files_of_the_recipe("plain")
    include = re.compile(rb'<!--#include file="([\w.-]+)" -->\n')
    return {
        path: include.sub(lambda found: parts[found[1].decode()], content)
        for path, content in files_of_the_pages("plain").items()
    }


def build(name: str) -> Path:
    """The folder with the built site, made anew where the recipe, a page or the lock changed since.

    Fails with what the generator printed where it fails; where it is not installed the test cannot run.
    """
    generator = GENERATORS[name]
    tools = KEPT / generator.tools
    if not (tools / "installed").is_file():
        lacking(f"the generator of the recipe {name} is not installed: make test-recipes does it")
    pages, recipe = files_of_the_pages(name), files_of_the_recipe(name)
    assert not pages.keys() & recipe.keys(), "a page would hide what the recipe gives"
    files = pages | recipe
    lock = (ROOT / generator.lock).read_bytes()
    digest = hashlib.sha256(repr((generator, sorted(files.items()), lock)).encode()).hexdigest()[:16]
    out = KEPT / "built" / f"{name}-{digest}"
    if not out.is_dir():
        run(generator, files, out)
    return out


def run(generator: Generator, files: dict[str, bytes], out: Path) -> None:
    """Build in a folder below the installed tools, where generators look for their packages."""
    tools = KEPT / generator.tools
    source, made = tools / "source" / generator.name, tools / "made" / generator.name
    for folder in (source, made, *out.parent.glob(f"{generator.name}-*")):
        shutil.rmtree(folder, ignore_errors=True)
    for path, content in files.items():
        (source / path).parent.mkdir(parents=True, exist_ok=True)
        (source / path).write_bytes(content)
    program, *arguments = generator.command
    done = subprocess.run(
        [tools / program, *(str(made) if each == "OUT" else each for each in arguments)],
        cwd=source,
        env=os.environ | {"ASTRO_TELEMETRY_DISABLED": "1", "NO_UPDATE_NOTIFIER": "1", "NO_COLOR": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        text=True,
        timeout=BUILD_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-5000:]
    out.parent.mkdir(parents=True, exist_ok=True)
    made.rename(out)
