"""What a person wrote in an email: without the mail they answer to, without markup. Deterministic; opens nothing.

One pass over the lines of a mail that is cut first. Quoted mail is known by what mail programs write above it (Gmail, Outlook, Apple,
Thunderbird, Yahoo, in a dozen languages), never by a guess at its words: what the writer's own line might be stays theirs.
"""

# ruff: noqa: SIM905 (tables of words read better as text)

from collections.abc import Iterator, Sequence
from typing import Final

from selectolax.lexbor import LexborHTMLParser, LexborNode

from zartsalgo.lib.patterns import encodable, linear

LONGEST: Final = 20_000
"""Characters of a mail that are read."""
_LONGEST_PAGE: Final = 200_000
"""Characters of an HTML mail in which its body is looked for: styles come first and can be long."""

_LONGEST_ATTRIBUTION: Final = 400
_WROTE: Final = linear(
    r"(?:^|[\s>)\]\"'*,])(?:wrote|writes|escribi[oó]|a [eé]crit|schrieb|geschrieben|schreef|skrev|skrifa[dð]i|ha scritto|scrisse|escreveu|kirjoitti|napisa[lł]\(?a?\)?|napsal\(?a?\)?|írta|a scris|va escriure|yazd[ıi]|написала?|пише[тш]?)(?:\s*:\z|[\s,*])"
)
_OPENS: Final = linear(r"^(?:on|el|le|am|den|op|il|em|no dia|a|w dniu|dnia|dne|p[aå]|fredag|at|[a-zå-ÿ]{2,4}\.? \d)\b")
# "On Monday I wrote:" is the writer's own sentence.
_OF_ONESELF: Final = linear(r"\b(?:i|we|you|he|she|they) wrote:|\b(?:yo|le|te|les) escrib")
_DATED_ADDRESS: Final = linear(r"^\d{4}-\d\d-\d\d,? \d{1,2}[:.]\d\d.{0,300}<\S{1,254}@\S{1,254}>\s?:\z")
# In any language, where what follows is quoted: a date, and the address last.
_ADDRESS_LAST: Final = linear(r"^.{0,300}\d.{0,300}<\S{1,254}@\S{1,254}>\s?:\z")
_ORIGINAL: Final = linear(
    r"^(?:[-_=*]{2,}\s*(?:original (?:message|appointment)|mensaje original|message d'origine|message original|urspr[uü]ngliche nachricht|original-?nachricht|mensagem original|oorspronkelijk bericht|messaggio originale|oprindelig (?:meddelelse|besked)|"
    r"ursprungligt meddelande|opprinnelig melding|alkuper[aä]inen viesti|wiadomo[sś][cć] oryginalna|forwarded message|mensaje reenviado|message transf[eé]r[eé]|weitergeleitete nachricht|mensagem encaminhada|doorgestuurd bericht|messaggio inoltrato|videresendt (?:meddelelse|besked)|forwarded by .{1,80})\s*[-_=*]*"
    r"|(?:begin forwarded message|anfang der weitergeleiteten (?:nachricht|e-mail)|inicio del mensaje reenviado|d[eé]but du message (?:r[eé]exp[eé]di[eé]|transf[eé]r[eé])|inizio messaggio inoltrato|in[ií]cio da mensagem (?:reencaminhada|encaminhada)|begin doorgestuurd bericht|start p[aå] videresendt besked)\s?:)\s*\z"
)
_FROM: Final = frozenset("from de von da van fra från lähettäjä od от kimden expéditeur remitente afsender absender mittente".split())
_SUBJECT: Final = frozenset("subject asunto objet betreff assunto onderwerp oggetto emne ämne aihe temat předmět тема konu sujet".split())
_OTHER_LABELS: Final = frozenset(
    {"enviado el", "enviado em", "enviada em", "reply-to", "responder a", "répondre à", "antwort an", "date d'envoi"}
    | set("sent date to cc bcc enviado enviada fecha para cco envoyé à gesendet datum an data verzonden aan inviato a sendt til dato skickat till lähetetty wysłano do дата кому importance attachments".split())
)  # fmt: skip
# Right below the sender only a mail program writes when it was sent.
_SENT: Final = frozenset(
    {"enviado el", "enviado em", "enviada em"}
    | set("sent enviado enviada envoyé gesendet verzonden inviato sendt skickat lähetetty wysłano".split())
)
_LABELS: Final = _SUBJECT | _OTHER_LABELS
_BLOCK_LINES: Final = 5
_SENT_FROM: Final = linear(
    r"^(?:sent (?:from|via) .{1,60}|enviado (?:desde|do|de|a partir do) .{1,60}|envoy[eé] (?:de mon|depuis|[aà] partir de) .{1,60}|von meinem .{1,40} gesendet|gesendet (?:von|mit) .{1,60}|verstuurd vanaf .{1,60}|inviato da .{1,60}|sendt fra .{1,60}|skickat fr[aå]n .{1,60}|"
    r"(?:get|obtener|obtenir|holen sie sich|télécharger) outlook .{1,40}|yahoo mail: .{1,80})\z"
)
_SENT_WORDS: Final = frozenset(
    "sent enviado envoyé envoye von gesendet verstuurd inviato sendt skickat get obtener obtenir holen télécharger yahoo".split()
)


