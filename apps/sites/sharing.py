"""What is done with share links: they are made, opened, given another password, revoked. The audit tells of changes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.contrib.auth.hashers import make_password
from django.db import transaction

from apps.core.clock import utc_now
from apps.organizations.audit import record
from apps.organizations.models import User
from apps.sites.models import ShareLink, Site
from apps.sites.share_links import hash_of, new_token


@transaction.atomic
def create_link(
    *,
    site: Site,
    who: User,
    title: str,
    report: str,
    parameters: str = "",
    password: str = "",
    expires_at: datetime | None = None,
    embed_hosts: Sequence[str] = (),
) -> tuple[ShareLink, str]:
    """Make a link; returns the row and the token of its address, which cannot be shown again.

    ``expires_at`` is aware. Raises ``ValidationError`` where a field makes no sense.
    """
    token = new_token()
    link = ShareLink(
        site=site,
        title=title,
        report=report,
        parameters=parameters,
        token_hash=hash_of(token),
        password=_hashed(password),
        expires_at=expires_at,
        embed_hosts=list(embed_hosts),
        created_by=who,
    )
    link.clean_fields()
    link.save()
    details = {
        "report": report,
        "password": link.has_password,
        "expires_at": f"{expires_at:%Y-%m-%dT%H:%M:%S%z}" if expires_at else None,
        "embed_hosts": link.embed_hosts,
    }
    _note("create_share_link", link, who, details)
    return link, token


def open_link(token: str, *, now: datetime) -> ShareLink | None:
    """The usable link of a token. Unknown, revoked and expired ones are all ``None``, by the same one question.

    The database compares hashes, not tokens: how long it takes tells nothing of a token.
    """
    link = ShareLink.objects.usable(now).with_token(token).select_related("site").first()
    if link is not None:
        link.rehash(token)
    return link


@transaction.atomic
def change_password(link: ShareLink, password: str, *, who: User) -> None:
    """From now on the link asks for this password, or for none where it is empty. Whoever was let in is out."""
    link.password = _hashed(password)
    link.save(update_fields=["password"])
    _note("change_share_link_password", link, who, {"password": link.has_password})


@transaction.atomic
def revoke_link(link: ShareLink, *, who: User) -> bool:
    """End the link for good; whether it had not been ended before."""
    now = utc_now()
    if not ShareLink.objects.not_revoked().filter(pk=link.pk).update(revoked_at=now):
        return False
    link.revoked_at = now
    _note("revoke_share_link", link, who, {})
    return True


def _hashed(password: str) -> str:
    return make_password(password) if password else ""


def _note(what: str, link: ShareLink, who: User, details: dict[str, Any]) -> None:
    record(who, what, site=link.site, details={"link": link.public_id} | details)
