"""Who asks for a page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest

if TYPE_CHECKING:
    from apps.organizations.models import User  # it imports the audit, which imports this module


def who_of(request: HttpRequest) -> User:
    """The person who is signed in; raises ``PermissionDenied`` where nobody is."""
    if not request.user.is_authenticated:
        raise PermissionDenied
    return request.user
