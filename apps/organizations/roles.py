"""What a member may do."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Role(models.TextChoices):
    """What a member may do: owners manage people, editors change sites, readers look."""

    OWNER = "owner", _("Owner")
    EDITOR = "editor", _("Editor")
    READER = "reader", _("Reader")

    @property
    def can_edit(self) -> bool:
        return self in (Role.OWNER, Role.EDITOR)
