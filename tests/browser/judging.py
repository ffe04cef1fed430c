"""What is wrong with a page, from one look at it: each finding names the width and the colours in which it was met."""

from collections.abc import Iterator

from tests.browser.looking import Look, raw_words

EXACT = {"x-content-type-options": "nosniff", "x-frame-options": "DENY", "cache-control": "no-store"}


def faults(seen: Look) -> list[str]:
    """Everything that is wrong with the page, in words; none for a page as it has to be."""
    return [*_not_what_was_meant(seen), *_not_for_everybody(seen), *_not_in_words(seen), *_not_strict(seen)]


def _not_what_was_meant(seen: Look) -> Iterator[str]:
    if seen.status != seen.page.status:
        yield f"answered {seen.status}, not {seen.page.status}"
    for words in seen.page.words:
        if words not in seen.whole:
            yield f"not the state that was meant: {words!r} is not there"


def _not_for_everybody(seen: Look) -> Iterator[str]:
    for (width, colours), found in seen.axe.items():
        for rule in found["violations"]:
            yield f"axe at {width} {colours}: {rule['id']}, {rule['help']}: {rule['nodes']}"
    for at, width in seen.widths.items():
        if width["wide"] > width["room"]:
            yield f"scrolls sideways at {at}: {width['wide']} px in {width['room']}, because of {width['out']}"
    for at, words in seen.cut.items():
        if words and seen.page.own:
            yield f"words are cut off at {at}: {words}"


def _not_in_words(seen: Look) -> Iterator[str]:
    if seen.page.own:
        for found in raw_words(seen.text):
            # The API's page is for programmers: fields and commands go by their names.
            if seen.page.view != "api:docs" or "_" not in found.split(" in ")[0]:
                yield f"raw words: {found}"
    if seen.page.view == "run" and seen.page.act is None:
        # One answer on top, of whole sentences, made of words.
        answer = seen.answers[0] if len(seen.answers) == 1 else ""
        if len(answer) <= 12 or not answer[0].isupper() or answer[-1] not in ".?!" or raw_words([answer]):
            yield f"does not open with the one sentence that says why: {seen.answers}"


def _not_strict(seen: Look) -> Iterator[str]:
    yield from (f"the browser complains: {complaint}" for complaint in seen.complaints)
    yield from (f"loads from elsewhere: {url}" for url in seen.elsewhere)
    policy = {part.split()[0]: part.split()[1:] for part in seen.headers.get("content-security-policy", "").split(";") if part.strip()}
    if policy.get("default-src") != ["'self'"] or policy.get("frame-ancestors") != ["'none'"]:
        yield f"the policy is not strict: {policy}"
    if {"'unsafe-inline'", "'unsafe-eval'"} & {source for sources in policy.values() for source in sources}:
        yield f"the policy lets scripts or styles in: {policy}"
    for name, value in EXACT.items():
        if seen.headers.get(name) != value:
            yield f"{name} is {seen.headers.get(name)!r}, not {value!r}"
