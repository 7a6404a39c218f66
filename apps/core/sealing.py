"""What is encrypted where it is kept: with a key that is made of the service's own."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from hashlib import sha256
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings


def box(purpose: str) -> MultiFernet:
    """What encrypts under the key of now, and also decrypts under each of ``SECRET_KEY_FALLBACKS``.

    ``purpose`` separates kinds of secrets.
    """
    keys = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    return MultiFernet([Fernet(urlsafe_b64encode(sha256(f"{purpose}:{key}".encode()).digest())) for key in keys])


class Broken(Exception):
    """What was not sealed here, or too long ago, or under a key that is not known any more."""


def seal(purpose: str, what: object) -> str:
    """``what``, in JSON, so that nobody else can read, make or change it."""
    return box(purpose).encrypt(json.dumps(what).encode()).decode()


def unseal(purpose: str, sealed: str, *, seconds: int) -> Any:
    """What was sealed for that purpose. Raises ``Broken``, also for what was sealed more than ``seconds`` ago."""
    try:
        return json.loads(box(purpose).decrypt(sealed, ttl=seconds))
    except InvalidToken:
        raise Broken from None
