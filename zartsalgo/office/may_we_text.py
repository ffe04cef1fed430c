"""May we text this person? What stands on record, for the facts beside a lead: an opt-out, their latest act, their written words."""

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
    answer: dict[str, Any] | None
    written: dict[str, Any] | None
    ticked: dict[str, Any] | None


def read(*, consents: list[dict[str, Any]], stops: list[dict[str, Any]]) -> Texting:
    """From the rows that came with the lead (timeline.leads_with_facts), newest consent first."""
    rows = [{**row, "act": ACTS.get(row["kind"], "They agreed")} for row in moments(consents)]
    marketing = [row for row in rows if row["purpose"] == Consent.Purpose.MARKETING]
    return Texting(
        opted_out=next(moments(stops), None),
        answer=next((row for row in rows if row["purpose"] == Consent.Purpose.ANSWER), None),
        written=next((row for row in marketing if row["wording"]), None),
        ticked=next((row for row in marketing if not row["wording"]), None),
    )
