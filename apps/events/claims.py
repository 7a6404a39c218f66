"""A visitor's claims: from the JSON that was sent to dotted paths with their values."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import msgspec

from apps.core.errors import Refusal

MAX_BYTES = 16 * 1024
MAX_DEPTH = 16
MAX_PATHS = 200
UNSIGNED = "unsigned"
"""The top-level claim below which a visitor may say anything: it proves nothing."""

_CACHED_BYTES = 1024
_LARGEST = 1.7976931348623157e308
_PLAIN_WHOLE = 1e21

_decoder = msgspec.json.Decoder()


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """The claims of one event, shared between events that sent the same text: not to be changed.

    ``values`` maps each dotted path to its distinct values, ascending by code point; ``canonical`` is
    all of them as JSON with sorted keys, ``""`` where there are none; ``signed`` tells whether any
    stands outside ``unsigned``.
    """

    values: Mapping[str, list[str]] = field(default_factory=dict)
    canonical: str = ""
    signed: bool = False


NO_CLAIMS = Claims()


def read_claims(raw: bytes) -> Claims:
    """The claims in ``raw``, the JSON text of the object; empty text and ``null`` are no claims.

    A null inside counts as left out. Raises ``Refusal`` with the place below the claims for what is
    not an object, for numbers outside a double's range, and for more than ``MAX_BYTES``,
    ``MAX_DEPTH`` levels or ``MAX_PATHS`` paths.
    """
    if raw in {b"", b"null", b"{}"}:
        return NO_CLAIMS
    if len(raw) > MAX_BYTES:
        raise Refusal(f"expected at most {MAX_BYTES} bytes of claims")
    return _read_cached(raw) if len(raw) <= _CACHED_BYTES else _read(raw)


def _read(raw: bytes) -> Claims:
    try:
        sent = _decoder.decode(raw)
    except msgspec.ValidationError:
        raise Refusal("expected numbers within the range of a double") from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise Refusal("expected valid JSON") from None
    except RecursionError:
        raise _too_deep() from None
    if not isinstance(sent, dict):
        raise Refusal("expected an object or null")
    claims = _clean(sent, "", 1)
    if not claims:
        return NO_CLAIMS
    found: dict[str, set[str]] = {}
    _flatten(claims, "", found)
    if len(found) > MAX_PATHS:
        raise Refusal(f"expected at most {MAX_PATHS} claim paths")
    return Claims(
        values={path: sorted(found[path]) for path in sorted(found)},
        canonical=json.dumps(claims, ensure_ascii=False, sort_keys=True, separators=(",", ":")),
        signed=any(name != UNSIGNED for name in claims),
    )


_read_cached = lru_cache(maxsize=4096)(_read)


def _too_deep() -> Refusal:
    return Refusal(f"expected at most {MAX_DEPTH} levels of nesting")


def _clean(value: Any, place: str, depth: int) -> Any:
    """``value`` without nulls and with whole numbers as integers; raises ``Refusal`` at ``place``."""
    if depth > MAX_DEPTH:
        raise _too_deep()
    if isinstance(value, dict):
        return {k: _clean(v, f"{place}.{k}", depth + 1) for k, v in value.items() if v is not None}
    if isinstance(value, list):
        return [_clean(v, f"{place}.{i}", depth + 1) for i, v in enumerate(value) if v is not None]
    if isinstance(value, int) and abs(value) > _LARGEST:
        raise Refusal("expected a number within the range of a double", path=place[1:])
    if isinstance(value, float) and value.is_integer() and abs(value) < _PLAIN_WHOLE:
        return int(value)
    return value


def _flatten(value: Any, path: str, found: dict[str, set[str]]) -> None:
    if isinstance(value, dict):
        for name, inner in value.items():
            _flatten(inner, f"{path}.{name}" if path else name, found)
    elif isinstance(value, list):
        for inner in value:
            _flatten(inner, path, found)
    else:
        found.setdefault(path, set()).add(_text(value))


def _text(value: str | bool | int | float) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else str(value)
