"""A mail to a responder, through the mail server of the environment (EMAIL_URL). The one seam for another way to mail."""

import smtplib
import socket

from django.core.mail import EmailMessage

from providers.contract import SendResult

# Before the message itself was handed over: nothing went, and another try may work.
_NOT_REACHED = (ConnectionRefusedError, socket.gaierror, smtplib.SMTPConnectError, smtplib.SMTPHeloError)


def mail_notice(*, to: str, subject: str, body: str) -> SendResult:
    """Hand one plain mail to the mail server, once. Never raises for what the server or the network did."""
    try:
        EmailMessage(subject=subject, body=body, to=[to]).send()
    except _NOT_REACHED:
        return SendResult(outcome="rejected", error_code="unreachable", note="not sent: the mail server could not be reached.")
    except smtplib.SMTPAuthenticationError:
        return SendResult(outcome="rejected", error_code="config", note="The mail server does not take our sign-in.")
    except smtplib.SMTPRecipientsRefused as error:
        codes = [code for code, _ in error.recipients.values()]
        return _refused(code=max(codes, default=550))
    except smtplib.SMTPResponseException as error:
        return _refused(code=error.smtp_code)
    except (smtplib.SMTPException, OSError) as error:
        return SendResult(outcome="unknown", note=f"The mail server did not answer to the end ({type(error).__name__}).")
    return SendResult(outcome="accepted", note="The mail server took it.")


def _refused(*, code: int) -> SendResult:
    """RFC 5321, 4.2.1: 4yz may pass, 5yz does not."""
    if 400 <= code < 500:
        return SendResult(outcome="rejected", error_code="unreachable", note=f"The mail server is too busy for it now ({code}).")
    return SendResult(outcome="rejected", error_code=str(code), note=f"The mail server refused it ({code}).")
