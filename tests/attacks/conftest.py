"""The real service, with nothing remembered from one attack to the next."""

from __future__ import annotations

from tests.api.conftest import _nothing_remembered, _writer, ada, anybody, ben, cy, kept_connection
from tests.reliability.conftest import service

__all__ = ["_nothing_remembered", "_writer", "ada", "anybody", "ben", "cy", "kept_connection", "service"]
