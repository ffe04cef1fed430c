"""Tries to change evidence as the role of web and worker could, every way a session may try, and takes each try back.

That a trigger is there says little: what counts is that it cannot be talked out of it. All tries are one statement, inside which the
server catches what is refused, so that its log stays quiet; a try that goes through is undone at once and named.
"""

import json

from django.apps import apps
from django.db import connection, models, transaction
from django.db.backends.utils import CursorWrapper

from zartsalgo.lib.evidence import REMOVING, columns_that_may_change, never_deleted
from zartsalgo.roles import APP_ROLE

_TRY_ALL = """
do $$
declare
    tried record;
    gave_way text[] := '{}';
begin
    for tried in select t ->> 0 as what, t ->> 1 as statement from jsonb_array_elements(current_setting('zarts.tries')::jsonb) as t loop
        begin
            execute tried.statement;
            raise exception using errcode = 'ZT001', message = 'it went through';
        exception
            when insufficient_privilege or raise_exception then null;  -- refused, by a right or by a trigger
            when lock_not_available or deadlock_detected then null;  -- somebody works on that row: the next look will say
            when others then gave_way := gave_way || tried.what;  -- through, or stopped by a constraint only after every guard had passed
        end;
    end loop;
    perform set_config('zarts.gave_way', to_json(gave_way)::text, true);
end
$$"""


def find_what_gives_way() -> list[str]:
    """Each try that was not refused, as `table: what was tried`. Acts as zarts_app where the connection may, else as whoever it is: then
    only rows are tried, because an owner may change his tables. Leaves nothing behind; call it in a transaction or outside of one."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("select current_user, to_regrole(%s) is not null and pg_has_role(to_regrole(%s), 'MEMBER')", [APP_ROLE, APP_ROLE])
        user, may_become = cursor.fetchone()
        as_app = user == APP_ROLE or may_become
        if as_app:
            cursor.execute(f"set local role {APP_ROLE}")
        cursor.execute(
            "select set_config('pgtrigger.ignore', (select coalesce(array_agg(tgname::text), '{}')::text from pg_trigger), true),"
            " set_config(%s, 'yes', true)",
            [REMOVING],
        )
        tries = [("every table: triggers switched off for the session", "set local session_replication_role = replica")] if as_app else []
        for model in apps.get_models():
            if never_deleted(model):
                tries += _tries_on(model, cursor=cursor, as_app=as_app)
        cursor.execute("select set_config('zarts.tries', %s, true)", [json.dumps(tries)])
        cursor.execute(_TRY_ALL)
        cursor.execute("select current_setting('zarts.gave_way')")
        found: list[str] = json.loads(cursor.fetchone()[0])
        transaction.set_rollback(True)
    return found


def _tries_on(model: type[models.Model], *, cursor: CursorWrapper, as_app: bool) -> list[tuple[str, str]]:
    """Statements that the database must refuse. Every column that may not change is set to NULL in some row that has a value there; in an
    empty table the missing right alone must refuse it."""
    name, quote = model._meta.db_table, connection.ops.quote_name
    table = quote(name)
    may_change = columns_that_may_change(model)
    columns = [str(field.column) for field in model._meta.concrete_fields]
    fixed = [] if may_change is None else [column for column in columns if column not in may_change]
    filled = ", ".join(f"{quote(column)} is not null" for column in fixed)
    cursor.execute(f"select ctid::text{', ' if filled else ''}{filled} from {table} limit 1")
    row = cursor.fetchone()
    where = f"ctid = '{row[0]}'" if row else "false"
    has_value = dict(zip(fixed, row[1:], strict=True)) if row else dict.fromkeys(fixed, as_app)
    tries = [
        (f"{name}: update {column}", f"update {table} set {quote(column)} = null where {where}") for column in fixed if has_value[column]
    ]
    if as_app or row:
        tries.append((f"{name}: delete", f"delete from {table} where {where}"))
    if as_app:
        tries.append((f"{name}: truncate", f"truncate {table}"))
        tries.append((f"{name}: disable triggers", f"alter table {table} disable trigger user"))
    return tries
