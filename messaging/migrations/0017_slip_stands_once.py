"""A slip stands once, in a table of its own. What messages and tries held of it is carried over, and back.

A message whose newest try was allowed by the very slip it shows points at that one. Ids of these old slips are random ones (version 4), for
none of them comes in the order of time any more. On the way back only the slips that something points at have a place.
"""

import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models

import zartsalgo.lib.evidence
import zartsalgo.lib.ids

# Checked at once: a table with checks that still wait for the commit cannot be altered.
CARRY = """
set constraints all immediate;
with given as (update messaging_attempt set allowed_by_id = gen_random_uuid() returning allowed_by_id, message_id, slip, started_at)
insert into messaging_slip (id, message_id, made_at, verdict, found)
  select allowed_by_id, message_id, coalesce((slip ->> 'made_at')::timestamptz, started_at), coalesce(slip ->> 'verdict', ''), slip from given;
update messaging_message m set newest_slip_id = a.allowed_by_id from messaging_attempt a
 where a.message_id = m.id and a.slip = m.slip and a.n = (select max(n) from messaging_attempt where message_id = m.id);
with given as (update messaging_message set newest_slip_id = gen_random_uuid()
                where newest_slip_id is null and jsonb_typeof(slip) = 'object' returning newest_slip_id, id, slip, created_at)
insert into messaging_slip (id, message_id, made_at, verdict, found)
  select newest_slip_id, id, coalesce((slip ->> 'made_at')::timestamptz, created_at), coalesce(slip ->> 'verdict', ''), slip from given;
"""
CARRY_BACK = """
set constraints all immediate;
update messaging_attempt a set slip = s.found from messaging_slip s where s.id = a.allowed_by_id;
update messaging_message m set slip = s.found from messaging_slip s where s.id = m.newest_slip_id;
"""


class Migration(migrations.Migration):

    dependencies = [
        ('messaging', '0016_revision_of_a_client'),
    ]

    operations = [
        migrations.CreateModel(
            name='Slip',
            fields=[
                ('id', models.UUIDField(default=zartsalgo.lib.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('message', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='slips', to='messaging.message')),
                ('made_at', models.DateTimeField(help_text='By the business clock.')),
                ('verdict', models.CharField(help_text='send, hold or drop', max_length=10)),
                ('found', models.JSONField(help_text='Every check with its values, the reason and the sentence, as the frozen slip says itself in JSON.')),
            ],
        ),
        migrations.AddField(
            model_name='message',
            name='newest_slip',
            field=models.ForeignKey(db_constraint=False, db_index=False, help_text='Of when it was last judged.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='messaging.slip'),
        ),
        migrations.AddField(
            model_name='attempt',
            name='allowed_by',
            field=models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='attempt', to='messaging.slip'),
        ),
        # For the way back, on which the column comes before what stands in it.
        migrations.AlterField(
            model_name='attempt',
            name='slip',
            field=models.JSONField(null=True),
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='attempt',
            name='no_update',
        ),
        migrations.RunSQL(CARRY, CARRY_BACK),
        migrations.RemoveField(
            model_name='attempt',
            name='slip',
        ),
        migrations.RemoveField(
            model_name='message',
            name='slip',
        ),
        migrations.AlterField(
            model_name='attempt',
            name='allowed_by',
            field=models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='attempt', to='messaging.slip'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='attempt',
            trigger=pgtrigger.compiler.Trigger(name='no_update', sql=zartsalgo.lib.evidence.GuardSql(condition='WHEN (OLD."id" IS DISTINCT FROM (NEW."id") OR OLD."message_id" IS DISTINCT FROM (NEW."message_id") OR OLD."n" IS DISTINCT FROM (NEW."n") OR OLD."allowed_by_id" IS DISTINCT FROM (NEW."allowed_by_id") OR OLD."owner" IS DISTINCT FROM (NEW."owner") OR OLD."started_at" IS DISTINCT FROM (NEW."started_at") OR OLD."deadline_at" IS DISTINCT FROM (NEW."deadline_at"))', func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;", hash='338e705f138ca8b3befe4df4e5aba6a6cd45c0da', operation='UPDATE', pgid='pgtrigger_no_update_12072', table='messaging_attempt', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='slip',
            trigger=pgtrigger.compiler.Trigger(name='no_delete', sql=zartsalgo.lib.evidence.GuardSql(func="IF current_setting('zarts.removing_demo_client', true) = 'yes' AND current_user = (SELECT pg_get_userbyid(relowner) FROM pg_class WHERE oid = TG_RELID) THEN RETURN OLD; END IF; RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;", hash='4a5bb71b6c7914ae54fa680e685f135d05bd054e', operation='DELETE', pgid='pgtrigger_no_delete_4ea12', table='messaging_slip', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='slip',
            trigger=pgtrigger.compiler.Trigger(name='no_update', sql=zartsalgo.lib.evidence.GuardSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;", hash='32c2e8ce1a46214bc67bf1def891f54267d19c94', operation='UPDATE', pgid='pgtrigger_no_update_37dea', table='messaging_slip', when='BEFORE')),
        ),
    ]
