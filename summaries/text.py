"""The values that understanding works with: what was said, what is claimed of it, and what stands against showing it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, kw_only=True)
class Source:
    """One thing that was said or written. `key` names it for ever: `<event id>.<field path>`; `who` is customer or business."""

    key: str
    who: str
    at: datetime
    text: str


@dataclass(frozen=True, kw_only=True)
class Claim:
    """One statement and where it comes from: `quote` stands in the source's text at start..end; -1 where it was not found there.

    `for_client` says that it belongs into the client-safe text. `problem` is the sentence of what is not supported, "" when all is.
    """

    text: str
    for_client: bool = False
    source: str = ""
    quote: str = ""
    start: int = -1
    end: int = -1
    supported: bool = False
    problem: str = ""


@dataclass(frozen=True, kw_only=True)
class Draft:
    """A summary as its writer gave it, with every claim already held against the sources."""

    claims: Sequence[Claim]
    internal_text: str
    client_text: str
    next_action: str = ""
    risk_flags: Sequence[str] = ()


@dataclass(frozen=True, kw_only=True)
class Problem:
    """What stands against a client-safe text, at start..end of it. A problem that `blocks` must be gone before it can be approved."""

    code: str
    says: str
    start: int
    end: int
    blocks: bool = True


@dataclass(frozen=True, kw_only=True)
class RawValues:
    """What of a lead must never appear in a client-safe text. Phones in E.164 and as typed; `words` is everything the person wrote."""

    names: Sequence[str] = ()
    phones: Sequence[str] = ()
    emails: Sequence[str] = ()
    addresses: Sequence[str] = ()
    words: Sequence[str] = field(default_factory=tuple)
