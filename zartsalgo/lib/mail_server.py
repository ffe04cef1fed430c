"""Whether the environment names a mail server at all (EMAIL_URL)."""

from django.conf import settings

# These write the mail where it must not stand (a log) or nowhere.
NO_SERVER = ("django.core.mail.backends.console.EmailBackend", "django.core.mail.backends.dummy.EmailBackend")


def has_mail_server() -> bool:
    """False where a mail would end in a log or nowhere; it is shown to staff instead."""
    return settings.EMAIL_BACKEND not in NO_SERVER
