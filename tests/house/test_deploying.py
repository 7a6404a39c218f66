"""What docs/deploy.md puts the service to work with: containers, units, the proxy, and the commands that it tells."""

from __future__ import annotations

import http.client
import itertools
import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from deploy import check
from deploy.compose import PROFILES, ROOT, environment_of, is_ours, read, services, variables
from tests.conftest import lacking, require
from tests.house.test_settings import variables_of_the_code
from tests.reliability.service import SECONDS, free_port

UNITS = sorted((ROOT / "deploy" / "systemd").glob("*.service"))
DOCKERFILE = (ROOT / "Dockerfile").read_text()
GUIDE = (ROOT / "docs" / "deploy.md").read_text()
OURS_INSIDE = {"COMPOSE_PROFILES", "LISTEN", "IMAGE", "ADDRESS"}
"""What compose.yaml itself is told, besides settings and amounts of memory."""


def settings_in(environment: dict[str, Any]) -> set[str]:
    """The settings that an environment gives a value or a file to."""
    return {name.removesuffix("_FILE") for name in environment}


@pytest.mark.parametrize("profile", PROFILES)
def test_each_container_of_ours_is_given_settings_that_exist_and_a_command_that_exists(profile: str) -> None:
    ours = {name: service for name, service in services(profile).items() if is_ours(service)}
    assert set(ours) == ({"insights"} if profile == "embedded" else {"web", "worker", "beat"})
    for service in ours.values():
        assert settings_in(service["environment"]) <= variables_of_the_code()
        command = service.get("command", ["python", "manage.py", "serve"])
        if command[0] == "celery":
            helped = subprocess.run(
                [check.tool("celery"), *command[1:4], "--help"], cwd=ROOT, capture_output=True, text=True, check=True
            )
            assert "--queues" in helped.stdout or command[3] == "beat"
    assert 'CMD ["python", "manage.py", "serve"]' in DOCKERFILE


def test_what_can_be_chosen_is_a_setting_or_told_in_the_environment_files() -> None:
    told = set().union(*(environment_of(profile) for profile in PROFILES))
    memory = {name for name in variables() if name.endswith("MEMORY")}
    assert variables() - OURS_INSIDE - memory <= variables_of_the_code()
    assert told - {"COMPOSE_PROFILES"} <= variables()
    assert memory <= told


@pytest.mark.parametrize("profile", PROFILES)
def test_our_containers_may_write_to_their_data_alone_and_gain_no_rights(profile: str) -> None:
    for name, service in services(profile).items():
        assert service["restart"] in ("unless-stopped", "always"), name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert service["mem_limit"], name
        if is_ours(service):
            assert (service["read_only"], service["cap_drop"], service["user"]) == (True, ["ALL"], "10001:10001")
            assert [volume.partition(":")[2] for volume in service["volumes"]] == ["/data"]
            assert [mount.partition(":")[0] for mount in service["tmpfs"]] == ["/tmp"]
        elif name != "caddy":
            assert service["networks"] == ["back"], name
            assert service["healthcheck"]["test"], name
            assert "ports" not in service, name


def test_secrets_are_files_that_are_declared_and_given_to_those_alone_who_read_them() -> None:
    whole = read(environment_of("server"))
    for name, service in whole["services"].items():
        read_there = {
            str(value).removeprefix("/run/secrets/")
            for value in service.get("environment", {}).values()
            if str(value).startswith("/run/secrets/")
        }
        assert read_there == set(service.get("secrets", [])), name
        assert read_there <= set(whole["secrets"]), name
    assert set(check.SECRETS) <= set(whole["secrets"])


def test_networks_and_volumes_are_declared_and_used() -> None:
    whole = read(environment_of("server"))
    mounted = [volume for service in whole["services"].values() for volume in service.get("volumes", [])]
    named = {volume.partition(":")[0] for volume in mounted if not volume.startswith(".")}
    assert named == set(whole["volumes"])
    assert {name for each in whole["services"].values() for name in each.get("networks", [])} == set(whole["networks"])
    for volume in mounted:
        assert not volume.startswith(".") or (ROOT / volume.partition(":")[0]).is_file(), volume


