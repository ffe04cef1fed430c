from django.apps import AppConfig


class Providers(AppConfig):
    name = "providers"
    verbose_name = "Providers"
