"""Turning a text message into plain words: the normaliser that every reply rule reads through."""

# ruff: noqa: SIM905 (tables of words read better as text)

from __future__ import annotations

import unicodedata
from typing import Final

from messaging.optout.rules import BREAK
from zartsalgo.lib.patterns import Pattern, linear

LONGEST: Final = 1_600
_END: Final = 600
"""Characters that are read of a message, and how many of them are its end: the wish may stand at either."""

_SINGLE_QUOTES: Final = "\u2018\u2019\u201a\u201b\u2032\u00b4`\u02bc"
_DOUBLE_QUOTES: Final = "\u201c\u201d\u201e\u201f\u2033\u00ab\u00bb"
_INVISIBLE: Final = ("Cf", "Cc", "Cs")
_QUOTES: Final = str.maketrans(_SINGLE_QUOTES + _DOUBLE_QUOTES, "'" * len(_SINGLE_QUOTES) + '"' * len(_DOUBLE_QUOTES))
_LEET: Final = str.maketrans("0134578@$", "oieastbas")
# A stop sign, no entry, prohibited, no phones, bell off; a raised hand may greet.
_STOP_SIGNS: Final = linear(r"[\x{1f6d1}\x{26d4}\x{1f6ab}\x{1f4f5}\x{1f515}]")
_HANDS: Final = linear(r"[\x{270b}\x{1f590}\x{1f595}\x{1f92c}\x{1f645}]")
# Letters of other alphabets that look like ours, and the small ones that phones offer.
_LOOK_ALIKES: Final = (
    "аa вb еe іi јj кk мm нh оo рp сc тt уy хx ԁd ԛq ԝw ѕs ѵv пn αa βb εe ιi κk νv οo ρp τt υu χx σo ոn սu հh օo ıi łl øo đd ɑa ɡg "
    "ᴀa ʙb ᴄc ᴅd ᴇe ꜰf ɢg ʜh ɪi ᴊj ᴋk ʟl ᴍm ɴn ᴏo ᴘp ʀr ꜱs ᴛt ᴜu ᴠv ᴡw ʏy ᴢz ꓢs ꓔt ꓳo ꓑp"
)
_LOOKS: Final = str.maketrans({pair[0]: pair[1] for pair in _LOOK_ALIKES.split()})
_BOXED: Final = {first + at: chr(97 + at) for first in (0x1F150, 0x1F170) for at in range(26)}
_LINK: Final = linear(r"\b(?:https?://|www\.)\S+")
# Our own opt-out line, quoted back or forwarded.
_OUR_LINE: Final = linear(
    r"\b(?:reply|text|txt|send|respond|type|responda|responde|envie|envia|mande|escriba)(?: with)? \"?(?:stop|end|quit|cancel|unsubscribe|alto|help|ayuda)\"? "
    r"(?:2|to|for|para) ?(?:opt[ -]?out|unsubscribe|end|stop|cancel|quit|help|info|ayuda|cancelar|no recibir|dejar de recibir|terminar)(?: mas)?(?: mensajes)?"
)
# Courtesies at either end of a clause say nothing about being texted.
_COURTESIES: Final = frozenset(
    "please kindly thanks thankyou ok okay hi hello hey sir maam mam dude bro lol omg sorry well so but honestly favor gracias hola buenas oiga oye disculpe "
    "perdon senor senora pues amigo".split()
)
_COURTEOUS_PAIRS: Final = frozenset(
    ["thank you", "good morning", "good afternoon", "good evening", "por favor", "muchas gracias", "buenas tardes", "buenos dias"]
)
# Curses that only make a word stronger: "don't ever fucking text me" is "don't ever text me".
_CURSES: Final = linear(
    r"\b(?:(?:mother ?)?f[uo*]c?k(?:ing|in|n)|god ?dam(?:n|mit|med|ned)?|damn(?:ed)?|bloody|freak(?:ing|in)|frick(?:ing|in)|frigg(?:ing|in)|effing|the (?:fuck|hell|heck|shit|crap) out of|the (?:fuck|hell|heck)|tf) (?:\b)"
)
_SPELLED_OUT: Final = linear(r"\b(?:[a-z][ .\-_*/+~]{1,3}){3,}[a-z]\b|\bs[.\-_*/+~]?t[.\-_*/+~]?o[.\-_*/+~]?p\b")
_SEPARATORS: Final = linear(r"[ .\-_*/+~]")
_STARRED: Final = linear(r"([a-z])\*([a-z])")
_UN_SUBSCRIBE: Final = linear(r"\bun[- ]s(u[bs])")
_IN_A_NUMBER: Final = linear(r"(\d)[.:,]+(\d)")
_CLAUSE_END: Final = linear(r"[!?;()\"\n\r\x{2013}\x{2014}|.:,]+|\s-+\s?|-+\s|\s/\s|--+")
_WORDS: Final = linear(r"[@$]?[\p{L}\p{N}\p{M}]+(?:[@$][\p{L}\p{N}\p{M}]+)*")
_STOP: Final = linear(r"st+op+")
_UNSUBSCRIBE: Final = linear(r"[uo]n?s[aeou]b?[sc]*c?r?[ieu]{0,2}[bpv]{1,2}e?")
# Words for which digits may stand in: "st0p", "un5ubscribe".
_DISGUISED: Final = frozenset(["stop", "unsubscribe", "cancel", "end", "quit", "remove", "alto", "text", "texting"])
_SPELLED_WITH_DIGITS: Final = frozenset(
    "stop stopall unsubscribe cancel end quit revoke optout remove text texting message messages alto basta pare paren cancelar".split()
)
_MISSPELLED: Final = {
    "stopp": "stop", "stahp": "stop", "stawp": "stop", "stap": "stop", "staph": "stop", "unsub": "unsubscribe", "stop2": "stop", "stop1": "stop", "stop2stop": "stop", "stopit": "stop it", "stopall": "stop all", "stoptexting": "stop texting", "stopcalling": "stop calling",
    "pleasestop": "please stop", "unsubscribeme": "unsubscribe me", "removeme": "remove me", "optout": "opt out", "txt": "text", "txts": "texts",
    "txting": "texting", "textin": "texting", "txtin": "texting", "texing": "texting", "msg": "message", "msgs": "messages", "msging": "messaging",
    "messege": "message", "messeges": "messages", "mesages": "messages", "mesage": "message", "callin": "calling", "contactin": "contacting",
    "u": "you", "ur": "your", "yall": "you", "pls": "please", "plz": "please", "plez": "please", "pleas": "please", "plese": "please", "thx": "thanks",
    "thanx": "thanks", "tks": "thanks", "dnt": "dont", "donot": "dont", "dobt": "dont", "recieve": "receive", "recieving": "receiving",
    "receving": "receiving", "intrested": "interested", "anymor": "anymore", "nomas": "no mas", "msj": "mensaje", "msjs": "mensajes",
    "msjes": "mensajes", "mjs": "mensajes", "mensages": "mensajes", "mensage": "mensaje", "mensajito": "mensaje", "mensajitos": "mensajes",
    "xfa": "por favor", "xfavor": "por favor", "porfa": "por favor", "porfavor": "por favor", "porfis": "por favor", "fabor": "favor", "q": "que",
    "kiero": "quiero", "qiero": "quiero", "resivir": "recibir", "recivir": "recibir", "resibir": "recibir", "subscripcion": "suscripcion",
    "embien": "envien", "embie": "envie", "embies": "envies", "yamen": "llamen", "yame": "llame", "escrivan": "escriban", "escriva": "escriba",
}  # fmt: skip


