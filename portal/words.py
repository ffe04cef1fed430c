"""What a business tells us about a story: what came of it, or that it is not right. The office hears it; here it is only written down."""

import uuid
from datetime import datetime, timedelta

from django.db import transaction

from portal.models import Word
from zartsalgo.lib.doorbell import ring_after_commit
from zartsalgo.lib.names import clean_text

UNDO_WITHIN = timedelta(minutes=10)
TAKE = "office.take_portal_word"


class NothingSaid(Exception):
    """An answer that is not offered, or no words where words are needed."""


def say(*, client_id: int, proof_id: uuid.UUID, kind: str, said: str, words: str = "", by: str, now: datetime) -> Word:
    """Write it down and ring for the office; the latest counts. Saying the same again changes nothing.

    The caller has seen the story in portal.content under this client. Raises NothingSaid.
    """
    words = clean_text(words, limit=1000) if kind == Word.Kind.DISPUTE else ""
    if (kind == Word.Kind.OUTCOME and said not in Word.OUTCOMES) or (kind == Word.Kind.DISPUTE and not words):
        raise NothingSaid
    said = said if kind == Word.Kind.OUTCOME else "not-right"
    with transaction.atomic():
        fresh = Word(client_id=client_id, proof_id=proof_id, kind=kind, said=said, words=words, by=by[:120], said_at=now)
        Word.objects.bulk_create([fresh], ignore_conflicts=True)
        word = Word.objects.select_for_update().get(proof_id=proof_id, kind=kind, client_id=client_id)
        if word.pk != fresh.pk:
            if (word.said, word.words) == (said, words):
                return word
            word.said, word.words, word.by, word.said_at = said, words, by[:120], now
            word.revision += 1
            word.save(update_fields=["said", "words", "by", "said_at", "revision"])
        ring_after_commit(task=TAKE, id=str(word.pk))
    return word


def take_back(*, client_id: int, proof_id: uuid.UUID, kind: str, by: str, now: datetime) -> bool:
    """Take back what was said within the last ten minutes; False when there is nothing to take back (any more)."""
    with transaction.atomic():
        word = Word.objects.select_for_update().filter(proof_id=proof_id, kind=kind, client_id=client_id).first()
        if word is None or not can_take_back(word=word, now=now):
            return False
        word.said, word.words, word.by, word.said_at = "", "", by[:120], now
        word.revision += 1
        word.save(update_fields=["said", "words", "by", "said_at", "revision"])
        ring_after_commit(task=TAKE, id=str(word.pk))
    return True


def can_take_back(*, word: Word, now: datetime) -> bool:
    return bool(word.said) and word.said_at > now - UNDO_WITHIN


def said_about(*, client_id: int, proof_ids: list[uuid.UUID]) -> dict[tuple[uuid.UUID, str], Word]:
    """What stands about these stories, by (story, kind); what was taken back is not there."""
    words = Word.objects.filter(client_id=client_id, proof_id__in=proof_ids).exclude(said="")
    return {(word.proof_id, word.kind): word for word in words}
