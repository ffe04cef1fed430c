"""The scenes that every life of the demo holds, whatever chance brings: what staff have to be able to show and what goes wrong now and then.

The last ones happen in the hour before now, so the inbox opens with decisions of every kind.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from zartsalgo.lib.phone import sayable
from zartsalgo.office.demo import words as said
from zartsalgo.office.demo.clients import BLUEBIRD, GRANITE, HARBOR, SUMMIT
from zartsalgo.office.demo.deeds import (
    Answered,
    Approved,
    Asked,
    Called,
    CameOf,
    Careless,
    Forged,
    Garbled,
    Mood,
    Noted,
    ReadUnclear,
    Resumed,
    Took,
    Troubled,
    Undelivered,
    Verified,
    Wrote,
)
from zartsalgo.office.demo.people import Person

if TYPE_CHECKING:
    from zartsalgo.office.demo.life import Teller

RANG = timedelta(seconds=19)
# Somebody who lives two hours ahead of Denver: quiet hours follow the person.
FAR_AWAY = Person(name="Rosalind Chu", number="+12125550148", email="rosalind.chu@example.com")


def scenes(teller: Teller) -> None:
    """Add the scenes of the teller's client."""
    {SUMMIT.slug: _summit, BLUEBIRD.slug: _bluebird, HARBOR.slug: _harbor, GRANITE.slug: _granite}[teller.spec.slug](teller)


def _stops(teller: Teller, *, words: str, share: float, calls_again: bool = True) -> None:
    """Somebody says stop in some way, and calls again later: no text goes."""
    person = next(teller.people)
    at = teller.local(day=teller.back(share), hour=10, minute=12)
    teller.missed(person=person, at=at, reply=words)
    if calls_again:
        later = teller.local(day=teller.back(share * 0.4), hour=15, minute=21)
        teller.add(Called(at=later + RANG, person=person, ended=later, lasted=RANG, source="Google Organic"))
        teller.add(Answered(at=later + timedelta(minutes=12), person=person))


def _unclear(teller: Teller, *, words: str, share: float, stop: bool) -> None:
    """A reply that may mean stop: texts wait until somebody has read it."""
    person = next(teller.people)
    at = teller.local(day=teller.back(share), hour=13, minute=3)
    teller.add(Called(at=at + RANG, person=person, ended=at, lasted=RANG))
    teller.add(Answered(at=at + timedelta(minutes=9), person=person))
    teller.add(Wrote(at=at + timedelta(minutes=11), person=person, words=words))
    teller.add(ReadUnclear(at=at + timedelta(minutes=18), person=person, stop=stop))
    if not stop:
        teller.add(Answered(at=at + timedelta(minutes=24), person=person))


def _spam(teller: Teller, *, number: int, share: float) -> None:
    name, message = said.SPAM[number]
    known = next(teller.people)
    person = Person(name=name, number=known.number, email=f"hello{number}@example.com")
    at = teller.local(day=teller.back(share), hour=11, minute=31)
    teller.add(Asked(at=at, person=person, service="", message=message, source="Website"))
    teller.add(CameOf(at=at + timedelta(minutes=17), person=person, outcome="wrong", by_client=False))


def outage(teller: Teller, *, share: float) -> None:
    """In the middle of the storm the provider takes no texts: after three tries a safety check pauses, 7 texts are held. 38 minutes later
    the owner resumes: five still go, two have lost their use and become calls."""
    day = teller.back(share)

    def at(minute: float) -> datetime:
        return teller.local(day=day, hour=15, minute=minute)

    teller.add(Mood(at=at(1), mood="down"))
    for number, minute in enumerate((2, 8, 13, 17, 22, 27, 33)):
        person = next(teller.people)
        teller.add(Called(at=at(minute + 0.4), person=person, ended=at(minute), lasted=RANG, source="Google Business Profile"))
        teller.follow(person=person, at=at(55 + number * 3))
    teller.add(Took(at=at(6)), Mood(at=at(39.5), mood="ok"), Resumed(at=at(41.5)), Verified(at=at(44)))


