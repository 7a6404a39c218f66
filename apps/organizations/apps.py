from django.apps import AppConfig


class OrganizationsConfig(AppConfig):
    name = "apps.organizations"
    label = "organizations"

    def ready(self) -> None:
        from apps.organizations.account_audit import tell_account_changes  # they need the models
        from apps.organizations.reclaiming import hand_over_when_reset

        tell_account_changes()
        hand_over_when_reset()
