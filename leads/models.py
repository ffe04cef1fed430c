"""The client's business and the people who want something from it.

One person per client and number or address: `Identity` holds the normalized value under a unique constraint, and everything that
matches a person goes through it. `Event` is the append-only record of what happened; the rooms above refer to it.
"""

import uuid

import pgtrigger
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import OpClass
from django.core.validators import RegexValidator
from django.db import models
from django.db.models.functions import Upper

from leads.revision import raises_revision, rises_with_itself
from zartsalgo.lib.evidence import Trigger, append_only
from zartsalgo.lib.ids import new_id

E164 = RegexValidator(r"^\+[1-9]\d{6,14}$", "Write the number with country code, such as +13035550123.")
ZONE_HELP = "An IANA name such as America/Denver."


class Client(models.Model):
    """A business we work for. `phone` is the number its texts come from unless the connection says otherwise (E.164)."""

    slug = models.SlugField(unique=True)
    name = models.CharField(max_length=120)
    timezone = models.CharField(max_length=60, help_text=ZONE_HELP)
    phone = models.CharField(max_length=16, validators=[E164])
    created_at = models.DateTimeField()
    demo = models.BooleanField(default=False, help_text="Part of the demo agency; may be removed whole.")
    postal_address = models.TextField(
        max_length=300, blank=True, help_text="Street or box, place and ZIP. Stands under every email: the law asks for it (CAN-SPAM)."
    )
    sensitive = models.BooleanField(default=False, help_text="Its customers' words go to no AI, and no text repeats them.")
    pass_on_minutes = models.PositiveSmallIntegerField(
        default=10, help_text="After so many minutes without anybody having taken a lead, the next of its responders is told."
    )
    revision = models.BigIntegerField(default=0, editable=False, help_text="Raised by the database when what is set up for it changes.")

    class Meta:
        triggers = rises_with_itself()

    def __str__(self) -> str:
        return self.name


class Automation(models.Model):
    """What a client lets one workflow do. `send` is `draft` until go-live is signed: a person approves each text."""

    class Send(models.TextChoices):
        DRAFT = "draft", "A person approves each text"
        AUTO = "auto", "Texts go on their own"

    client = models.ForeignKey(Client, on_delete=models.CASCADE, related_name="automations")
    workflow = models.CharField(max_length=60)
    enabled = models.BooleanField(default=True)
    send = models.CharField(max_length=5, choices=Send, default=Send.DRAFT)
    settings = models.JSONField(default=dict, blank=True, help_text="The workflow's own settings; checked against its catalog card.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["client", "workflow"], name="automation_once_per_client")]
        triggers = raises_revision()

    def __str__(self) -> str:
        return f"{self.workflow} for {self.client}"


class OpeningHours(models.Model):
    """One open stretch of a weekday (0 is Monday), in the client's zone. Several rows a day are split shifts; none means always."""

    client = models.ForeignKey(Client, on_delete=models.CASCADE, related_name="opening_hours")
    weekday = models.PositiveSmallIntegerField(choices=list(enumerate(("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"))))
    opens = models.TimeField()
    closes = models.TimeField()

    class Meta:
        verbose_name_plural = "opening hours"
        constraints = [models.CheckConstraint(condition=models.Q(closes__gt=models.F("opens")), name="hours_close_after_open")]
        triggers = raises_revision()

    def __str__(self) -> str:
        return f"{self.get_weekday_display()} {self.opens:%H:%M}-{self.closes:%H:%M}"


class Closure(models.Model):
    """A holiday or a one-off closed day of a client, by local date."""

    client = models.ForeignKey(Client, on_delete=models.CASCADE, related_name="closures")
    date = models.DateField()
    name = models.CharField(max_length=80)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["client", "date"], name="closure_once_a_day")]
        triggers = raises_revision()

    def __str__(self) -> str:
        return f"{self.date} {self.name}"