def _waiting(teller: Teller, *, minutes: int, careless: str = "") -> Person:
    """Somebody who asked a while ago today and was answered; what was understood still waits for the owner."""
    person = next(teller.people)
    service, message = teller.words.forms[teller.one_of("forms")]
    asked = teller.now - timedelta(minutes=minutes)
    teller.add(Asked(at=asked, person=person, service=service, message=message, source=teller.source(), consents=True))
    teller.add(Answered(at=asked + timedelta(minutes=8), person=person))
    if careless:
        teller.add(Careless(at=asked + timedelta(minutes=1), person=person, sentence=careless.format(number=sayable(person.number))))
    return person


def _summit(teller: Teller) -> None:
    now = teller.now
    outage(teller, share=0.3)
    _waiting(teller, minutes=58, careless="The repair costs 1,850 dollars including the flashing.")
    # Somebody whose patience is at its end.
    angry = next(teller.people)
    at = teller.local(day=teller.back(0.5), hour=9, minute=15)
    teller.add(Called(at=at + RANG, person=angry, ended=at, lasted=RANG))
    teller.add(Wrote(at=at + timedelta(minutes=3), person=angry, words=said.ANGRY))
    teller.add(Answered(at=at + timedelta(minutes=7), person=angry))
    teller.add(
        Noted(at=at + timedelta(minutes=12), person=angry, words="Apologised. Rita calls personally tomorrow at nine, with a discount.")
    )
    teller.add(CameOf(at=at + timedelta(days=1, minutes=20), person=angry, outcome="booked", by_client=True))
    _stops(teller, words=said.STOPS[0], share=0.6)
    _stops(teller, words=said.STOPS[3], share=0.45, calls_again=False)
    _unclear(teller, words=said.UNCLEAR[0], share=0.4, stop=True)
    # A reply at night: who is on call answers.
    night = next(teller.people)
    teller.missed(person=night, at=teller.local(day=teller.back(0.22), hour=17, minute=42))
    teller.add(Wrote(at=teller.local(day=teller.back(0.22), hour=23, minute=20), person=night, words=said.NIGHT))
    teller.add(Answered(at=teller.local(day=teller.back(0.22), hour=23, minute=58), person=night))
    # A call in the night, and one from two hours ahead: both texts are held, then a person calls.
    late = next(teller.people)
    at = teller.local(day=teller.back(0.25), hour=22, minute=40)
    teller.add(Called(at=at + RANG, person=late, ended=at, lasted=RANG, voicemail=True))
    teller.add(Answered(at=at + timedelta(minutes=14), person=late))
    at = teller.local(day=teller.back(0.32), hour=19, minute=35)
    teller.add(Called(at=at + RANG, person=FAR_AWAY, ended=at, lasted=RANG))
    teller.add(
        Answered(at=at + timedelta(minutes=8), person=FAR_AWAY),
        CameOf(at=at + timedelta(days=2), person=FAR_AWAY, outcome="booked", by_client=True),
    )
    # Somebody who withholds the number; the webhook that comes three times; the one nobody signed; two calls in one morning.
    at = teller.local(day=teller.back(0.38), hour=12, minute=5)
    teller.add(Called(at=at + RANG, person=None, ended=at, lasted=RANG))
    eager = next(teller.people)
    at = teller.local(day=teller.back(0.15), hour=10, minute=5)
    teller.add(Called(at=at + RANG, person=eager, ended=at, lasted=RANG, copies=2))
    teller.add(Called(at=at + timedelta(minutes=26), person=eager, ended=at + timedelta(minutes=25), lasted=RANG))
    teller.follow(person=eager, at=at + timedelta(minutes=31))
    teller.add(Forged(at=teller.local(day=teller.back(0.12), hour=3, minute=11), person=eager))
    # A customer of the autumn comes back.
    again = teller.happen(kind="quote", at=teller.local(day=teller.back(0.9), hour=9, minute=40))
    teller.add(CameOf(at=teller.local(day=teller.back(0.6), hour=16, minute=0), person=again, outcome="done", by_client=True))
    teller.missed(
        person=again,
        at=teller.local(day=teller.back(0.1), hour=13, minute=48),
        reply="Hi, it's me again :) one shingle came off, can you add it?",
    )
    # In the hour before now.
    teller.add(Garbled(at=now - timedelta(minutes=66)))
    known = teller.happen(kind="quote", at=teller.local(day=teller.back(0.08), hour=9, minute=5))
    teller.add(Wrote(at=now - timedelta(minutes=4), person=known, words=teller.words.texts[2]))
    doubtful = next(teller.people)
    teller.add(Called(at=now - timedelta(minutes=41), person=doubtful, ended=now - timedelta(minutes=42), lasted=RANG))
    teller.add(Answered(at=now - timedelta(minutes=30), person=doubtful))
    teller.add(Wrote(at=now - timedelta(minutes=3), person=doubtful, words=said.UNCLEAR[1]))


