"""Runs, steps and receipts to look up; and what each client lets a workflow do, changed by acts that count first."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from pydantic import ValidationError as SettingsError

from leads.models import Automation
from messaging.models import Message
from providers.going_live import in_shadow
from providers.models import Connection
from workflows import registry
from workflows.models import Incident, IncidentNote, Receipt, Run, Step, WorkflowVersion
from zartsalgo import rights
from zartsalgo.record_admin import EvidenceAdmin, RecordAdmin, by_id_or, confirm_first


@admin.register(WorkflowVersion)
class WorkflowVersionAdmin(EvidenceAdmin):
    list_display = ("key", "version", "published_at")
    ordering = ("key", "-version")


@admin.register(Run)
class RunAdmin(EvidenceAdmin):
    page = "office:run"
    list_display = ("__str__", "client", "contact", "status", "says", "created_at")
    list_filter = ("status", "client", "workflow")
    list_select_related = ("client", "contact")
    ordering = ("-created_at", "-id")
    search_fields = ("id__exact",)

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> Any:
        return by_id_or(queryset, term=search_term, field="cause"), False


@admin.register(Step)
class StepAdmin(EvidenceAdmin):
    list_display = ("run", "key", "kind", "outcome", "says", "at")
    list_select_related = ("run",)
    ordering = ("-id",)


@admin.register(Receipt)
class ReceiptAdmin(EvidenceAdmin):
    list_display = ("workflow", "verdict", "says", "client", "at")
    list_filter = ("verdict", "client", "workflow")
    list_select_related = ("client",)
    ordering = ("-at", "-id")


@admin.register(Incident)
class IncidentAdmin(EvidenceAdmin):
    """Taking, resuming and closing have their own page."""

    page = "office:incident"
    list_display = ("title", "client", "status", "desk", "person", "opened_at", "closed_at")
    list_filter = ("status", "client")
    list_select_related = ("client", "person")
    ordering = ("-opened_at", "-id")


@admin.register(IncidentNote)
class IncidentNoteAdmin(EvidenceAdmin):
    list_display = ("incident", "at", "by", "says")
    list_select_related = ("incident",)
    ordering = ("-id",)


class AutomationForm(forms.ModelForm):
    """The workflow's settings, checked against its card."""

    class Meta:
        model = Automation
        fields = ("client", "workflow", "settings")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "workflow" in self.fields:
            choices = [(key, card.name) for key, card in sorted(registry.workflows().items())]
            self.fields["workflow"] = forms.ChoiceField(
                choices=choices, help_text="Starts switched on, with drafts that a person approves."
            )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        key = cleaned.get("workflow") or self.instance.workflow
        card = registry.workflows().get(key)
        if card is None:
            raise forms.ValidationError(f"There is no workflow {key!r} in this build.")
        values = cleaned.get("settings")
        if not isinstance(values or {}, dict) or set(values or {}) - set(card.settings.model_fields):
            known = ", ".join(card.settings.model_fields) or "none"
            raise forms.ValidationError({"settings": f"{card.name} has these settings: {known}."})
        try:
            card.settings.model_validate(values or {})
        except SettingsError as error:
            said = "; ".join(f"{'.'.join(str(part) for part in row['loc'])}: {row['msg']}" for row in error.errors())
            raise forms.ValidationError({"settings": f"{said}."}) from error
        return cleaned


