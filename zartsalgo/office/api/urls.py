"""The addresses under /api/. A list appears when its room does; everything else is a 404 in the API's own form."""

from django.urls import path, re_path

from zartsalgo.office.api.docs import SchemaView, api_docs
from zartsalgo.office.api.errors import no_such_address
from zartsalgo.office.api.resources import ALL
from zartsalgo.office.api.verbs import ApproveMessage, CloseTask, ReplayDelivery
from zartsalgo.office.api.views import Index, ListOf, OneOf

app_name = "api"
urlpatterns = [
    path("v1/", Index.as_view(), name="index"),
    *(path(f"v1/{resource.name}/", ListOf.as_view(resource=resource), name=resource.name) for resource in ALL),
    *(path(f"v1/{resource.name}/<str:id>/", OneOf.as_view(resource=resource), name=resource.one) for resource in ALL),
    path("v1/tasks/<str:id>/close/", CloseTask.as_view(), name="close-task"),
    path("v1/messages/<str:id>/approve/", ApproveMessage.as_view(), name="approve-message"),
    path("v1/deliveries/<str:id>/replay/", ReplayDelivery.as_view(), name="replay-delivery"),
    path("schema/", SchemaView.as_view(), name="schema"),
    path("docs/", api_docs, name="docs"),
    re_path(r"^[\s\S]*$", no_such_address),
]