def _bluebird(teller: Teller) -> None:
    now = teller.now
    _waiting(teller, minutes=47, careless="The customer can be reached at {number}.")
    _stops(teller, words=said.STOPS[1], share=0.55)
    _stops(teller, words=said.STOPS[5], share=0.2, calls_again=False)
    _spam(teller, number=0, share=0.48)
    # A price question belongs to a person.
    asking = next(teller.people)
    teller.missed(person=asking, at=teller.local(day=teller.back(0.33), hour=16, minute=20), reply=said.PRICE)
    # The landlord presses the button twice: one request.
    twice = next(teller.people)
    at = teller.local(day=teller.back(0.27), hour=8, minute=51)
    for second in (0, 20):
        teller.add(
            Asked(
                at=at + timedelta(seconds=second),
                person=twice,
                service="leak repair",
                message="Third floor, water under the sink, the tenant is home after five.",
                source="Website",
            )
        )
    teller.follow(person=twice, at=at + timedelta(minutes=11))
    # CallRail has been late since this morning: what it reports is too old for a text, so people call.
    for minutes, late in ((171, 48), (118, 66), (64, 53)):
        person = next(teller.people)
        reported = now - timedelta(minutes=minutes)
        teller.add(Called(at=reported, person=person, ended=reported - timedelta(minutes=late), lasted=RANG))
        teller.add(Answered(at=reported + timedelta(minutes=9), person=person))
    since = (now - timedelta(minutes=171)).astimezone(teller.zone)
    says = f"It has reported calls about an hour late since {since:%H:%M %Z} today; what comes too late for a text is called back."
    teller.add(Troubled(at=now - timedelta(minutes=110), provider="callrail", says=says))
    # Nobody has called this one back in time.
    waiting = next(teller.people)
    teller.add(Called(at=now - timedelta(minutes=27), person=waiting, ended=now - timedelta(minutes=28), lasted=RANG, voicemail=True))


def _harbor(teller: Teller) -> None:
    now = teller.now
    _stops(teller, words=said.STOPS[2], share=0.5)
    _unclear(teller, words=said.UNCLEAR[1], share=0.28, stop=False)
    _spam(teller, number=1, share=0.2)
    gone = next(teller.people)
    at = teller.local(day=teller.back(0.18), hour=9, minute=44)
    teller.missed(person=gone, at=at)
    teller.add(Undelivered(at=at + timedelta(minutes=14), person=gone, error_code="30005"))
    # Two texts wait for their approval.
    for minutes in (12, 5):
        person = next(teller.people)
        ended = now - timedelta(minutes=minutes)
        teller.add(Called(at=ended + RANG, person=person, ended=ended, lasted=RANG))
        teller.add(Answered(at=now - timedelta(minutes=2), person=person))


def _granite(teller: Teller) -> None:
    now = teller.now
    # Its provider has not answered for an hour: nobody knows whether this text went, and it is not repeated.
    lost = next(teller.people)
    teller.add(Mood(at=now - timedelta(minutes=60), mood="unknown"))
    called = now - timedelta(minutes=9)
    teller.add(Called(at=called + RANG, person=lost, ended=called, lasted=RANG, source="Google Organic"))
    teller.add(Approved(at=called + timedelta(minutes=2), person=lost), Answered(at=called + timedelta(minutes=6), person=lost))
    _stops(teller, words=said.STOPS[4], share=0.3, calls_again=False)
    service, message = teller.words.quotes[0]
    asking = next(teller.people)
    teller.add(
        Asked(
            at=now - timedelta(minutes=9),
            person=asking,
            service=service,
            message=message,
            source="Website",
            quote=True,
            more=(("timeline", "6 weeks"), ("location", "Fulton Market, dock on the alley")),
        )
    )
    teller.add(Answered(at=now - timedelta(minutes=1), person=asking))
