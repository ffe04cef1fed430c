"""Reports: what came of a client's calls and forms in a stretch of days. Counted once, kept as a snapshot, published by a named person.

Every number is a count of leads, and `Report.counted` holds their ids, so staff can open what a number was counted from.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from statistics import median
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.db import IntegrityError, transaction
from django.db.models import OuterRef, Subquery

from leads.models import Client, Event, Identity, Lead
from providers.models import Connection
from summaries import checks, redaction
from summaries.figures import values
from summaries.models import Report
from summaries.sources import CALLS, FORMS
from summaries.text import Problem, RawValues
from zartsalgo.lib.ids import new_id

QUICK: Final = timedelta(minutes=15)
ENOUGH: Final = 10
"""Answers that it takes to speak of a typical time."""
LONGEST_DAYS: Final = 400
LONGEST_HEADLINE: Final = 160
LONGEST_NOTE: Final = 1_000
# A call can be reported later than it was; what is older than this belongs to something else.
_REPORTED_WITHIN: Final = timedelta(days=2)
_WON: Final = (Lead.Stage.BOOKED, Lead.Stage.DONE)


class CannotBuild(Exception):
    """No report was made; the sentence says why."""


class CannotPublish(Exception):
    """Nothing was changed; the sentence says why and what to do."""


@dataclass(frozen=True, slots=True)
class _Asked:
    """One request: when, from where, how long until the first answer (None: none yet), and whether it was booked."""

    id: str
    on: date
    source: str
    provider: str
    answered_after: float | None
    booked: bool


def build(*, client: Client, starts_on: date, ends_on: date, now: datetime) -> Report:
    """Count these days (in the client's zone, both included) into a draft; a draft of the same days is counted again and keeps its note.

    Four statements, however many leads. Raises CannotBuild for days that are none, or when a published report holds these days.
    """
    today = now.astimezone(ZoneInfo(client.timezone)).date()
    if ends_on < starts_on:
        raise CannotBuild("The last day lies before the first day.")
    if starts_on > today:
        raise CannotBuild("These days have not begun yet.")
    if (ends_on - starts_on).days >= LONGEST_DAYS:
        raise CannotBuild(f"A report covers at most {LONGEST_DAYS} days.")
    length = ends_on - starts_on + timedelta(days=1)
    asked = _asked(client=client, first=starts_on - length, last=ends_on)
    before, these = [one for one in asked if one.on < starts_on], [one for one in asked if one.on >= starts_on]
    troubled = _troubled(client=client)
    content, counted = _content(these=these, before=before, starts_on=starts_on, ends_on=ends_on, troubled=troubled)
    with transaction.atomic():
        standing = _standing(client=client, starts_on=starts_on, ends_on=ends_on)
        if standing is None:
            try:
                with transaction.atomic():
                    return Report.objects.create(
                        id=new_id(), client=client, starts_on=starts_on, ends_on=ends_on, content=content, counted=counted, created_at=now
                    )
            except IntegrityError:
                # Somebody made it at the same moment.
                standing = _standing(client=client, starts_on=starts_on, ends_on=ends_on)
        if standing is None or standing.status != Report.Status.DRAFT:
            raise CannotBuild("A report of these days is published. Withdraw it first, then make a new one.")
        content["note"] = standing.content.get("note", "")
        standing.content, standing.counted, standing.created_at = content, counted, now
        standing.save(update_fields=["content", "counted", "created_at"])
        return standing


def edit(*, report: Report, headline: str, note: str) -> None:
    """Change the words of a draft. Raises CannotPublish with the first thing that stands against them, or when it is no draft any more."""
    if standing := [one for one in word_problems(report=report, headline=headline, note=note) if one.blocks]:
        raise CannotPublish(standing[0].says)
    with transaction.atomic():
        row = _draft(report=report, refusal="changed")
        row.content = {**row.content, "headline": headline.strip(), "note": note.strip()}
        row.save(update_fields=["content"])
    report.content = row.content


def publish(*, report: Report, by: str, now: datetime) -> None:
    """Show it to the client as it stands. Raises CannotPublish when days are still to come, something stands against its words, or somebody
    was first."""
    with transaction.atomic():
        row = _draft(report=report, refusal="published")
        if why := why_not(report=row, now=now):
            raise CannotPublish(why)
        row.status, row.published_at, row.published_by = Report.Status.PUBLISHED, now, by[:150]
        row.save(update_fields=["status", "published_at", "published_by"])
    report.status, report.published_at, report.published_by = row.status, row.published_at, row.published_by


def why_not(*, report: Report, now: datetime) -> str:
    """Why this draft cannot be published as it stands, as a sentence; "" when it can."""
    if report.ends_on >= now.astimezone(ZoneInfo(report.client.timezone)).date():
        return f"Its last day, {report.ends_on:%-d %B}, is not over yet. Publish it from the day after."
    if report.created_at.astimezone(ZoneInfo(report.client.timezone)).date() <= report.ends_on:
        return "It was counted before its last day was over. Count it again first."
    content = report.content
    standing = word_problems(report=report, headline=content.get("headline", ""), note=content.get("note", ""))
    return next((one.says for one in standing if one.blocks), "")


def withdraw(*, report: Report, by: str, now: datetime) -> None:
    """Take a published report back: the client no longer sees it, the row stays. Raises CannotPublish when it is not published."""
    changed = Report.objects.filter(pk=report.pk, status=Report.Status.PUBLISHED).update(
        status=Report.Status.WITHDRAWN, withdrawn_at=now, withdrawn_by=by[:150]
    )
    report.refresh_from_db()
    if not changed:
        if report.status == Report.Status.WITHDRAWN:
            raise CannotPublish(f"{report.withdrawn_by or 'Somebody'} withdrew it before. Nothing was done twice.")
        raise CannotPublish("It is a draft; the client does not see it.")


def word_problems(*, report: Report, headline: str, note: str) -> list[Problem]:
    """What stands against the words of a report: personal data, markup, too long, or a number in the headline that the report has not.

    Offsets are those of the headline, or of the note behind it (after one line's end).
    """
    text = f"{headline}\n{note}"
    found: list[Problem] = []
    if not headline.strip():
        found.append(Problem(code="empty", says="The headline is empty.", start=0, end=0))
    for words, limit, what in ((headline, LONGEST_HEADLINE, "headline"), (note, LONGEST_NOTE, "note")):
        if len(words) > limit:
            found.append(
                Problem(code="too-long", says=f"The {what} has {len(words)} characters; {limit} is the most.", start=0, end=len(words))
            )
    found += checks.private_in(text=text[: LONGEST_HEADLINE + LONGEST_NOTE + 1], raw=_raw_values(report), allowed=_allowed(report))
    known = values([str(number) for number in _numbers(report.content)])["number"]
    for value in sorted(values([headline])["number"] - known - _of_dates(report)):
        found.append(
            Problem(
                code="unsourced-number", says=f"The headline says {value}, but no number of this report does.", start=0, end=len(headline)
            )
        )
    return found


def _draft(*, report: Report, refusal: str) -> Report:
    row = Report.objects.select_for_update(of=("self",), no_key=True).select_related("client").get(pk=report.pk)
    if row.status == Report.Status.PUBLISHED:
        raise CannotPublish(f"{row.published_by or 'Somebody'} published it before, so it was not {refusal}.")
    if row.status == Report.Status.WITHDRAWN:
        raise CannotPublish(f"It was withdrawn, so it was not {refusal}. Make a new report of these days.")
    return row


def _standing(*, client: Client, starts_on: date, ends_on: date) -> Report | None:
    live = Report.objects.filter(client=client, starts_on=starts_on, ends_on=ends_on).exclude(status=Report.Status.WITHDRAWN)
    return live.select_for_update(no_key=True).first()


def _asked(*, client: Client, first: date, last: date) -> list[_Asked]:
    """Every request that came in these days, but what turned out to be none."""
    zone = ZoneInfo(client.timezone)
    opening = Event.objects.filter(
        contact_id=OuterRef("contact_id"), type__in=(*CALLS, *FORMS), recorded_at__lte=OuterRef("created_at")
    ).order_by("-recorded_at")[:1]
    rows = (
        Lead.objects.filter(
            client=client,
            created_at__gte=datetime.combine(first, time.min, zone),
            created_at__lt=datetime.combine(last + timedelta(days=1), time.min, zone),
        )
        .exclude(stage=Lead.Stage.WRONG)
        .annotate(
            asked_at=Subquery(opening.values("occurred_at")),
            how=Subquery(opening.values("type")),
            provider=Subquery(opening.values("source")),
        )
        .order_by("created_at", "pk")
        .values_list("pk", "created_at", "source", "stage", "first_response_at", "asked_at", "how", "provider")
    )
    found = []
    for pk, created_at, source, stage, answered_at, asked_at, how, provider in rows:
        # Counted from when they called, which a provider may tell us later.
        since = asked_at if asked_at and created_at - _REPORTED_WITHIN <= asked_at <= created_at else created_at
        after = 0.0 if how == "call.answered" else max(0.0, (answered_at - since).total_seconds()) if answered_at else None
        found.append(_Asked(str(pk), created_at.astimezone(zone).date(), _source_name(source), provider or "", after, stage in _WON))
    return found


def _source_name(source: str) -> str:
    """A source as the client may read it: one that holds personal data (a form's odd title) is "Other"."""
    name = " ".join(source.split())[:120]
    return name if name and not any(span.sure for span in redaction.find_personal(name)) else "Other"


def _troubled(*, client: Client) -> dict[str, str]:
    """Providers of this client that do not work now, and since their switch-off if they were switched off."""
    rows = Connection.objects.filter(client=client).order_by("created_at").values_list("provider", "trouble", "disabled_at")
    works = {provider for provider, trouble, disabled_at in rows if not trouble and disabled_at is None}
    return {provider: "may be incomplete: its connection has trouble" for provider, trouble, _ in rows if trouble and provider not in works}


def _content(
    *, these: Sequence[_Asked], before: Sequence[_Asked], starts_on: date, ends_on: date, troubled: dict[str, str]
) -> tuple[dict[str, Any], dict[str, list[str]]]:
    counted: dict[str, list[str]] = {}
    figures = _figures(these=these, before=before, counted=counted)
    weeks = []
    start = starts_on
    while start <= ends_on:
        end = min(start + timedelta(days=6), ends_on)
        mine = [one for one in these if start <= one.on <= end]
        weeks.append({"start": start.isoformat(), **_pair(mine, f"week:{start.isoformat()}", counted)})
        start = end + timedelta(days=1)
    names = sorted({one.source for one in these}, key=lambda name: (-sum(one.source == name for one in these), name))
    sources = []
    for name in names:
        mine = [one for one in these if one.source == name]
        gaps = {troubled[one.provider] for one in mine if one.provider in troubled}
        sources.append({"name": name, **_pair(mine, f"source:{name}", counted), "coverage": "; ".join(sorted(gaps)).capitalize()})
    content = {"headline": _headline(these), "figures": figures, "weeks": weeks, "sources": sources, "note": ""}
    return content, counted


def _pair(mine: Sequence[_Asked], key: str, counted: dict[str, list[str]]) -> dict[str, int]:
    won = [one for one in mine if one.booked]
    counted[f"{key}:asked"], counted[f"{key}:booked"] = _ids(mine), _ids(won)
    return {"asked": len(mine), "booked": len(won)}


def _figures(*, these: Sequence[_Asked], before: Sequence[_Asked], counted: dict[str, list[str]]) -> list[dict[str, Any]]:
    now_, then = _counts(these), _counts(before)
    for key, rows in now_.items():
        counted[key] = _ids(rows)
    for key, rows in then.items():
        counted[f"{key}:previous"] = _ids(rows)
    return [
        {"key": "asked", "label": "Calls and forms", "value": len(these), "previous": len(before), "unit": "", "note": ""},
        {
            "key": "quick",
            "label": "Answered within 15 minutes",
            "value": _share(now_["quick"], these),
            "previous": _share(then["quick"], before),
            "unit": "%",
            "note": f"{len(now_['quick'])} of {len(these)}, by text or by a person" if these else "",
        },
        {
            "key": "typical",
            "label": "Typical time to an answer",
            "value": _typical(now_["typical"]),
            "previous": _typical(then["typical"]),
            "unit": "s",
            "note": "half were answered faster" if len(now_["typical"]) >= ENOUGH else "too few to show a typical time",
        },
        {
            "key": "booked",
            "label": "Booked so far",
            "value": len(now_["booked"]),
            "previous": len(then["booked"]),
            "unit": "",
            "note": f"of the {len(these)} that came in these days" if these else "",
        },
    ]


def _counts(asked: Sequence[_Asked]) -> dict[str, list[_Asked]]:
    return {
        "asked": list(asked),
        "quick": [one for one in asked if one.answered_after is not None and one.answered_after <= QUICK.total_seconds()],
        "typical": [one for one in asked if one.answered_after is not None],
        "booked": [one for one in asked if one.booked],
    }


def _ids(asked: Iterable[_Asked]) -> list[str]:
    return [one.id for one in asked]


def _share(part: Sequence[_Asked], whole: Sequence[_Asked]) -> int | None:
    return round(100 * len(part) / len(whole)) if whole else None


def _typical(answered: Sequence[_Asked]) -> int | None:
    """The median in whole seconds; None under `ENOUGH` answers."""
    if len(answered) < ENOUGH:
        return None
    return round(median(one.answered_after for one in answered if one.answered_after is not None))


def _headline(these: Sequence[_Asked]) -> str:
    asked, booked = len(these), sum(one.booked for one in these)
    if not asked:
        return "Nobody called or wrote in these days."
    came = "1 call or form" if asked == 1 else f"{asked} calls and forms"
    if not booked:
        return f"{came[0].upper()}{came[1:]} came in; none is booked so far."
    return f"{booked} booked job{'' if booked == 1 else 's'} came from {came}."


def _numbers(content: dict[str, Any]) -> list[int | float]:
    found = [one[name] for one in content.get("figures", []) for name in ("value", "previous")]
    found += [one[name] for part in ("weeks", "sources") for one in content.get(part, []) for name in ("asked", "booked")]
    return [number for number in found if isinstance(number, int | float)]


def _of_dates(report: Report) -> set[str]:
    """Numbers that a headline may say of the time itself: days, the year, and the 15 minutes that are measured."""
    days = {report.starts_on, report.ends_on}
    return {str(day.day) for day in days} | {str(day.year) for day in days} | {"15", "24"}


def _raw_values(report: Report) -> RawValues:
    """How the people behind this report can be reached; their names are found by what they are."""
    rows = Identity.objects.filter(contact__leads__in=report.counted.get("asked", [])).distinct().values_list("kind", "value")
    reached: dict[str, list[str]] = {Identity.Kind.PHONE: [], Identity.Kind.EMAIL: []}
    for kind, value in rows:
        reached[kind].append(value)
    return RawValues(phones=reached[Identity.Kind.PHONE], emails=reached[Identity.Kind.EMAIL])


def _allowed(report: Report) -> list[str]:
    """Names that may be said: the business, its responders and where requests came from."""
    names = [report.client.name, *(one["name"] for one in report.content.get("sources", []))]
    return [*names, *report.client.responders.values_list("name", flat=True)]
