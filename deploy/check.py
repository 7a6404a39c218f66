"""Whether what puts the service to work is sound: ``make check`` runs this.

The Dockerfile by hadolint, the Caddyfile by Caddy, compose.yaml by its specification, and the settings of each of our
containers by Django's ``check --deploy``, under the environment that the container has.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import yaml
from compose_spec import PyCompose

from deploy.compose import PROFILES, ROOT, environment_of, is_ours, read, services

SECRETS = {
    "secret_key": "x" * 20 + "0123456789abcdefghijklmnopqrstuvwxyz",
    "database_url": "postgres://insights:password@postgres/insights",
    "clickhouse_url": "http://insights:password@clickhouse:8123/insights",
}
"""What stands in the files of our containers, of the form that docs/deploy.md gives it."""


def tool(name: str) -> str:
    """A program that the virtual environment brings."""
    return str(Path(sys.executable).with_name(name))


def environment_inside(service: dict[str, Any], folder: Path) -> dict[str, str]:
    """The environment of a container, with its secrets and its data in ``folder``."""
    inside = {name: str(value) for name, value in service["environment"].items()}
    for name, text in SECRETS.items():
        (folder / name).write_text(text)
    given = {name: value.replace("/run/secrets", str(folder)) for name, value in inside.items()}
    return {"PATH": os.environ["PATH"], "HOST": "0.0.0.0", "DATA_DIR": str(folder / "data"), **given}


def run(*command: str, environment: dict[str, str] | None = None) -> bool:
    """Whether a program ends well; what it says is shown where it does not."""
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.stdout.write(f"{' '.join(command)}\n{done.stdout}{done.stderr}\n")
    return done.returncode == 0


def main() -> int:
    """Check all of it; 0 where all is well."""
    well = [
        run(tool("hadolint"), "Dockerfile"),
        run(tool("caddy"), "validate", "--config", "deploy/Caddyfile", "--adapter", "caddyfile"),
    ]
    for profile in PROFILES:
        PyCompose.from_yaml(yaml.safe_dump(read(environment_of(profile)))).to_spec()
        for service in filter(is_ours, services(profile).values()):
            with tempfile.TemporaryDirectory() as folder:
                inside = environment_inside(service, Path(folder))
                command = ("manage.py", "check", "--deploy", "--fail-level", "WARNING")
                well.append(run(sys.executable, *command, environment=inside))
    return int(not all(well))


if __name__ == "__main__":
    sys.exit(main())
