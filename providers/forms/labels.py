"""What a field's label means: builders' keys and people's questions, read from labels.txt."""

# ruff: noqa: SIM905 (tables of words read better as text)

import unicodedata
from functools import lru_cache
from pathlib import Path
from typing import Final

from zartsalgo.lib.patterns import linear

LONGEST: Final = 120
CAMPAIGN: Final = frozenset(
    {"utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content", "gclid", "gbraid", "wbraid", "fbclid", "msclkid"}
)
# How ad platforms spell the click id in their own leads.
_CLICK_IDS: Final = {
    "gclid": "gclid",
    "googleclickid": "gclid",
    "fbc": "fbclid",
    "facebookclickid": "fbclid",
    "microsoftclickid": "msclkid",
}

_BRACKETS: Final = str.maketrans("[].", "\n\n\n")
_KEY_NUMBER: Final = frozenset("q field fld input f question item col".split())
# A wrapper that builders put round a field's own name, or a number.
_WRAPPER: Final = linear(
    r"^(?:fields?|formfields|formdata|fielddata|data|values?|answers?|submission|submissions|entry|entries|wpforms|input|meta|your|response|responses|"
    r"formresponse|payload|properties|attributes|body|json|rawrequest|datajson|contact|customer|lead|person|custom|customdata|customfields|questions|"
    r"itemmeta|merges|namedvalues|humanfields|results?|record|records|form|[0-9]+|[a-z]?[0-9a-f]{6,})\z"
)
# Parts of a field that are not its value, as the last of several parts.
NOT_VALUES: Final = frozenset(
    {"id", "type", "title", "label", "rawvalue", "required", "key", "order", "ref", "index", "options", "placeholder"}
)
# Words of a label that say nothing of what is asked.
_NOISE: Final = frozenset(
    "no label nolabel your my the please enter required optional field input text_field type in here value form_field customer contact client visitor "
    "homeowner primary main best preferred tu su sus por favor ingrese escriba introduzca obligatorio opcional requerido el la de "
    "what is are s whats cual es a an to of for you we us reach at which so can me our".split()
)
# Who the name, number or address is of: beside any other word they say something else ("lead state" is no state).
_WHO: Final = frozenset("caller lead prospect user applicant".split())
_OF_A_PERSON: Final = frozenset({"name", "first_name", "last_name", "phone", "email", "message"})
# Words round "name" that make it somebody else's or something's.
NOT_A_PERSON: Final = frozenset(
    "company business form file user username product site page host event project campaign ad adset adgroup brand store list field event "
    "domain list street city service pet dog cat organization organisation employer school agent rep representative salesperson tag workflow "
    "location account plan group spouse partner referral referrer friend emergency landlord insurance carrier insurer provider contractor technician phone tracking number profile category adwords source medium landing room game device "
    "empresa negocio compania mascota producto archivo formulario".split()
)
# Whose address or number is not the person's.
NOT_THEIRS: Final = frozenset(
    "admin administrator notify notification recipient site owner agent rep assigned sales bcc cc reply sender support office referred referrer friend "
    "spouse emergency landlord fax faxnumber insurance company business account user location webmaster salesperson realtor tenant neighbor guest guests host member memberships organizer attendee".split()
)
# A key like these names rows and moments; a number behind it is no telephone's.
_ID_WORDS: Final = frozenset(
    "id ids uid uuid guid token key hash ts timestamp time date datetime created updated submitted count order invoice account ref reference "
    "ip version revision total amount price budget zip code ein ssn vin policy license licence permit tracking session event entry lead "
    "submission campaign adgroup creative page form post sort index position size bytes lat lng latitude longitude captcha record ticket".split()
)


