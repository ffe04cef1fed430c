"""Turning a text message into plain words: the normaliser that every reply rule reads through."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

LONGEST: Final = 3_000
BREAK: Final = " | "
"""Stands between the clauses of a normalised message."""

_SINGLE_QUOTES: Final = "\u2018\u2019\u201a\u201b\u2032\u00b4`\u02bc"
_DOUBLE_QUOTES: Final = "\u201c\u201d\u201e\u201f\u2033\u00ab\u00bb"
_QUOTES: Final = str.maketrans(_SINGLE_QUOTES + _DOUBLE_QUOTES, "'" * len(_SINGLE_QUOTES) + '"' * len(_DOUBLE_QUOTES))
_LEET: Final = str.maketrans("0134578@$", "oieastbas")
_STOP_SIGNS: Final = re.compile("[\U0001f6d1\u26d4\U0001f6ab\u270b\U0001f590]")
_LINK: Final = re.compile(r"\b(?:https?://|www\.)\S+")
# A phone that "likes" one of our texts sends it back whole, with our own "Reply STOP" in it.
_TAPBACK: Final = re.compile(
    r"^\s*(?:liked|loved|disliked|laughed at|emphasized|questioned|removed an? [\w ]{1,20} from|reacted .{1,12} to|"
    r"(?:a .{1,40} )?le (?:gusto|encanto|dio risa)|me gusta|me encanta)\s+\""
)
# Our own opt-out line, quoted back or forwarded.
_OUR_LINE: Final = re.compile(
    r"\b(?:reply|text|txt|send|respond|type|responda|responde|envie|envia|mande|escriba)(?: with)? \"?(?:stop|end|quit|cancel|unsubscribe|alto|help|ayuda)\"? "
    r"(?:2|to|for|para) ?(?:opt[ -]?out|unsubscribe|end|stop|cancel|quit|help|info|ayuda|cancelar|no recibir|dejar de recibir|terminar)(?: mas)?(?: mensajes)?"
)  # fmt: skip
# Courtesies at either end of a clause say nothing about being texted.
_POLITE: Final = (
    r"(?:please|kindly|thanks|thank you|thankyou|ok|okay|hi|hello|hey|sir|maam|mam|dude|bro|lol|omg|sorry|well|so|but|honestly|good (?:morning|afternoon|evening)|"
    r"por favor|favor(?! de)|gracias|muchas gracias|hola|buenas|buenas tardes|buenos dias|oiga|oye|disculpe|perdon|senor|senora|pues|amigo)"
)
_COURTESY: Final = re.compile(rf"^(?:{_POLITE}(?: |$))+|(?:(?:^| ){_POLITE})+$")
_SPELLED_OUT: Final = re.compile(r"\b(?:[a-z][ .\-_*]{1,3}){3,}[a-z]\b")
_CLAUSE_END: Final = re.compile(r"[!?;()\"\n\r\u2013\u2014|]+|(?<!\d)[.:,]+|[.:,]+(?!\d)|\s-+\s?|-+\s|\s/\s|--+")
_UNSUBSCRIBE: Final = re.compile(r"[uo]n?s[aeou]b?[sc]*c?r?[ieu]{0,2}[bpv]{1,2}e?")
# Words for which digits may stand in: "st0p", "un5ubscribe".
_SPELLED_WITH_DIGITS: Final = frozenset(
    "stop stopall unsubscribe cancel end quit revoke optout remove text texting message messages alto basta pare paren cancelar".split()  # noqa: SIM905
)
_MISSPELLED: Final = {
    "stopp": "stop", "stopit": "stop it", "stopall": "stop all", "stoptexting": "stop texting", "stopcalling": "stop calling",
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


def fold(text: str) -> str:
    """Lower case, no accents on Latin letters, straight quotes; punctuation still there."""
    if len(text) > LONGEST:
        text = f"{text[: LONGEST - 1000]}\n{text[-1000:]}"  # the wish may stand at either end
    text = unicodedata.normalize("NFKC", text).casefold().translate(_QUOTES)
    kept: list[str] = []
    base = ""
    for char in unicodedata.normalize("NFD", text):
        if unicodedata.category(char) != "Mn":
            base = char
        elif base < "\u0250":
            continue  # in other scripts the mark is the vowel and stays
        kept.append(char)
    return unicodedata.normalize("NFC", "".join(kept))


def normalise(text: str) -> str:
    """The message as plain words, clauses parted by `BREAK`; "" when nothing is left.

    Gone: accents, apostrophes, emoji, links, stretched letters ("stoppp"), digits inside words we look for ("st0p"), letters
    spelled out ("s.t.o.p"), tapbacks and our own quoted "Reply STOP to opt out".
    """
    folded = _LINK.sub(" ", fold(text))
    if _TAPBACK.match(folded):
        return ""
    folded = _OUR_LINE.sub(" ", folded.replace("'", ""))
    folded = _SPELLED_OUT.sub(lambda match: re.sub(r"[ .\-_*]", "", match.group()), folded)
    folded = re.sub(r"(?<=[a-z])\*(?=[a-z])", "o", folded)  # st*p, f*ck
    folded = re.sub(r"\bun[- ]s(?=u[bs])", "uns", folded).replace("e-mail", "email").replace("&", " and ")
    words = (_COURTESY.sub("", _plain_words(part)) for part in _CLAUSE_END.split(folded))
    return BREAK.join(clause for clause in words if clause)


def has_stop_sign(text: str) -> bool:
    """True when a stop sign or a raised hand is in the text; asked only where no words are left but courtesies."""
    return bool(_STOP_SIGNS.search(text))


def _plain_words(part: str) -> str:
    return " ".join(_word(word) for word in re.findall(r"[^\W_]+(?:[@$][^\W_]+)*", part))


def _word(word: str) -> str:
    if not word.isascii():
        return word
    if not word.isalpha() and any(char.isalpha() for char in word):
        spelled = re.sub(r"(.)\1{2,}", r"\1", word.translate(_LEET))
        if spelled in _SPELLED_WITH_DIGITS:
            return _MISSPELLED.get(spelled, spelled)
    word = re.sub(r"([a-z])\1{2,}", r"\1", word)
    if re.fullmatch(r"st+op+", word):
        return "stop"
    if len(word) > 7 and (found := _UNSUBSCRIBE.match(word)) and word[found.end() :] in ("", "d", "me", "r"):
        return "unsubscribe"
    return _MISSPELLED.get(word, word)