def test_the_files_of_deploy_and_all_settings_of_containers_pass_their_checks() -> None:
    assert check.main() == 0


def test_a_file_that_is_unsound_is_found(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "Dockerfile").write_text("FROM python:latest\nRUN cd /srv && pip install Django\n")
    assert not check.run(check.tool("hadolint"), str(tmp_path / "Dockerfile"))
    assert "DL3007" in capsys.readouterr().out


def test_a_new_release_reaches_workers_and_beat_before_the_web() -> None:
    """An old worker does not know the messages of a new web."""
    guide = (ROOT / "docs" / "deploy.md").read_text()
    section = guide.partition("\n## Starting anew\n")[2].partition("\n## ")[0]
    units, containers = re.findall(r"```sh\n(.+?)```", section, re.DOTALL)
    restarted = re.findall(r"^systemctl (restart|reload) (\S+)$", units, re.MULTILINE)
    assert restarted == [
        ("restart", "site-insights-worker"),
        ("restart", "site-insights-beat"),
        ("reload", "site-insights"),
    ]
    assert all((ROOT / "deploy" / "systemd" / f"{unit}.service").is_file() for _how, unit in restarted)
    started = re.findall(r"^docker compose up -d (.+)$", containers, re.MULTILINE)
    assert started == ["--no-deps --scale worker=2 worker", "--no-deps beat", "--scale worker=2"]
    for commands, first in ((units, "systemctl"), (containers, "docker compose up")):
        assert commands.index("manage.py migrate") < commands.index(first)


def test_the_image_is_made_in_stages_of_locked_wheels_and_runs_as_a_number_of_its_own() -> None:
    build, final = re.split(r"^FROM ", DOCKERFILE, flags=re.MULTILINE)[1:]
    assert "--require-hashes" in build
    assert "--only-binary=:all:" in build
    assert "pip install" not in final
    assert "apt-get" not in DOCKERFILE
    for line in ("USER 10001:10001", "VOLUME /data", "STOPSIGNAL SIGTERM", "HEALTHCHECK", "DATA_DIR=/data"):
        assert line in final
    given = dict(re.findall(r"([A-Z_]{4,})=(\S+)", final.partition("ENV ")[2].partition("WORKDIR")[0]))
    assert settings_in(given) - {"PATH", "PYTHONUNBUFFERED", "PYTHONDONTWRITEBYTECODE"} <= variables_of_the_code()


def copy_as_the_image_has_it(tree: Path) -> None:
    """What .dockerignore lets in, collected static files, and no right to write anywhere."""
    kept = re.findall(r"^!(.+)$", (ROOT / ".dockerignore").read_text(), re.MULTILINE)
    for name in kept:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, tree / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            (tree / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, tree / name)
    environment = {**os.environ, "STATIC_ROOT": str(tree / "staticfiles"), "DATA_DIR": str(tree.parent / "made")}
    collect = [sys.executable, "manage.py", "collectstatic", "--no-input", "--verbosity", "0"]
    subprocess.run(collect, cwd=tree, env=environment, check=True)
    subprocess.run(["chmod", "--recursive", "a-w,a+rX", str(tree)], check=True)


