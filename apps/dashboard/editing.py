"""Who may change what a site's people share, how it is kept and deleted, and that it is told in the audit."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest
from django.utils.translation import gettext as _

from apps.dashboard.frames import membership
from apps.organizations.audit import record
from apps.organizations.models import Role, User
from apps.organizations.people import who_of
from apps.sites.models import Site


def may_edit(request: HttpRequest, site: Site) -> bool:
    """Whether the reader is an editor or an owner."""
    return Role(membership(request, site).role).can_edit


def editor(request: HttpRequest, site: Site) -> User:
    """The reader, who is an editor or an owner; raises ``PermissionDenied`` for anybody else."""
    if not may_edit(request, site):
        raise PermissionDenied
    return who_of(request)


class KeptForm(forms.ModelForm):  # type: ignore[type-arg]  # generic to the type checker alone
    """The title of something that a site's people keep; its instance has a site. ``noun`` is its word in the audit."""

    noun: ClassVar[str]

    def save_as(self, who: User) -> bool:
        """Keep it, and say so in the audit; false where it cannot be kept, which is then an error of the form."""
        kept = self.instance
        what = "save" if kept.pk is None else "rename"
        with transaction.atomic():
            kept.save()
            record(who, f"{what}_{self.noun}", site=kept.site, details={self.noun: kept.public_id})
        return True


def keep(request: HttpRequest, form: KeptForm) -> bool:
    """Keep what an editor's form says, and tell them; false where it was rejected.

    Raises ``PermissionDenied`` for who is no editor.
    """
    who = editor(request, form.instance.site)
    if not form.is_valid() or not form.save_as(who):
        return False
    messages.success(request, _("Saved."))
    return True


def forget(request: HttpRequest, kept: Any, noun: str) -> None:
    """Delete what an editor wants deleted, and say so in the audit; raises ``PermissionDenied`` for anybody else."""
    who = editor(request, kept.site)
    with transaction.atomic():
        record(who, f"delete_{noun}", site=kept.site, details={noun: kept.public_id})
        kept.delete()
