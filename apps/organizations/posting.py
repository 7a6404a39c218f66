"""Mails of the sign-in. They are sent in the background, and no queue holds one in the clear: they open accounts."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from django.core.mail import EmailMessage, send_mail
from django.core.mail.backends.base import BaseEmailBackend

from apps.core.errors import Unavailable
from apps.core.sealing import Broken, seal, unseal

log = logging.getLogger(__name__)

LASTS = 86_400
"""Seconds after which a mail that still waits is not sent any more, as its link may not work any more."""
_PURPOSE = "mail"


class InBackground(BaseEmailBackend):
    """A way for mails, of text alone, that leads to the queue."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        from apps.organizations.tasks import send_sealed_mail  # it imports this module

        for message in email_messages:
            send_sealed_mail.enqueue(sealed(message))
        return len(email_messages)


def sealed(message: EmailMessage) -> str:
    """A mail, encrypted."""
    fields = {"subject": str(message.subject), "message": message.body, "recipient_list": list(message.to)}
    return seal(_PURPOSE, fields)


def send_sealed(mail: str) -> None:
    """Send a mail that was sealed. One that is too old, or under a key that is not known any more, is left out.

    Raises ``Unavailable`` while the mail server takes nothing.
    """
    try:
        fields = unseal(_PURPOSE, mail, seconds=LASTS)
    except Broken:
        log.warning("A mail was not sent: it had waited for too long, or its key is not known any more.")
        return
    try:
        send_mail(from_email=None, **fields)
    except OSError as error:  # SMTPException is one
        raise Unavailable("The mail server takes nothing now.") from error
