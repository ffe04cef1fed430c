"""Templates are written and approved here; texts, tries, slips, opt-outs and handovers are only looked up."""

import json
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import Max, Model, QuerySet
from django.http import HttpRequest, HttpResponse

from leads.admin import ClientAdmin
from messaging.approving import CannotApprove, approve_template, waiting_on
from messaging.models import AnswerPromise, Attempt, Handover, Message, Pause, PurposeClaim, Slip, Suppression, Template
from messaging.talks import USUAL_MINUTES
from messaging.words import sandbox
from zartsalgo import rights
from zartsalgo.lib import clock
from zartsalgo.record_admin import ConfigInline, EvidenceAdmin, RecordAdmin, by_id_or, confirm_first

LONGEST_PROMISE = 20_160  # minutes; as for a template's own window


class TemplateForm(forms.ModelForm):
    """A draft; words that cannot be filled in are told while they are written."""

    class Meta:
        model = Template
        fields = ("client", "key", "purpose", "body")
        labels = {"client": "Only for this client", "key": "Name", "body": "Words"}
        help_texts = {
            "client": "Empty: for every client without one of its own.",
            "key": "The name a workflow asks for, such as missed-call-text-back. The same name again is the next version.",
            "purpose": "What the text is for; one text per person and purpose in its window.",
            "body": "The page of the template lists what it may name, shows it on a real lead and says what speaks against it.",
        }

    def clean_body(self) -> str:
        body = str(self.cleaned_data["body"])
        if found := sandbox.faults(source=body):
            raise forms.ValidationError(f"This cannot be filled in: {found[0].says}")
        return body


class AnswerPromiseForm(forms.ModelForm):
    """What a client promises whoever writes to it."""

    class Meta:
        model = AnswerPromise
        fields = ("minutes", "escalate_to")
        labels = {"minutes": "A person answers within (minutes)", "escalate_to": "If nobody answered in time, tell"}
        help_texts = {
            "minutes": f"Minutes of open hours, for a reply to a text that sets none of its own. No row: {USUAL_MINUTES} minutes.",
            "escalate_to": "Told once, when the time has passed and nobody has answered.",
        }

    def clean_minutes(self) -> int:
        minutes = int(self.cleaned_data["minutes"])
        if not 1 <= minutes <= LONGEST_PROMISE:
            raise forms.ValidationError(f"Between 1 minute and 14 days ({LONGEST_PROMISE} minutes).")
        return minutes


class AnswerPromiseInline(ConfigInline):
    model = AnswerPromise
    form = AnswerPromiseForm
    verbose_name = verbose_name_plural = "how soon a reply of a customer is answered"


# A client's record is a page of the room below, which knows nothing of messages; what belongs to this room is put into it from here.
ClientAdmin.inlines = (*ClientAdmin.inlines, AnswerPromiseInline)  # type: ignore[assignment]


@admin.register(Template)
class TemplateAdmin(RecordAdmin):
    """Only drafts are edited. A new wording is a new version; approving it is an act of its own."""

    form = TemplateForm
    list_display = ("key", "version", "client", "purpose", "status", "approved_by", "approved_at")
    list_filter = ("status", "client")
    list_select_related = ("client",)
    ordering = ("key", "client", "-version")
    search_fields = ("key",)
    actions = ("approve",)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        may = super().has_change_permission(request, obj)
        return may and (not isinstance(obj, Template) or obj.status == Template.Status.DRAFT)

    def has_approve_permission(self, request: HttpRequest) -> bool:
        """Owners and approvers; drafting alone does not publish."""
        return rights.may(request.user, "approve")

    def save_model(self, request: HttpRequest, obj: Template, form: Any, change: bool) -> None:
        if not change:
            last = Template.objects.filter(client=obj.client, key=obj.key).aggregate(last=Max("version"))["last"]
            obj.version = (last or 0) + 1
        super().save_model(request, obj, form, change)

    @admin.action(description="Approve…", permissions=["approve"])
    def approve(self, request: HttpRequest, queryset: QuerySet[Template]) -> HttpResponse | None:
        drafts = queryset.filter(status=Template.Status.DRAFT).select_related("client")

        def effects() -> list[str]:
            lines = []
            for row in drafts:
                held = waiting_on(template=row)
                lines.append(f"{row} goes into use; the version before it is retired.")
                if held:
                    texts = "text" if held == 1 else "texts"
                    lines.append(f"{held} waiting {texts} written with the version before it will wait until a person looks.")
            return [*lines, "No text is sent by this."]

        asked = confirm_first(
            self,
            request,
            drafts,
            action="approve",
            title="Approve these words?",
            what=("draft will go into use", "drafts will go into use"),
            effects=effects,
            button="Approve",
        )
        if asked is not None:
            return asked
        for row in drafts:
            try:
                approve_template(template=row, by=request.user.get_username(), now=clock.read())
                self.message_user(request, f"{row} is approved.", messages.SUCCESS)
            except CannotApprove as error:
                self.message_user(request, f"Not approved: {error}", messages.ERROR)
        return None


class JudgedAdmin(EvidenceAdmin):
    """Rows that point at a slip show what it says."""

    readonly_fields = ("slip",)

    @admin.display(empty_value="-")
    def slip(self, row: Message | Attempt) -> str | None:
        return json.dumps(row.slip, ensure_ascii=False) if row.slip else None


@admin.register(Message)
class MessageAdmin(JudgedAdmin):
    exclude = ("newest_slip",)
    list_display = ("__str__", "client", "contact", "workflow", "status", "reason", "created_at")
    list_filter = ("status", "client")
    list_select_related = ("client", "contact")
    ordering = ("-created_at", "-id")
    search_fields = ("provider_id",)
    search_help_text = "Our id or the provider's id."

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> Any:
        return by_id_or(queryset, term=search_term, field="provider_id"), False


@admin.register(Slip)
class SlipAdmin(EvidenceAdmin):
    list_display = ("__str__", "message", "verdict", "made_at")
    list_select_related = ("message",)
    ordering = ("-id",)


@admin.register(Attempt)
class AttemptAdmin(JudgedAdmin):
    exclude = ("allowed_by",)
    list_display = ("message", "n", "outcome", "started_at", "finished_at", "error_code")
    list_filter = ("outcome",)
    list_select_related = ("message",)
    ordering = ("-id",)


@admin.register(Suppression)
class SuppressionAdmin(EvidenceAdmin):
    list_display = ("value", "client", "contact", "origin", "rule", "at", "lifted_at")
    list_filter = ("client", "origin")
    list_select_related = ("client", "contact")
    ordering = ("-id",)
    search_fields = ("value__exact",)
    search_help_text = "A whole number such as +13035550123, or a whole address."


@admin.register(PurposeClaim)
class PurposeClaimAdmin(EvidenceAdmin):
    list_display = ("contact", "client", "purpose", "until")
    list_filter = ("client",)
    list_select_related = ("client", "contact")
    ordering = ("-id",)


@admin.register(Pause)
class PauseAdmin(EvidenceAdmin):
    """Pausing and lifting have their own page."""

    list_display = ("reason", "client", "workflow", "channel", "connection", "lead", "by", "at", "lifted_at")
    list_select_related = ("client", "by", "connection__client", "lead__contact")
    ordering = ("-id",)


@admin.register(Handover)
class HandoverAdmin(EvidenceAdmin):
    """Without its words: they carry a link that acts without a password."""

    list_display = ("to_name", "client", "lead", "created_at", "link_expires_at")
    list_filter = ("client",)
    list_select_related = ("client", "lead__contact")
    ordering = ("-created_at", "-id")
    exclude = ("body",)
