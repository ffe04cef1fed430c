"""Deliveries that wait for a person before anything reads them."""

import django.db.models.deletion
from django.db import migrations, models

STATES = [
    ("received", "Waiting"),
    ("done", "Processed"),
    ("ignored", "Not for us"),
    ("poison", "Not understood"),
    ("aside", "Put aside"),
]


class Migration(migrations.Migration):
    dependencies = [("providers", "0005_refusals")]

    operations = [
        migrations.AlterField(
            model_name="delivery",
            name="state",
            field=models.CharField(choices=STATES, default="received", max_length=10),
        ),
        migrations.CreateModel(
            name="Aside",
            fields=[
                (
                    "delivery",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="aside",
                        serialize=False,
                        to="providers.delivery",
                    ),
                ),
                (
                    "reason",
                    models.CharField(choices=[("flood", "Too many at once"), ("trap", "The hidden field was filled in")], max_length=5),
                ),
                (
                    "decision",
                    models.CharField(
                        blank=True,
                        choices=[("", "Waits for a person"), ("released", "Released"), ("not-a-lead", "Not a lead")],
                        default="",
                        max_length=10,
                    ),
                ),
                ("decided_by", models.CharField(blank=True, max_length=150)),
                ("decided_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "verbose_name": "delivery put aside",
                "verbose_name_plural": "deliveries put aside",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("decided_at__isnull", True), ("decided_by", ""), ("decision", ""))
                        | models.Q(
                            models.Q(("decision", ""), _negated=True),
                            models.Q(("decided_by", ""), _negated=True),
                            ("decided_at__isnull", False),
                        ),
                        name="aside_decided_by_somebody",
                    )
                ],
            },
        ),
    ]
