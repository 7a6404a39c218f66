from django.apps import AppConfig


class InsightsSiteConfig(AppConfig):
    name = "insights_site"

    def ready(self) -> None:
        from insights_site import celery  # noqa: F401  # the app of every shared task, in whatever process