def own_words(*, text: str) -> str:
    """The writer's own lines: above, between and below what they quote. What follows a quote's head without ">" is quoted to its end."""
    lines = encodable(text[:LONGEST]).replace("\r\n", "\n").replace("\r", "\n").replace("\xa0", " ").split("\n")
    plain = [_between_dashes(line.strip()) for line in lines]
    # From the end: the next line with something in it.
    following = [""] * len(plain)
    for place in range(len(plain) - 2, -1, -1):
        following[place] = plain[place + 1] or following[place + 1]
    kept: list[tuple[int, str]] = []
    for place, line in enumerate(plain):
        if _is_quoted(line):
            continue
        if line in ("--", "—") and lines[place] in ("--", "-- ", "—"):
            break
        quoted = _is_quoted(following[place])
        if begins := _attribution(plain, place, quoted=quoted):
            kept = [one for one in kept if one[0] <= place - begins] if begins > 1 else kept
            if quoted:
                continue
            break
        if _is_head(plain, place):
            if quoted:
                continue
            break
        if _is_rule(line) and (_is_label(following[place], _FROM) or _ORIGINAL.match(following[place].casefold())):
            continue
        if line.partition(" ")[0].casefold() in _SENT_WORDS and len(line) < 120 and _SENT_FROM.match(line.casefold()):
            continue
        kept.append((place, lines[place].rstrip()))
    return _tidy([line for _, line in kept])


def _between_dashes(line: str) -> str:
    """Zoho's "---- On Monday Bo <bo@example.com> wrote ----" as other programs write it; every other line as it is."""
    if line[:2] != "--" or line[-2:] != "--" or len(line) > _LONGEST_ATTRIBUTION:
        return line
    words = f"{line.strip('- ')}:"
    return words if _WROTE.search(words.casefold()) else line


def _is_quoted(line: str) -> bool:
    return line[:1] in (">", "＞")


def _attribution(plain: Sequence[str], place: int, *, quoted: bool) -> int:
    """How many lines, up to this one, say who wrote what is quoted below: 1 to 3; 0 where they do not.

    Outright by a verb of writing, a digit, and an address or a comma; where a quoted line follows, the verb is enough.
    """
    if not plain[place].rstrip("* ").endswith((":", "：")):
        return 0
    tails: list[str] = []
    for begins in (1, 2, 3):
        above = place - begins + 1
        if above < 0 or not plain[above] or _is_quoted(plain[above]):
            break
        tails.append(" ".join(plain[above : place + 1]).rstrip("* ").replace("：", ":").casefold())
    if len(tails[-1]) > 3 * _LONGEST_ATTRIBUTION or not _WROTE.search(tails[-1]):
        known = _DATED_ADDRESS.match(tails[0]) or (quoted and _ADDRESS_LAST.match(tails[0]))
        return 1 if len(tails[0]) <= _LONGEST_ATTRIBUTION and known else 0
    tails = [tail if len(tail) <= _LONGEST_ATTRIBUTION and _WROTE.search(tail) else "" for tail in tails]
    opens = [bool(tail) and _OPENS.match(tail) is not None for tail in tails]
    sure = [_is_sure(tail) for tail in tails]
    for wanted in (
        [one and two for one, two in zip(opens, sure, strict=True)],
        [two and ("@" in tail or "<" in tail) for two, tail in zip(sure, tails, strict=True)],
        [quoted and one for one in opens],
        [quoted and bool(tail) for tail in tails],
    ):
        if any(wanted):
            return wanted.index(True) + 1
    return 0


def _is_sure(tail: str) -> bool:
    return any(char.isdigit() for char in tail) and any(mark in tail for mark in "@<,.(/") and not _OF_ONESELF.search(tail)


