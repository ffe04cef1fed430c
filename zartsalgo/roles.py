"""What each role of the database may do. Said anew after every migration, so that a new table is never forgotten and never open.

zarts_app owns nothing: rows only; it cannot change a trigger, a constraint or a table. On append-only tables it may not delete at all, and
an UPDATE (a row lock too) may name only the columns that may change; the triggers stand behind that for everybody. zarts_portal has nothing here: its views stand in a schema of their own
(portal/migrations/0002_views.py), and what Postgres gives to everybody by default is taken back.
"""

from typing import Any

from django.apps import apps
from django.db import connection

from zartsalgo.lib.evidence import columns_that_may_change, never_deleted

APP_ROLE = "zarts_app"
PORTAL_ROLE = "zarts_portal"
PORTAL_OWNER = "zarts_portal_views"

# By default everybody may look into schema public, call every function in it and make temporary tables.
_FOR_NOBODY = (
    "revoke all on schema public from public",
    "revoke all on all tables in schema public from public",
    "revoke all on all sequences in schema public from public",
    "revoke all on all functions in schema public from public",
    "alter default privileges revoke execute on functions from public",
)
_FOR_THE_APP = (
    f"grant usage on schema public to {APP_ROLE}",
    f"grant select, insert, update, delete on all tables in schema public to {APP_ROLE}",
    f"grant usage, select on all sequences in schema public to {APP_ROLE}",
    f"grant execute on all functions in schema public to {APP_ROLE}",
    f"revoke insert, update, delete, truncate on django_migrations from {APP_ROLE}",
)
_FOR_THE_PORTAL = (
    f"revoke all on schema public from {PORTAL_ROLE}",
    f"revoke all on all tables in schema public from {PORTAL_ROLE}",
    f"revoke all on all sequences in schema public from {PORTAL_ROLE}",
    f"revoke all on all functions in schema public from {PORTAL_ROLE}",
    f"grant usage on schema public to {PORTAL_OWNER}",
)


def grant_rows(**kwargs: Any) -> None:
    """Grant and take back for every role that exists. Nothing to do on a server without our roles (a check names what is missing)."""
    with connection.cursor() as cursor:
        cursor.execute("select rolname from pg_roles where rolname = any(%s)", [[APP_ROLE, PORTAL_ROLE, PORTAL_OWNER]])
        there = {row[0] for row in cursor.fetchall()}
        if APP_ROLE not in there:
            return
        cursor.execute("select format('revoke temporary on database %I from public', current_database())")
        statements = [cursor.fetchone()[0], *_FOR_NOBODY, *_FOR_THE_APP]
        if {PORTAL_ROLE, PORTAL_OWNER} <= there:
            statements += _FOR_THE_PORTAL
        for model in apps.get_models():
            table = f'"{model._meta.db_table}"'
            if never_deleted(model):
                statements.append(f"revoke delete, truncate on {table} from {APP_ROLE}")
            free = columns_that_may_change(model)
            if free is not None:
                statements.append(f"revoke update on {table} from {APP_ROLE}")
            if free:
                columns = ", ".join(f'"{column}"' for column in free)
                statements.append(f"grant update ({columns}) on {table} to {APP_ROLE}")
        cursor.execute("; ".join(statements))
