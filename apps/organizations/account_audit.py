"""The audit of what people do with their own accounts: told as allauth signals it, of no organization."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from allauth.account import signals as account
from allauth.mfa import signals as factors
from allauth.socialaccount import signals as elsewhere
from django.dispatch import Signal

from apps.organizations.audit import record

Details = Callable[[dict[str, Any]], dict[str, Any]]


def _nothing(_sent: dict[str, Any]) -> dict[str, Any]:
    return {}


def _kind_of_factor(sent: dict[str, Any]) -> dict[str, Any]:
    return {"kind": str(sent["authenticator"].type)}


_TOLD: tuple[tuple[Signal, str, Details], ...] = (
    (account.user_signed_up, "sign_up", _nothing),
    (account.password_set, "set_password", _nothing),
    (account.password_changed, "change_password", _nothing),
    (account.password_reset, "reset_password", _nothing),
    (account.email_added, "add_address", _nothing),
    (account.email_changed, "change_address", _nothing),
    (account.email_confirmed, "confirm_address", _nothing),
    (account.email_removed, "remove_address", _nothing),
    (factors.authenticator_added, "add_factor", _kind_of_factor),
    (factors.authenticator_removed, "remove_factor", _kind_of_factor),
    (factors.authenticator_reset, "renew_factor", _kind_of_factor),
    (elsewhere.social_account_added, "connect_account", _nothing),
    (elsewhere.social_account_removed, "disconnect_account", _nothing),
)


def _person_of(sent: dict[str, Any]) -> Any:
    for name in ("email_address", "sociallogin", "socialaccount"):
        if name in sent and "user" not in sent:
            return sent[name].user
    return sent["user"]


def tell_account_changes() -> None:
    """Connect the audit with every signal of a changed account; called once, when the service starts."""
    for signal, what, details in _TOLD:
        _connect(signal, what, details)


def _connect(signal: Signal, what: str, details: Details) -> None:
    def told(**sent: Any) -> None:
        record(_person_of(sent), what, details=details(sent))

    signal.connect(told, weak=False, dispatch_uid=f"audit:{what}")
