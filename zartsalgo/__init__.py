"""Composition root: settings, URLs, Celery, checks, health and the embedded servers. Nothing below imports it but `zartsalgo.lib`."""

from zartsalgo.celery import app as celery_app

__all__ = ["celery_app"]
