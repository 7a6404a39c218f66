"""What may stand in an address where routes of the API and of the pages name something."""

from __future__ import annotations

from django.urls import register_converter
from django.urls.converters import StringConverter

from apps.core.ids import PUBLIC_ID_PATTERN


class PublicIdConverter(StringConverter):
    """``<public_id:name>``: anything else than a public id is no such route."""

    regex = PUBLIC_ID_PATTERN


register_converter(PublicIdConverter, "public_id")
