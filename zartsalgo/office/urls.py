"""The addresses of the office; each page names its own in its file in views/, and a new file is found by itself."""

import importlib
import pkgutil

from django.urls import URLPattern

from zartsalgo.office import views

app_name = "office"
urlpatterns: list[URLPattern] = [
    pattern
    for found in sorted(pkgutil.iter_modules(views.__path__), key=lambda module: module.name)
    for pattern in getattr(importlib.import_module(f"{views.__name__}.{found.name}"), "urlpatterns", [])
]
