from django.apps import AppConfig
from django.db.models.signals import post_migrate


class Workflows(AppConfig):
    name = "workflows"
    verbose_name = "Automation"

    def ready(self) -> None:
        from workflows.registry import publish

        post_migrate.connect(publish, sender=self)