def every_channel() -> list[str]:
    """A new responder is told by whatever reaches them: text first, then the business's Slack, then mail."""
    return [str(channel) for channel in Responder.Channel]


class Responder(models.Model):
    """A person of the client's business who calls back. Alerted in `order`; on duty by their own hours (none given: always).

    Alerts take one way at a time, in the order of Channel: the next only where the one before did not work. See messaging.notices.
    """

    class Channel(models.TextChoices):
        SMS = "sms", "Text message"
        SLACK = "slack", "Slack"
        EMAIL = "email", "Email"

    client = models.ForeignKey(Client, on_delete=models.CASCADE, related_name="responders")
    name = models.CharField(max_length=120)
    phone = models.CharField(max_length=16, blank=True, validators=[E164])
    email = models.EmailField(blank=True)
    order = models.PositiveSmallIntegerField(default=1)
    on_from = models.TimeField(null=True, blank=True, help_text="On duty from, in the business's zone. Empty: always.")
    on_until = models.TimeField(null=True, blank=True, help_text="May be after midnight, such as 22:00 to 06:00.")
    active = models.BooleanField(default=True)
    alerts_by = ArrayField(
        models.CharField(max_length=5, choices=Channel), default=every_channel, blank=True, help_text="None: alerts stay in the office."
    )
    tested_at = models.DateTimeField(
        null=True, editable=False, help_text="When a test alert was last accepted; empty once number, address or ways changed."
    )

    class Meta:
        ordering = ["order", "id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(on_from__isnull=True, on_until__isnull=True) | models.Q(on_from__isnull=False, on_until__isnull=False),
                name="responder_hours_both_or_none",
            ),
            models.CheckConstraint(
                condition=models.Q(alerts_by__contained_by=["sms", "slack", "email"]), name="responder_alerts_by_known_ways"
            ),
        ]
        triggers = [
            Trigger(
                name="tested_as_they_are",
                when=pgtrigger.Before,
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition(
                    "OLD.phone IS DISTINCT FROM NEW.phone OR OLD.email IS DISTINCT FROM NEW.email"
                    " OR OLD.alerts_by IS DISTINCT FROM NEW.alerts_by"
                ),
                func="NEW.tested_at = NULL; RETURN NEW;",
            ),
            *raises_revision(but=("tested_at",)),
        ]

    def __str__(self) -> str:
        return self.name


class Desk(models.TextChoices):
    """The seven owners. Every task, incident and failed step goes to one."""

    LEAD_OPS = "lead-ops", "Lead ops"
    AUTOMATION_OPS = "automation-ops", "Automation ops"
    SALES_OPS = "sales-ops", "Sales ops"
    DATA_OPS = "data-ops", "Data ops"
    CLIENT_SUCCESS = "client-success", "Client success"
    CRM_OPS = "crm-ops", "CRM ops"
    OPERATIONS = "operations", "Operations"


class DeskHolder(models.Model):
    """Who holds a desk for a client, and who stands in."""

    client = models.ForeignKey(Client, on_delete=models.CASCADE, related_name="desk_holders")
    desk = models.CharField(max_length=20, choices=Desk)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="desks_held")
    deputy = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="desks_deputised")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["client", "desk"], name="desk_once_per_client")]

    def __str__(self) -> str:
        return f"{self.get_desk_display()} of {self.client}: {self.person}"


