import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('messaging', '0005_opt_outs_stamped_and_unsent_declared'),
    ]

    operations = [
        migrations.AddField(
            model_name='template',
            name='escalate_to',
            field=models.CharField(blank=True, choices=[('responder', 'Who is on call'), ('owner', 'The business’s owner'), ('agency', 'The agency')], help_text='Who is told when nobody answered in time.', max_length=10),
        ),
        migrations.AddField(
            model_name='template',
            name='opt_out_line',
            field=models.CharField(blank=True, help_text='Put after the words; empty where they say it themselves.', max_length=120),
        ),
        migrations.AddField(
            model_name='template',
            name='response_minutes',
            field=models.PositiveIntegerField(blank=True, help_text='Within so many minutes of open hours a person answers a reply; empty: none is set.', null=True),
        ),
        migrations.AddField(
            model_name='template',
            name='source',
            field=models.CharField(blank=True, help_text='Where a price or a promise in it comes from.', max_length=300),
        ),
        migrations.AddField(
            model_name='template',
            name='written_at',
            field=models.DateTimeField(blank=True, help_text='When a person last wrote at the draft.', null=True),
        ),
        migrations.AddField(
            model_name='template',
            name='written_by',
            field=models.CharField(blank=True, max_length=150),
        ),
        migrations.AlterField(
            model_name='template',
            name='channel',
            field=models.CharField(choices=[('sms', 'Text message'), ('email', 'Email')], default='sms', max_length=10),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='template',
            trigger=pgtrigger.compiler.Trigger(name='no_delete', sql=pgtrigger.compiler.UpsertTriggerSql(condition="WHEN (OLD.status <> 'draft')", func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;", hash='4679efe2fa9580ab95102f4f4ae01497ab528c34', operation='DELETE', pgid='pgtrigger_no_delete_b3b12', table='messaging_template', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='template',
            trigger=pgtrigger.compiler.Trigger(name='words_stay_once_published', sql=pgtrigger.compiler.UpsertTriggerSql(condition="WHEN (OLD.status <> 'draft' AND (NEW.status = 'draft' OR (OLD.status = 'retired' AND NEW.status <> 'retired') OR (to_jsonb(NEW) - 'status') IS DISTINCT FROM (to_jsonb(OLD) - 'status')))", func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;", hash='1430b22e8fd095fe79b577ce5f8cb27a7d01578a', operation='UPDATE', pgid='pgtrigger_words_stay_once_published_ed159', table='messaging_template', when='BEFORE')),
        ),
        migrations.AddConstraint(
            model_name='template',
            constraint=models.CheckConstraint(condition=models.Q(('status', 'draft'), models.Q(('approved_by', ''), _negated=True), _connector='OR'), name='template_published_by_somebody'),
        ),
        migrations.AddConstraint(
            model_name='template',
            constraint=models.CheckConstraint(condition=models.Q(('response_minutes__isnull', True), ('response_minutes__gt', 0), _connector='OR'), name='template_window_has_minutes'),
        ),
    ]
