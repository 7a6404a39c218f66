"""Values of events in words, for templates that show them as they are stored."""

from __future__ import annotations

from django import template

from apps.dashboard import labels

register = template.Library()

register.filter("event_type", labels.event_type)
register.filter("country", labels.country)
register.filter("technology", labels.technology)
register.filter("bot", labels.bot)
