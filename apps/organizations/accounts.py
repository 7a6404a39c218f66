"""A person's own account: the page that leads to all of it, their name, and a forgotten password."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any, ClassVar

from allauth.account import views
from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import get_script_prefix, reverse
from django.utils.cache import add_never_cache_headers
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from apps.organizations.audit import record
from apps.organizations.models import User
from apps.organizations.sign_in import may_sign_up


class KeptNowhere:
    """Tells browsers and proxies to keep no page of an account: codes and keys stand there."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if request.path.startswith(_place(get_script_prefix())):
            add_never_cache_headers(response)
        return response


@lru_cache(maxsize=8)
def _place(_prefix: str) -> str:
    """Where accounts lie below the prefix that the service is reached by: every answer asks for it."""
    return reverse("account")


class NameForm(forms.ModelForm):  # type: ignore[type-arg]  # generic to the type checker alone
    """How others see a person."""

    class Meta:
        model = User
        fields: ClassVar = ["first_name", "last_name"]
        widgets: ClassVar = {
            "first_name": forms.TextInput(attrs={"autocomplete": "given-name"}),
            "last_name": forms.TextInput(attrs={"autocomplete": "family-name"}),
        }
        labels: ClassVar = {"first_name": _("First name"), "last_name": _("Last name")}


class SignInView(views.LoginView):  # type: ignore[misc]  # allauth has no types
    """Signing in, with the ways that this service has."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**kwargs)
        return context | {
            "may_sign_up": may_sign_up(self.request),
            "provider": settings.OIDC_NAME if settings.OIDC_ISSUER else "",
        }


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def account(request: HttpRequest) -> HttpResponse:
    """Who is signed in, by which name, and the ways to the rest of the account."""
    assert isinstance(request.user, User)  # noqa: S101  # login_required sees to it
    # Of its own, so that a name that is refused does not stand in the header.
    person = User.objects.get(pk=request.user.pk)
    form = NameForm(request.POST or None, instance=person)
    if request.method == "POST" and form.is_valid():
        if form.changed_data:
            person.save(update_fields=form.changed_data)
            record(person, "change_account", details={"fields": sorted(form.changed_data)})
        messages.success(request, gettext("Saved."))
        return redirect("account")
    return render(request, "account/account.html", {"form": form})


def password_reset(request: HttpRequest) -> HttpResponse:
    """A link to choose a new password, by e-mail; where no mail is sent, what to do instead."""
    if settings.SENDS_MAIL:
        answer: HttpResponse = views.password_reset(request)
        return answer
    return render(request, "account/password_reset_by_operator.html")
