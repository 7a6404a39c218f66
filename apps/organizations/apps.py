from django.apps import AppConfig


class OrganizationsConfig(AppConfig):
    name = "apps.organizations"
    label = "organizations"

    def ready(self) -> None:
        from apps.organizations.account_audit import tell_account_changes  # it needs the models

        tell_account_changes()
