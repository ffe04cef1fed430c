from django.apps import AppConfig


class Office(AppConfig):
    name = "zartsalgo.office"
    label = "office"
    verbose_name = "Office"
