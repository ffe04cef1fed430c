"""Who of a business may look, how they sign in, and what they told us back. No content: that comes through portal.content alone."""

from django.db import models
from django.db.models.functions import Lower

from zartsalgo.lib.ids import new_id


class Member(models.Model):
    """A person who may see one business's results. `email` as zartsalgo.lib.names.clean_email gives it. Removed ones stay as history."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    email = models.CharField(max_length=254)
    client = models.ForeignKey("leads.Client", on_delete=models.CASCADE, related_name="+")
    name = models.CharField(max_length=120, blank=True)
    invited_at = models.DateTimeField()
    removed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["email", "client"], name="member_once_per_business", condition=models.Q(removed_at__isnull=True)
            ),
            models.CheckConstraint(condition=models.Q(email=Lower("email")) & ~models.Q(email=""), name="member_email_lower_case"),
        ]
        indexes = [models.Index(fields=["client"], name="member_of_business", condition=models.Q(removed_at__isnull=True))]

    def __str__(self) -> str:
        return f"member {str(self.id)[-6:]}"

    @property
    def called(self) -> str:
        """How pages name the person."""
        return self.name or self.email


class SignInMail(models.Model):
    """A request to sign in, from whoever asked: the row is the same whether the address is known or not.

    Link and code are kept as digests; `sealed` holds both until the mail went out, was used or grew too old.
    """

    class State(models.TextChoices):
        WAITING = "waiting", "Waits to be sent"
        SENT = "sent", "Sent"
        KEPT = "kept", "There is no mail server; it stands on the Outbox page"
        NOBODY = "nobody", "Nobody has this address; nothing is sent"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    email = models.CharField(max_length=254)
    visitor = models.CharField(max_length=64, help_text="Keyed digest of the network address that asked.")
    link_sha256 = models.CharField(max_length=64, unique=True)
    code_digest = models.CharField(max_length=64, blank=True, help_text="Empty: this mail carries no code.")
    sealed = models.BinaryField(null=True)
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    says = models.CharField(max_length=200, blank=True, help_text="Why it did not go out yet, in words.")
    tries = models.PositiveSmallIntegerField(default=0, help_text="Codes that were tried.")
    claims = models.PositiveSmallIntegerField(default=0, help_text="How often sending was begun.")
    asked_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    next_at = models.DateTimeField(help_text="When it is (next) to be sent.")
    lease_until = models.DateTimeField(null=True, help_text="By the database's clock: somebody is sending it.")
    used_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["email", "-asked_at"], name="sign_in_mail_of_address"),
            models.Index(fields=["visitor", "-asked_at"], name="sign_in_mail_of_visitor"),
            models.Index(fields=["asked_at"], name="sign_in_mail_by_age"),
            models.Index(fields=["next_at"], name="sign_in_mail_waiting", condition=models.Q(state="waiting")),
        ]

    def __str__(self) -> str:
        return f"sign-in mail {str(self.id)[-6:]}"


class Session(models.Model):
    """A browser that is signed in: a member's (`email`, and `member` once the business is chosen) or a look by staff (`viewer`, `client`)."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    token_sha256 = models.CharField(max_length=64, unique=True)
    email = models.CharField(max_length=254, blank=True)
    member = models.ForeignKey(Member, on_delete=models.CASCADE, null=True, related_name="sessions")
    viewer = models.CharField(max_length=150, blank=True, help_text="The member of staff who looks; read-only.")
    client = models.ForeignKey("leads.Client", on_delete=models.CASCADE, null=True, related_name="+")
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=(~models.Q(email="") & models.Q(viewer="", client__isnull=True))
                | (~models.Q(viewer="") & models.Q(email="", client__isnull=False, member__isnull=True)),
                name="session_of_a_member_or_of_staff",
            )
        ]
        indexes = [models.Index(fields=["expires_at"], name="session_by_end")]

    def __str__(self) -> str:
        return f"session {str(self.id)[-6:]}"


class Word(models.Model):
    """What a business says about one story: what came of it, or that it is not right. The latest counts; `revision` counts changes.

    `said` is one of OUTCOMES, "not-right", or "" once taken back. The office takes every revision over into events and tasks.
    """

    class Kind(models.TextChoices):
        OUTCOME = "outcome", "What came of it"
        DISPUTE = "dispute", "Not right"

    OUTCOMES = {
        "booked": "Booked",
        "not-booked": "Not booked",
        "wrong": "Wrong person or spam",
        "done": "Job done",
    }

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    client = models.ForeignKey("leads.Client", on_delete=models.CASCADE, related_name="+")
    proof_id = models.UUIDField()
    kind = models.CharField(max_length=10, choices=Kind)
    said = models.CharField(max_length=10, blank=True)
    words = models.CharField(max_length=1000, blank=True)
    by = models.CharField(max_length=120)
    said_at = models.DateTimeField()
    revision = models.PositiveIntegerField(default=1)
    taken_revision = models.PositiveIntegerField(default=0)
    taken_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["proof_id", "kind"], name="word_once_per_story_and_kind"),
            models.CheckConstraint(
                condition=models.Q(kind="outcome", said__in=["", "booked", "not-booked", "wrong", "done"])
                | models.Q(kind="dispute", said__in=["", "not-right"]),
                name="word_is_one_of_ours",
            ),
            models.CheckConstraint(condition=models.Q(taken_revision__lte=models.F("revision")), name="word_taken_is_said"),
        ]
        indexes = [models.Index(fields=["said_at"], name="word_untaken", condition=models.Q(taken_revision__lt=models.F("revision")))]

    def __str__(self) -> str:
        return f"word {str(self.id)[-6:]}"


class TextWord(models.Model):
    """What a business says about one text that goes out in its name: that the words are fine, or what to change. The latest counts.

    One row per text and exact wording: `sha256` names it, so one changed byte is another row, and what was said of earlier words stays
    on record. `said` is "" once taken back. The office takes every revision over.
    """

    class Said(models.TextChoices):
        FINE = "fine", "These words are fine"
        CHANGE = "change", "Please change this"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    client = models.ForeignKey("leads.Client", on_delete=models.CASCADE, related_name="+")
    key = models.CharField(max_length=60)
    version = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64, help_text="Of all there is of the text: portal.words makes it.")
    said = models.CharField(max_length=10, choices=Said, blank=True)
    words = models.CharField(max_length=1000, blank=True)
    by = models.CharField(max_length=120)
    said_at = models.DateTimeField()
    revision = models.PositiveIntegerField(default=1)
    taken_revision = models.PositiveIntegerField(default=0)
    taken_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["client", "key", "sha256"], name="text_word_once_per_wording"),
            models.CheckConstraint(
                condition=models.Q(said__in=["", "fine"], words="") | (models.Q(said="change") & ~models.Q(words="")),
                name="text_word_is_one_of_ours",
            ),
            models.CheckConstraint(condition=models.Q(taken_revision__lte=models.F("revision")), name="text_word_taken_is_said"),
        ]
        indexes = [models.Index(fields=["said_at"], name="text_word_untaken", condition=models.Q(taken_revision__lt=models.F("revision")))]

    def __str__(self) -> str:
        return f"text word {str(self.id)[-6:]}"
