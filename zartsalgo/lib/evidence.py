"""Append-only tables: the database itself refuses to change or delete evidence, whoever asks.

Personal fields stand in columns of their own that may only become NULL (erasure, expiry). Columns named in `may_change` are the
bookkeeping of a row (how often a repeat came, when it was worked off), never what happened.

django-pgtrigger writes the triggers and their migrations, but its own functions first look whether the session setting `pgtrigger.ignore`
names them, and any role may set that. Ours (`GuardSql`) look at nothing a session can say. One way through is left, and only to the owner
of the table: its function that removes a demo client (REMOVING). Beside the triggers, zartsalgo.roles grants the app those columns alone
that may change.
"""

from typing import Any

import pgtrigger
from django.db import models
from pgtrigger import compiler

# Set by the owner's function while it removes a demo client (zartsalgo/migrations). From anybody else the setting means nothing.
REMOVING = "zarts.removing_demo_client"
_LET_THE_OWNER_REMOVE = f"""
    IF current_setting('{REMOVING}', true) = 'yes'
            AND current_user = (SELECT pg_get_userbyid(relowner) FROM pg_class WHERE oid = TG_RELID) THEN
        RETURN OLD;
    END IF;
"""


class GuardSql(compiler.UpsertTriggerSql):
    """What is run to make a trigger, without pgtrigger's escape. Migrations name this class: the template must not change its meaning."""

    def get_template(self) -> str:
        return """
            CREATE OR REPLACE FUNCTION {pgid}() RETURNS TRIGGER LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
                {declare}
                BEGIN
                    {func}
                END;
            $$;

            DROP TRIGGER IF EXISTS {pgid} ON {table};
            CREATE {constraint} TRIGGER {pgid}
                {when} {operation} ON {table}
                {timing}
                {referencing}
                FOR EACH {level} {condition}
                EXECUTE PROCEDURE {execute};

            COMMENT ON TRIGGER {pgid} ON {table} IS '{hash}';
        """


def _without_escape(made: compiler.Trigger) -> compiler.Trigger:
    return compiler.Trigger(
        name=made.name, sql=GuardSql(**{name: value for name, value in made.sql.kwargs.items() if name != "ignore_func_name"})
    )


class Trigger(pgtrigger.Trigger):
    """A trigger with words of its own."""

    def compile(self, model: models.Model) -> compiler.Trigger:
        return _without_escape(super().compile(model))


class Protect(pgtrigger.Protect):
    """Refuses the operation, where the condition holds."""

    def compile(self, model: models.Model) -> compiler.Trigger:
        return _without_escape(super().compile(model))

    def get_func(self, model: models.Model) -> str:
        refusal: str = super().get_func(model)  # type: ignore[no-untyped-call]
        return self.format_sql(_LET_THE_OWNER_REMOVE + refusal) if self.operation == pgtrigger.Delete else refusal


class ReadOnly(pgtrigger.ReadOnly):
    """Refuses a change outside the fields in `exclude`."""

    def compile(self, model: models.Model) -> compiler.Trigger:
        return _without_escape(super().compile(model))


def append_only(*, erasable: tuple[str, ...] = (), erasable_links: tuple[str, ...] = (), may_change: tuple[str, ...] = ()) -> list[Any]:
    """Triggers for a model's Meta: no delete, no update outside `may_change`; `erasable` fields and `erasable_links` (foreign keys)
    may only become NULL."""
    free = [*may_change, *erasable, *erasable_links]
    columns = [*erasable, *(f"{link}_id" for link in erasable_links)]
    triggers: list[Any] = [
        Protect(name="no_delete", operation=pgtrigger.Delete),
        ReadOnly(name="no_update", exclude=free) if free else Protect(name="no_update", operation=pgtrigger.Update),
    ]
    if columns:
        changed = (f'(NEW."{column}" IS NOT NULL AND NEW."{column}" IS DISTINCT FROM OLD."{column}")' for column in columns)
        rewritten = pgtrigger.Condition(f"({' OR '.join(changed)})")
        triggers.append(Protect(name="only_erasure", operation=pgtrigger.Update, condition=rewritten))
    return triggers


def never_deleted(model: type[models.Model]) -> bool:
    """Whether no row of it is ever deleted; a trigger with a condition (a draft may go, a published text not) is another matter."""
    return any(trigger.name == "no_delete" and trigger.condition is None for trigger in getattr(model._meta, "triggers", []))


def columns_that_may_change(model: type[models.Model]) -> list[str] | None:
    """Of an append-only table the columns an UPDATE may name, erasable ones included; None where the table is not append-only."""
    for trigger in getattr(model._meta, "triggers", []):
        if trigger.name == "no_update":
            free = set(getattr(trigger, "exclude", None) or ())
            return [str(field.column) for field in model._meta.concrete_fields if field.name in free]
    return None