def shortened(text: str) -> str:
    """At most `LONGEST` characters of the text, its beginning and its end; halves of characters, which no pattern takes, are out."""
    text = text if len(text) <= LONGEST else f"{text[: LONGEST - _END - 1]}\n{text[-_END:]}"
    return text if text.isascii() else text.encode("utf-8", "ignore").decode()


def fold(text: str) -> str:
    """Lower case, no accents on Latin letters, straight quotes, nothing invisible; punctuation still there. Cut to `LONGEST` before."""
    text = shortened(text)
    if text.isascii():
        return text.lower().replace("`", "'").replace("\0", "")
    text = unicodedata.normalize("NFKC", text).casefold().translate(_QUOTES).translate(_BOXED)
    kept: list[str] = []
    base = ""
    for char in unicodedata.normalize("NFD", text):
        category = unicodedata.category(char)
        if category in _INVISIBLE and char not in "\n\r\t":
            continue  # soft hyphens, joiners, halves of characters: they stand inside words and show nothing
        if category != "Mn":
            base = char
        elif base < "\u0250":
            continue  # in other scripts the mark is the vowel and stays
        kept.append(char)
    return unicodedata.normalize("NFC", "".join(kept))


def bare_words(text: str) -> str:
    """The words of a message as they stand, in lower case."""
    return " ".join(_WORDS.findall(fold(text)))


