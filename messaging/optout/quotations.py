"""What of a message is not its writer's words: the quotation of a reaction, and history below a reply."""

from __future__ import annotations

from typing import Final

from zartsalgo.lib.patterns import linear

# A phone that "likes" one of our texts sends it back: the verb, the text in quotation marks, nothing else. Apple's and Google's wordings.
_REACTION: Final = linear(
    r"\s*(?:(?:liked|loved|disliked|laughed at|emphasi[sz]ed|questioned|removed (?:an?|their|the) [\p{L} ]{1,30} from|reacted (?:with )?\S{1,12} to|"
    r"removed \S{1,12} from|[^\p{L}\p{N}\s]{1,12} to|"
    r"(?:a .{1,40} )?(?:no )?(?:le|les|me) (?:gust[oó]|encant[oó]|gusta|encanta|dio risa|divirti[oó])|(?:se ri[oó]|ri[oó]) (?:de|con)|(?:enfatiz|cuestion|destac|subray|exclam)[oó]|"
    r"(?:puso|marc[oó]) .{1,30}|reaccion[oó] con \S{1,12} a|(?:quit[oó]|elimin[oó]|borr[oó]) .{1,30} (?:de|a)|"
    r"a (?:aim[eé]|ador[eé]|ri de)|gostou de|curtiu|amou|adorou)\s*:?\s*)([\x{201c}\x{201e}\x{ab}\"])",
    ignore_case=True,
)
_PAIRS: Final = {"\u201c": "\u201d", "\u201e": "\u201c\u201d", "\xab": "\xbb"}
# Where what we or others wrote before begins. The line itself is the mail program's.
_HISTORY: Final = linear(
    r"\s*(?:[-_]{2,} ?(?:original|forwarded|mensaje|reply).*|_{8,}|on\b.{3,120}\bwrote: ?.*|el\b.{3,120}\bescribi[oó]: ?.*|begin forwarded message:?)",
    ignore_case=True,
)


def own_words(text: str) -> str:
    """The writer's own words: a reaction's verb and quotation are taken out, and so is what stands below "On ... wrote:" or behind ">".

    What follows a reaction's quotation is the person's own. A quotation without an end is the phone's, cut short.
    """
    reaction = _REACTION.match(text)
    if reaction:
        text = text[_end_of_quotation(text, start=reaction.end(), mark=reaction.group(1)) :]
    own: list[str] = []
    begun = False
    for line in text.split("\n"):
        if not line.strip():
            continue
        if begun and _HISTORY.match(line):
            break
        if not line.lstrip().startswith(">"):
            own.append(line)
            begun = True
    return "\n".join(own)


def _end_of_quotation(text: str, *, start: int, mark: str) -> int:
    """The place after the mark that closes the quotation; quotations inside it are passed over. The text's end when none closes it."""
    deep = 1
    for at in range(start, len(text)):
        char = text[at]
        if char == '"' and mark == '"':
            # A straight mark opens before a letter and after a blank; else it closes.
            opening = text[at - 1].isspace() and text[at + 1 : at + 2].isalnum()
            deep += 1 if opening else -1
        elif mark != '"' and char in _PAIRS[mark]:
            deep -= 1
        elif mark != '"' and char == mark:
            deep += 1
        if deep == 0:
            return at + 1
    return len(text)
