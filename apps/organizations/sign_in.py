"""Sign-in is for people who were invited: nobody makes an account alone."""

from __future__ import annotations

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest


class ClosedDoor(DefaultAccountAdapter):  # type: ignore[misc]  # allauth has no types
    """The sign-in of allauth, with its limits against guessing, and without its sign-up."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False
