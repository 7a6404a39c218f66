from django.apps import AppConfig
from django.db.models.signals import post_delete


class KeepingConfig(AppConfig):
    name = "apps.keeping"
    label = "keeping"

    def ready(self) -> None:
        from apps.keeping.asking import site_was_deleted
        from apps.sites.models import Site

        post_delete.connect(site_was_deleted, sender=Site, dispatch_uid="keeping")
