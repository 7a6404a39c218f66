"""Settings: documented, refused loudly, checked with a hint."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.core.checks import run_checks

ROOT = Path(__file__).resolve().parent.parent.parent


def variables_of_the_code() -> set[str]:
    """Every upper-case name that settings.py hands to a reader of the environment."""
    tree = ast.parse((ROOT / "insights_site" / "settings.py").read_text())
    calls = (node for node in ast.walk(tree) if isinstance(node, ast.Call) and node.args)
    firsts = (call.args[0] for call in calls)
    return {
        first.value
        for first in firsts
        if isinstance(first, ast.Constant) and isinstance(first.value, str) and re.fullmatch("[A-Z_]{4,}", first.value)
    }


def test_the_table_of_settings_lists_what_the_code_reads_in_order() -> None:
    documented = re.findall(r"^\| `([A-Z_]+)` \|", (ROOT / "docs" / "settings.md").read_text(), re.MULTILINE)
    assert documented == sorted(documented)
    assert set(documented) == variables_of_the_code()
    assert {"DATA_DIR", "PORT", "DATABASE_URL"} <= set(documented)


def manage(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("variable", "value", "sentence"),
    [
        ("PORT", "http", "PORT must be a whole number, not 'http'."),
        ("PORT", "0", "PORT must be at least 1, not 0."),
        ("DEBUG", "yes", "DEBUG must be true or false, not 'yes'."),
        ("SLOW_QUERY_SECONDS", "soon", "SLOW_QUERY_SECONDS must be a number of seconds, not 'soon'."),
        ("SLOW_QUERY_SECONDS", "-1", "SLOW_QUERY_SECONDS must be a number of seconds, not '-1'."),
        ("LOG_FORMAT", "xml", "LOG_FORMAT must be text or json, not 'xml'."),
        ("LOG_LEVEL", "loud", "LOG_LEVEL must be a level such as INFO or WARNING, not 'LOUD'."),
        ("DATA_DIR", "/dev/null/x", "DATA_DIR: the folder /dev/null/x cannot be made: Not a directory."),
        ("DATABASE_URL", "records.sqlite3", "DATABASE_URL must begin with postgres:// or sqlite:///."),
        ("PUBLIC_URL", "http://[x", "PUBLIC_URL is not an address."),
        (
            "BASE_PATH",
            "insights",
            "BASE_PATH must be a path such as /insights, of letters, digits, dots, dashes, underscores and tildes,"
            " not 'insights'.",
        ),
        (
            "PUBLIC_URL",
            "https://insights.example/a b",
            "BASE_PATH must be a path such as /insights, of letters, digits, dots, dashes, underscores and tildes,"
            " not '/a b'.",
        ),
        (
            "SECRET_KEY_FILE",
            "/nonexistent",
            "SECRET_KEY_FILE: /nonexistent cannot be read: No such file or directory.",
        ),
        ("REGISTRATION", "everyone", "REGISTRATION must be one of invite, open, closed, not 'everyone'."),
        ("EMAIL_URL", "mail.example", "EMAIL_URL must begin with smtp://, smtp+tls:// or smtp+ssl://."),
        (
            "CLIENT_ADDRESS_HEADER",
            "X-Real-IP",
            "CLIENT_ADDRESS_HEADER must be letters and digits:"
            " WSGI cannot tell a name with a dash from one with an underscore.",
        ),
    ],
)
def test_a_wrong_value_stops_the_start_with_one_sentence(variable: str, value: str, sentence: str) -> None:
    answer = manage("check", **{variable: value})
    assert answer.returncode == 1
    assert answer.stderr == f"{sentence} docs/settings.md describes every setting.\n"


def test_the_settings_of_the_tests_pass_every_check() -> None:
    assert run_checks(tags=["settings"]) == []


@pytest.mark.parametrize(
    ("changes", "code", "hint"),
    [
        ({"DATA_DIR": Path("/nonexistent")}, "core.E001", "own the folder"),
        ({"CLICKHOUSE_URL": "clickhouse://host:9000"}, "core.E002", "http://user:password@host:8123/database"),
        ({"CLICKHOUSE_URL": "http://"}, "core.E002", "http://user:password@host:8123/database"),
        ({"REDIS_URL": "http://host"}, "core.E003", "redis://host:6379/0"),
        ({"PUBLIC_URL": "insights.example.com"}, "core.E004", "https://insights.example.com"),
        ({"SECRET_KEY": "short"}, "core.E005", "Leave it out"),
        ({"SECRET_KEY_FALLBACKS": ["short"]}, "core.E005", "Leave it out"),
        ({"TRUSTED_PROXIES": -1}, "core.E006", "0 for none"),
        ({"PORT": 65_536}, "core.E007", "8000"),
        ({"REGISTRATION": "open"}, "core.W009", "EMAIL_URL"),
        ({"WEB_WORKERS": 2}, "core.E008", "CLICKHOUSE_URL and REDIS_URL"),
        ({"WEB_WORKERS": 2, "CLICKHOUSE_URL": "http://host"}, "core.E008", "CLICKHOUSE_URL and REDIS_URL"),
        ({"CLICKHOUSE_CLUSTER": "events"}, "core.E012", "CLICKHOUSE_URL"),
        ({"CLICKHOUSE_CLUSTER": "it's", "CLICKHOUSE_URL": "http://host"}, "core.E012", "remote_servers"),
    ],
)
def test_a_setting_that_cannot_work_is_named_with_what_to_do(
    settings: Any, changes: dict[str, Any], code: str, hint: str
) -> None:
    for name, value in changes.items():
        setattr(settings, name, value)
    found = run_checks(tags=["settings"])
    assert [message.id for message in found] == [code]
    assert hint in (found[0].hint or "")


def test_the_secret_key_is_made_once_and_read_by_its_owner_alone(tmp_path: Path) -> None:
    show = ("shell", "--no-imports", "-c", "from django.conf import settings; print(settings.SECRET_KEY)")
    first = manage(*show, DATA_DIR=str(tmp_path))
    second = manage(*show, DATA_DIR=str(tmp_path))
    kept = tmp_path / "secret_key"
    assert len(first.stdout.strip()) >= 50
    assert first.stdout == second.stdout == kept.read_text() + "\n"
    assert kept.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["secret_key"]


def test_the_data_folder_is_made_for_its_owner_alone_and_one_that_is_there_is_left_as_it_is(tmp_path: Path) -> None:
    fresh, kept = tmp_path / "fresh", tmp_path / "kept"
    kept.mkdir()
    kept.chmod(0o750)
    for folder in (fresh, kept):
        assert manage("check", DATA_DIR=str(folder)).returncode == 0
    assert fresh.stat().st_mode & 0o777 == 0o700
    assert kept.stat().st_mode & 0o777 == 0o750


def test_an_encrypted_public_address_makes_cookies_secure() -> None:
    show = (
        "shell",
        "--no-imports",
        "-c",
        "from django.conf import settings as s; print(s.SESSION_COOKIE_SECURE, s.CSRF_COOKIE_SECURE,"
        " s.SECURE_HSTS_SECONDS, s.ALLOWED_HOSTS, s.CSRF_TRUSTED_ORIGINS)",
    )
    assert manage(*show, PUBLIC_URL="https://insights.example/", ALLOWED_HOSTS="a.example, b.example").stdout == (
        "True True 86400 ['a.example', 'b.example', 'insights.example'] ['https://insights.example']\n"
    )
    assert manage(*show).stdout == "False False 0 ['localhost', '127.0.0.1', '[::1]'] []\n"


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ({}, "''  ['https://docs.example'] /static/ sessionid"),
        (
            {"PUBLIC_URL": "https://docs.example/insights/"},
            "'/insights' /insights ['https://docs.example'] /insights/static/ insights_session",
        ),
        (
            {"BASE_PATH": "/a/b", "PUBLIC_URL": "https://docs.example"},
            "'/a/b' /a/b ['https://docs.example'] /a/b/static/ insights_session",
        ),
    ],
)
def test_the_path_of_the_public_address_is_that_of_everything(given: dict[str, str], found: str) -> None:
    code = """
