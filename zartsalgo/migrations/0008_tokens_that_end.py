"""Tokens of the staff API end, may be for one client only, and say when they were last used."""

import django.db.models.deletion
from django.db import migrations, models

# Tokens made before had no end: they go on as long as one that is made today.
END = "update zartsalgo_apitoken set expires_at = clock_timestamp() + interval '90 days'"


class Migration(migrations.Migration):
    dependencies = [("zartsalgo", "0007_demo_removal_by_the_owner_alone"), ("leads", "0001_initial")]

    operations = [
        migrations.AddField("apitoken", "expires_at", models.DateTimeField(null=True)),
        migrations.RunSQL(END, migrations.RunSQL.noop),
        migrations.AlterField("apitoken", "expires_at", models.DateTimeField()),
        migrations.AddField(
            "apitoken", "last_used_at", models.DateTimeField(blank=True, help_text="To the minute.", null=True)
        ),
        migrations.AddField(
            "apitoken",
            "client",
            models.ForeignKey(
                blank=True,
                help_text="It reaches this client only; empty: all.",
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="leads.client",
            ),
        ),
    ]
