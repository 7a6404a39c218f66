"""Sites and what may be tracked on them."""

from __future__ import annotations

from ipaddress import ip_network
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.core.clock import utc_now
from apps.core.hashing import new_key
from apps.core.ids import new_site_id
from apps.core.zones import find_zone
from apps.organizations.models import ApiToken, Membership, Organization, User
from apps.sites.share_links import ShareLink

__all__ = ["IngestPolicy", "ShareLink", "Site", "SiteQuerySet", "Visibility"]

MAX_RETENTION_MONTHS = 1200
MAX_EXCLUSIONS = 100
MAX_PATTERN_CHARACTERS = 500


class Visibility(models.TextChoices):
    """Who may read the documentation. Source: the published ``SiteVisibility``."""

    PUBLIC = "public", _("Public")
    UNLISTED = "unlisted", _("Unlisted")
    SHARE_LINK = "share-link", _("Share link")
    VISITOR_AUTH = "visitor-auth", _("Signed-in visitors")


class IngestPolicy(models.TextChoices):
    """Who may track. Source: contract.md, Who may track."""

    PUBLIC = "public", _("Browsers may track without a token")
    TOKEN = "token", _("Only with a token")  # the policy's name


def validate_hostnames(value: object) -> None:
    """Refuse anything but a list of bare lower-case host names."""
    if not isinstance(value, list) or not all(isinstance(host, str) for host in value):
        raise ValidationError(_("Expected a list of host names."))
    for host in value:
        if not host or host != host.lower() or urlsplit(f"//{host}").hostname != host:
            raise ValidationError(_("“%(host)s” is not a lower-case host name without a port."), params={"host": host})


def validate_networks(value: object) -> None:
    """Refuse anything but a list of IPv4 and IPv6 networks or addresses, none with bits beyond its prefix."""
    for text in _texts(value, "Expected a list of networks."):
        try:
            ip_network(text)
        except ValueError:
            raise ValidationError(
                _("“%(text)s” is not a network such as 192.0.2.0/24."), params={"text": text}
            ) from None


def validate_paths(value: object) -> None:
    """Refuse anything but a list of paths that begin with a slash (or a star), without query and fragment."""
    for text in _texts(value, "Expected a list of paths."):
        if not text.startswith(("/", "*")) or len(text) > MAX_PATTERN_CHARACTERS or not text.isprintable():
            raise ValidationError(_("“%(text)s” is not a path such as /drafts/*."), params={"text": text})
        if "?" in text or "#" in text:
            raise ValidationError(_("“%(text)s” has more than a path."), params={"text": text})


def _texts(value: object, complaint: str) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(text, str) for text in value):
        raise ValidationError(_(complaint))
    if len(value) > MAX_EXCLUSIONS:
        raise ValidationError(_("Expected at most %(most)d entries."), params={"most": MAX_EXCLUSIONS})
    return value


class SiteQuerySet(models.QuerySet["Site"]):
    def visible_to(self, user: User | AnonymousUser) -> SiteQuerySet:
        """The sites of the organizations that ``user`` is a member of; for a limited reader only those listed."""
        if not isinstance(user, User):
            return self.none()
        return self.filter(Membership.objects.opening(user))

    def for_token(self, token: ApiToken) -> SiteQuerySet:
        """The sites of its organization that ``token`` reaches: those that its person may see and it is limited to."""
        visible = self if token.user is None else self.visible_to(token.user)
        reachable = visible.filter(organization=token.organization_id)
        return reachable.filter(tokens=token) if token.only_some_sites else reachable


class Site(models.Model):
    """A documentation site whose visits are counted."""

    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="sites")
    public_id = models.CharField(max_length=64, unique=True, default=new_site_id, editable=False)
    title = models.CharField(max_length=128)
    url = models.URLField(max_length=2048, blank=True, help_text=_("Where the documentation is published."))
    visibility = models.CharField(max_length=16, choices=Visibility.choices, default=Visibility.PUBLIC)
    ingest_policy = models.CharField(max_length=8, choices=IngestPolicy.choices, default=IngestPolicy.PUBLIC)
    ingest_paused = models.BooleanField(
        _("ingest is paused"),
        default=False,
        help_text=_("While it is, events are refused, with a token or without; what was counted before stays."),
    )
    hostnames = models.JSONField(
        default=list,
        blank=True,
        validators=[validate_hostnames],
        help_text=_("Where this lists hosts, events must be on one of them. Empty: any host."),
    )
    time_zone = models.CharField(max_length=64, default="UTC", help_text=_("IANA name; the pages draw days in it."))
    retention_months = models.PositiveSmallIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(MAX_RETENTION_MONTHS)],
        help_text=_("Older events are deleted every night, and cannot be brought back. Empty: they are kept for ever."),
    )
    excluded_addresses = models.JSONField(
        _("excluded addresses"),
        default=list,
        blank=True,
        validators=[validate_networks],
        help_text=_("Networks (CIDR) that are not counted, such as your own offices."),
    )
    excluded_hostnames = models.JSONField(
        _("excluded hostnames"),
        default=list,
        blank=True,
        validators=[validate_hostnames],
        help_text=_("Hosts that are not counted, such as staging.acme.example."),
    )
    excluded_paths = models.JSONField(
        _("excluded paths"),
        default=list,
        blank=True,
        validators=[validate_paths],
        help_text=_("Paths that are not counted; * stands for any characters: /drafts/*."),
    )
    exclude_bots = models.BooleanField(
        _("exclude bots"), default=False, help_text=_("Bots are not counted at all, not even as bots.")
    )
    cookieless = models.BooleanField(
        _("without ids from the browser"),
        default=False,
        help_text=_(
            "Visitors are told apart by address and browser with a salt that changes every day: nothing is kept in"
            " browsers, and nobody is known again the next day."
        ),
    )
    honour_privacy_signals = models.BooleanField(
        _("honour privacy signals"),
        default=True,
        help_text=_("Readers whose browsers send Global Privacy Control or Do Not Track are not counted."),
    )
    hash_key = models.BinaryField(default=new_key, editable=False)
    created_at = models.DateTimeField(default=utc_now, editable=False)

    objects = SiteQuerySet.as_manager()

    class Meta:
        ordering = ("title", "pk")

    def __str__(self) -> str:
        return self.title

    @property
    def zone(self) -> ZoneInfo:
        """Its time zone; UTC where the name is not one that this machine knows."""
        return find_zone(self.time_zone) or ZoneInfo("UTC")
