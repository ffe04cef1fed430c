"""An address or a secret that was replaced goes on for a time that is written down."""

from django.db import migrations, models

# Secrets that were rotated before stood without an end: they get a week, in which a provider can be brought to the new one.
WEEK = "update providers_connection set old_secret_until = clock_timestamp() + interval '7 days'"


class Migration(migrations.Migration):
    dependencies = [("providers", '0003_evidence_without_escape')]

    operations = [
        migrations.AddField(
            model_name="connection",
            name="old_token_digest",
            field=models.CharField(blank=True, help_text="Of the address before this one.", max_length=64, null=True, unique=True),
        ),
        migrations.AddField(
            model_name="connection",
            name="old_token_until",
            field=models.DateTimeField(blank=True, help_text="When the address before this one stops to be valid.", null=True),
        ),
        migrations.AddField(
            model_name="connection",
            name="old_secret_until",
            field=models.DateTimeField(blank=True, help_text="When the secret before this one stops to be valid.", null=True),
        ),
        migrations.RunSQL(WEEK, migrations.RunSQL.noop),
        migrations.AddConstraint(
            model_name="connection",
            constraint=models.CheckConstraint(
                condition=models.Q(old_token_digest__isnull=True, old_token_until__isnull=True)
                | models.Q(old_token_digest__isnull=False, old_token_until__isnull=False),
                name="connection_old_address_ends",
            ),
        ),
    ]
