"""What the web and worker role may do: rows only. Granted after every migration, so a new table is never forgotten.

zarts_app owns nothing: it cannot change a trigger, a constraint or a table. On append-only tables it may not delete at all; the
triggers stand behind that for everybody.
"""

from typing import Any

from django.apps import apps
from django.db import connection

APP_ROLE = "zarts_app"


def grant_rows(**kwargs: Any) -> None:
    """Grant zarts_app rows in every table; take back DELETE where evidence is kept. Nothing to do where the role does not exist."""
    with connection.cursor() as cursor:
        cursor.execute("select 1 from pg_roles where rolname = %s", [APP_ROLE])
        if cursor.fetchone() is None:
            return
        cursor.execute(f"grant usage on schema public to {APP_ROLE}")
        cursor.execute(f"grant select, insert, update, delete on all tables in schema public to {APP_ROLE}")
        cursor.execute(f"grant usage, select on all sequences in schema public to {APP_ROLE}")
        cursor.execute(f"revoke insert, update, delete, truncate on django_migrations from {APP_ROLE}")
        for model in apps.get_models():
            names = {trigger.name for trigger in getattr(model._meta, "triggers", [])}
            if "no_delete" in names:
                cursor.execute(f'revoke delete, truncate on "{model._meta.db_table}" from {APP_ROLE}')