class Contact(models.Model):
    """A person who turned to one client. Two clients' knowledge of the same person never mixes."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="contacts")
    name = models.CharField(max_length=200, blank=True)
    state = models.CharField(max_length=40, blank=True, help_text="US state the person gave or that came with an address.")
    postal_code = models.CharField(max_length=12, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        # Staff search people by how their name begins, in any case.
        indexes = [models.Index(OpClass(Upper("name"), name="varchar_pattern_ops"), name="contact_by_name")]

    def __str__(self) -> str:
        return self.name or f"Unknown person {str(self.id)[-6:]}"


class Identity(models.Model):
    """A normalized number (E.164) or address of a person; unique per client, so one number is one person."""

    class Kind(models.TextChoices):
        PHONE = "phone", "Phone"
        EMAIL = "email", "Email"

    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="identities", db_index=False)
    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="identities")
    kind = models.CharField(max_length=5, choices=Kind)
    value = models.CharField(max_length=254)

    class Meta:
        verbose_name_plural = "identities"
        constraints = [models.UniqueConstraint(fields=["client", "kind", "value"], name="identity_one_person_per_client")]
        # Staff search a number over all clients, also by its first digits.
        indexes = [models.Index(fields=["value", "kind"], name="identity_by_value", opclasses=["varchar_pattern_ops", "varchar_ops"])]

    def __str__(self) -> str:
        return self.value


class StatedIdentity(models.Model):
    """A number or address that a form gave for somebody we knew already. A form does not prove who sent it.

    It counts at once for stops (whoever opted out there has opted out here) and for sending only once it is proven: by a call or a message
    from it, or by a person's yes. Then it becomes an Identity of the contact.
    """

    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="stated_identities", db_index=False)
    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="stated_identities", db_index=False)
    kind = models.CharField(max_length=5, choices=Identity.Kind)
    value = models.CharField(max_length=254)
    stated_at = models.DateTimeField()
    proven_at = models.DateTimeField(null=True, blank=True)
    proven_by = models.CharField(max_length=150, blank=True, help_text="What proved it: a call, a message, or the name of who said yes.")

    class Meta:
        verbose_name_plural = "stated identities"
        constraints = [
            models.UniqueConstraint(fields=["contact", "kind", "value"], name="stated_identity_once"),
            models.CheckConstraint(
                condition=models.Q(proven_at__isnull=True, proven_by="") | models.Q(proven_at__isnull=False) & ~models.Q(proven_by=""),
                name="stated_identity_proven_by_something",
            ),
        ]
        indexes = [models.Index(fields=["client", "kind", "value"], name="stated_identity_by_value")]

    def __str__(self) -> str:
        return self.value


class Lead(models.Model):
    """One request of one person to one client."""

    class Stage(models.TextChoices):
        NEW = "new", "New"
        ENGAGED = "engaged", "In conversation"
        BOOKED = "booked", "Booked"
        DONE = "done", "Job done"
        LOST = "lost", "Not booked"
        WRONG = "wrong", "Not a lead"

    CLOSED = (Stage.BOOKED, Stage.DONE, Stage.LOST, Stage.WRONG)

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="leads", db_index=False)
    contact = models.ForeignKey(Contact, on_delete=models.PROTECT, related_name="leads", db_index=False)
    source = models.CharField(max_length=120, help_text="Where it came from, in words: Google Ads, website form, phone.")
    kind = models.CharField(max_length=40, help_text="missed call, form, quote ...")
    service = models.CharField(max_length=200, blank=True)
    urgency = models.CharField(max_length=20, blank=True)
    stage = models.CharField(max_length=10, choices=Stage, default=Stage.NEW)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="leads")
    next_action = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField()
    response_due_at = models.DateTimeField(null=True, blank=True, help_text="The response timer: a person answers by then.")
    first_response_at = models.DateTimeField(null=True, blank=True, help_text="When the first text was accepted or a person answered.")
    replied_at = models.DateTimeField(null=True, blank=True)
    outcome_reported_by = models.CharField(max_length=120, blank=True, help_text="Who said what came of it.")

    class Meta:
        indexes = [
            models.Index(fields=["-created_at", "-id"], name="lead_newest"),
            models.Index(fields=["client", "-created_at", "-id"], name="lead_newest_of_client"),
            models.Index(fields=["contact", "-created_at"], name="lead_of_contact"),
        ]

    def __str__(self) -> str:
        return f"{self.contact} · {self.kind}"


class StageChange(models.Model):
    """History of a lead's stage, append-only."""

    lead = models.ForeignKey(Lead, on_delete=models.PROTECT, related_name="stage_changes")
    old = models.CharField(max_length=10)
    new = models.CharField(max_length=10)
    by = models.CharField(max_length=120)
    at = models.DateTimeField()

    class Meta:
        triggers = append_only()


