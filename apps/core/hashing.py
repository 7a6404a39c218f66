"""Keyed 64-bit hashes: what is kept of ids that must not be stored."""

from __future__ import annotations

import secrets
from hashlib import blake2b

KEY_BYTES = 32


def new_key() -> bytes:
    """A fresh random key of ``KEY_BYTES`` bytes."""
    return secrets.token_bytes(KEY_BYTES)


def keyed_hash64(key: bytes, purpose: bytes, text: str) -> int:
    """An unsigned 64-bit hash of ``text`` that cannot be computed, or tried, without ``key``.

    ``purpose`` (at most 16 bytes) separates domains, so that a visitor id and an equal
    session id give different numbers. Lone surrogates are hashed, not refused.
    """
    digest = blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8, key=key, person=purpose)
    return int.from_bytes(digest.digest(), "big")
