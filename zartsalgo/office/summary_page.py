"""What the page of one summary shows: what was said, with the quotes marked; the claims; the words for the client with what stands against
them; who will see them; and where it stands among those that wait."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from summaries import actions, sources, summarizer
from summaries.models import Approval, Proof, Summary
from summaries.text import Claim, Problem, Source
from zartsalgo.office.naming import clock_time

LONGEST = 5000
PRIVATE_REASONS = ("Not a customer", "Nothing for the client to see", "Too personal", "The words cannot be mended", "Other")
WHO = {"customer": "the customer", "business": "the business"}


@dataclass(frozen=True)
class Piece:
    """A stretch of text with the numbers of what marks it; `first` where a number's mark begins, so that a link can point at it."""

    text: str
    marks: tuple[int, ...] = ()
    first: tuple[int, ...] = ()


@dataclass(frozen=True, kw_only=True)
class ShownSource:
    """One thing that was said: who, when, and its words in pieces."""

    who: str
    at: datetime
    inbound: bool
    pieces: Sequence[Piece]


@dataclass(frozen=True, kw_only=True)
class ShownClaim:
    """One statement: for the client or for us; where it was said, or what has no source."""

    n: int
    text: str
    for_client: bool
    supported: bool
    says: str
    linked: bool


@dataclass(frozen=True, kw_only=True)
class ShownText:
    """The words for the client as the page shows them, with the hash that an approval binds; `pieces` mark the problems by number."""

    text: str
    sha256: str
    pieces: Sequence[Piece]
    problems: Sequence[Problem]

    @property
    def blocking(self) -> list[Problem]:
        """What must be gone before it can be approved."""
        return [problem for problem in self.problems if problem.blocks]


def in_pieces(*, text: str, spans: Iterable[tuple[int, int, int]]) -> list[Piece]:
    """Cut a text where marks begin and end. A span is (start, end, number); spans may overlap; those outside the text mark nothing."""
    kept = [(max(start, 0), min(end, len(text)), n) for start, end, n in spans if 0 <= start < end and start < len(text)]
    cuts = sorted({0, len(text), *(start for start, _, _ in kept), *(end for _, end, _ in kept)})
    return [
        Piece(
            text=text[left:right],
            marks=tuple(sorted({n for start, end, n in kept if start <= left and right <= end})),
            first=tuple(sorted({n for start, _, n in kept if start == left})),
        )
        for left, right in zip(cuts, cuts[1:], strict=False)
    ]


def show_sources(*, claims: Sequence[Claim], found: Sequence[Source]) -> list[ShownSource]:
    """What was said, oldest first, with each quote of a claim marked by the claim's number."""
    spans: dict[str, list[tuple[int, int, int]]] = {}
    for n, claim in enumerate(claims, start=1):
        if claim.source and claim.start >= 0:
            spans.setdefault(claim.source, []).append((claim.start, claim.end, n))
    return [
        ShownSource(
            who=WHO.get(source.who, source.who).capitalize(),
            at=source.at,
            inbound=source.who == "customer",
            pieces=in_pieces(text=source.text, spans=spans.get(source.key, ())),
        )
        for source in found
    ]


def show_claims(*, claims: Sequence[Claim], found: Sequence[Source], zone: str) -> list[ShownClaim]:
    """Every statement with "said by the customer at 14:02" or with what is not supported."""
    by_key = {source.key: source for source in found}
    shown = []
    for n, claim in enumerate(claims, start=1):
        source = by_key.get(claim.source)
        if claim.supported and source is not None:
            says = f"said by {WHO.get(source.who, source.who)} at {clock_time(when=source.at, zone=zone)}"
        else:
            says = claim.problem if claim.source and claim.problem else "No source: nobody said this."
        linked = source is not None and claim.start >= 0
        shown.append(ShownClaim(n=n, text=claim.text, for_client=claim.for_client, supported=claim.supported, says=says, linked=linked))
    return shown


def show_text(*, summary: Summary, text: str) -> ShownText:
    """Hold the words against everything that stands against showing them, exactly as an approval will."""
    text = actions.as_shown(text=text)
    problems = actions.problems(summary=summary, text=text) if text.strip() else []
    return ShownText(
        text=text,
        sha256=actions.hash_of(text=text),
        pieces=in_pieces(text=text, spans=[(problem.start, problem.end, n) for n, problem in enumerate(problems, start=1)]),
        problems=problems,
    )


def said(*, summary: Summary) -> list[Source]:
    """What the summary was made of, and what came after: a person who decides reads all of it."""
    return sources.gather(lead=summary.lead)


def start_by_hand(*, summary: Summary, found: Sequence[Source]) -> str:
    """What the local summarizer would say, as a start for words of one's own; "" where nothing was said."""
    return summarizer.summarize(sources=found, business=summary.client.name).client_text if found else ""


def decision_of(*, summary: Summary) -> tuple[Approval | None, Proof | None]:
    """The decision on it, and the proof where it was approved. One statement."""
    approval = Approval.objects.select_related("proof").filter(summary=summary).first()
    proof = getattr(approval, "proof", None) if approval is not None else None
    return approval, proof


def who_decided(*, summary: Summary, approval: Approval | None, proof: Proof | None) -> str:
    """One sentence about a summary that no longer waits: who, what, when, and why."""
    zone = summary.client.timezone
    if proof is not None and proof.withdrawn_at is not None:
        when = clock_time(when=proof.withdrawn_at, zone=zone)
        return (
            f"{proof.withdrawn_by} withdrew it at {when}: {proof.withdrawn_reason.rstrip('.')}. {summary.client} does not see it any more."
        )
    if approval is not None:
        when = clock_time(when=approval.at, zone=zone)
        if approval.verdict == Approval.Verdict.APPROVED:
            return f"{approval.by} approved it at {when}. {summary.client} sees it."
        return f"{approval.by} kept it private at {when}: {approval.reason.rstrip('.')}. {summary.client} does not see it."
    if summary.status == Summary.Status.REPLACED:
        return "A newer summary took its place; nobody sees this one."
    if summary.status == Summary.Status.ASKED:
        return "It is being written. Nothing can be decided yet."
    return summary.says or summary.get_status_display()