class Event(models.Model):
    """A normalized fact: what happened, to whom, when, from where. Append-only; `personal` may only be erased."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="events", db_index=False)
    type = models.CharField(max_length=40)
    source = models.CharField(max_length=40, help_text="The provider, or `office` for what staff and our own pages report.")
    key = models.CharField(max_length=200, help_text="The provider's own identity of the fact.")
    occurred_at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    delivery_id = models.UUIDField(null=True, help_text="The delivery it was read from (a row of a higher room).")
    contact = models.ForeignKey(Contact, on_delete=models.PROTECT, null=True, related_name="events", db_index=False)
    lead = models.ForeignKey(Lead, on_delete=models.PROTECT, null=True, related_name="events", db_index=False)
    facts = models.JSONField(default=dict)
    personal = models.JSONField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["client", "source", "key", "type"], name="event_once")]
        indexes = [
            models.Index(fields=["client", "-recorded_at", "-id"], name="event_newest_of_client"),
            models.Index(fields=["-recorded_at", "-id"], name="event_newest"),
            models.Index(fields=["contact", "-recorded_at"], name="event_of_contact"),
            models.Index(fields=["lead", "-recorded_at"], name="event_of_lead"),
            models.Index(fields=["delivery_id"], name="event_of_delivery"),
        ]
        triggers = append_only(erasable=("personal",))

    def __str__(self) -> str:
        return f"{self.type} {str(self.id)[-6:]}"


class Consent(models.Model):
    """One row of the consent ledger, append-only: what a person agreed to by which act of theirs, in which words, with its evidence.

    Written by leads.consent in the transaction of the event. `address` and `evidence` may only be erased; a row without its address
    proves nothing any more.
    """

    class Purpose(models.TextChoices):
        ANSWER = "answer", "Answers to what they asked"  # their own call, form or text asks for one
        MARKETING = "marketing", "Offers, follow-ups and review requests"  # needs their written word
        REFUSED = "refused", "They asked not to be written to"  # in their own words, for one channel; agrees to nothing
        WITHDRAWN = "withdrawn", "A wrong entry of staff, withdrawn"  # `withdraws` says which; agrees to nothing

    class Source(models.TextChoices):
        FORM = "form", "Form"
        ANGI = "angi", "Angi lead"
        CALL = "call", "Call"
        REPLY = "reply", "Text from them"
        STAFF = "staff", "Told to staff"
        EARLIER = "", "Noted before the ledger kept it"

    class How(models.TextChoices):
        WRITING = "writing", "In writing"  # signed, typed or ticked by themselves, and it can be shown
        PHONE = "phone", "By phone"  # spoken words are no written consent (47 CFR 64.1200(f)(9))
        IN_PERSON = "in-person", "In person, spoken"

    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="consents")
    contact = models.ForeignKey(Contact, on_delete=models.PROTECT, related_name="consents", db_index=False)
    purpose = models.CharField(max_length=60)
    channel = models.CharField(max_length=10)
    address = models.CharField(  # noqa: DJ001 NULL once erased
        max_length=254, null=True, help_text="The number (E.164) or address it was given for; NULL once erased."
    )
    wording = models.TextField(blank=True, help_text="The exact words they agreed to; empty where none were shown.")
    wording_version = models.CharField(max_length=64, blank=True, help_text="SHA-256 of those words.")
    source_kind = models.CharField(max_length=10, choices=Source, blank=True, default=Source.EARLIER)
    source = models.CharField(max_length=200, help_text="Form address, consent id, call, text or the staff member.")
    evidence = models.JSONField(null=True, help_text="What the source said of it: form address, consent ids, the provider's call id.")
    event = models.ForeignKey(Event, on_delete=models.PROTECT, null=True, related_name="consents", db_index=False)
    how = models.CharField(max_length=10, choices=How, blank=True, help_text="How they told staff; empty for every other source.")
    withdraws = models.OneToOneField(
        "self", on_delete=models.PROTECT, null=True, related_name="withdrawn_by", help_text="The wrong entry that this row answers."
    )
    granted_at = models.DateTimeField()
    stored_at = models.DateTimeField(
        db_default=models.Func(function="clock_timestamp", output_field=models.DateTimeField()), help_text="By the database's clock."
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["event", "purpose", "channel"], name="consent_once_per_event"),
            # What was only said opens no marketing: `wording` is what was agreed to in writing.
            models.CheckConstraint(
                condition=models.Q(wording="") | models.Q(how="writing") | (models.Q(how="") & ~models.Q(source_kind="staff")),
                name="consent_spoken_has_no_wording",
            ),
            # A refusal is the person's own words: staff write down what somebody agreed to, and stop by a suppression.
            models.CheckConstraint(
                condition=~models.Q(purpose="refused") | (models.Q(event__isnull=False) & ~models.Q(source_kind="staff")),
                name="consent_refused_is_their_own",
            ),
            models.CheckConstraint(
                condition=models.Q(purpose="withdrawn", withdraws__isnull=False, wording="")
                | (~models.Q(purpose="withdrawn") & models.Q(withdraws__isnull=True)),
                name="consent_withdrawn_names_the_entry",
            ),
        ]
        indexes = [models.Index(fields=["contact", "purpose", "-granted_at"], name="consent_of_contact")]
        triggers = append_only(erasable=("address", "evidence"))


class Task(models.Model):
    """Something a person has to do, on a desk, with a promise by when. `cause` makes a repeat harmless."""

    class Status(models.TextChoices):
        OPEN = "open", "Open"
        DONE = "done", "Done"
        DROPPED = "dropped", "Not needed"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="tasks", db_index=False)
    contact = models.ForeignKey(Contact, on_delete=models.PROTECT, null=True, blank=True, related_name="tasks")
    lead = models.ForeignKey(Lead, on_delete=models.PROTECT, null=True, blank=True, related_name="tasks")
    desk = models.CharField(max_length=20, choices=Desk)
    kind = models.CharField(max_length=40, help_text="call-back, answer-reply, approve, look-into")
    title = models.CharField(max_length=200)
    reason = models.CharField(max_length=400, help_text="Why a person is needed, in words.")
    cause = models.CharField(max_length=200)
    event = models.ForeignKey(
        Event,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        db_index=False,  # the constraint has one
        related_name="tasks",
        help_text="What it answers: one event asks once for one thing.",
    )
    status = models.CharField(max_length=10, choices=Status, default=Status.OPEN)
    created_at = models.DateTimeField()
    due_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by = models.CharField(max_length=150, blank=True)
    outcome = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["client", "cause"], name="task_once_per_cause"),
            models.UniqueConstraint(fields=["event", "kind"], name="task_once_per_event_and_kind", condition=models.Q(event__isnull=False)),
            models.CheckConstraint(
                condition=models.Q(status="open", closed_at__isnull=True) | (~models.Q(status="open") & models.Q(closed_at__isnull=False)),
                name="task_closed_has_time",
            ),
        ]
        indexes = [
            models.Index(fields=["-created_at", "-id"], name="task_newest"),
            models.Index(fields=["due_at", "id"], name="task_open_by_due", condition=models.Q(status="open")),
            models.Index(fields=["contact", "kind"], name="task_open_of_contact", condition=models.Q(status="open")),
        ]

    def __str__(self) -> str:
        return self.title


class Note(models.Model):
    """What staff wrote about a lead; only staff see it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    lead = models.ForeignKey(Lead, on_delete=models.PROTECT, related_name="notes")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="notes")
    text = models.TextField(max_length=4000)
    created_at = models.DateTimeField()
