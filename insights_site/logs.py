"""How the service writes its log: one line an event, for people or for machines."""

from __future__ import annotations

import logging
import re
from datetime import UTC, datetime
from typing import Any

import msgspec
import structlog
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest

from insights_site import told

FORMS = ("text", "json")
ACCESS = "insights.access"
"""The logger of requests: its records have a mapping of fields as their arguments."""
_SECRET = re.compile(r"(/(?:share|invitations|accounts/password/reset/key|accounts/confirm-email)/|\bsit_)[\w:.-]{16,}")
"""What opens something to whoever reads it: a link of a share, an invitation or a mail, or an API token."""


def logging_settings(*, level: str, form: str) -> dict[str, Any]:
    """Django's ``LOGGING``, to standard error: ``form`` is ``text`` (for people) or ``json`` (one object a line).

    Records of the standard library and of structlog look the same. Raises ``ImproperlyConfigured``
    for an unknown level or form.
    """
    if form not in FORMS:
        raise ImproperlyConfigured(f"LOG_FORMAT must be text or json, not {form!r}.")
    if level not in logging.getLevelNamesMapping():
        raise ImproperlyConfigured(f"LOG_LEVEL must be a level such as INFO or WARNING, not {level!r}.")
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.stdlib.ExtraAdder(),
        _without_query,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "line": {
                "()": Line,
                "foreign_pre_chain": shared,
                "processors": [structlog.stdlib.ProcessorFormatter.remove_processors_meta, *_last_steps(form)],
            },
            "access": {"()": AccessLine, "form": form},
        },
        "handlers": {
            "stderr": {"class": "logging.StreamHandler", "formatter": "line"},
            "access": {"class": "logging.StreamHandler", "formatter": "access"},
        },
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {
            "django": {"handlers": [], "level": level, "propagate": True},
            # For a name that is missing it would write all that a page knows, such as codes that are shown once.
            "django.template": {"level": "WARNING" if level == "DEBUG" else level},
            # A line for each task that was received and done tells nobody anything.
            "celery": {"level": "WARNING" if level == "INFO" else level},
            ACCESS: {"handlers": ["access"], "propagate": False},
            # The server has its own way of writing, in its workers too.
            "_granian": {"handlers": ["stderr"], "level": "ERROR", "propagate": False},
        },
    }


class Line(structlog.stdlib.ProcessorFormatter):
    """Any other line; of errors it tells what ``insights_site.told`` says."""

    def format(self, record: logging.LogRecord) -> str:
        return super().format(told.without_values(record))


class AccessLine(logging.Formatter):
    """A line a request, in the form of all others, for a tenth of what they cost: it knows its fields."""

    def __init__(self, form: str) -> None:
        super().__init__()
        self._is_json = form == "json"

    def format(self, record: logging.LogRecord) -> str:
        level, when = record.levelname.lower(), datetime.fromtimestamp(record.created, UTC)
        stamp = f"{when:%Y-%m-%dT%H:%M:%S.%f}Z"
        fields: Any = record.args
        if self._is_json:
            about = {"event": record.msg, "logger": record.name, "level": level, "timestamp": stamp}
            return msgspec.json.encode(fields | about).decode()
        said = " ".join(f"{name}={value}" for name, value in fields.items())
        return f"{stamp} [{level:<9}] {record.msg} [{record.name}] {said}"


def _without_query(_logger: Any, _method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """Django logs what it refuses with the request: its query may hold what is kept nowhere, such as visitors' ids."""
    if isinstance(request := event.get("request"), HttpRequest):
        event["request"] = f"{request.method} {request.path}"
    return event


def _last_steps(form: str) -> list[Any]:
    if form == "json":
        return [
            structlog.processors.ExceptionRenderer(told.as_fields),
            structlog.processors.JSONRenderer(),
            _hide_secrets,
        ]
    console = structlog.dev.ConsoleRenderer(colors=False, exception_formatter=told.as_text)
    return [console, _hide_secrets]


def _hide_secrets(_logger: object, _method: str, line: str) -> str:
    """A log is kept and read by people who are not meant to have the links and tokens of others."""
    return _SECRET.sub(r"\1…", line)
