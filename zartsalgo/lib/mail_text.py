"""What a person wrote in an email: without the mail they answer to, without the signature, without markup. Deterministic; opens nothing."""

import re
from html.parser import HTMLParser
from typing import Final

# How mail programs begin the quoted mail, in English and Spanish; what follows is not the person's own words of today.
_QUOTE_BEGINS: Final = re.compile(
    r"^(?:On\b.{0,300}\bwrote:|El\b.{0,300}\bescribió:|-{2,}\s*(?:Original Message|Mensaje original|Forwarded message)\b.*|_{10,}"
    r"|(?:From|De):\s.{0,200}@.*)\s*$",
    re.IGNORECASE,
)
_TWO_LINES: Final = re.compile(r"^(?:On|El)\b.{0,300}$", re.IGNORECASE)
_SIGNATURE: Final = re.compile(r"^(?:-- ?|Sent from my .{1,60}|Enviado desde mi .{1,60}|Get Outlook for .{1,40})$", re.IGNORECASE)
_ENDS_WROTE: Final = re.compile(r"\b(?:wrote|escribió):\s*$", re.IGNORECASE)
_LONGEST: Final = 200_000
# Mail that a machine wrote by itself: RFC 3834 section 5, and what was used before it.
_BULK: Final = frozenset({"bulk", "junk", "auto_reply", "auto-reply", "list"})


def own_words(*, text: str) -> str:
    """The lines above the quoted mail and the signature, without quoted lines. A reply below the quote keeps its own lines."""
    lines = text[:_LONGEST].replace("\r\n", "\n").replace("\r", "\n").split("\n")
    kept: list[str] = []
    for place, line in enumerate(lines):
        stripped = line.strip()
        if stripped.startswith(">"):
            continue
        following = lines[place + 1].strip() if place + 1 < len(lines) else ""
        opens = _QUOTE_BEGINS.match(stripped) or (_TWO_LINES.match(stripped) and _ENDS_WROTE.search(following) and len(following) < 200)
        if opens:
            below = [one.strip() for one in lines[place + 1 :] if one.strip() and not _ENDS_WROTE.search(one)]
            # Everything below is quoted with ">": then what is not is the person's answer underneath.
            if below and below[0].startswith(">"):
                continue
            break
        if place and _ENDS_WROTE.search(stripped) and _TWO_LINES.match(lines[place - 1].strip()):
            continue
        if _SIGNATURE.match(line.rstrip("\n")):
            break
        kept.append(line.rstrip())
    return re.sub(r"\n{3,}", "\n\n", "\n".join(kept)).strip()


def is_automatic(*, headers: list[tuple[str, str]]) -> bool:
    """A machine wrote it by itself (out of office, a bounce, a list): it is nobody's reply. Header names in any case."""
    for name, value in headers:
        name, value = name.strip().lower(), value.strip().lower()
        if name == "auto-submitted" and value.split(";")[0].strip() not in ("no", ""):
            return True
        if name == "precedence" and value in _BULK:
            return True
        if name in ("x-autoreply", "x-autorespond") and value not in ("no", ""):
            return True
        if name == "return-path" and value == "<>":
            return True
    return False


class _Words(HTMLParser):
    """Text of a page: blocks become lines, quotes and what is not shown are left out."""

    _BLOCKS = frozenset({"p", "div", "br", "li", "tr", "h1", "h2", "h3"})
    _HIDDEN = frozenset({"style", "script", "head", "title", "blockquote"})

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self.hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.hidden += tag in self._HIDDEN
        if tag in self._BLOCKS:
            self.parts.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in self._HIDDEN and self.hidden:
            self.hidden -= 1

    def handle_data(self, data: str) -> None:
        if not self.hidden:
            self.parts.append(" ".join(data.split()) + " " if data.strip() else "")


def text_of_html(*, html: str) -> str:
    """The words of an HTML mail, without what it quotes."""
    reader = _Words()
    reader.feed(html[:_LONGEST])
    reader.close()
    lines = (" ".join(line.split()) for line in "".join(reader.parts).split("\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()
