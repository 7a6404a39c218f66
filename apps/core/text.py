"""Text and JSON in one canonical form, so that equal things are equal bytes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any


def canonical_json(value: Any) -> str:
    """Compact JSON with sorted keys; characters beyond ASCII are kept as they are."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def canonical_reference(reference: Mapping[str, Any]) -> str:
    """A content reference as canonical JSON: ``kind`` first, then the other keys sorted."""
    rest = {key: reference[key] for key in sorted(reference) if key != "kind"}
    return json.dumps({"kind": reference["kind"], **rest}, separators=(",", ":"), ensure_ascii=False)


def is_well_formed(text: str) -> bool:
    """Whether ``text`` can be written as UTF-8: a lone surrogate cannot."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
