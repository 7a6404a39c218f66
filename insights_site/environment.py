"""What the environment says: readers of its variables, which refuse with a sentence what makes no sense."""

from __future__ import annotations

import os
import re
import secrets
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()
MAIL_PORTS = {"smtp": 25, "smtp+tls": 587, "smtp+ssl": 465}


def text(name: str, default: str = "") -> str:
    """A text from the environment, or from the file that ``<name>_FILE`` names there, without surrounding blanks."""
    kept = os.environ.get(f"{name}_FILE", "").strip()
    if not kept:
        return str(env.str(name, default)).strip()
    if os.environ.get(name):
        raise ImproperlyConfigured(f"{name} and {name}_FILE are both set: leave one out.")
    try:
        return Path(kept).read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no text"
        raise ImproperlyConfigured(f"{name}_FILE: {kept} cannot be read: {reason}.") from error


def is_given(name: str) -> bool:
    """Whether the environment, or a file that it names, gives a value: else the default holds."""
    return bool(text(name))


def words(name: str, default: list[str]) -> list[str]:
    """A comma-separated list from the environment."""
    given = text(name)
    return [word.strip() for word in given.split(",") if word.strip()] if given else default


def whole(name: str, default: int) -> int:
    """A whole number from the environment."""
    given = text(name, str(default))
    try:
        return int(given)
    except ValueError:
        raise ImproperlyConfigured(f"{name} must be a whole number, not {given!r}.") from None


def positive(name: str, default: int) -> int:
    """A whole number of at least 1 from the environment."""
    number = whole(name, default)
    if number < 1:
        raise ImproperlyConfigured(f"{name} must be at least 1, not {number}.")
    return number


def seconds(name: str, default: float) -> float:
    """A number of seconds, 0 or more, from the environment."""
    given = text(name, str(default))
    try:
        number = float(given)
    except ValueError:
        number = -1.0
    if not 0 <= number < float("inf"):
        raise ImproperlyConfigured(f"{name} must be a number of seconds, not {given!r}.")
    return number


def flag(name: str, default: bool) -> bool:
    """``true`` or ``false`` from the environment."""
    given = text(name, str(default)).lower()
    if given not in ("true", "false"):
        raise ImproperlyConfigured(f"{name} must be true or false, not {given!r}.")
    return given == "true"


def folder(name: str, default: str) -> Path:
    """A folder from the environment, made for its owner alone if it is missing; a relative one is below the project."""
    path = (BASE_DIR / text(name, default)).resolve()
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ImproperlyConfigured(f"{name}: the folder {path} cannot be made: {error.strerror}.") from error
    return path


def file(name: str) -> Path | None:
    """The path of a file from the environment; a relative one is below the project's folder. None where not set."""
    given = text(name)
    return (BASE_DIR / given).resolve() if given else None


def address(name: str) -> str:
    """An address from the environment, without a slash at its end; empty where it is not set."""
    given = text(name).rstrip("/")
    try:
        urlsplit(given)
    except ValueError:
        raise ImproperlyConfigured(f"{name} is not an address.") from None
    return given


def path_below(name: str, default: str) -> str:
    """The path of an address, as ``/insights``, from the environment; empty for the root."""
    given = text(name, default).rstrip("/")
    if given and not re.fullmatch(r"(/[A-Za-z0-9][A-Za-z0-9._~-]*)+", given):
        raise ImproperlyConfigured(
            f"{name} must be a path such as /insights, of letters, digits, dots, dashes, underscores and tildes,"
            f" not {given!r}."
        )
    return given


def header(name: str) -> str:
    """The name of a header from the environment; empty where it is not set."""
    given = text(name)
    if given and not (given.isascii() and given.isalnum()):
        raise ImproperlyConfigured(
            f"{name} must be letters and digits: WSGI cannot tell a name with a dash from one with an underscore."
        )
    return given


def database(name: str, default: str) -> dict[str, Any]:
    """Django's settings of the database at an address from the environment."""
    given = address(name)
    if given and urlsplit(given).scheme not in ("sqlite", "postgres", "postgresql"):
        raise ImproperlyConfigured(f"{name} must begin with postgres:// or sqlite:///.")
    found: dict[str, Any] = env.db_url_config(text(name, default))
    return found


def one_of(name: str, values: tuple[str, ...]) -> str:
    """One of a few words from the environment; the first where it is not set."""
    given = text(name, values[0]).lower()
    if given not in values:
        raise ImproperlyConfigured(f"{name} must be one of {', '.join(values)}, not {given!r}.")
    return given


def mail(name: str) -> dict[str, Any]:
    """Django's settings of the mail server at an address from the environment; none where it is not set."""
    given = address(name)
    if not given:
        return {"EMAIL_BACKEND": "django.core.mail.backends.dummy.EmailBackend"}
    scheme = urlsplit(given).scheme
    if scheme not in MAIL_PORTS:
        raise ImproperlyConfigured(f"{name} must begin with smtp://, smtp+tls:// or smtp+ssl://.")
    found: dict[str, Any] = env.email_url_config(given)
    return found | {"EMAIL_PORT": found["EMAIL_PORT"] or MAIL_PORTS[scheme]}


def secret_key(name: str, keeping: Path) -> str:
    """A key from the environment, or one made at first start and kept in ``keeping``, readable by its owner alone."""
    given = text(name)
    if given:
        return given
    kept = keeping / "secret_key"
    try:
        if not kept.exists():
            fresh = keeping / f"secret_key.{os.getpid()}"
            with os.fdopen(os.open(fresh, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as out:
                out.write(secrets.token_urlsafe(50))
            try:
                os.link(fresh, kept)  # whole or not at all, and the first of two starting processes wins
            except FileExistsError:
                pass
            finally:
                fresh.unlink()
        return kept.read_text()
    except OSError as error:
        raise ImproperlyConfigured(f"{name} is not set, and none can be kept in {kept}: {error}.") from error
