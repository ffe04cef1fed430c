"""The function that removes a demo client no longer switches triggers off by a setting that any role may set.

It says what it does in a setting of its own, which the triggers believe only where the table's owner acts (zartsalgo/lib/evidence.py), and
whoever calls the function acts as the owner only inside it. Everything else about it stays as 0004 made it.
"""

from importlib import import_module

from django.db import migrations

BEFORE = import_module("zartsalgo.migrations.0004_remove_demo_client").CREATE.split("revoke all on function")[0]
BEFORE = BEFORE.replace("create function", "create or replace function", 1)
_SWITCHED_OFF = """        perform set_config('pgtrigger.ignore',
            (select coalesce(array_agg(tgname::text), '{}')::text from pg_trigger where tgname like 'pgtrigger\\_no\\_delete\\_%'), true);
"""
_SWITCHED_ON = "        perform set_config('pgtrigger.ignore', '{}', true);\n"
AFTER = BEFORE.replace(_SWITCHED_OFF, "        perform set_config('zarts.removing_demo_client', 'yes', true);\n")
AFTER = AFTER.replace(_SWITCHED_ON, "        perform set_config('zarts.removing_demo_client', '', true);\n")


class Migration(migrations.Migration):
    dependencies = [("zartsalgo", "0006_evidence_without_escape")]

    operations = [migrations.RunSQL(AFTER, BEFORE)]
