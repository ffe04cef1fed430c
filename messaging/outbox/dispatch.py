"""The one way out: the only place where an adapter that sends, or the mail server, is called for a person.

It opens for a slip in which every check passed, by name and in order: the gate's own for a text to a customer, those of messaging.notices
for an alert to the business's own people. Which list counts follows from what is carried, never from who calls.
"""

import logging

from leads.models import Responder
from messaging import simulated
from messaging.email import by_smtp, composing
from messaging.gate import judging as gate
from messaging.models import Message, Notice
from messaging.notices import judging, mailing, words
from providers import adapters
from providers.connections import credentials, hook_url
from providers.contract import SendResult
from zartsalgo.lib.slip import SEND, Slip

log = logging.getLogger(__name__)

CALL_SECONDS = 15.0


class NoSlip(Exception):
    """Somebody tried to reach an adapter without a slip that says send."""


def call(*, row: Message | Notice, slip: Slip) -> SendResult:
    """Carry one text or alert out, once. Raises NoSlip without a slip of its own kind that says send."""
    lists = {Message: gate.CHECKS, Notice: judging.CHECKS}
    # Every check by its name, in its order: a slip that says less, or an heir that answers for itself, is none.
    made = type(slip) is Slip and type(row) in lists and [check.name for check in slip.checks] == [name for name, _ in lists[type(row)]]
    if not made or slip.verdict != SEND or not all(check.passed is True for check in slip.checks):
        raise NoSlip("no adapter is called without a slip in which every check passed")
    try:
        return _text(message=row) if isinstance(row, Message) else _notice(notice=row)
    except Exception as error:  # whatever broke, bytes may have left: the outcome is unknown, never "not sent"
        log.exception("carrying %s %s broke", type(row).__name__, row.pk)
        return SendResult(outcome="unknown", note=f"the call broke: {type(error).__name__}")


def stays_here(*, message: Message) -> bool:
    """Whether it is only shown on our own pages: there is neither a connection nor, for an email, a mail server."""
    by_email = message.channel == Message.EMAIL
    return message.connection is None and not (by_email and composing.sends_by_smtp() and not message.client.demo)


def _text(*, message: Message) -> SendResult:
    if stays_here(message=message):
        return simulated.send(message=message)
    if message.channel == Message.EMAIL:
        return _email(message=message)
    assert message.connection is not None  # else it was simulated
    adapter = adapters.load(message.connection.provider)
    return adapter.send(
        credentials=credentials(connection=message.connection),
        to=message.to,
        sender=message.sender,
        body=message.body,
        callback_url=hook_url(connection=message.connection, message_id=message.pk),
        timeout_seconds=CALL_SECONDS,
    )


def _email(*, message: Message) -> SendResult:
    try:
        email = composing.compose(message=message)
    except Exception as error:  # nothing was called yet
        log.exception("email of message %s could not be composed", message.pk)
        return SendResult(outcome="rejected", error_code="compose", note=f"not sent: it could not be composed ({type(error).__name__}).")
    if message.connection is not None:
        adapter, opened = adapters.load(message.connection.provider), credentials(connection=message.connection)
        return adapter.send_email(credentials=opened, email=email, timeout_seconds=CALL_SECONDS)
    return by_smtp.send(email=email)


def _notice(*, notice: Notice) -> SendResult:
    subject, body = words.of_notice(notice=notice)
    if notice.channel == Responder.Channel.EMAIL:
        return mailing.mail_notice(to=notice.address, subject=subject, body=body)
    assert notice.connection is not None  # its check passed
    adapter, opened = adapters.load(notice.connection.provider), credentials(connection=notice.connection)
    if notice.channel == Responder.Channel.SLACK:
        return adapter.post_alert(credentials=opened, text=body, timeout_seconds=CALL_SECONDS)
    return adapter.send(
        credentials=opened,
        to=notice.address,
        sender=notice.sender,
        body=body,
        callback_url=hook_url(connection=notice.connection, message_id=notice.pk),
        timeout_seconds=CALL_SECONDS,
    )
