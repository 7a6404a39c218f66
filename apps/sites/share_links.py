"""Share links: whoever has one sees one report of one site, narrowed as its owner left it."""

from __future__ import annotations

import re
import secrets
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth.hashers import check_password
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.core.clock import utc_now
from apps.core.ids import new_share_link_id
from apps.core.secret_hashes import secret_hash, secret_hashes
from apps.organizations.models import Membership, User

MAX_PARAMETERS_CHARACTERS = 8_000
MAX_EMBED_HOSTS = 50
LONGEST_PASSWORD = 128
"""In characters: hashing a longer one would only cost time."""

_PURPOSE = "share-link"
_TOKEN_BYTES = 24
_LONGEST_HOST = 253
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_HOST = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")
_ANY_BELOW = re.compile(rf"\*\.{_LABEL}(?:\.{_LABEL})+")
"""A star in front of at least two labels: ``*.example`` would be everybody's."""


def validate_embed_hosts(value: object) -> None:
    """Refuse anything but a list of lower-case ASCII host names, with ``*.`` in front where any below it is meant.

    They are written into a header, so nothing that could end a word there gets through.
    """
    if not isinstance(value, list) or not all(isinstance(host, str) for host in value):
        raise ValidationError(_("Expected a list of host names."))
    if len(value) > MAX_EMBED_HOSTS:
        raise ValidationError(_("Expected at most %(most)d hosts."), params={"most": MAX_EMBED_HOSTS})
    for host in value:
        is_name = _HOST.fullmatch(host) or _ANY_BELOW.fullmatch(host)
        if not is_name or len(host) > _LONGEST_HOST:
            raise ValidationError(
                _("“%(host)s” is not a lower-case host name such as docs.acme.example or *.acme.example."),
                params={"host": host},
            )


def new_token() -> str:
    """192 random bits, as they stand in the link's address."""
    return secrets.token_urlsafe(_TOKEN_BYTES)


def hash_of(token: str) -> str:
    """What is kept of a token: a keyed hash; the key is derived from the service's secret key."""
    return secret_hash(_PURPOSE, token)


class ShareLinkQuerySet(models.QuerySet["ShareLink"]):
    def visible_to(self, user: User | AnonymousUser) -> ShareLinkQuerySet:
        """The links to the sites that ``user`` may see."""
        if not isinstance(user, User):
            return self.none()
        return self.filter(Membership.objects.opening(user, site="site", organization="site__organization"))

    def not_revoked(self) -> ShareLinkQuerySet:
        """Links that nobody ended; time may have."""
        return self.filter(revoked_at__isnull=True)

    def usable(self, now: datetime) -> ShareLinkQuerySet:
        """Links that are neither revoked nor expired."""
        return self.not_revoked().filter(Q(expires_at__isnull=True) | Q(expires_at__gt=now))

    def with_token(self, token: str) -> ShareLinkQuerySet:
        """The link whose address ends with ``token``, also where its hash was made under an older secret key."""
        return self.filter(token_hash__in=secret_hashes(_PURPOSE, token))


class ShareLink(models.Model):
    """A way to one report for people without an account. It outlives the membership of whoever made it.

    Of the token in its address only a keyed hash is kept; the address is shown once, by whoever called
    ``sharing.create_link``.
    """

    site = models.ForeignKey("sites.Site", on_delete=models.CASCADE, related_name="share_links")
    public_id = models.CharField(max_length=64, unique=True, default=new_share_link_id, editable=False)
    title = models.CharField(max_length=128, help_text=_("Whoever has the link reads it above the report."))
    report = models.CharField(max_length=64, help_text=_("Name of a report."))
    parameters = models.TextField(
        blank=True,
        validators=[MaxLengthValidator(MAX_PARAMETERS_CHARACTERS)],
        help_text=_("What the report is narrowed to, as in the address of its page: range=7d."),
    )
    token_hash = models.CharField(max_length=64, unique=True, editable=False)
    password = models.CharField(max_length=255, blank=True, editable=False, help_text=_("A hash. Empty: none."))
    expires_at = models.DateTimeField(null=True, blank=True, help_text=_("Empty: never."))
    embed_hosts = models.JSONField(
        default=list,
        blank=True,
        validators=[validate_embed_hosts],
        help_text=_("Hosts whose pages may show the report in a frame. Empty: none."),
    )
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="share_links", editable=False
    )
    created_at = models.DateTimeField(default=utc_now, editable=False)
    revoked_at = models.DateTimeField(null=True, blank=True, editable=False)
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = ShareLinkQuerySet.as_manager()

    class Meta:
        ordering = ("-created_at", "-pk")

    def __str__(self) -> str:
        return self.title

    @property
    def has_password(self) -> bool:
        return bool(self.password)

    def is_password(self, text: str) -> bool:
        """Whether ``text`` is the link's password; of a link without one, nothing is."""
        return self.has_password and check_password(text, self.password)

    def is_over(self, now: datetime) -> bool:
        """Whether its time has ended."""
        return self.expires_at is not None and self.expires_at <= now

    def touch(self, now: datetime) -> None:
        """Note the use, at most once a minute."""
        if self.last_used_at is None or now - self.last_used_at > timedelta(minutes=1):
            type(self).objects.filter(pk=self.pk).update(last_used_at=now)
            self.last_used_at = now

    def rehash(self, token: str) -> None:
        """Keep ``token``, which is this link's, as a hash under the secret key of now."""
        fresh = hash_of(token)
        if self.token_hash != fresh:
            type(self).objects.filter(pk=self.pk).update(token_hash=fresh)
            self.token_hash = fresh