@admin.register(Automation)
class AutomationAdmin(RecordAdmin):
    """Settings are edited; switching on or off and letting texts go are acts of their own."""

    form = AutomationForm
    list_display = ("workflow", "client", "enabled", "send")
    list_filter = ("enabled", "send", "client")
    list_select_related = ("client",)
    ordering = ("client__name", "workflow")
    actions = ("send_alone", "back_to_drafts", "switch_off", "switch_on")

    def get_fields(self, request: HttpRequest, obj: Automation | None = None) -> tuple[str, ...]:
        return ("client", "workflow", "enabled", "send", "settings") if obj else ("client", "workflow", "settings")

    def get_readonly_fields(self, request: HttpRequest, obj: Automation | None = None) -> tuple[str, ...]:
        return ("client", "workflow", "enabled", "send") if obj else ()

    def has_sign_permission(self, request: HttpRequest) -> bool:
        """Only owners let texts go on their own or switch a workflow."""
        return rights.may(request.user, "configure")

    def _waiting(self, rows: QuerySet[Automation], reasons: tuple[str, ...] = ()) -> int:
        """Texts of these workflows that have not gone yet."""
        total = 0
        for row in rows:
            pending = Message.objects.filter(client_id=row.client_id, workflow=row.workflow, status__in=Message.PENDING)
            total += (pending.filter(reason__in=reasons) if reasons else pending).count()
        return total

    def _act(
        self,
        request: HttpRequest,
        rows: QuerySet[Automation],
        *,
        action: str,
        title: str,
        effects: list[str],
        button: str,
        done: str,
        **values: Any,
    ) -> HttpResponse | None:
        asked = confirm_first(
            self,
            request,
            rows,
            action=action,
            title=title,
            what=("workflow of a client will change", "workflows of clients will change"),
            effects=lambda: effects,
            button=button,
        )
        if asked is not None:
            return asked
        changed = rows.update(**values)
        self.message_user(request, done.format(changed), messages.SUCCESS)
        return None

    @admin.action(description="Let texts go on their own…", permissions=["sign"])
    def send_alone(self, request: HttpRequest, queryset: QuerySet[Automation]) -> HttpResponse | None:
        rows = queryset.filter(send=Automation.Send.DRAFT)
        live = Connection.objects.filter(client__automations__in=rows, live=True, disabled_at__isnull=True, live_since__isnull=True)
        if early := sorted({str(one.client) for one in live.select_related("client") if in_shadow(connection=one)}):
            words = f"Not changed: {', '.join(early)} first has to go live. Its list is on the page of its connections."
            self.message_user(request, words, messages.ERROR)
            return None
        waiting = self._waiting(rows, ("needs-approval",))
        effects = [
            "Their texts then go without a person's approval; every other check of the gate stays.",
            f"{_texts(waiting, 'draft')} waiting now: judged anew within the hour, and may then go.",
        ]
        return self._act(
            request,
            rows,
            action="send_alone",
            title="Let texts go on their own?",
            effects=effects,
            button="Let them go",
            done="{} now send on their own.",
            send=Automation.Send.AUTO,
        )

    @admin.action(description="Back to drafts…", permissions=["sign"])
    def back_to_drafts(self, request: HttpRequest, queryset: QuerySet[Automation]) -> HttpResponse | None:
        effects = ["A person then approves each text. What is being sent this second still goes."]
        return self._act(
            request,
            queryset.filter(send=Automation.Send.AUTO),
            action="back_to_drafts",
            title="Back to drafts?",
            effects=effects,
            button="Back to drafts",
            done="{} now write drafts.",
            send=Automation.Send.DRAFT,
        )

    @admin.action(description="Switch off…", permissions=["sign"])
    def switch_off(self, request: HttpRequest, queryset: QuerySet[Automation]) -> HttpResponse | None:
        rows = queryset.filter(enabled=True)
        effects = [
            "Nothing new starts; each event keeps a receipt that says so.",
            f"{_texts(self._waiting(rows), 'text')} not gone yet: skipped when due. To keep them, stop sending instead.",
        ]
        return self._act(
            request,
            rows,
            action="switch_off",
            title="Switch off?",
            effects=effects,
            button="Switch off",
            done="{} switched off.",
            enabled=False,
        )

    @admin.action(description="Switch on…", permissions=["sign"])
    def switch_on(self, request: HttpRequest, queryset: QuerySet[Automation]) -> HttpResponse | None:
        effects = ["What happens from now on starts it again; what happened meanwhile does not."]
        rows = queryset.filter(enabled=False)
        return self._act(
            request, rows, action="switch_on", title="Switch on?", effects=effects, button="Switch on", done="{} switched on.", enabled=True
        )


def _texts(count: int, word: str) -> str:
    return f"{count} {word}" if count == 1 else f"{count} {word}s"
