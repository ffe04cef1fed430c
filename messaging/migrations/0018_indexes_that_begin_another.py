"""Indexes of one column with which another index begins: each was written for every row, and a plan that took one read all of a client's.

By their names: Django takes any index of that column for the one it made, a partial unique one too, and would drop that as well.
"""

import django.db.models.deletion
from django.db import migrations, models

INDEXES = {
    "messaging_attempt_message_id_30133d40": "messaging_attempt (message_id)",
    "messaging_listedsend_connection_id_1ea4f342": "messaging_listedsend (connection_id)",
    "messaging_message_client_id_fb92923d": "messaging_message (client_id)",
    "messaging_message_contact_id_20c3f93a": "messaging_message (contact_id)",
    "messaging_message_lead_id_4934b7ad": "messaging_message (lead_id)",
    "messaging_purposeclaim_client_id_5d59660c": "messaging_purposeclaim (client_id)",
}


class Migration(migrations.Migration):

    dependencies = [
        ('leads', '0014_indexes_that_begin_another'),
        ('messaging', '0017_slip_stands_once'),
        ('providers', '0008_indexes_that_begin_another'),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(f"drop index if exists {name}", f"create index if not exists {name} on {columns}") for name, columns in INDEXES.items()
            ],
            state_operations=[
                migrations.AlterField(
                    model_name='attempt',
                    name='message',
                    field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='attempts', to='messaging.message'),
                ),
                migrations.AlterField(
                    model_name='listedsend',
                    name='connection',
                    field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='listed_sends', to='providers.connection'),
                ),
                migrations.AlterField(
                    model_name='message',
                    name='client',
                    field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='messages', to='leads.client'),
                ),
                migrations.AlterField(
                    model_name='message',
                    name='contact',
                    field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='messages', to='leads.contact'),
                ),
                migrations.AlterField(
                    model_name='message',
                    name='lead',
                    field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='messages', to='leads.lead'),
                ),
                migrations.AlterField(
                    model_name='purposeclaim',
                    name='client',
                    field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='purpose_claims', to='leads.client'),
                ),
            ],
        ),
    ]
