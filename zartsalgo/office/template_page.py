"""What the pages about templates show: the words on a real lead, what they cost, and the form they are written in."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django import forms

from leads.models import Client, Lead
from messaging import purposes, templates
from messaging.models import Template
from messaging.words.checks import one_line
from messaging.words.segments import Segments, count_segments
from messaging.words.variables import FILTERS, VARIABLES
from zartsalgo.lib.names import clean_text

LEADS_SHOWN = 10
LONGEST_BODY = 4000
NO_LEAD = "somebody whose name is not known"


@dataclass(frozen=True)
class Preview:
    """The text as one person would get it. `error` says why they would get none."""

    who: str
    text: str
    error: str
    count: Segments | None
    subject: str = ""


@dataclass(frozen=True)
class Shown:
    """A preview with what can be chosen: leads as (id, words, chosen)."""

    preview: Preview
    leads: list[tuple[str, str, bool]]


class WordsForm(forms.ModelForm):
    """A draft. It may say anything; what speaks against it is told beside it and keeps it from being approved."""

    body = forms.CharField(
        label="Words",
        max_length=LONGEST_BODY,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 7, "spellcheck": "true"}),
        help_text="The names it may carry are listed on this page.",
    )
    purpose = forms.ChoiceField(label="What it is for", help_text="A person gets one text for the same purpose in its window.")

    class Meta:
        model = Template
        fields = ("purpose", "channel", "subject", "body", "opt_out_line", "response_minutes", "escalate_to", "source")
        labels = {
            "channel": "Sent by",
            "subject": "Subject (emails only)",
            "opt_out_line": "Opt-out line",
            "response_minutes": "A person answers within (minutes)",
            "escalate_to": "If nobody answered in time, tell",
            "source": "Where a price or a promise comes from",
        }
        help_texts = {
            "subject": "One line, may carry the same names. The postal address and the way out are put under every email by themselves.",
            "opt_out_line": "Put after the words, such as “Reply STOP to opt out.” Empty where the words say it themselves.",
            "response_minutes": "Minutes of open hours. Fills {{ reply_within }}. Empty: no window is set.",
            "escalate_to": "",
            "source": "Who said so and when. Needed only if the words name a price or promise something.",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = dict(purposes.choices())
        if self.instance.purpose:
            known.setdefault(self.instance.purpose, purposes.of(key=self.instance.purpose).heading)
        purpose = self.fields["purpose"]
        assert isinstance(purpose, forms.ChoiceField)
        purpose.choices = list(known.items())
        escalate = self.fields["escalate_to"]
        assert isinstance(escalate, forms.ChoiceField)
        escalate.choices = [("", "Nobody more"), *Template.Escalation.choices]

    def clean_body(self) -> str:
        body = clean_text(self.cleaned_data["body"].replace("\r\n", "\n"), limit=LONGEST_BODY)
        if not body:
            raise forms.ValidationError("Write the words first.")
        return body

    def clean_subject(self) -> str:
        return one_line(text=self.cleaned_data["subject"])

    def clean_response_minutes(self) -> int | None:
        minutes: int | None = self.cleaned_data["response_minutes"]
        if minutes is not None and not 1 <= minutes <= 20_160:
            raise forms.ValidationError("Between 1 minute and 14 days (20160 minutes), or empty.")
        return minutes


class NewWordsForm(WordsForm):
    """A draft of a key that may not exist yet: whose it is and what a workflow calls it."""

    client = forms.ModelChoiceField(
        Client.objects.none(),
        required=False,
        to_field_name="slug",
        label="Whose words",
        empty_label="All clients without words of their own",
    )
    key = forms.SlugField(
        max_length=60,
        label="Name",
        help_text="What a workflow asks for, such as missed-call-text-back. The same name again is the next version.",
    )
    field_order = ("client", "key")

    class Meta(WordsForm.Meta):
        fields = WordsForm.Meta.fields

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        clients = self.fields["client"]
        assert isinstance(clients, forms.ModelChoiceField)
        clients.queryset = Client.objects.order_by("name")


def help_rows() -> list[dict[str, str]]:
    """The variables as the help on the page: how each is written, and what it means."""
    return [{"written": f"{{{{ {one.name} }}}}", "says": one.says, "sample": one.sample} for one in VARIABLES.values()]


def filters() -> str:
    return ", ".join(FILTERS)


def shown(*, template: Template, chosen: str, now: datetime) -> Shown:
    """The words on one of the newest leads, of its client or, for the agency's own, of all; "none" is a person nobody knows the name of."""
    rows = Lead.objects.select_related("client", "contact").order_by("-created_at", "-pk")
    if template.client_id is not None:
        rows = rows.filter(client_id=template.client_id)
    leads = list(rows.filter(created_at__lte=now)[:LEADS_SHOWN])
    lead = next((one for one in leads if str(one.pk) == chosen), leads[0] if leads and chosen != "none" else None)
    choices = [(str(one.pk), _called(one, template), one is lead) for one in leads]
    client = lead.client if lead else template.client
    who = _called(lead, template) if lead else NO_LEAD
    values = (
        templates.values_of(client=client, contact=lead.contact if lead else None) if client else {"name": "", "business": "Your business"}
    )
    if purposes.of(key=template.purpose).asks_for_review:
        # Each text has a link of its own; what stands here leads nowhere.
        values = {**values, "review_link": VARIABLES["review_link"].sample}
    return Shown(preview=_preview(template=template, who=who, values=values), leads=[*choices, ("none", NO_LEAD, lead is None)])


def _called(lead: Lead, template: Template) -> str:
    who = lead.contact.name or "Unknown person"
    return who if template.client_id else f"{who} at {lead.client}"


def _preview(*, template: Template, who: str, values: dict[str, Any]) -> Preview:
    try:
        text = templates.render(template=template, values=values)
        email = template.channel == Template.Channel.EMAIL
        subject = templates.render_subject(template=template, values=values) if email and template.subject else ""
    except templates.CannotRender as error:
        return Preview(who=who, text="", error=str(error).partition(": ")[2], count=None)
    return Preview(who=who, text=text, error="", count=None if email else count_segments(text), subject=subject)
