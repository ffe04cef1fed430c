"""The addresses of the office; each page names its own in its file."""

from zartsalgo.office.views import connections, deliveries, inbox, leads, outbox, outcomes, runs, simulator, stops

app_name = "office"
urlpatterns = [
    *inbox.urlpatterns,
    *leads.urlpatterns,
    *runs.urlpatterns,
    *deliveries.urlpatterns,
    *connections.urlpatterns,
    *outbox.urlpatterns,
    *stops.urlpatterns,
    *simulator.urlpatterns,
    *outcomes.urlpatterns,
]
