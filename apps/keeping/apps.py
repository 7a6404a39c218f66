from django.apps import AppConfig
from django.db.models.signals import pre_delete


class KeepingConfig(AppConfig):
    name = "apps.keeping"
    label = "keeping"

    def ready(self) -> None:
        from apps.keeping.asking import site_is_deleted
        from apps.sites.models import Site

        pre_delete.connect(site_is_deleted, sender=Site, dispatch_uid="keeping")