@pytest.fixture
def reachable() -> Iterator[Path]:
    """A temporary folder that other users may enter, as those of pytest are not."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


def test_the_command_of_the_image_runs_for_nobody_on_a_tree_that_nobody_may_write(reachable: Path) -> None:
    """The same files, entry point, health check and signal as in the container, whose mounts are read-only besides."""
    tree, data = reachable / "tree", reachable / "data"
    copy_as_the_image_has_it(tree)
    data.mkdir()
    as_nobody: list[str] = []
    if os.geteuid() == 0:
        as_nobody = [require("setpriv"), "--reuid=65534", "--regid=65534", "--clear-groups", "--no-new-privs"]
        # Of root's rights that to read: the interpreter may lie in root's own home.
        as_nobody += [f"--{kind}=-all,+dac_read_search" for kind in ("bounding-set", "inh-caps", "ambient-caps")]
        os.chown(data, 65534, 65534)
    elif os.environ.get("CI") == "true":
        lacking("only root can become nobody")
    port = free_port()
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONDONTWRITEBYTECODE": "1",
        "HOST": "127.0.0.1",
        "PORT": str(port),
        "DATA_DIR": str(data),
        "STATIC_ROOT": str(tree / "staticfiles"),
        "TMPDIR": str(data),
    }
    before = {path.relative_to(tree) for path in tree.rglob("*")}
    server = subprocess.Popen([*as_nobody, sys.executable, "manage.py", "serve"], cwd=tree, env=environment)
    probe = [*as_nobody, sys.executable, "-m", "insights_site.probe"]
    try:
        deadline = time.monotonic() + SECONDS
        while subprocess.run(probe, cwd=tree, env=environment, capture_output=True, check=False).returncode:
            assert time.monotonic() < deadline
            assert server.poll() is None
            time.sleep(0.2)
        owner = Path(f"/proc/{server.pid}/status").read_text()
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=SECONDS)
        connection.request("GET", "/accounts/login/")
        page = connection.getresponse().read().decode()
        [sheet, *_] = re.findall(r'href="(/static/css/[^"]+)"', page)
        connection.request("GET", sheet)
        assert connection.getresponse().status == 200
        connection.close()
    finally:
        server.terminate()
        code = server.wait(SECONDS)
    assert code == 0
    assert re.search(r"^Uid:\s+[1-9]", owner, re.MULTILINE)
    assert re.search(r"^CapEff:\s+0+[04]$", owner, re.MULTILINE)
    assert {path.relative_to(tree) for path in tree.rglob("*")} == before
    assert {"records.sqlite3", "events", "secret_key"} <= {path.name for path in data.iterdir()}
    stopped = subprocess.run(probe, cwd=tree, env=environment, capture_output=True, text=True, check=False)
    assert (stopped.returncode, stopped.stderr[:9]) == (1, "No answer")


def test_the_probe_asks_under_a_name_that_the_service_answers_to() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = str(server.getsockname()[1])
        for given, name in (
            ({}, "localhost"),
            ({"PUBLIC_URL": "https://insights.example/path"}, "insights.example"),
            ({"PUBLIC_URL": "https://insights.example", "ALLOWED_HOSTS": "*, .wide.example, a.example"}, "a.example"),
            ({"ALLOWED_HOSTS": "*, .wide.example"}, "wide.example"),
        ):
            environment = {"PATH": os.environ["PATH"], "PORT": port, **given}
            probe = subprocess.Popen([sys.executable, "-m", "insights_site.probe"], cwd=ROOT, env=environment)
            asked, _ = server.accept()
            with asked:
                assert f"Host: {name}\r\n".encode() in asked.recv(4_096)
                asked.sendall(b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n")
                assert probe.wait(SECONDS) == 1


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
def test_systemd_takes_each_unit(unit: Path, tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        lacking("systemd-analyze is not installed")
    # Its programs where they are here: that they exist is looked at too.
    text = unit.read_text().replace("/opt/site-insights", str(ROOT))
    placed = tmp_path / unit.name
    placed.write_text(text)
    told = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(placed)], capture_output=True, text=True, check=False
    )
    complaints = [line for line in told.stderr.splitlines() if unit.stem in line]
    assert complaints == []


def test_units_run_what_exists_with_settings_that_exist_and_write_to_their_own_folder_alone() -> None:
    assert {unit.stem for unit in UNITS} == {"site-insights", "site-insights-beat", "site-insights-worker"}
    for unit in UNITS:
        text = unit.read_text()
        lines = dict(line.split("=", 1) for line in text.splitlines() if "=" in line and not line.startswith("#"))
        given = dict(pair.split("=", 1) for pair in re.findall(r"^Environment=(.+)$", text, re.MULTILINE)[1].split())
        assert set(given) <= variables_of_the_code()
        assert given["DATA_DIR"] == f"/var/lib/{lines['StateDirectory']}"
        assert (lines["Restart"], lines["ProtectSystem"], lines["NoNewPrivileges"]) == ("always", "strict", "yes")
        assert lines["User"] == "insights"
        assert lines["CapabilityBoundingSet"] == ""
        assert lines["MemoryMax"]


def blocks_of(language: str) -> list[str]:
    return re.findall(rf"^ *```{language}\n(.*?)^ *```$", GUIDE, re.DOTALL | re.MULTILINE)


def test_every_command_that_the_guide_tells_exists() -> None:
    text = "\n".join(blocks_of("sh"))
    managed = set(re.findall(r"manage\.py ([a-z_]+)", text))
    known = subprocess.run(
        [sys.executable, "manage.py", "help", "--commands"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()
    assert {"serve", "bootstrap", "check"} <= managed
    assert managed <= set(known)
    targets = set(re.findall(r"^make ([a-z-]+)", text, re.MULTILINE))
    assert targets <= set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for path in re.findall(r"(?<![\w/])(deploy/[\w./-]+|docs/[\w./-]+\.md)", text):
        assert (ROOT / path).exists(), path
    named = set(re.findall(r"^([A-Z_]{4,})=", "\n".join([text, *blocks_of("ini")]), re.MULTILINE))
    assert {name.removesuffix("_FILE") for name in named} <= variables_of_the_code() | variables()


def test_each_command_beside_the_units_has_their_user_folder_and_settings() -> None:
    unit = (ROOT / "deploy" / "systemd" / "site-insights.service").read_text()
    _before, after = GUIDE.split("### TLS in front")[0].split("`/etc/site-insights/environment` holds the settings")
    commands = re.findall(r"^(.*?manage\.py.*?)$", after.replace("\\\n", ""), re.MULTILINE)
    assert len(commands) == 2
    for command in commands:
        frame, _program, _arguments = command.partition(" .venv/bin/python ")
        program, *properties = shlex.split(frame)
        assert program == "systemd-run"
        given = {each for flag, each in itertools.pairwise(properties) if flag == "-p"}
        assert {each.partition("=")[0] for each in given} == {
            "User",
            "WorkingDirectory",
            "EnvironmentFile",
            "Environment",
        }
        for each in given - {"Environment=DATA_DIR=/var/lib/site-insights"}:
            assert f"\n{each}\n" in unit
        assert "Environment=DATA_DIR=/var/lib/site-insights " in unit


def test_the_check_of_the_guide_finds_no_fault_with_the_settings_of_the_guide(tmp_path: Path) -> None:
    [settings] = blocks_of("ini")
    [command] = re.findall(r"(manage\.py check --deploy .*)$", GUIDE.split("### TLS in front")[0], re.MULTILINE)
    given = dict(line.split("=", 1) for line in settings.split())
    environment = {"PATH": os.environ["PATH"], "DATA_DIR": str(tmp_path), **given}
    subprocess.run([sys.executable, *command.split()], cwd=ROOT, env=environment, check=True)


def test_the_secrets_that_the_guide_makes_are_those_of_the_containers(tmp_path: Path) -> None:
    [making] = [block for block in blocks_of("sh") if "secrets/secret_key" in block]
    require("openssl")
    (tmp_path / "deploy").mkdir()
    shutil.copy(ROOT / "deploy" / "server.env", tmp_path / "deploy")
    subprocess.run(["sh", "-eu", "-c", making], cwd=tmp_path, check=True, capture_output=True)
    made = {path.name: path.read_text().strip() for path in (tmp_path / "secrets").iterdir()}
    assert set(made) == set(read(environment_of("server"))["secrets"])
    assert made["database_url"] == f"postgres://insights:{made['postgres_password']}@postgres/insights"
    assert made["clickhouse_url"] == f"http://insights:{made['clickhouse_password']}@clickhouse:8123/insights"
    assert len(made["secret_key"]) >= 50
    assert (tmp_path / "secrets").stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in (tmp_path / "secrets").iterdir()} == {0o444}
