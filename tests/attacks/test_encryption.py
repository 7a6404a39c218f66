"""Where the service is reached encrypted, nothing is asked or answered in plain."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

ROOT = Path(__file__).resolve().parents[2]
PRINT = (
    "from django.conf import settings as s;"
    "print(s.SECURE_SSL_REDIRECT, s.SESSION_COOKIE_SECURE, s.CSRF_COOKIE_SECURE, s.SECURE_HSTS_SECONDS > 0)"
)


def of_settings(**environment: str) -> str:
    return run("shell", "--no-imports", "-c", PRINT, **environment)


def run(*command: str, **environment: str) -> str:
    told = subprocess.run(
        [sys.executable, "manage.py", *command],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=True,
        timeout=180,
    )
    return told.stdout.strip()


@pytest.mark.parametrize(
    ("environment", "found"),
    [
        ({}, "False False False False"),
        ({"PUBLIC_URL": "https://insights.example.com"}, "False True True True"),
        ({"PUBLIC_URL": "https://insights.example.com", "TRUSTED_PROXIES": "1"}, "True True True True"),
        (
            {"PUBLIC_URL": "https://insights.example.com", "TRUSTED_PROXIES": "1", "SSL_REDIRECT": "false"},
            "False True True True",
        ),
    ],
)
def test_an_encrypted_address_protects_cookies_and_leads_plain_requests_to_itself(
    environment: dict[str, str], found: str
) -> None:
    assert of_settings(**environment) == found


def test_plain_requests_are_led_to_the_encrypted_page_but_not_those_of_who_watches(settings: Any, db: None) -> None:
    settings.SECURE_SSL_REDIRECT = True
    answer = Client().get("/accounts/login/?next=/tokens")
    assert (answer.status_code, answer["Location"]) == (301, "https://testserver/accounts/login/?next=/tokens")
    assert Client().get("/healthz").status_code == 200
    assert Client().get("/accounts/login/", secure=True).status_code == 200


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"PUBLIC_URL": "https://insights.example.com"}, "max-age=86400"),
        ({"PUBLIC_URL": "https://insights.example.com", "HSTS_SECONDS": "31536000"}, "max-age=31536000"),
        ({"PUBLIC_URL": "https://insights.example.com", "HSTS_SECONDS": "0"}, "None"),
        ({}, "None"),
    ],
)
def test_browsers_are_told_to_stay_encrypted_for_as_long_as_the_operator_says(
    environment: dict[str, str], expected: str
) -> None:
    ask = (
        "from django.test import Client;"
        "print(Client().get('/healthz', secure=True, SERVER_NAME='localhost').get('Strict-Transport-Security'))"
    )
    assert run("shell", "--no-imports", "-c", ask, **environment) == expected
