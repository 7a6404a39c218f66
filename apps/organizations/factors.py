"""Second factors and passkeys: their secrets are encrypted where they are kept."""

from __future__ import annotations

from collections.abc import Iterator

from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn.forms import AddWebAuthnForm
from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.core.sealing import box
from apps.organizations.models import User

_PURPOSE = "second-factor"
_SECRETS = {Authenticator.Type.TOTP: "secret", Authenticator.Type.RECOVERY_CODES: "seed"}
"""Under which name an authenticator keeps what must stay secret. A passkey keeps a public key."""


class SecondFactor(DefaultMFAAdapter):  # type: ignore[misc]  # allauth has no types
    """The second factors of allauth, with secrets that a copy of the database does not give away."""

    def encrypt(self, text: str) -> str:
        return box(_PURPOSE).encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return box(_PURPOSE).decrypt(encrypted_text.encode()).decode()

    def generate_authenticator_name(self, user: User, type: Authenticator.Type) -> str:  # theirs
        kept = Authenticator.objects.filter(user=user, type=type).count()
        return gettext("Passkey {number}").format(number=kept + 1)

    def get_public_key_credential_user_entity(self, user: User) -> dict[str, object]:
        entity: dict[str, object] = super().get_public_key_credential_user_entity(user)
        return entity | {"display_name": user.display_name}


class PasskeyForm(AddWebAuthnForm):  # type: ignore[misc]
    """A new passkey, which is enough to sign in unless its owner says otherwise."""

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"] = forms.CharField(
            label=_("Name"), max_length=100, required=False, help_text=_("To tell it from others: where it is kept.")
        )
        self.fields["passwordless"] = forms.BooleanField(
            label=_("Sign in with it alone, without the password"),
            initial=True,
            required=False,
            help_text=_("It then asks for a fingerprint, a face or a PIN."),
        )
        self.order_fields(["name", "passwordless", "credential"])


def encrypt_anew() -> int:
    """Encrypt every secret with the secret key of today; answers how many there are. Former keys can go then."""
    return sum(1 for _changed in _encrypted_anew())


def _encrypted_anew() -> Iterator[Authenticator]:
    keys = box(_PURPOSE)
    for authenticator in Authenticator.objects.filter(type__in=_SECRETS):
        name = _SECRETS[Authenticator.Type(authenticator.type)]
        authenticator.data[name] = keys.rotate(authenticator.data[name].encode()).decode()
        authenticator.save(update_fields=["data"])
        yield authenticator
