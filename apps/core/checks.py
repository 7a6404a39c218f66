"""What is wrong with the settings, each with what to do about it. ``manage.py check`` and every start run these."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register

SHORTEST_SECRET = 32
"""Characters; ``SECRET_KEY`` is the key of sessions and of token hashes."""


@register("settings")
def check_data_folder(app_configs: Sequence[AppConfig] | None = None, **_options: Any) -> list[CheckMessage]:
    """``DATA_DIR`` can be written."""
    try:
        with tempfile.TemporaryFile(dir=settings.DATA_DIR):
            return []
    except OSError as error:
        return [
            Error(
                f"DATA_DIR {settings.DATA_DIR} cannot be written: {error.strerror}.",
                hint="Let the user that runs the service own the folder, or set DATA_DIR to another one.",
                id="core.E001",
            )
        ]


@register("settings")
def check_addresses(app_configs: Sequence[AppConfig] | None = None, **_options: Any) -> list[CheckMessage]:
    """The addresses of other services have a scheme that is understood, and a host."""
    kinds = (
        ("CLICKHOUSE_URL", ("http", "https"), "http://user:password@host:8123/database", "core.E002"),
        ("REDIS_URL", ("redis", "rediss", "unix"), "redis://host:6379/0", "core.E003"),
        ("PUBLIC_URL", ("http", "https"), "https://insights.example.com", "core.E004"),
    )
    return [
        Error(f"{name} is not an address that is understood.", hint=f"Write it like {example}", id=code)
        for name, schemes, example, code in kinds
        if (given := getattr(settings, name)) and not _is_address(given, schemes)
    ]


@register("settings")
def check_cluster(app_configs: Sequence[AppConfig] | None = None, **_options: Any) -> list[CheckMessage]:
    """A cluster is one of servers, by a name that statements can hold."""
    name = settings.CLICKHOUSE_CLUSTER
    if not name or (settings.CLICKHOUSE_URL and re.fullmatch(r"[\w.-]+", name)):
        return []
    return [
        Error(
            f"CLICKHOUSE_CLUSTER is {name!r}, without CLICKHOUSE_URL or with characters that no name has.",
            hint="Set CLICKHOUSE_URL to one of its servers, and write the name as in their remote_servers.",
            id="core.E012",
        )
    ]


def _is_address(given: str, schemes: tuple[str, ...]) -> bool:
    try:
        parts = urlsplit(given)
        return parts.scheme in schemes and bool(parts.hostname or parts.scheme == "unix")
    except ValueError:
        return False


@register("settings")
def check_secret_key(app_configs: Sequence[AppConfig] | None = None, **_options: Any) -> list[CheckMessage]:
    """Neither ``SECRET_KEY`` nor one of ``SECRET_KEY_FALLBACKS`` can be guessed."""
    keys = {"SECRET_KEY": [settings.SECRET_KEY], "SECRET_KEY_FALLBACKS": settings.SECRET_KEY_FALLBACKS}
    return [
        Error(
            f"{name} has a key of fewer than {SHORTEST_SECRET} characters.",
            hint=_SECRET_HINTS[name],
            id="core.E005",
        )
        for name, given in keys.items()
        if any(len(key) < SHORTEST_SECRET for key in given)
    ]


_SECRET_HINTS = {
    "SECRET_KEY": "Leave it out, and one is made and kept in DATA_DIR; or set 50 random characters.",
    "SECRET_KEY_FALLBACKS": "Leave it out, or list whole former keys, comma-separated.",
}


@register("settings")
def check_proxies(app_configs: Sequence[AppConfig] | None = None, **_options: Any) -> list[CheckMessage]:
    """``TRUSTED_PROXIES`` counts proxies."""
    if settings.TRUSTED_PROXIES >= 0:
        return []
    return [
        Error(
            f"TRUSTED_PROXIES is {settings.TRUSTED_PROXIES}.",
            hint="Set it to the number of proxies in front of the service that append to X-Forwarded-For; 0 for none.",
            id="core.E006",
        )
    ]


@register("settings")
def check_port(app_configs: Sequence[AppConfig] | None = None, **_options: Any) -> list[CheckMessage]:
    """``PORT`` exists."""
    if settings.PORT <= 65_535:
        return []
    return [Error(f"PORT is {settings.PORT}.", hint="Ports end at 65535; the usual one is 8000.", id="core.E007")]


@register("settings")
def check_workers(app_configs: Sequence[AppConfig] | None = None, **_options: Any) -> list[CheckMessage]:
    """Only what can be shared is shared between processes."""
    if settings.WEB_WORKERS == 1 or (settings.CLICKHOUSE_URL and settings.REDIS_URL):
        return []
    return [
        Error(
            f"WEB_WORKERS is {settings.WEB_WORKERS}, but several processes share neither an embedded event store"
            " nor request limits kept in memory.",
            hint="Set CLICKHOUSE_URL and REDIS_URL too, or leave WEB_WORKERS at 1.",
            id="core.E008",
        )
    ]


@register("settings")
def check_registration(app_configs: Sequence[AppConfig] | None = None, **_options: Any) -> list[CheckMessage]:
    """Where everybody may make an account, its address is confirmed."""
    if settings.REGISTRATION != "open" or settings.SENDS_MAIL:
        return []
    return [
        Warning(
            "REGISTRATION is open, but no mail is sent: anybody can make an account with anybody's address.",
            hint="Set EMAIL_URL, or REGISTRATION=invite.",
            id="core.W009",
        )
    ]
