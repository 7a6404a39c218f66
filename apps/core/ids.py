"""Public ids: opaque, URL-safe, unguessable. Source: contract.md, Conventions."""

from __future__ import annotations

import re
import secrets
import string

PUBLIC_ID_PATTERN = r"[a-zA-Z0-9_-]+"
"""What an id in a URL may look like, ours or imported (a leading hyphen is legal)."""

_ALPHABET = string.ascii_letters + string.digits
_PUBLIC_ID = re.compile(rf"^{PUBLIC_ID_PATTERN}\Z")


def is_public_id(text: str) -> bool:
    """Whether ``text`` has the form of a public id."""
    return _PUBLIC_ID.match(text) is not None


def _random(length: int) -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(length))


def new_user_id() -> str:
    """28 characters, as the published API gives for people."""
    return _random(28)


def new_organization_id() -> str:
    """20 characters, as the published API gives for organizations."""
    return _random(20)


def new_site_id() -> str:
    """``site_`` and 16 characters."""
    return f"site_{_random(16)}"


def new_segment_id() -> str:
    """``segment_`` and 16 characters."""
    return f"segment_{_random(16)}"


def new_share_link_id() -> str:
    """``share_`` and 16 characters."""
    return f"share_{_random(16)}"


def new_token_id() -> str:
    """``token_`` and 16 characters: the name of an API token in addresses, not the token itself."""
    return f"token_{_random(16)}"


def new_report_id() -> str:
    """``report_`` and 16 characters."""
    return f"report_{_random(16)}"


def new_invitation_id() -> str:
    """``invitation_`` and 16 characters."""
    return f"invitation_{_random(16)}"