from django.conf import settings as s
from django.urls import get_script_prefix
print(repr(s.BASE_PATH), get_script_prefix().rstrip("/"), s.CSRF_TRUSTED_ORIGINS, s.STATIC_URL, s.SESSION_COOKIE_NAME)
"""
    environment = {"PUBLIC_URL": "https://docs.example"} | given
    assert manage("shell", "--no-imports", "-c", code, **environment).stdout == f"{found}\n"


def test_a_setting_can_be_in_a_file(tmp_path: Path) -> None:
    address = tmp_path / "address"
    address.write_text("postgres://ada:p%40ss@records.example/insights\n")
    show = ("shell", "--no-imports", "-c", "from django.conf import settings as s; print(s.DATABASES['default'])")
    answer = manage(*show, DATABASE_URL_FILE=str(address))
    assert "'PASSWORD': 'p@ss'" in answer.stdout
    assert "'HOST': 'records.example'" in answer.stdout
    both = manage("check", DATABASE_URL_FILE=str(address), DATABASE_URL="sqlite:///elsewhere")
    assert both.stderr.startswith("DATABASE_URL and DATABASE_URL_FILE are both set: leave one out.")


@pytest.mark.parametrize(
    ("address", "found"),
    [
        ("", "dummy False none None"),
        ("smtp://mail.example", "smtp True mandatory mail.example:25 '' False False"),
        ("smtp+tls://ada:p%40ss@mail.example/", "smtp True mandatory mail.example:587 'p@ss' True False"),
        ("smtp+ssl://ada:secret@mail.example:4650", "smtp True mandatory mail.example:4650 'secret' False True"),
    ],
)
def test_the_mail_server_is_one_address(address: str, found: str) -> None:
    code = """
