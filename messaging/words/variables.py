"""The only names a text may carry, each with what it means. A name is added here first, then filled in by whoever plans the text."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Variable:
    """One name. `sample` fills previews and the trial before publishing; one that `may_be_empty` is tried empty as well."""

    name: str
    says: str
    sample: str
    may_be_empty: bool = False


VARIABLES: dict[str, Variable] = {
    one.name: one
    for one in (
        Variable("name", "The customer’s first name. Often not known, so say what happens without it.", "Carla", may_be_empty=True),
        Variable("business", "The business’s name, as the customer knows it.", "Summit Roofing"),
        Variable("reply_within", "How soon a person answers, from the response window below. Only where one is set.", "30 minutes"),
        Variable(
            "review_link",
            "Our own link to the business’s review page; each text has one of its own. Only in review requests.",
            "https://texts.example.com/go/9fK2mQx7Lp4T/",
        ),
    )
}

# The filters and tags there are. Both lists are short on purpose: nothing here reads a file, loops, or grows what it is given.
FILTERS = ("append", "capitalize", "default", "downcase", "prepend", "strip", "truncate", "upcase")
TAGS = ("if", "unless", "case", "comment")


def time_span(*, minutes: int) -> str:
    """Minutes as a text says them: 45 minutes, 1 hour, 2 hours, 1 day. Never shorter than what was set."""
    for size, word in ((1440, "day"), (60, "hour")):
        if minutes >= size and minutes % size == 0:
            return f"{minutes // size} {word}{'' if minutes == size else 's'}"
    return f"{minutes} minute{'' if minutes == 1 else 's'}"
