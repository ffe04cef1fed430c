"""Wrong signatures are counted by hook and sender."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("providers", "0004_overlap_that_ends")]

    operations = [
        migrations.CreateModel(
            name="Refusal",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "sender",
                    models.CharField(blank=True, help_text="A keyed digest of the address; empty where there was none.", max_length=32),
                ),
                ("times", models.PositiveIntegerField(help_text="Since the last hour without one.")),
                ("last_at", models.DateTimeField(db_index=True)),
                (
                    "connection",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="refusals", to="providers.connection"
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("connection", "sender"), name="refusal_one_of_sender")],
            },
        ),
    ]
