"""What a person told staff they agree to: written down with the exact words after a page that says what it opens, and withdrawn by a
second entry where it was wrong. Nothing is ever edited, and nothing here lifts an opt-out."""

import uuid
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path, reverse
from django.views.decorators.http import require_http_methods

from leads import consent
from leads.models import Consent, Identity, Lead
from zartsalgo.lib import clock
from zartsalgo.lib.names import clean_text
from zartsalgo.lib.phone import sayable
from zartsalgo.office.access import staff_only
from zartsalgo.office.naming import person_name
from zartsalgo.office.page_time import now_of

PURPOSES = [
    (Consent.Purpose.ANSWER, "Answers to what they asked"),
    (Consent.Purpose.MARKETING, "Offers, follow-ups and review requests"),
]


class ToldForm(forms.Form):
    """What somebody agreed to. Built for one person: only their own numbers and addresses can be chosen."""

    purpose = forms.ChoiceField(choices=PURPOSES, label="They agreed to")
    to = forms.ChoiceField(label="By", help_text="Agreement is for one number or address.")
    how = forms.ChoiceField(
        choices=[("", "Choose"), *Consent.How.choices],
        label="How",
        help_text="Spoken words are kept, but they are no written consent: they open no offers and no follow-ups.",
    )
    words = forms.CharField(
        label="The exact words they agreed to",
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="As they stand in the writing, or as they were said. Not in your own words.",
    )
    kept = forms.CharField(
        label="Where the writing lies", max_length=300, required=False, help_text="So that anybody can show it later. Needed if in writing."
    )
    agreed_on = forms.DateField(label="On", widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))

    def __init__(self, *args: Any, lead: Lead, now: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.lead, self.now = lead, now
        self.zone = ZoneInfo(lead.client.timezone)
        to = self.fields["to"]
        assert isinstance(to, forms.ChoiceField)
        rows = lead.contact.identities.order_by("-kind", "pk")
        to.choices = [(f"{row.kind}:{row.value}", _by(kind=row.kind, address=row.value)) for row in rows]
        self.fields["agreed_on"].initial = now.astimezone(self.zone).date()

    def clean_words(self) -> str:
        return clean_text(self.cleaned_data["words"].replace("\r\n", "\n"), limit=2000).strip()

    def clean_kept(self) -> str:
        return clean_text(self.cleaned_data["kept"], limit=300).strip()

    def clean_agreed_on(self) -> date:
        day: date = self.cleaned_data["agreed_on"]
        if day > self.now.astimezone(self.zone).date():
            raise forms.ValidationError("That is in the future.")
        return day

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if given.get("how") == Consent.How.WRITING and not given.get("kept"):
            self.add_error("kept", "Say where the writing lies; without it nobody can show it.")
        return given

    def agreed_at(self) -> datetime:
        """The beginning of that day where the business is: what came later on it, such as a STOP, counts as later."""
        return datetime.combine(self.cleaned_data["agreed_on"], time(), tzinfo=self.zone)


def _by(*, kind: str, address: str | None) -> str:
    if address is None:
        return "erased"
    return f"email to {address}" if kind in (Identity.Kind.EMAIL, "email") else f"text to {sayable(address)}"


def _get(pk: uuid.UUID) -> Lead:
    return get_object_or_404(Lead.objects.select_related("client", "contact"), pk=pk)


def _who(lead: Lead) -> str:
    return lead.contact.name or "this person"


@staff_only
@require_http_methods(["GET", "HEAD", "POST"])
def told(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """The form and what was written down before; `act`: look (the page before it is kept), back (to the form), keep."""
    lead, now = _get(pk), clock.read()
    if request.method != "POST":
        return _show(request, lead=lead, form=ToldForm(lead=lead, now=now))
    form = ToldForm(request.POST, lead=lead, now=now)
    if not form.is_valid():
        return _show(request, lead=lead, form=form)
    if request.POST.get("act") != "keep":
        return _confirm(request, lead=lead, form=form)
    kind, _, address = form.cleaned_data["to"].partition(":")
    try:
        consent.note_told(
            contact=lead.contact,
            purpose=form.cleaned_data["purpose"],
            kind=kind,
            address=address,
            words=form.cleaned_data["words"],
            how=form.cleaned_data["how"],
            kept=form.cleaned_data["kept"],
            agreed_at=form.agreed_at(),
            by=person_name(request.user),  # type: ignore[arg-type]
            now=now,
        )
    except consent.CannotNote as error:
        form.add_error(None, str(error))
        return _show(request, lead=lead, form=form)
    messages.success(request, "Written down, with your name. A wrong entry is withdrawn, never changed.")
    return redirect("office:lead_told", pk=pk)


def _show(request: HttpRequest, *, lead: Lead, form: ToldForm) -> HttpResponse:
    rows = Consent.objects.filter(contact_id=lead.contact_id, source_kind=Consent.Source.STAFF, withdraws__isnull=True)
    context = {
        "now": now_of(request),
        "lead": lead,
        "who": _who(lead),
        "form": form,
        "reachable": bool(form.fields["to"].choices),  # type: ignore[attr-defined]
        "entries": [_entry(row, lead=lead) for row in rows.select_related("withdrawn_by").order_by("-granted_at", "-pk")[:50]],
    }
    return render(request, "office/told.html", context, status=400 if form.errors else 200)


def _entry(row: Consent, *, lead: Lead) -> dict[str, Any]:
    evidence = row.evidence or {}
    answer = getattr(row, "withdrawn_by", None)
    return {
        "row": row,
        "day": row.granted_at.astimezone(ZoneInfo(lead.client.timezone)).date(),
        "purpose": dict(PURPOSES).get(Consent.Purpose(row.purpose), row.purpose),
        "by": _by(kind=row.channel, address=row.address),
        "words": row.wording or evidence.get("said", ""),
        "kept": evidence.get("kept", ""),
        "answer": answer,
        "why": (answer.evidence or {}).get("why", "") if answer else "",
    }


def _confirm(request: HttpRequest, *, lead: Lead, form: ToldForm) -> HttpResponse:
    given = form.cleaned_data
    kind, _, address = given["to"].partition(":")
    marketing, written = given["purpose"] == Consent.Purpose.MARKETING, given["how"] == Consent.How.WRITING
    if marketing and written:
        opens = "From now on offers, follow-ups and review requests may go there, within the rules on hours and numbers."
    elif marketing:
        opens = "Offers and follow-ups stay closed: spoken words are no written consent. It is kept as a note of what they said."
    else:
        opens = "What they asked may be answered there. It opens no offers and no follow-ups."
    context = {
        "now": now_of(request),
        "lead": lead,
        "who": _who(lead),
        "title": f"Write down what {_who(lead)} agreed to?",
        "count": 1,
        "what": f"entry, never changed afterwards: {dict(PURPOSES)[given['purpose']].lower()}, {_by(kind=kind, address=address)}",
        "effects": [
            f"Their words: “{given['words']}”",
            *([f"The writing lies here: {given['kept']}"] if given["kept"] else []),
            f"{dict(Consent.How.choices)[given['how']]}, on {given['agreed_on']:%a} {given['agreed_on'].day} {given['agreed_on']:%b %Y}.",
            opens,
            "It lifts no opt-out: only their own words can. No text is sent by this.",
        ],
        "hidden": [(name, request.POST.get(name, "")) for name in form.fields] + [("act", "keep")],
        "action": reverse("office:lead_told", args=[lead.pk]),
        "button": "Write it down",
        "cancel_url": reverse("office:lead_told", args=[lead.pk]),
        "level": "warn" if marketing else "",
    }
    return render(request, "office/told_confirm.html", context)


@staff_only
@require_http_methods(["GET", "HEAD", "POST"])
def withdraw(request: HttpRequest, pk: uuid.UUID, entry: int) -> HttpResponse:
    """Asked first, with a reason; POST answers the wrong entry by a second one."""
    lead = _get(pk)
    row = get_object_or_404(Consent, pk=entry, contact_id=lead.contact_id, source_kind=Consent.Source.STAFF, withdraws__isnull=True)
    error = ""
    if request.method == "POST":
        why = clean_text(request.POST.get("reason", ""), limit=300).strip()
        try:
            done = consent.withdraw(entry=row, why=why, by=person_name(request.user), now=clock.read())  # type: ignore[arg-type]
        except consent.CannotNote as refused:
            error = str(refused)
        else:
            said = "Withdrawn. Both entries stay on record." if done else "Somebody withdrew it before. Nothing was done twice."
            (messages.success if done else messages.warning)(request, said)
            return redirect("office:lead_told", pk=pk)
    shown = _entry(row, lead=lead)
    context = {
        "now": now_of(request),
        "lead": lead,
        "who": _who(lead),
        "title": "Withdraw this entry?",
        "count": 1,
        "what": f"entry counts no more: {shown['purpose'].lower()}, {shown['by']}",
        "effects": [f"The words: “{shown['words']}”", "The entry stays on record beside yours. What was sent with it stays sent."],
        "reason": True,
        "reason_label": "What was wrong with it? (kept in the record)",
        "error": error,
        "action": reverse("office:lead_told_withdraw", args=[lead.pk, row.pk]),
        "button": "Withdraw it",
        "cancel_url": reverse("office:lead_told", args=[lead.pk]),
        "blocked": "It was withdrawn before." if shown["answer"] else "",
    }
    return render(request, "office/told_confirm.html", context, status=400 if error else 200)


urlpatterns = [
    path("leads/<uuid:pk>/told/", told, name="lead_told"),
    path("leads/<uuid:pk>/told/<int:entry>/withdraw/", withdraw, name="lead_told_withdraw"),
]
