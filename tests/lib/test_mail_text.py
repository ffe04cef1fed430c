"""Own words of a mail: what is quoted, signed or written by a machine is not theirs."""

import pytest

from zartsalgo.lib.mail_text import is_automatic, own_words, text_of_html

MAILS = [
    ("Yes please", "Yes please"),
    ("Stop\r\n\r\n> Hi Carla\r\n> When may we come?", "Stop"),
    ("Thanks!\n\nOn Mon, May 4, 2026, Summit <office@example.com> wrote:\n> Hi", "Thanks!"),
    ("Thanks!\n\nOn Mon, May 4, 2026 at 5 PM Summit Roofing\n<office@example.com> wrote:\n\n> Hi", "Thanks!"),
    ("Gracias\n\nEl lun, 4 may 2026, Summit <office@example.com> escribió:\n> Hola", "Gracias"),
    ("Call me\n\n-----Original Message-----\nFrom: Summit <office@example.com>\nReply STOP", "Call me"),
    ("Call me\n________________________________\nFrom: Summit <office@example.com>\nUnsubscribe here", "Call me"),
    ("On Monday, May 4, Summit <office@example.com> wrote:\n> When may we come?\n\nThursday.", "Thursday."),
    ("See you\n-- \nCarla Gomez\nStop Sign Painting Inc", "See you"),
    ("ok\n\nSent from my iPhone", "ok"),
    ("From: here on it leaks", "From: here on it leaks"),
    ("On Thursday I am home.\nPlease come", "On Thursday I am home.\nPlease come"),
    ("", ""),
]


@pytest.mark.parametrize(("mail", "words"), MAILS)
def test_own_words(mail, words):
    assert own_words(text=mail) == words


@pytest.mark.parametrize(
    ("name", "value", "machine"),
    [
        ("Auto-Submitted", "auto-replied", True),
        ("auto-submitted", "auto-generated; owner-email=x", True),
        ("Auto-Submitted", "no", False),
        ("Precedence", "auto_reply", True),
        ("Precedence", "first-class", False),
        ("X-Autoreply", "yes", True),
        ("Return-Path", "<>", True),
        ("Return-Path", "<carla@example.com>", False),
        ("Subject", "Auto-Submitted: yes", False),
    ],
)
def test_machines(name, value, machine):
    assert is_automatic(headers=[(name, value)]) is machine


def test_a_page_without_its_quotes():
    assert text_of_html(html="<p>Hi &amp; bye</p><blockquote>x<blockquote>y</blockquote>z</blockquote><p>end</p>") == "Hi & bye\nend"
