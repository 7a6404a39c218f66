from django.apps import AppConfig
from django.db.models.signals import m2m_changed, post_delete, post_save


class ApiConfig(AppConfig):
    name = "apps.api"
    label = "api"

    def ready(self) -> None:
        # Not a message between apps: only this process's own memory of rows is dropped when they change.
        from apps.api.caches import forget_after_change
        from apps.organizations.models import ApiToken, Membership, Organization, User
        from apps.sites.models import Site

        for model in (ApiToken, Membership, Organization, User, Site):
            for signal in (post_save, post_delete):
                signal.connect(forget_after_change, sender=model, dispatch_uid=f"api-memory-{model.__name__}")
        for through in (ApiToken.sites.through, Membership.sites.through):
            m2m_changed.connect(forget_after_change, sender=through, dispatch_uid=f"api-memory-{through.__name__}")
