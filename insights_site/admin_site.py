"""The site that all pages of the administration belong to."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from allauth.account.decorators import secure_admin_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from unfold.sites import UnfoldAdminSite


class Administration(UnfoldAdminSite):  # type: ignore[misc]  # unfold has no types
    """Unfold's, with the sign-in and the page for one's own password that all have, their limits and their audit."""

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The sign-in of everybody."""
        answer: HttpResponse = secure_admin_login(super().login)(request, extra_context)
        return answer

    def password_change(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The page of everybody."""
        return redirect("account_change_password")

    password_change_done = password_change

    def _search_apps(self, app_list: list[dict[str, Any]], search_term: str) -> list[dict[str, str]]:
        """As plain dictionaries, which the templates read as well: the cache holds nothing else."""
        found = super()._search_apps(app_list, search_term)
        return [{name: str(value) for name, value in asdict(each).items()} for each in found]
