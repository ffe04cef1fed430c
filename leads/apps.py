from django.apps import AppConfig


class Leads(AppConfig):
    name = "leads"
    verbose_name = "Leads and clients"
