"""May we text this person? What stands on record, for the facts beside a lead: an opt-out, a refusal, their latest act, their written words."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from leads.models import Consent
from zartsalgo.office.timeline import moments

# Acts as a sentence goes on: "They called", at a time.
ACTS = {
    Consent.Source.FORM: "They filled in a form",
    Consent.Source.ANGI: "They asked through Angi",
    Consent.Source.CALL: "They called",
    Consent.Source.REPLY: "They texted",
    Consent.Source.STAFF: "They told staff",
}


@dataclass(frozen=True, kw_only=True)
class Texting:
    """Each is a row with its time, or None where nothing is on record."""

    opted_out: dict[str, Any] | None
    refused: tuple[dict[str, Any], ...]
    answer: dict[str, Any] | None
    written: dict[str, Any] | None
    ticked: dict[str, Any] | None


def read(*, consents: list[dict[str, Any]], stops: list[dict[str, Any]]) -> Texting:
    """From the rows that came with the lead (timeline.leads_with_facts), newest consent first."""
    rows = [{**row, "act": ACTS.get(row["kind"], "They agreed")} for row in moments(consents)]
    marketing = [row for row in rows if row["purpose"] == Consent.Purpose.MARKETING]
    return Texting(
        opted_out=next(moments(stops), None),
        refused=tuple(_refused(rows)),
        answer=next((row for row in rows if row["purpose"] == Consent.Purpose.ANSWER), None),
        written=next((row for row in marketing if row["wording"]), None),
        ticked=next((row for row in marketing if not row["wording"]), None),
    )


def _refused(rows: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """The newest refusal of each channel, unless they wrote by it or agreed afterwards (messaging.gate.checks.consent judges by the same)."""
    for channel, what in (("sms", "texts"), ("email", "emails")):
        own = [row for row in rows if row["channel"] == channel]
        said = next((row for row in own if row["purpose"] == Consent.Purpose.REFUSED), None)
        back = [row for row in own if row["purpose"] == Consent.Purpose.MARKETING or row["kind"] == Consent.Source.REPLY]
        if said is not None and not any(row["at"] > said["at"] for row in back):
            yield {**said, "what": what}
