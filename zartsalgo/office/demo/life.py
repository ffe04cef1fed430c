"""What happened to the demo's businesses: a seeded plan, nothing else. The same seed gives the same people, words and counts whatever the
day and the hour; only the times follow `now`. Days and hours are the business's own: a peak in the morning, at noon and after work, quiet
Sundays, one storm day for the roofer.
"""

import random
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from zartsalgo.office.demo import words as said
from zartsalgo.office.demo.clients import BLUEBIRD, DRAFT, SUMMIT, DemoClient
from zartsalgo.office.demo.deeds import (
    Answered,
    Approved,
    Asked,
    Called,
    CameOf,
    Decided,
    Deed,
    Invited,
    NewWords,
    Noted,
    Rejected,
    Reported,
    Switched,
    Tidied,
    Told,
    Undelivered,
    Wrote,
)
from zartsalgo.office.demo.people import Person, crowd
from zartsalgo.office.demo.scenes import scenes

# Causes over 60 days; a shorter life has its share of them.
# More would make the first start wait longer than twenty seconds for the demo on two cores.
CAUSES = 112
STORM = 14
WHOLE_LIFE = 60
# Shares of the life, counted back from now.
STORM_BACK, SUMMARIES_SINCE = 0.3, 0.2
_KINDS = ("missed", "answered", "form", "quote", "text")
# Share of the day's causes by hour, local.
_HOURS = {6: 1, 7: 4, 8: 10, 9: 11, 10: 8, 11: 6, 12: 8, 13: 5, 14: 5, 15: 5, 16: 6, 17: 9, 18: 7, 19: 4, 20: 2, 21: 1}
_WEEKDAYS = (1.25, 1.1, 1.0, 1.0, 1.05, 0.55, 0.2)
_WEEKDAYS_B2B = (1.2, 1.1, 1.0, 1.0, 0.9, 0.08, 0.04)
_REPLIES, _CONSENTS, _LATE = 0.42, 0.7, 0.14
_BOOKED, _NOT_BOOKED, _WRONG, _DONE = 0.42, 0.27, 0.04, 0.7
_FAILED, _APPROVED = 0.03, 0.45


