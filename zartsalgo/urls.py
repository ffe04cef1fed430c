"""Every address of the house. Hooks are first and static; nothing here is named after a single provider or workflow."""

from django.contrib import admin
from django.urls import include, path

from providers.views import accept_hook
from zartsalgo import health

admin.autodiscover()

urlpatterns = [
    path("hooks/<slug:provider>/<str:token>/", accept_hook, name="hook"),
    path("healthz", health.healthz),
    path("readyz", health.readyz),
    path("metrics", health.metrics),
    path("api/", include("zartsalgo.office.api.urls")),
    path("admin/", admin.site.urls),
    path("portal/", include("portal.urls")),
    path("", include("zartsalgo.office.urls")),
]
