"""Ask the registry for known holes in the locked packages; where it does not answer, that is said, and no failure."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

LOCK = "dev.txt"  # holds what run.txt does


def main() -> int:
    tool = str(Path(sys.executable).with_name("pip-audit"))
    options = ["--no-deps", "--disable-pip", "--progress-spinner", "off", "--format", "json"]
    lock = str(Path(__file__).with_name(LOCK))
    asked = subprocess.run([tool, *options, "--requirement", lock], capture_output=True, text=True, check=False)
    try:
        packages = json.loads(asked.stdout)["dependencies"]
    except (ValueError, KeyError):
        print(f"pip-audit failed: {asked.stderr[-500:]}")
        return asked.returncode
    for package in packages:
        for hole in package.get("vulns", ()):
            print(f"{package['name']} {package['version']}: {hole['id']}, mended in {hole['fix_versions']}")
    unanswered = sum("skip_reason" in package for package in packages)
    if unanswered:
        print(f"pip-audit: the registry does not tell of holes here in {unanswered} of {len(packages)} packages.")
    return int(any(package.get("vulns") for package in packages))


if __name__ == "__main__":
    sys.exit(main())
