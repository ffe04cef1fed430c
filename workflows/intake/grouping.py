"""In which order a batch is worked off so that it does not show that it was one: the same rows as one event after the other.

Events that only add (calls, forms) are written together, however many are one person's. An event that acts on what stands, or changes
what the next one meets, waits until all earlier ones of that person are done, and the later ones wait for it. Events of different people
do not wait for each other, so a batch has as many rounds as its most talkative person has such events; mostly one.
"""

from collections.abc import Hashable, Iterator, Sequence

from leads.matching import Known, Owned
from workflows.intake.items import Item
from workflows.outcomes import ABOUT_CLIENT


def rounds(*, items: Sequence[Item], keys: Sequence[Sequence[Owned]], known: Known) -> list[list[Item]]:
    """The items in rounds, each in the order given. `keys` are the numbers and addresses of each, `known` is whose they are."""
    result: list[list[Item]] = []
    for group in _groups([list(_ties(item, named, known)) for item, named in zip(items, keys, strict=True)]):
        number = -1
        last: Item | None = None
        seen: set[Hashable] = set()
        for index in group:
            item = items[index]
            if last is None or item.stands_alone or last.stands_alone or item.key in seen:
                number, seen = number + 1, set()
            if number == len(result):
                result.append([])
            result[number].append(item)
            seen.add(item.key)
            last = item
    place = {id(item): n for n, item in enumerate(items)}
    return [sorted(part, key=lambda item: place[id(item)]) for part in result]


def _ties(item: Item, keys: Sequence[Owned], known: Known) -> Iterator[Hashable]:
    """What two events have in common when they may be about the same person, message, fact or pause. Rather too much than too little."""
    yield "fact", item.key
    yield from keys
    for key in keys:
        if key in known.owners:
            yield "person", known.owners[key]
        yield from (("person", contact) for contact in known.stated.get(key, ()))
    if item.about is not None:
        yield "person", item.about.contact_id
    if item.type in ABOUT_CLIENT:
        yield "client", item.event.client_id


def _groups(ties: Sequence[Sequence[Hashable]]) -> list[list[int]]:
    """The indexes of what hangs together, each group in order."""
    parent = list(range(len(ties)))

    def _root(index: int) -> int:
        while parent[index] != index:
            parent[index] = parent[parent[index]]
            index = parent[index]
        return index

    first: dict[Hashable, int] = {}
    for index, of_one in enumerate(ties):
        for tie in of_one:
            parent[_root(index)] = _root(first.setdefault(tie, index))
    found: dict[int, list[int]] = {}
    for index in range(len(ties)):
        found.setdefault(_root(index), []).append(index)
    return list(found.values())