def _meanings() -> tuple[dict[str, str], frozenset[str]]:
    meanings: dict[str, str] = {}
    spanish: set[str] = set()
    ours, section = "", ""
    for line in (Path(__file__).parent / "labels.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            section = line.strip("[]")
        elif not line.startswith("#"):
            for word in line.split():
                if word.endswith(":"):
                    ours = word[:-1]
                elif meanings.setdefault(word, ours) == ours and section == "es":
                    spanish.add(word)
    return meanings, frozenset(spanish)


_MEANING, _SPANISH = _meanings()
IGNORED: Final = "ignored"


def plain(text: str) -> str:
    """Small letters without accents."""
    return "".join(char for char in unicodedata.normalize("NFKD", text).casefold() if unicodedata.category(char) != "Mn")


@lru_cache(maxsize=8192)
def words_of(label: str) -> tuple[str, ...]:
    """The words of a label, folded: "q4_contactNumber" and "Contact number *" are both contact, number."""
    text, before = [], ""
    for char in label[:LONGEST]:
        if "a" <= before <= "z" and "A" <= char <= "Z":
            text.append(" ")
        text.append(char)
        before = char
    words = "".join(char if char.isascii() and char.isalnum() else " " for char in plain("".join(text))).split()
    # "q4_", "field 7": a builder's own count of its fields.
    if len(words) > 1 and words[0].rstrip("0123456789") in _KEY_NUMBER and words[0][-1].isdigit():
        words = words[1:]
    elif len(words) > 2 and words[0] in _KEY_NUMBER and words[1].isdecimal():
        words = words[2:]
    return tuple(words)


def _parts_of(label: str) -> list[str]:
    return ["".join(words_of(part)) for part in label[:LONGEST].translate(_BRACKETS).split("\n")[:12]]


@lru_cache(maxsize=8192)
def meaning_of(label: str) -> str:
    """Our name for a field, "" when we do not know it, IGNORED for a part of a field that is no value. Case, accents, spaces, dashes,
    brackets, numbers behind and words that say nothing do not matter."""
    return _look_up(label[:LONGEST])[0]


@lru_cache(maxsize=8192)
def is_spanish(label: str) -> bool:
    """Whether the label was understood because it is Spanish."""
    return _look_up(label[:LONGEST])[1] in _SPANISH


def _look_up(label: str) -> tuple[str, str]:
    last = plain(label.rpartition("[")[2]).strip("[] ")
    if last in CAMPAIGN:
        return last, last
    parts = [part for part in _parts_of(label) if part]
    if not parts:
        return "", ""
    if parts[-1] in _CLICK_IDS:
        return _CLICK_IDS[parts[-1]], parts[-1]
    if len(parts) > 1 and parts[-1] in NOT_VALUES and not (parts[-1] == "id" and parts[-2] == "form"):
        return (IGNORED, "") if parts[0] != "form" else _named(parts)
    return _named(
        [part for part in parts if not _WRAPPER.match(part)] or parts[-1:] if len(parts) > 1 and parts[0] != "form" else parts, label
    )


def _named(parts: list[str], label: str = "") -> tuple[str, str]:
    """Look the whole up, then the last part alone, then the label without its words that say nothing."""
    tries = ["".join(parts)]
    if len(parts) > 1 and parts[0] != "form":
        tries += [part for part in (parts[-1],) if part not in ("name", "full", "text", "number") or parts[0] in ("", "name", "phone")]
        if parts[-1] == "full":
            tries.append(parts[-2])
    if len(parts) == 1:
        words = list(words_of(label.translate(_BRACKETS).strip("\n").rpartition("\n")[2]) or words_of(label))
        while len(words) > 1 and any(char.isdigit() for char in words[-1]):
            words.pop()
        tries.append("".join(words))
        if not NOT_A_PERSON & set(words) or "name" not in words:
            kept = [word for word in words if word not in _NOISE]
            tries += ["".join(kept), "".join(kept).rstrip("0123456789")]
            kept = [word for word in kept if word not in _WHO]
            if (meaning := _MEANING.get("".join(kept), "")) in _OF_A_PERSON and not any(_MEANING.get(one) for one in tries):
                return meaning, "".join(kept)
    found = next((one for one in tries if one in _MEANING), "")
    return (_MEANING[found], found) if found else ("", "")


def says_nothing(label: str) -> bool:
    """Whether a key only counts fields: "1.3", "input_3", "q7", "field_7d1", "No Label field"."""
    words = [word for word in words_of(label) if not word.isdecimal()]
    kept = [word for word in words if word not in _NOISE and not _WRAPPER.match(word)]
    return all(word in ("text", "textfield", "input", "field", "q", "short", "long", "single", "line", "multi", "textarea", "comp", "untitled", "unnamed",
                        "string", "paragraph", "question", "answer", "control", "el", "item", "meta", "column", "x") or not word.isalpha()
               for word in kept)  # fmt: skip


def is_of_others(label: str) -> bool:
    """Whether a label says that its address or number is somebody else's: "Emergency phone", "user_email", "to"."""
    words = words_of(label)
    return bool(NOT_THEIRS & set(words)) or words[:1] in (("to",), ("from",))


def is_id(label: str) -> bool:
    """Whether a label names a row or a moment, so that digits under it are no telephone number."""
    return bool(_ID_WORDS & set(words_of(label)))