class Teller:
    """Tells one client's life. Who and what come from one stream of chance, when from another, so that times change nothing else."""

    def __init__(self, *, spec: DemoClient, seed: int, days: int, now: datetime) -> None:
        self.spec, self.days, self.now = spec, days, now
        self.zone = ZoneInfo(spec.timezone)
        self.today = now.astimezone(self.zone).date()
        self.what = random.Random(f"{seed}:{spec.slug}:what")  # noqa: S311 a story, no secret
        self.when = random.Random(f"{seed}:{spec.slug}:when")  # noqa: S311
        self.people = crowd(rng=self.what, area_codes=spec.area_codes, b2b=spec.b2b)
        self.words = said.OF_TRADE[spec.trade]
        self.deeds: list[Deed] = []
        self._left: dict[str, list[int]] = {}

    def tell(self) -> list[Deed]:
        """The life in order. Nothing in it lies after `now`."""
        causes = round(CAUSES * self.spec.weight * self.days / WHOLE_LIFE)
        weekdays = _WEEKDAYS_B2B if self.spec.b2b else _WEEKDAYS
        days = list(range(1, self.days))
        storm = self.back(STORM_BACK)
        weights = [weekdays[(self.today - timedelta(days=day)).weekday()] * (1.15 - 0.3 * day / self.days) for day in days]
        if self.spec is SUMMIT:
            weights[days.index(storm)] = 0.0  # it has a story of its own
        for _ in range(causes):
            kind = self.what.choices(_KINDS, self.spec.kinds)[0]
            day = self.when.choices(days, weights)[0]
            hour = self.when.choices(list(_HOURS), list(_HOURS.values()))[0]
            self.happen(kind=kind, at=self.local(day=day, hour=hour, minute=self.when.random() * 60))
        if self.spec is SUMMIT:
            for number in range(round(STORM * self.days / WHOLE_LIFE)):
                # Hail in the early afternoon; the phone does not stop until the evening. From three o'clock on see scenes.outage.
                minute = number * 9 if number < 6 else 50 + number * 12
                self.happen(kind="missed", at=self.local(day=storm, hour=14, minute=minute + self.when.random() * 6))
        for version, body in enumerate(self.spec.texts, 1):
            back = (self.days, self.back(0.55), self.back(0.2))[min(version, 3) - 1]
            self.add(NewWords(at=self.local(day=back, hour=8, minute=version), version=version, body=body))
        for day in range(1, self.days, 4):
            self.add(Tidied(at=self.local(day=day, hour=18, minute=40)))
        self.add(Tidied(at=self.now - timedelta(minutes=50)))
        self.books()
        scenes(self)
        return sorted((deed for deed in self.deeds if deed.at < self.now), key=lambda deed: deed.at)

    def books(self) -> None:
        """What the agency sets up and reports: who may look, when summaries began, the reports."""
        name, email = self.spec.member
        self.add(Invited(at=self.local(day=self.days, hour=9, minute=30), name=name, email=email))
        if self.spec is not SUMMIT:
            # The roofer tried it out first.
            begins = self.local(day=self.back(SUMMARIES_SINCE), hour=8, minute=0)
            self.add(Switched(at=self.local(day=self.days, hour=8, minute=0), workflow="ai-summary", on=False))
            self.add(Switched(at=begins, workflow="ai-summary", on=True))
        half = self.today - timedelta(days=self.back(0.5))
        first, yesterday = self.today - timedelta(days=self.days - 1), self.today - timedelta(days=1)
        if self.spec in (SUMMIT, BLUEBIRD):
            at = self.local(day=self.back(0.5) - 1, hour=9, minute=10)
            self.add(Reported(at=at, starts_on=first, ends_on=half, publish=True))
        if self.spec is SUMMIT:
            at = self.now - timedelta(minutes=95)
            self.add(
                Reported(at=at, starts_on=half + timedelta(days=1), ends_on=min(yesterday, at.astimezone(self.zone).date()), publish=False)
            )

    # Time

    def local(self, *, day: int, hour: int, minute: float) -> datetime:
        """A moment so many days ago by the business's own clock."""
        start = datetime.combine(self.today - timedelta(days=day), time(hour), tzinfo=self.zone)
        return (start + timedelta(minutes=minute)).astimezone(self.now.tzinfo)

    def back(self, share: float) -> int:
        """So far back in this life, in days, at least one."""
        return max(1, round(self.days * share))

    def by_day(self, moment: datetime) -> datetime:
        """The moment itself, or shortly after eight the next morning where it falls into the night. Never after now."""
        local = moment.astimezone(self.zone)
        if 7 <= local.hour < 21:
            found = moment
        else:
            morning = local + timedelta(days=1) if local.hour >= 21 else local
            found = morning.replace(hour=8, minute=4 + moment.minute // 3).astimezone(self.now.tzinfo)
        return found if found < self.now - timedelta(minutes=55) else moment

    # What happens

    def add(self, *deeds: Deed) -> None:
        self.deeds += deeds

    def one_of(self, table: str) -> int:
        """A row of a table of words, each once before any comes again."""
        rows = len(getattr(self.words, table))
        left = self._left.setdefault(table, [])
        if not left:
            left.extend(range(rows))
            self.what.shuffle(left)
        return left.pop()

    def source(self) -> str:
        return self.what.choices(said.SOURCES, said.SOURCE_WEIGHTS)[0]

    def minutes(self, least: float, most: float) -> timedelta:
        return timedelta(minutes=self.when.uniform(least, most))

    def happen(self, *, kind: str, at: datetime, person: Person | None = None) -> Person:
        """One cause with all that follows from it."""
        person = person or next(self.people)
        if kind == "missed":
            self.missed(person=person, at=at)
        elif kind == "answered":
            note = self.words.notes[self.one_of("notes")]
            lasted = self.minutes(1.5, 9)
            self.add(
                Called(at=at + lasted, person=person, ended=at + lasted, lasted=lasted, answered=True, source=self.source(), note=note)
            )
            self.follow(person=person, at=at + lasted)
        elif kind == "text":
            self.add(Wrote(at=at, person=person, words=self.words.texts[self.one_of("texts")]))
            self.follow(person=person, at=self.by_day(at + self.answer_time()))
        else:
            quote = kind == "quote"
            table = "quotes" if quote else "forms"
            service, message = getattr(self.words, table)[self.one_of(table)]
            consents = self.what.random() < _CONSENTS
            self.add(Asked(at=at, person=person, service=service, message=message, source=self.source(), quote=quote, consents=consents))
            self.follow(person=person, at=self.by_day(at + self.answer_time()))
        return person

    def missed(self, *, person: Person, at: datetime, reply: str | None = None) -> None:
        """A missed call that ended at `at`: text-back, perhaps a reply, somebody calls back, something comes of it."""
        source, replies, fate = self.source(), self.what.random() < _REPLIES, self.what.random()
        reported = at + timedelta(seconds=self.when.uniform(15, 70))
        voicemail = self.what.random() < 0.2
        lasted = timedelta(seconds=round(self.when.uniform(14, 40)))
        self.add(Called(at=reported, person=person, ended=at, lasted=lasted, voicemail=voicemail, source=source))
        goes = True
        if self.spec.send == DRAFT:
            goes = fate > 0.16
            if goes:
                self.add(Approved(at=reported + self.minutes(1, 9), person=person))
            elif fate > 0.06:
                self.add(Rejected(at=reported + self.minutes(2, 9), person=person, reason=said.REJECTED))
        day = 8 <= at.astimezone(self.zone).hour < 20
        if goes and fate < _FAILED + (0.16 if self.spec.send == DRAFT else 0):
            self.add(Undelivered(at=reported + self.minutes(10, 11), person=person, error_code="30003"))
            goes = False
        answered = at + self.answer_time()
        if reply or (replies and goes and day):
            written = reported + self.minutes(11, 32)
            text = reply or self.words.replies[self.one_of("replies")]
            media = 2 if any(word in text.lower() for word in ("pics", "photos", "pictures")) else 0
            self.add(Wrote(at=written, person=person, words=text, media=media))
            answered = written + self.minutes(2, 9)
        self.follow(person=person, at=self.by_day(answered))

    def answer_time(self) -> timedelta:
        """Mostly within minutes; some wait too long."""
        late = self.what.random() < _LATE
        return self.minutes(22, 80) if late else self.minutes(3, 13)

    def follow(self, *, person: Person, at: datetime) -> None:
        """Somebody talked to them at `at`; later it is known what came of it."""
        fate, by_client, done = self.what.random(), self.what.random() < 0.6, self.what.random() < _DONE
        self.add(Answered(at=at, person=person))
        self.add(Decided(at=self.by_day(at + self.minutes(20, 75)), person=person, approve=self.what.random() < _APPROVED))
        if self.what.random() < 0.12:
            self.add(Noted(at=at + self.minutes(2, 6), person=person, words=self.what.choice(said.STAFF_NOTES)))
        if fate < _BOOKED:
            booked = self.by_day(at + self.minutes(12, 60 * 26))
            self.add(CameOf(at=booked, person=person, outcome="booked", by_client=by_client))
            if done:
                finished = self.by_day(booked + timedelta(days=self.when.uniform(1.5, 11)))
                if self.spec.b2b:
                    self.add(Told(at=finished, person=person, type="job.completed"))
                self.add(CameOf(at=finished, person=person, outcome="done", by_client=False))
        elif fate < _BOOKED + _NOT_BOOKED:
            self.add(
                CameOf(
                    at=self.by_day(at + timedelta(days=self.when.uniform(0.2, 6))), person=person, outcome="not-booked", by_client=by_client
                )
            )
        elif fate < _BOOKED + _NOT_BOOKED + _WRONG:
            self.add(CameOf(at=at + self.minutes(1, 4), person=person, outcome="wrong", by_client=False))


def plan(*, spec: DemoClient, seed: int, days: int, now: datetime) -> list[Deed]:
    """One client's life of so many days up to `now`, in order."""
    return Teller(spec=spec, seed=seed, days=days, now=now).tell()
