from django.apps import AppConfig


class Summaries(AppConfig):
    name = "summaries"
    verbose_name = "Summaries and proof"
