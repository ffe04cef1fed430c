"""Indexes of one column with which another index begins: each was written for every row, and a plan that took one read all of a client's.

By their names: Django takes any index of that column for the one it made, a partial unique one too, and would drop that as well.
"""

import django.db.models.deletion
from django.db import migrations, models

INDEXES = {
    "leads_consent_contact_id_4cecd1a5": "leads_consent (contact_id)",
    "leads_consent_event_id_75226e31": "leads_consent (event_id)",
    "leads_event_client_id_a0173da0": "leads_event (client_id)",
    "leads_event_contact_id_65ad91ff": "leads_event (contact_id)",
    "leads_event_lead_id_feb552a3": "leads_event (lead_id)",
    "leads_identity_client_id_f57100c6": "leads_identity (client_id)",
    "leads_lead_client_id_4a55dd1a": "leads_lead (client_id)",
    "leads_lead_contact_id_5e1ac117": "leads_lead (contact_id)",
    "leads_statedidentity_client_id_c434ac2e": "leads_statedidentity (client_id)",
    "leads_statedidentity_contact_id_7747f181": "leads_statedidentity (contact_id)",
    "leads_task_client_id_2bb6c70c": "leads_task (client_id)",
}


class Migration(migrations.Migration):

    dependencies = [
        ('leads', '0013_revision_rises_with_the_client'),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(f"drop index if exists {name}", f"create index if not exists {name} on {columns}") for name, columns in INDEXES.items()
            ],
            state_operations=[
                migrations.AlterField(
                    model_name='consent',
                    name='contact',
                    field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='consents', to='leads.contact'),
                ),
                migrations.AlterField(
                    model_name='consent',
                    name='event',
                    field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='consents', to='leads.event'),
                ),
                migrations.AlterField(
                    model_name='event',
                    name='client',
                    field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='events', to='leads.client'),
                ),
                migrations.AlterField(
                    model_name='event',
                    name='contact',
                    field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='events', to='leads.contact'),
                ),
                migrations.AlterField(
                    model_name='event',
                    name='lead',
                    field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='events', to='leads.lead'),
                ),
                migrations.AlterField(
                    model_name='identity',
                    name='client',
                    field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='identities', to='leads.client'),
                ),
                migrations.AlterField(
                    model_name='lead',
                    name='client',
                    field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='leads', to='leads.client'),
                ),
                migrations.AlterField(
                    model_name='lead',
                    name='contact',
                    field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='leads', to='leads.contact'),
                ),
                migrations.AlterField(
                    model_name='statedidentity',
                    name='client',
                    field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='stated_identities', to='leads.client'),
                ),
                migrations.AlterField(
                    model_name='statedidentity',
                    name='contact',
                    field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='stated_identities', to='leads.contact'),
                ),
                migrations.AlterField(
                    model_name='task',
                    name='client',
                    field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='tasks', to='leads.client'),
                ),
            ],
        ),
    ]
