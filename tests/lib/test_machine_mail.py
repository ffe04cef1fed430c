"""Machine mail is known by its headers, its sender or its subject; a person's mail by none of them."""

import pytest

from zartsalgo.lib.machine_mail import ABSENT, BOUNCED, LISTED, NO_REPLY, says_machine


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("Auto-Submitted", "auto-replied", ABSENT),
        ("auto-submitted", "auto-generated; owner-email=x", ABSENT),
        ("Auto-Submitted", "no", ""),
        ("X-Auto-Response-Suppress", "All", ABSENT),
        ("X-Auto-Response-Suppress", "DR, OOF, AutoReply", ABSENT),
        ("X-Auto-Response-Suppress", "None", ""),
        ("Precedence", "auto_reply", ABSENT),
        ("Precedence", "bulk", LISTED),
        ("Precedence", "junk", LISTED),
        ("Precedence", "first-class", ""),
        ("List-Id", "<news.example.com>", LISTED),
        ("List-Unsubscribe", "<https://example.com/u>", LISTED),
        ("X-Autoreply", "yes", ABSENT),
        ("Return-Path", "<>", BOUNCED),
        ("Return-Path", "<dee@example.com>", ""),
        ("Content-Type", "multipart/report; report-type=delivery-status", BOUNCED),
        ("Subject", "Auto-Submitted: yes", ""),
    ],
)
def test_headers(name, value, says):
    assert says_machine(headers=[("X-Spam", "no"), (name, value)], sender="dee@example.com") == says


@pytest.mark.parametrize(
    ("sender", "name", "says"),
    [
        ("mailer-daemon@example.com", "Mail Delivery Subsystem", BOUNCED),
        ("MAILER-DAEMON@example.com", "", BOUNCED),
        ("postmaster@example.com", "", BOUNCED),
        ("bounces+12-ab@example.com", "", BOUNCED),
        ("no-reply@example.com", "Ticket #12", NO_REPLY),
        ("no.reply+t12@example.com", "", NO_REPLY),
        ("leads-noreply@example.com", "A marketplace", NO_REPLY),
        ("do_not_reply@example.com", "", NO_REPLY),
        ("nepasrepondre@example.com", "", NO_REPLY),
        ("desk@example.com", "No Reply", NO_REPLY),
        ("autoresponder@example.com", "", ABSENT),
        ("dee@example.com", "Dee", ""),
        ("noreen@example.com", "Noreen Plyers", ""),
        ("bounce.house.rental@example.com", "", ""),
        ("", "", ""),
    ],
)
def test_senders(sender, name, says):
    assert says_machine(headers=[], sender=sender, name=name, subject="Your roof") == says


@pytest.mark.parametrize(
    ("subject", "says"),
    [
        ("Automatic reply: Your roof", ABSENT),
        ("AUTO-REPLY: Your roof", ABSENT),
        ("Out of Office", ABSENT),
        ("Out of the office until Monday", ABSENT),
        ("Respuesta automática: Su techo", ABSENT),
        ("Réponse automatique : Votre toit", ABSENT),
        ("Automatische Antwort: Ihr Dach", ABSENT),
        ("Abwesenheitsnotiz", ABSENT),
        ("Risposta automatica: Il tetto", ABSENT),
        ("Undeliverable: Your roof", BOUNCED),
        ("Mail delivery failed: returning message to sender", BOUNCED),
        ("Delivery Status Notification (Failure)", BOUNCED),
        ("Re: Your roof", ""),
        ("Re: Automatic reply: Your roof", ""),
        ("Automatic garage door is broken", ""),
        ("Out of hot water", ""),
        ("Delivery of the slabs failed?", ""),
        ("unsubscribe", ""),
        ("", ""),
    ],
)
def test_subjects(subject, says):
    assert says_machine(headers=[], sender="dee@example.com", subject=subject) == says
