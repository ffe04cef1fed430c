"""Who said stop, and who may not be called."""

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.db import models

from leads.models import Client, Contact, Event
from zartsalgo.lib.evidence import Protect, Trigger, append_only


class Suppression(models.Model):
    """A person told a client to stop. Binds all of that person's numbers and addresses; append-only, nothing deletes a row. One kind is no
    word of a person: a bounce says that an address takes no mail, hangs on no person and binds that address alone.

    It stands while `lifted_by` is empty. Only one thing fills that: an inbound text of this client that reads as an opt-in, from the
    number that said stop. The database itself compares (trigger `only_their_own_words`), so neither staff nor a merge can lift one, and
    nothing lifts what was imported or stands on the agency's list.
    """

    class Origin(models.TextChoices):
        WORDS = "words", "Their own words"  # a text of theirs, or the carrier that heard one
        IMPORTED = "import", "Imported list"
        UNSUBSCRIBED = "click", "Pressed unsubscribe"  # in an email of ours, or at the provider
        COMPLAINED = "spam", "Marked an email as spam"
        BOUNCED = "bounce", "The address takes no mail"  # no wish of theirs: binds that address alone

    client = models.ForeignKey(Client, on_delete=models.PROTECT, null=True, related_name="suppressions")
    contact = models.ForeignKey(Contact, on_delete=models.PROTECT, null=True, related_name="suppressions")
    kind = models.CharField(max_length=5, choices=[("phone", "Phone"), ("email", "Email")])
    value = models.CharField(max_length=254, help_text="The number or address it came from; kept after the person is erased.")
    origin = models.CharField(max_length=6, choices=Origin, default=Origin.WORDS)
    came_from = models.CharField(
        max_length=254, blank=True, help_text="Which of their numbers said so; only the same one can take it back. Empty: `value` itself."
    )
    event = models.ForeignKey(Event, on_delete=models.PROTECT, null=True, related_name="suppressions")
    rule = models.CharField(max_length=80, help_text="Which rule read the words so, or where it came from.")
    at = models.DateTimeField(help_text="By the business clock.")
    stored_at = models.DateTimeField(
        db_default=models.Func(function="clock_timestamp", output_field=models.DateTimeField()),
        help_text="By the database's clock, under the lock of the address: no try may have started after it.",
    )
    lifted_at = models.DateTimeField(null=True, help_text="By the database's clock, which fills it in.")
    lifted_by = models.ForeignKey(
        Event, on_delete=models.PROTECT, null=True, related_name="lifted_suppressions", help_text="The person's own text that took it back."
    )

    class Meta:
        constraints = [
            # One that stands for each origin and each number that said it: an import beside a STOP, and a STOP from either of two phones,
            # are known on their own, so taking back one leaves the other.
            models.UniqueConstraint(
                fields=["client", "kind", "value", "origin", "came_from"],
                name="suppression_once",
                nulls_distinct=False,
                condition=models.Q(lifted_by__isnull=True),
            ),
            models.CheckConstraint(
                condition=models.Q(lifted_at__isnull=True, lifted_by__isnull=True)
                | models.Q(lifted_at__isnull=False, lifted_by__isnull=False, origin="words", client__isnull=False),
                name="suppression_lifted_by_words",
            ),
            # An address that is dead says nothing about a person; whoever has it next has not asked for anything.
            models.CheckConstraint(
                condition=~models.Q(origin="bounce")
                | models.Q(kind="email", contact__isnull=True, client__isnull=False, event__isnull=False),
                name="suppression_bounce_is_an_address",
            ),
        ]
        indexes = [
            models.Index(fields=["contact"], name="suppression_of_contact"),
            # The gate asks by number over client and agency.
            models.Index(fields=["value"], name="suppression_of_value"),
        ]
        triggers = [
            *append_only(may_change=("lifted_at", "lifted_by")),
            Trigger(
                name="only_their_own_words",
                when=pgtrigger.Before,
                operation=pgtrigger.Update | pgtrigger.Insert,
                condition=pgtrigger.Condition("NEW.lifted_at IS NOT NULL OR NEW.lifted_by_id IS NOT NULL"),
                func="""
                    IF TG_OP = 'INSERT' THEN
                        RAISE EXCEPTION 'a suppression begins standing';
                    END IF;
                    IF NOT EXISTS (
                        SELECT FROM leads_event e
                         WHERE e.id = NEW.lifted_by_id AND e.client_id = OLD.client_id AND e.type = 'message.received'
                           AND e.facts -> 'reading' ->> 'kind' = 'opt_in' AND e.recorded_at >= OLD.at
                           AND e.personal ->> 'phone' = coalesce(nullif(OLD.came_from, ''), OLD.value)
                    ) THEN
                        RAISE EXCEPTION 'only the words of the person who said stop lift a suppression';
                    END IF;
                    NEW.lifted_at = clock_timestamp();
                    RETURN NEW;
                """,
            ),
            Protect(name="lifted_stays", operation=pgtrigger.Update, condition=pgtrigger.Condition("OLD.lifted_by_id IS NOT NULL")),
        ]


class DoNotCallList(models.Model):
    """One import of a do-not-call registry: which area codes it speaks for and as of which day. Its numbers hang on it."""

    name = models.CharField(max_length=120, help_text="Whose list: national, or a state's.")
    as_of = models.DateField(help_text="The day the list was made by the registry.")
    area_codes = ArrayField(models.CharField(max_length=3), help_text="The area codes it is complete for.")
    sha256 = models.CharField(max_length=64, help_text="Of the file.")
    amount = models.PositiveIntegerField()
    imported_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["name", "as_of", "sha256"], name="dnc_list_once"),
            models.CheckConstraint(condition=~models.Q(area_codes=[]), name="dnc_list_covers_something"),
        ]

    def __str__(self) -> str:
        return f"{self.name} of {self.as_of}"


class DoNotCallNumber(models.Model):
    """A number (E.164) on a do-not-call list."""

    list = models.ForeignKey(DoNotCallList, on_delete=models.CASCADE, related_name="numbers")
    value = models.CharField(max_length=16)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["value", "list"], name="dnc_number_once")]
