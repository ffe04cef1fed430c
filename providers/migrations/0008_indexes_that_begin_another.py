"""Indexes of one column with which another index begins: each was written for every row, and a plan that took one read all of a client's.

By their names: Django takes any index of that column for the one it made, a partial unique one too, and would drop that as well.
"""

import django.db.models.deletion
from django.db import migrations, models

INDEXES = {
    "providers_delivery_connection_id_0a31a8bc": "providers_delivery (connection_id)",
    "providers_refusal_connection_id_bb3cede4": "providers_refusal (connection_id)",
}


class Migration(migrations.Migration):

    dependencies = [
        ('providers', '0007_revision_of_a_client'),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(f"drop index if exists {name}", f"create index if not exists {name} on {columns}") for name, columns in INDEXES.items()
            ],
            state_operations=[
                migrations.AlterField(
                    model_name='delivery',
                    name='connection',
                    field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='deliveries', to='providers.connection'),
                ),
                migrations.AlterField(
                    model_name='refusal',
                    name='connection',
                    field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='refusals', to='providers.connection'),
                ),
            ],
        ),
    ]
