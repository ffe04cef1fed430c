"""Clients are set up here; people, leads and what happened are only looked up."""

from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django import forms
from django.contrib import admin
from django.db.models import ForeignKey
from django.http import HttpRequest

from leads.models import (
    Automation,
    Client,
    Closure,
    Consent,
    Contact,
    DeskHolder,
    Event,
    Identity,
    Lead,
    Note,
    OpeningHours,
    Responder,
    StageChange,
    StatedIdentity,
    Task,
    every_channel,
)
from zartsalgo.lib import clock
from zartsalgo.record_admin import ConfigInline, EvidenceAdmin, RecordAdmin, by_id_or


class ClientForm(forms.ModelForm):
    """A client with a zone that exists: every time shown and every quiet hour depends on it."""

    pass_on_minutes = forms.IntegerField(
        min_value=1,
        max_value=24 * 60,
        required=False,
        initial=10,
        label="Tell the next responder after (minutes)",
        help_text="When nobody has taken a lead by then. Empty: 10.",
    )

    class Meta:
        model = Client
        fields = ("name", "slug", "timezone", "phone", "pass_on_minutes", "postal_address")
        labels = {"slug": "Short name", "timezone": "Time zone", "phone": "Number its texts come from", "postal_address": "Postal address"}
        widgets = {"postal_address": forms.Textarea(attrs={"rows": 3})}

    def clean_pass_on_minutes(self) -> int:
        return int(self.cleaned_data["pass_on_minutes"] or 10)

    def clean_timezone(self) -> str:
        name = str(self.cleaned_data["timezone"]).strip()
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise forms.ValidationError(f"{name!r} is no time zone. Write an IANA name such as America/Denver.") from error
        return name


class OpeningHoursInline(ConfigInline):
    model = OpeningHours


class ClosureInline(ConfigInline):
    model = Closure


class ResponderForm(forms.ModelForm):
    """Ways to be told as boxes to tick; they are taken in this order."""

    alerts_by = forms.MultipleChoiceField(
        choices=Responder.Channel, widget=forms.CheckboxSelectMultiple, required=False, initial=every_channel, label="Alerts by"
    )


class ResponderInline(ConfigInline):
    model = Responder
    form = ResponderForm
    fields = ("name", "phone", "email", "order", "on_from", "on_until", "alerts_by", "active")


class DeskHolderInline(ConfigInline):
    model = DeskHolder
    verbose_name_plural = "who holds which desk"

    def formfield_for_foreignkey(self, db_field: ForeignKey, request: HttpRequest, **kwargs: Any) -> Any:
        """Only members of the agency who can sign in."""
        if db_field.name in ("person", "deputy"):
            kwargs["queryset"] = db_field.remote_field.model._default_manager.filter(is_active=True, is_staff=True).order_by("username")
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Without the icons that open a member's record in a window of its own."""
        field: Any = super().formfield_for_dbfield(db_field, request, **kwargs)
        for icon in ("can_add_related", "can_change_related", "can_delete_related", "can_view_related"):
            if hasattr(field, "widget") and hasattr(field.widget, icon):
                setattr(field.widget, icon, False)
        return field


class AutomationInline(ConfigInline):
    """What runs for this client. Switching on or off and letting texts go are acts with a count first: see Automations."""

    model = Automation
    extra = 0
    max_num = 0
    can_delete = False
    show_change_link = True
    fields = readonly_fields = ("workflow", "enabled", "send")


@admin.register(Client)
class ClientAdmin(RecordAdmin):
    form = ClientForm
    list_display = ("name", "slug", "timezone", "phone", "demo")
    list_filter = ("demo",)
    ordering = ("name",)
    search_fields = ("name", "slug")
    inlines = (OpeningHoursInline, ClosureInline, ResponderInline, DeskHolderInline, AutomationInline)

    def get_readonly_fields(self, request: HttpRequest, obj: Client | None = None) -> tuple[str, ...]:
        # Commands, addresses and records name a client by it.
        return ("slug",) if obj else ()

    def save_model(self, request: HttpRequest, obj: Client, form: Any, change: bool) -> None:
        if not change:
            obj.created_at = clock.read()
        super().save_model(request, obj, form, change)


@admin.register(Contact)
class ContactAdmin(EvidenceAdmin):
    list_display = ("__str__", "client", "state", "created_at")
    list_filter = ("client",)
    list_select_related = ("client",)
    ordering = ("-created_at", "-id")
    search_fields = ("identities__value__exact",)
    search_help_text = "A whole number such as +13035550123, or a whole address."


@admin.register(StatedIdentity)
class StatedIdentityAdmin(EvidenceAdmin):
    list_display = ("value", "kind", "contact", "client", "stated_at", "proven_at", "proven_by")
    list_filter = ("client", "kind")
    list_select_related = ("client", "contact")
    ordering = ("-id",)
    search_fields = ("value__exact",)
    search_help_text = "A whole number such as +13035550123, or a whole address."


@admin.register(Identity)
class IdentityAdmin(EvidenceAdmin):
    list_display = ("value", "kind", "contact", "client")
    list_filter = ("client", "kind")
    list_select_related = ("client", "contact")
    ordering = ("-id",)
    search_fields = ("value__exact",)
    search_help_text = "A whole number such as +13035550123, or a whole address."


@admin.register(Lead)
class LeadAdmin(EvidenceAdmin):
    page = "office:lead"
    list_display = ("contact", "client", "kind", "source", "stage", "created_at")
    list_filter = ("client", "stage")
    list_select_related = ("client", "contact")
    ordering = ("-created_at", "-id")
    search_fields = ("contact__identities__value__exact",)
    search_help_text = "A whole number such as +13035550123, or a whole address."


@admin.register(StageChange)
class StageChangeAdmin(EvidenceAdmin):
    list_display = ("lead", "old", "new", "by", "at")
    list_select_related = ("lead__contact",)
    ordering = ("-id",)


@admin.register(Event)
class EventAdmin(EvidenceAdmin):
    list_display = ("type", "source", "client", "contact", "occurred_at", "recorded_at")
    list_filter = ("client", "type", "source")
    list_select_related = ("client", "contact")
    ordering = ("-id",)
    search_fields = ("key",)
    search_help_text = "Our id or the provider's key."

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> Any:
        """By our id or the provider's key; what is no id is not compared with ids."""
        return by_id_or(queryset, term=search_term, field="key"), False


@admin.register(Consent)
class ConsentAdmin(EvidenceAdmin):
    list_display = ("contact", "client", "purpose", "channel", "granted_at")
    list_filter = ("client", "purpose")
    list_select_related = ("client", "contact")
    ordering = ("-id",)


@admin.register(Task)
class TaskAdmin(EvidenceAdmin):
    list_display = ("title", "client", "desk", "kind", "status", "due_at")
    list_filter = ("status", "client", "desk", "kind")
    list_select_related = ("client",)
    ordering = ("-id",)


@admin.register(Note)
class NoteAdmin(EvidenceAdmin):
    list_display = ("lead", "author", "created_at")
    list_select_related = ("lead__contact", "author")
    ordering = ("-created_at", "-id")