def normalise(text: str) -> str:
    """The message as plain words, clauses parted by `BREAK`; "" when nothing is left.

    Gone: accents, apostrophes, emoji, links, stretched letters ("stoppp"), digits inside words we look for ("st0p"), letters
    spelled out ("s.t.o.p"), quotations and our own quoted "Reply STOP to opt out".
    """
    folded = _LINK.sub(" ", fold(text))
    folded = _OUR_LINE.sub(" ", folded.replace("'", ""))
    folded = _SPELLED_OUT.sub(lambda match: _SEPARATORS.sub("", match.group()), folded)
    folded = _twice(_STARRED, r"\1o\2", folded)  # st*p, f*ck
    folded = _CURSES.sub("", folded)
    folded = _UN_SUBSCRIBE.sub(r"uns\1", folded).replace("e-mail", "email").replace("&", " and ")
    folded = _twice(_IN_A_NUMBER, r"\1 \2", folded)
    clauses = (_without_courtesies([_word(word) for word in _WORDS.findall(part)]) for part in _CLAUSE_END.split(folded))
    return BREAK.join(" ".join(words) for words in clauses if words)


def has_stop_sign(text: str) -> bool:
    """A stop sign is in the text."""
    return bool(_STOP_SIGNS.search(shortened(text)))


def has_hand(text: str) -> bool:
    """A hand or face that may mean stop, or greet."""
    return bool(_HANDS.search(shortened(text)))


def spoken_signs(text: str) -> str:
    """The text with "stop" for its stop signs: a sign before "texting me" is the verb."""
    return _STOP_SIGNS.sub(" stop ", shortened(text))


def _twice(pattern: Pattern, repl: str, text: str) -> str:
    """Neighbours share a letter, and the second is passed over the first time."""
    return pattern.sub(repl, pattern.sub(repl, text))


def _without_courtesies(words: list[str]) -> list[str]:
    words = " ".join(words).split()  # a misspelling may stand for two words
    start, end = 0, len(words)
    while start < end:
        if " ".join(words[start : start + 2]) in _COURTEOUS_PAIRS:
            start += 2
        elif words[start] in _COURTESIES and not (words[start] == "favor" and words[start + 1 : start + 2] == ["de"]):
            start += 1
        else:
            break
    while start < end:
        if end - start > 1 and " ".join(words[end - 2 : end]) in _COURTEOUS_PAIRS:
            end -= 2
        elif words[end - 1] in _COURTESIES:
            end -= 1
        else:
            break
    return words[start:end]


def _word(word: str) -> str:
    if not word.isascii():
        spelled = word.translate(_LOOKS)
        # Only a word of mixed alphabets, or one that spells what we look for: other languages are no disguise.
        if not spelled.isascii() or not (spelled in _DISGUISED or any(char.isascii() and char.isalpha() for char in word)):
            return word
        word = spelled
    if not word.isalpha() and any(char.isalpha() for char in word):
        spelled = _unstretched(word.translate(_LEET))
        if spelled in _SPELLED_WITH_DIGITS:
            return _MISSPELLED.get(spelled, spelled)
        word = word.lstrip("@$")
    word = _unstretched(word)
    if _STOP.fullmatch(word):
        return "stop"
    if len(word) > 7 and (found := _UNSUBSCRIBE.match(word)) and word[found.end() :] in ("", "d", "me", "r"):
        return "unsubscribe"
    return _MISSPELLED.get(word, word)


def _unstretched(word: str) -> str:
    """A letter three times or more is one letter: "stoppp"."""
    kept: list[str] = []
    for at, char in enumerate(word):
        if char.isalpha() and word[at - 2 : at + 1] == char * 3 and at >= 2:
            while kept and kept[-1] == char:
                kept.pop()
        kept.append(char)
    return "".join(kept)
