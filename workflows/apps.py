from contextlib import suppress

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class Workflows(AppConfig):
    name = "workflows"
    verbose_name = "Automation"

    def ready(self) -> None:
        from workflows.registry import publish, workflows

        # A catalog file names the purposes of its texts; whoever judges or shows a text knows them from the start on. A file that cannot
        # be loaded is told by the system check (zarts.E005).
        with suppress(ImportError, ValueError):
            workflows()
        post_migrate.connect(publish, sender=self)
