from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class OrganizationsConfig(AppConfig):
    name = "apps.organizations"
    label = "organizations"
    verbose_name = _("People and access")

    def ready(self) -> None:
        from apps.organizations.account_audit import tell_account_changes  # they need the models
        from apps.organizations.reclaiming import hand_over_when_reset

        tell_account_changes()
        hand_over_when_reset()
