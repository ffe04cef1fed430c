"""Django's admin under our name; staff land in the inbox, the record lists are one menu entry away."""

from typing import Any

from django.contrib.admin import AdminSite
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache


class OfficeSite(AdminSite):
    site_header = "ZartsAlgo"
    site_title = "ZartsAlgo"
    index_title = "All records"
    site_url = None
    enable_nav_sidebar = False

    # Django lets caches keep this page alone of all; it names who is signed in.
    @method_decorator(never_cache)
    def password_change(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        return super().password_change(request, extra_context)
