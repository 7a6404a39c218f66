"""What every form about erasing and exporting shares."""

from __future__ import annotations

from typing import Any

from django import forms

from apps.core.errors import Refusal
from apps.events.store import get_store

LONGEST_ID = 256
"""Characters of a visitor id, as for events."""


class StoreForm(forms.Form):
    """A form that is refused while the store cannot be reached: what it asks for could not be done."""

    def clean(self) -> dict[str, Any]:
        try:
            get_store()
        except Refusal as error:
            raise forms.ValidationError(error.message) from error
        return super().clean() or {}
