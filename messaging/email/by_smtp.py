"""An email over the mail server of the environment (EMAIL_URL), for clients without an email connection. One try, never repeated here.

SMTP says when it took a mail; what becomes of it afterwards nobody reports, and replies go to the sender address, not to us.
"""

import smtplib
from email.utils import formataddr
from typing import Final

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection

from providers.connections import LOOPBACK
from providers.contract import OutgoingEmail, SendResult

SECONDS: Final = 5  # for each answer of the server
# What the id of a mail that a server took begins with; the server gives none of its own.
TAKEN: Final = "smtp-"


def over_loopback() -> bool:
    """Whether the mail server is this machine: then nothing leaves it."""
    return str(settings.EMAIL_HOST) in LOOPBACK


def send(*, email: OutgoingEmail) -> SendResult:
    """Hand the email to the server once. Never raises for what the network or the server did."""
    try:
        message = EmailMultiAlternatives(
            subject=email.subject,
            body=email.text,
            from_email=formataddr((email.sender_name, email.sender)) if email.sender_name else email.sender,
            to=[formataddr((email.to_name, email.to)) if email.to_name else email.to],
            headers=dict(email.headers),
        )
        message.attach_alternative(email.html, "text/html")
        message.message()
        way = get_connection(timeout=SECONDS)
    except ValueError:  # Django's text quotes the header, so only the kind is told
        return SendResult(outcome="rejected", error_code="300", note="not sent: the email could not be written.")
    try:
        way.open()
    except smtplib.SMTPAuthenticationError as error:
        return SendResult(outcome="rejected", error_code="config", note=f"not sent: the mail server refused our login ({error.smtp_code}).")
    except (smtplib.SMTPException, OSError) as error:
        note = f"not sent: the mail server could not be reached ({type(error).__name__})."
        return SendResult(outcome="rejected", error_code="unreachable", note=note)
    try:
        way.send_messages([message])
    except (smtplib.SMTPRecipientsRefused, smtplib.SMTPSenderRefused, smtplib.SMTPDataError) as error:
        return SendResult(outcome="rejected", error_code="smtp", note=f"not sent: the mail server refused it ({type(error).__name__}).")
    except Exception as error:  # bytes may have left: what became of them is unknown
        return SendResult(outcome="unknown", note=f"the mail server did not answer ({type(error).__name__})")
    finally:
        way.close()
    return SendResult(outcome="accepted", provider_id=f"{TAKEN}{email.reference}", note="taken by the mail server")
