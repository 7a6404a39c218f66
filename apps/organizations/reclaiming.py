"""An account whose address was claimed by somebody, and is shown to be somebody's: theirs, or another's.

Whoever resets its password by mail has the address. Of an account that nobody had confirmed before it is not known
who made it: so whatever else opens it ends.
"""

from __future__ import annotations

from typing import Any

from allauth.account import signals
from allauth.account.internal.flows.email_verification import verify_email_indirectly
from allauth.socialaccount.models import SocialAccount
from django.db import transaction
from django.http import HttpRequest

from apps.organizations.audit import record
from apps.organizations.issuing import revoke_token
from apps.organizations.models import ApiToken, User
from apps.organizations.sign_in import is_confirmed


def hand_over_when_reset() -> None:
    """Listen for passwords that are reset by mail; called once, when the service starts."""
    signals.password_reset.connect(_reset, weak=False, dispatch_uid="reclaiming")


def _reset(*, request: HttpRequest, user: User, **_sent: Any) -> None:
    if is_confirmed(user, user.email):
        return
    with transaction.atomic():
        _end_other_ways(user)
        verify_email_indirectly(request, user, user.email)


def _end_other_ways(user: User) -> None:
    """Accounts elsewhere, and programs. Sessions end with the password; a second factor wants a confirmed address."""
    for connected in SocialAccount.objects.filter(user=user):
        connected.delete()
        record(user, "disconnect_account")
    for token in ApiToken.objects.filter(user=user).select_related("organization", "user"):
        revoke_token(token, who=user)
