"""What is kept of a secret that is shown once: a hash under a key that is made of the service's own."""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from functools import lru_cache
from hashlib import sha256

from django.conf import settings


def secret_hash(purpose: str, secret: str) -> str:
    """The hash under the key of now, in 64 hexadecimal digits; ``purpose`` separates kinds of secrets."""
    return _hash(purpose, settings.SECRET_KEY, secret)


def secret_hashes(purpose: str, secret: str) -> list[str]:
    """The same under the key of now, and then under each of ``SECRET_KEY_FALLBACKS``."""
    fallbacks: Sequence[str] = settings.SECRET_KEY_FALLBACKS
    return [_hash(purpose, key, secret) for key in (settings.SECRET_KEY, *fallbacks)]


def _hash(purpose: str, key: str, secret: str) -> str:
    return hmac.new(_pepper(purpose, key), secret.encode("utf-8", "surrogatepass"), sha256).hexdigest()


@lru_cache(maxsize=64)
def _pepper(purpose: str, key: str) -> bytes:
    return sha256(f"{purpose}:{key}".encode()).digest()
