from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class EventsConfig(AppConfig):
    name = "apps.events"
    label = "events"
    verbose_name = _("Tracking")

    def ready(self) -> None:
        from apps.events import checks  # noqa: F401  # registers them