def _is_head(plain: Sequence[str], place: int) -> bool:
    """A rule with words ("Original Message"), or a block of mail headers: From, and when it was sent, or two others with a subject or address."""
    line = plain[place]
    if line and _could_be_original(line) and _ORIGINAL.match(line.casefold()):
        return True
    if not _is_label(line, _FROM):
        return False
    block = [one for one in plain[place + 1 : place + 3 * _BLOCK_LINES] if one][:_BLOCK_LINES]
    others = [one for one in block if _is_label(one, _LABELS)]
    named = any(_is_label(one, _SUBJECT) for one in others) or any("@" in one for one in others)
    sent = bool(block) and _is_label(block[0], _SENT)
    return sent or (len(others) >= 2 and (named or "@" in line)) or (len(others) >= 1 and "@" in line)


def _could_be_original(line: str) -> bool:
    return len(line) < 160 and (line[0] in "-_=*" or line[-1] == ":")


def _is_label(line: str, labels: frozenset[str]) -> bool:
    name, colon, _ = line[:60].partition(":")
    return bool(colon) and name.strip(" *_\t").casefold() in labels


def _is_rule(line: str) -> bool:
    return len(line) >= 10 and not line.strip("_-=*")


def _tidy(lines: list[str]) -> str:
    """At most one empty line between two with something in them."""
    kept: list[str] = []
    for line in lines:
        if line.strip() or (kept and kept[-1]):
            kept.append(line if line.strip() else "")
    return "\n".join(kept).strip()


# Tags that stand on lines of their own, and what of a page is not read: hidden, or quoted history.
_BLOCKS: Final = frozenset(
    "p div br li tr table ul ol dl dd dt hr h1 h2 h3 h4 h5 h6 section article header footer pre form center address".split()
)
_CELLS: Final = frozenset("td th".split())
_NOT_READ: Final = frozenset("style script title template noscript head blockquote".split())
_QUOTES: Final = frozenset("gmail_quote gmail_extra yahoo_quoted moz-cite-prefix protonmail_quote zmail_extra OutlookMessageHeader".split())
# From these on, a page is the mail that is answered.
_ENDS: Final = frozenset("appendonsend divRplyFwdMsg mail-editor-reference-message-container reply-intro".split())
_HIDDEN: Final = linear(r"<(?:(style|script|title|head)[\s>]|!--)", ignore_case=True)


def text_of_html(*, html: str) -> str:
    """The words of an HTML mail, without what it quotes. Reads its body, cut to `LONGEST` characters."""
    page = LexborHTMLParser(_body_of(encodable(html[:_LONGEST_PAGE]))[:LONGEST])
    root = page.body or page.root
    if root is None:
        return ""
    parts: list[str] = []
    for node in _shown(root):
        if node.tag == "-text":
            parts.append((node.text_content or "").replace("\n", " "))
        elif node.tag in _BLOCKS:
            parts.append("\n")
        elif node.tag in _CELLS:
            parts.append(" ")
    return _tidy([" ".join(line.split()) for line in "".join(parts).split("\n")])


def _shown(root: LexborNode) -> Iterator[LexborNode]:
    """The nodes of the page in order, without what is hidden or quoted. A stack of its own: pages nest deeper than Python does."""
    waiting = [root.first_child]
    while waiting:
        node = waiting.pop()
        if node is None:
            continue
        names = node.attributes if node.tag not in ("-text", "-comment") else {}
        if (names.get("id") or "") in _ENDS:
            continue
        waiting.append(node.next)
        if node.tag in _NOT_READ or not _QUOTES.isdisjoint((names.get("class") or "").split()):
            continue
        yield node
        waiting.append(node.first_child)


def _body_of(html: str) -> str:
    """The page without styles, scripts and comments: they may be longer than all that is read. What is never closed ends the page."""
    low = html.translate(_LOWER)
    kept: list[str] = []
    at = 0
    for opening in _HIDDEN.finditer(html):
        if opening.start() < at:
            continue
        kept.append(html[at : opening.start()])
        name = (opening.group(1) or "").lower()
        closing = f"</{name}" if name else "-->"
        ends = low.find(closing, opening.end())
        if ends < 0:
            return "".join(kept)
        at = max(low.find(">", ends), ends) + 1 if name else ends + len(closing)
    return "".join([*kept, html[at:]])


_LOWER: Final = {code: code + 32 for code in range(ord("A"), ord("Z") + 1)}
