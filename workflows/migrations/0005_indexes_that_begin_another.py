"""Indexes of one column with which another index begins: each was written for every row, and a plan that took one read all of a client's.

By their names: Django takes any index of that column for the one it made, a partial unique one too, and would drop that as well.
"""

import django.db.models.deletion
from django.db import migrations, models

INDEXES = {
    "workflows_receipt_client_id_1b3f2cb8": "workflows_receipt (client_id)",
    "workflows_receipt_event_id_dfd24b32": "workflows_receipt (event_id)",
    "workflows_run_client_id_20146560": "workflows_run (client_id)",
    "workflows_run_contact_id_bfac8186": "workflows_run (contact_id)",
    "workflows_run_lead_id_f6b604c0": "workflows_run (lead_id)",
    "workflows_step_run_id_1543a7bc": "workflows_step (run_id)",
}


class Migration(migrations.Migration):

    dependencies = [
        ('leads', '0014_indexes_that_begin_another'),
        ('workflows', '0004_receipt_of_what_an_event_changed'),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(f"drop index if exists {name}", f"create index if not exists {name} on {columns}") for name, columns in INDEXES.items()
            ],
            state_operations=[
                migrations.AlterField(
                    model_name='receipt',
                    name='client',
                    field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='receipts', to='leads.client'),
                ),
                migrations.AlterField(
                    model_name='receipt',
                    name='event',
                    field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='receipts', to='leads.event'),
                ),
                migrations.AlterField(
                    model_name='run',
                    name='client',
                    field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='runs', to='leads.client'),
                ),
                migrations.AlterField(
                    model_name='run',
                    name='contact',
                    field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='runs', to='leads.contact'),
                ),
                migrations.AlterField(
                    model_name='run',
                    name='lead',
                    field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='runs', to='leads.lead'),
                ),
                migrations.AlterField(
                    model_name='step',
                    name='run',
                    field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='steps', to='workflows.run'),
                ),
            ],
        ),
    ]
