from django.apps import AppConfig
from django.db.models.signals import post_migrate


class Messaging(AppConfig):
    name = "messaging"
    verbose_name = "Messages"

    def ready(self) -> None:
        from messaging.templates import seed_agency_templates

        post_migrate.connect(seed_agency_templates, sender=self)
