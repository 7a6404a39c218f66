"""What is encrypted where it is kept: with a key that is made of the service's own."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from hashlib import sha256

from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings


def box(purpose: str) -> MultiFernet:
    """What encrypts under the key of now, and also decrypts under each of ``SECRET_KEY_FALLBACKS``.

    ``purpose`` separates kinds of secrets.
    """
    keys = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    return MultiFernet([Fernet(urlsafe_b64encode(sha256(f"{purpose}:{key}".encode()).digest())) for key in keys])
