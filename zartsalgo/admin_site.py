"""Django's admin under our name; staff land in the inbox, the record lists are one menu entry away. Its sign-in is everybody's sign-in."""

from typing import Any

from django.contrib.admin import AdminSite
from django.contrib.admin.forms import AdminAuthenticationForm
from django.contrib.sessions.backends.db import SessionStore
from django.forms import ValidationError
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache

from zartsalgo.lib.client_address import client_address
from zartsalgo.throttle import PAUSE_MINUTES, count_try, note_success

PAUSED = (
    f"Too many wrong tries, so sign-in is paused here for {PAUSE_MINUTES} minutes; nothing you type meanwhile is checked. "
    "Wait, then sign in. If you no longer know the password, ask an owner to set a new one."
)

WRONG = "That username and that password do not fit together, or the account may not sign in here. Capital letters matter in both."


class SignInForm(AdminAuthenticationForm):
    """Name and password. A try is counted before the password is looked at; while tries are paused it is not looked at at all."""

    error_messages = {**AdminAuthenticationForm.error_messages, "invalid_login": WRONG}
    paused = False

    def clean(self) -> dict[str, Any]:
        name, password = self.cleaned_data.get("username"), self.cleaned_data.get("password")
        if not name or not password:
            return super().clean()
        assert self.request is not None
        counted = count_try(name=name, address=client_address(self.request))
        if counted is None:
            self.paused = True
            raise ValidationError(PAUSED, code="paused")
        cleaned = super().clean()
        note_success(counted=counted)
        return cleaned


class OfficeSite(AdminSite):
    site_header = "ZartsAlgo"
    site_title = "ZartsAlgo"
    index_title = "All records"
    site_url = None
    enable_nav_sidebar = False
    login_form = SignInForm

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        response = super().login(request, extra_context)
        form = (getattr(response, "context_data", None) or {}).get("form")
        if getattr(form, "paused", False):
            response.status_code = 429
            response["Retry-After"] = str(PAUSE_MINUTES * 60)
        elif response.status_code == 302:
            SessionStore.clear_expired()  # somebody came in: the moment to drop what has run out
        return response

    # Django lets caches keep this page alone of all; it names who is signed in.
    @method_decorator(never_cache)
    def password_change(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        return super().password_change(request, extra_context)
