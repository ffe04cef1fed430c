"""What a business says about the texts that go out in its name: these words are fine, or please change them. Written down; the office hears it.

An answer is bound to the exact words: it is said with their hash, and where the words change by one byte it speaks for them no more.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Final

from django.db import transaction

from portal.content import Text
from portal.models import TextWord
from portal.words import UNDO_WITHIN, NothingSaid
from zartsalgo.lib.doorbell import ring_after_commit
from zartsalgo.lib.names import clean_text

TAKE: Final = "office.take_portal_text"
ANSWER_HOURS: Final = 24
CHANNELS: Final = {"sms": "Text message", "email": "Email"}


class OtherWords(Exception):
    """The words are not those that the person looked at; nothing was written down."""


# How what a text is for is said: heading, and when a customer gets it. The house names it at the start (zartsalgo.apps), because the portal
# knows nothing of what is sent.
Naming = Callable[[str], tuple[str, str]]
_naming: list[Naming] = []


def name_purposes(*, by: Naming) -> None:
    """Say what texts are for by this from now on."""
    _naming[:] = [by]


def heading_of(*, purpose: str) -> str:
    """What a text is for, as a heading."""
    return _naming[-1](purpose)[0]


def when_of(*, purpose: str) -> str:
    """When a customer gets it, in one sentence."""
    return _naming[-1](purpose)[1]


def say(*, client_id: int, text: Text, sha256: str, said: str, words: str = "", by: str, now: datetime) -> TextWord:
    """Write it down and ring for the office; the latest counts. Saying the same again changes nothing.

    `text` was read in portal.content under this client, `sha256` is what the person looked at. Raises OtherWords where the two differ,
    NothingSaid for a change without words.
    """
    words = clean_text(words, limit=1000) if said == TextWord.Said.CHANGE else ""
    if said not in TextWord.Said.values or (said == TextWord.Said.CHANGE and not words):
        raise NothingSaid
    if sha256 != text.sha256:
        raise OtherWords
    with transaction.atomic():
        fresh = TextWord(
            client_id=client_id,
            key=text.key,
            version=text.version,
            sha256=sha256,
            said=said,
            words=words,
            by=by[:120],
            said_at=now,
        )
        TextWord.objects.bulk_create([fresh], ignore_conflicts=True)
        word = TextWord.objects.select_for_update().get(client_id=client_id, key=text.key, sha256=sha256)
        if word.pk != fresh.pk:
            if (word.said, word.words) == (said, words):
                return word
            _write(word=word, said=said, words=words, by=by, now=now)
        ring_after_commit(task=TAKE, id=str(word.pk))
    return word


def take_back(*, client_id: int, text: Text, by: str, now: datetime) -> bool:
    """Take back what was said of these words within the last ten minutes; False when there is nothing to take back (any more)."""
    with transaction.atomic():
        word = TextWord.objects.select_for_update().filter(client_id=client_id, key=text.key, sha256=text.sha256).first()
        if word is None or not can_take_back(word=word, now=now):
            return False
        _write(word=word, said="", words="", by=by, now=now)
        ring_after_commit(task=TAKE, id=str(word.pk))
    return True


def can_take_back(*, word: TextWord, now: datetime) -> bool:
    return bool(word.said) and word.said_at > now - UNDO_WITHIN


def said_of(*, client_id: int, texts: list[Text]) -> tuple[dict[str, TextWord], dict[str, TextWord]]:
    """By key: what stands of exactly these words, and the last that was called fine of other words of the same name."""
    rows = TextWord.objects.filter(client_id=client_id, key__in=[text.key for text in texts]).exclude(said="").order_by("said_at", "pk")
    now_of = {text.key: text.sha256 for text in texts}
    current: dict[str, TextWord] = {}
    earlier: dict[str, TextWord] = {}
    for row in rows:
        if row.sha256 == now_of[row.key]:
            current[row.key] = row
        elif row.said == TextWord.Said.FINE:
            earlier[row.key] = row
    return current, earlier


def _write(*, word: TextWord, said: str, words: str, by: str, now: datetime) -> None:
    word.said, word.words, word.by, word.said_at = said, words, by[:120], now
    word.revision += 1
    word.save(update_fields=["said", "words", "by", "said_at", "revision"])
