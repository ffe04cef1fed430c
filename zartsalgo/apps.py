"""The project's own app (people, clock, signs of life) and Django's admin in our skin."""

from typing import Any

from django.apps import AppConfig, apps
from django.conf import settings
from django.contrib.admin import autodiscover
from django.contrib.admin.apps import SimpleAdminConfig
from django.contrib.admin.checks import check_admin_app, check_dependencies
from django.core.checks import CheckMessage, Tags, register
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
    """What is shown is loaded with the addresses (zartsalgo.urls), or for the checks: worker, beat and ticker show nothing."""

    default_site = "zartsalgo.admin_site.OfficeSite"

    def ready(self) -> None:
        register(_check_what_is_shown, Tags.admin)


def _check_what_is_shown(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Django's own check of the admin, once everything is registered there: without that it would look at an empty site."""
    autodiscover()
    return [*check_admin_app(app_configs=app_configs), *check_dependencies(app_configs=app_configs)]
