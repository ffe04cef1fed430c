"""The project's own app (people, clock, signs of life) and Django's admin in our skin."""

from django.apps import AppConfig, apps
from django.conf import settings
from django.contrib.admin.apps import SimpleAdminConfig
from django.db.models.signals import post_migrate


class Zartsalgo(AppConfig):
    name = "zartsalgo"
    verbose_name = "People and access"

    def ready(self) -> None:
        from messaging import purposes
        from portal import texts
        from zartsalgo import celery_app, checks  # noqa: F401  registers the system checks
        from zartsalgo.roles import grant_rows
        from zartsalgo.seeds import make_groups

        texts.name_purposes(by=purposes.named)
        # `script/manage` learns the broker's address only after this package was imported.
        celery_app.conf.update(broker_url=settings.REDIS_URL)
        # Sent once per app after all have migrated; at the last app's turn every table and permission exists.
        last = list(apps.get_app_configs())[-1]
        post_migrate.connect(make_groups, sender=last)
        post_migrate.connect(grant_rows, sender=last)


class OfficeAdmin(SimpleAdminConfig):
    """What is shown is loaded with the addresses (zartsalgo.urls): worker, beat and ticker show nothing."""

    default_site = "zartsalgo.admin_site.OfficeSite"
