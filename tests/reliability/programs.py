"""Workers, beats and other programs beside a server, and what it says of its parts."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.reliability.service import ROOT, Service


def parts(service: Service) -> dict[str, str]:
    """What ``/readyz`` says of each part; ``{}`` where it does not answer."""
    answer = service.get("/readyz")
    if not answer.status:
        return {}
    body: dict[str, Any] = json.loads(answer.body)
    assert (answer.status, body["status"]) in ((200, "ok"), (503, "unavailable"))
    assert (answer.status == 200) == (set(body["parts"].values()) == {"well"})
    found: dict[str, str] = body["parts"]
    return found


class Programs:
    """Programs in the environment of a service, ended with the test."""

    def __init__(self, folder: Path, data: Path, **settings: str) -> None:
        self.log = folder / "programs.log"
        self._environment = os.environ | {
            "DJANGO_SETTINGS_MODULE": "insights_site.settings",
            "DATA_DIR": str(data),
            **settings,
        }
        self._running: list[subprocess.Popen[str]] = []

    def start(self, *command: str) -> subprocess.Popen[str]:
        with self.log.open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, *command],
                cwd=ROOT,
                env=self._environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE if command[0] == "-c" else log,
                stderr=log,
                text=True,
            )
        self._running.append(process)
        return process

    def end(self) -> None:
        for process in self._running:
            if process.poll() is None:
                process.kill()
            process.communicate()