from django.conf import settings as s
print(s.EMAIL_BACKEND.split(".")[4], s.SENDS_MAIL, s.ACCOUNT_EMAIL_VERIFICATION, end=" ")
if s.SENDS_MAIL:
    print(f"{s.EMAIL_HOST}:{s.EMAIL_PORT} {s.EMAIL_HOST_PASSWORD or ''!r} {s.EMAIL_USE_TLS} {s.EMAIL_USE_SSL}")
else:
    print(None)
"""
    assert manage("shell", "--no-imports", "-c", code, EMAIL_URL=address).stdout == f"{found}\n"


def test_a_provider_is_a_few_variables() -> None:
    code = """
from django.conf import settings as s
(app,) = s.SOCIALACCOUNT_PROVIDERS["openid_connect"]["APPS"]
known = app["settings"]
print(app["name"], app["client_id"], app["secret"], known["server_url"], known["oauth_pkce_enabled"])
print(s.OIDC_SIGN_UP, s.SOCIALACCOUNT_EMAIL_AUTHENTICATION, s.SOCIALACCOUNT_EMAIL_AUTHENTICATION_AUTO_CONNECT)
"""
    given = {"OIDC_ISSUER": "https://id.example/", "OIDC_CLIENT_ID": "i", "OIDC_CLIENT_SECRET": "s", "OIDC_NAME": "Id"}
    show = ("shell", "--no-imports", "-c", code)
    assert manage(*show, **given).stdout == "Id i s https://id.example True\nFalse False False\n"
    assert manage(*show, **given, OIDC_SIGN_UP="true", OIDC_TRUST_EMAIL="true").stdout.endswith("\nTrue True True\n")


def test_mail_comes_from_the_service_unless_it_is_told_from_whom() -> None:
    show = ("shell", "--no-imports", "-c", "from django.conf import settings; print(settings.DEFAULT_FROM_EMAIL)")
    assert manage(*show, PUBLIC_URL="https://insights.example").stdout == "insights@insights.example\n"
    assert manage(*show, EMAIL_FROM="Insights <team@acme.example>").stdout == "Insights <team@acme.example>\n"


def test_a_log_line_can_be_json_with_its_fields() -> None:
    code = "import structlog; structlog.get_logger('house').info('started', port=8000)"
    line = manage("shell", "--no-imports", "-c", code, LOG_FORMAT="json").stderr
    assert '"event": "started"' in line
    assert '"port": 8000' in line
    assert '"level": "info"' in line


@pytest.mark.parametrize(
    ("given", "is_written"),
    [
        ({}, False),
        ({"LOG_FORMAT": "json"}, True),
        ({"LOG_FORMAT": "json", "ACCESS_LOG": "false"}, False),
        ({"ACCESS_LOG": "true"}, True),
    ],
)
def test_machines_get_a_line_of_each_request_and_people_where_they_ask(given: dict[str, str], is_written: bool) -> None:
    show = ("shell", "--no-imports", "-c", "from django.conf import settings; print(settings.ACCESS_LOG)")
    assert manage(*show, **given).stdout == f"{is_written}\n"


@pytest.mark.parametrize("kind", ["share", "invitations"])
@pytest.mark.parametrize("form", ["text", "json"])
def test_the_log_does_not_tell_the_token_of_a_link(form: str, kind: str) -> None:
    code = f"from django.test import Client; Client().post('/{kind}/' + 'a1b2-_' * 5 + 'zz')"
    line = manage("shell", "--no-imports", "-c", code, LOG_FORMAT=form, ALLOWED_HOSTS="testserver").stderr
    assert f"Method Not Allowed (POST): /{kind}/…" in line
    assert "a1b2" not in line


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_logged_error_tells_where_it_was_and_no_values(form: str) -> None:
    code = """
import logging
def broken(visitor):
    raise ValueError("no")
try:
    broken("mark-" + "visitor")
except ValueError:
    logging.getLogger("house").exception("went wrong")
"""
    line = manage("shell", "--no-imports", "-c", code, LOG_FORMAT=form).stderr
    assert "ValueError" in line
    assert "broken" in line
    assert "mark-visitor" not in line


def test_tests_keep_nothing_in_the_project() -> None:
    assert ROOT not in django_settings.DATA_DIR.parents
