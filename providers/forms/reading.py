"""What a form said: its fields by meaning, then by the shape of their values where keys say nothing.

A field we do not know is kept under `answers`, which counts as personal: nobody can tell what a stranger's "Other" field holds.
"""

# ruff: noqa: SIM905 (tables of words read better as text)

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from providers.forms import labels, shapes, wishes
from providers.forms.shapes import Field
from zartsalgo.lib.greeting import first_name
from zartsalgo.lib.names import clean_email, clean_name, means_nothing, read_emails
from zartsalgo.lib.patterns import linear
from zartsalgo.lib.phone import read_number
from zartsalgo.lib.phone_in_words import Numbers, read_numbers

_PERSONAL: Final = ("name", "first_name", "last_name", "phone", "email", "address", "city", "state", "postal_code", "country", "message")
_FACTS: Final = ("form", "form_id", "page_url", "service", "subject", "source")
PERSONAL_NAMES: Final = frozenset(_PERSONAL) | {
    "text", "transcript", "recording", "ip", "answers", "birthday", "note", "notes", "phones", "emails",
}  # fmt: skip
MAX_ANSWERS: Final = 100
LONGEST: Final[Mapping[str, int]] = {"message": 10_000, "answers": 2_000, "consent": 2_000, "consent_wording": 4_000}
_LONGEST_OTHER: Final = 500
MOST_SHAPED: Final = 200
# Fields of one meaning that are looked into; whoever sends more sends no form.
MOST_OF_A_KIND: Final = 6
# A form has a few dozen fields. What comes behind these is kept among the answers as long as there is room.
MOST_READ: Final = 250

_QUOTE: Final = linear(r"quote|quotation|estimate|budget|presupuesto|cotizacion", ignore_case=True)
_NOISE: Final = frozenset("jsexecutiontracker builddate submitsource timetosubmit googlekey password captcha grecaptcharesponse csrfmiddlewaretoken authenticitytoken "
                          "hcaptcharesponse cfturnstileresponse honeypottime wpnonce nonce token".split())  # fmt: skip
_PHONE_WORDS: Final = frozenset("phone telephone telefono cell cellphone celular mobile movil tel whatsapp".split())
_EMAIL_WORDS: Final = frozenset("email mail correo".split())
_MESSAGE_WORDS: Final = frozenset(
    "message comments describe mensaje details description comentarios tell share explain anything describa cuentenos expliquenos".split()
)
_TEXT_WORDS: Final = frozenset("text texts sms message messages texting mensaje mensajes texto textos".split())
_AGREE_WORDS: Final = frozenset(
    "consent consents agree agreement acepto acepta aceptas aceptar permission permiso optin accept authorize authorization autorizo autoriza autorizar autorizacion "
    "consentimiento consiento".split()
)
_KINDS: Final = (("phone", "phone"), ("tel", "phone"), ("email", "email"), ("fullname", "name"), ("textarea", "message"), ("paragraph", "message"),
                 ("longtext", "message"))  # fmt: skip
_NUMBER_SHAPE: Final = linear(r"^\+?[0-9() .\-‐‑–—/]{10,22}(?: ?(?:x|ext\.?) ?[0-9]{1,6})?\z")
_NAME_SHAPE: Final = linear(r"^[\p{L}][\p{L}'’.\-]*(?: [\p{L}][\p{L}'’.\-]*){0,3}\z")
# Parts of a name and of an address as one builder numbers them: "1.3" first name, "1.6" last name; "2.1" street ... "2.6" country.
_NUMBERED: Final = linear(r"^(?:input_)?([0-9]{1,4})[._]([0-9])\z")
_ADDRESS_PARTS: Final = {"1": "address", "3": "city", "4": "state", "5": "postal_code", "6": "country"}
_STATE_AND_ZIP: Final = linear(r"[ ,]([A-Z]{2}),? +([0-9]{5})(?:-[0-9]{4})?(?:,? *(?:USA?|United States))?\s*\z")


@dataclass
class FormReading:
    """What a form said. `usable` means that somebody could be reached or at least named."""

    facts: dict[str, Any] = field(default_factory=dict)
    personal: dict[str, Any] = field(default_factory=dict)
    wants_quote: bool = False
    fields: int = 0

    @property
    def usable(self) -> bool:
        return any(self.personal.get(name) for name in ("phone", "email", "name", "first_name", "last_name", "message"))


def read(fields: Iterable[Field]) -> FormReading:
    """The meaning of a form's fields. The first filled field of a meaning wins, further ones are kept as answers."""
    reader = _Reader()
    for one in fields:
        reader.take(one)
    return reader.finish()


def read_answers(answers: Mapping[str, Any]) -> FormReading:
    """The meaning of a JSON object of answers. Raises `Malformed` when there are far too many."""
    return read(shapes.of_json(dict(answers))[0])


class _Reader:
    """Takes the fields of one form one by one, then decides what the unknown ones are."""

    def __init__(self) -> None:
        self.found: dict[str, str] = {}
        self.answers: dict[str, str] = {}
        self.phones: list[tuple[str, str]] = []
        self.emails: list[tuple[str, str]] = []
        self.asked: dict[str, str] = {}
        self.wishes: dict[str, str] = {}
        self.unknown: list[Field] = []
        self.foreign: list[tuple[str, Field]] = []
        self.outer = ""
        self.quote = self.spanish = False
        self.count = self.looks = 0

    def take(self, one: Field) -> None:
        self.count += 1
        value = one.value.strip()
        if means_nothing(value):
            return
        if one.outer:
            self.outer = self.outer or value[:_LONGEST_OTHER]
            return
        label = one.names[0]
        if self.count > MOST_READ:
            self._answer(label, value)
            return
        self.quote = self.quote or any(_QUOTE.search(name) for name in one.names)
        if "".join(labels.words_of(label)) in _NOISE:
            return
        meaning = self._meaning(one, value)
        if meaning == labels.IGNORED:
            return
        if one.foreign or (meaning in ("phone", "email") and self._is_strange(one)):
            self.foreign.append((meaning, one))
        elif not meaning:
            self.unknown.append(one)
        else:
            self._keep(meaning, label, value)

    def _meaning(self, one: Field, value: str) -> str:
        for name in one.names:
            if meaning := labels.meaning_of(name):
                self.spanish = self.spanish or labels.is_spanish(name)
                return meaning
        kind = "".join(labels.words_of(one.kind))
        words = {word for name in one.names for word in labels.words_of(name)}
        theirs = not any(labels.is_of_others(name) for name in one.names[:1])
        if theirs and (meaning := next((ours for word, ours in _KINDS if word in kind), "")):
            return meaning
        if words & _AGREE_WORDS and words & _TEXT_WORDS:
            return "consent"
        if words & _PHONE_WORDS and theirs and self.looks < MOST_OF_A_KIND and sum(char.isdecimal() for char in value[:200]) >= 10:
            self.looks += 1
            if read_numbers(raw=value).first.e164:
                return "phone"
        if words & _EMAIL_WORDS and theirs and clean_email(value):
            return "email"
        if words & {"name", "nombre", "nome"} and not words & labels.NOT_A_PERSON and _reads_as_name(value):
            return "first_name" if words & {"first", "primer", "given"} else "last_name" if words & {"last", "family"} else "name"
        if words & _MESSAGE_WORDS and len(value.split()) >= 3:
            return "message"
        return "postal_code" if words & {"zip", "zipcode", "postcode"} and theirs and len(value) <= 12 else ""

    @staticmethod
    def _is_strange(one: Field) -> bool:
        """Whether every name that says phone or email says as well that it is somebody else's: "user_email", "Emergency phone"."""
        telling = [name for name in one.names if labels.meaning_of(name) in ("phone", "email")]
        return bool(telling) and all(labels.is_of_others(name) for name in telling)

    def _keep(self, meaning: str, label: str, value: str) -> None:
        value = value[: LONGEST.get(meaning, _LONGEST_OTHER)]
        if meaning == "phone":
            self.phones.append((label, value))
        elif meaning == "email":
            self.emails.append((label, value))
        elif meaning in ("consent", "email_consent"):
            # A hidden field before a box sends its "no" as well; what was sent last is what they chose.
            key = f"{meaning}:{label}"
            self.asked.pop(key, None)
            if len(self.asked) < MOST_OF_A_KIND:
                self.asked[key] = value
        elif meaning == "wishes":
            if len(self.wishes) < MOST_OF_A_KIND:
                self.wishes[label] = value
            self._answer(label, value)
        elif meaning in ("name", "first_name", "last_name") and (
            meaning in self.found or (meaning != "last_name" and not clean_name(value))
        ):
            self._answer(label, value)
        elif meaning not in self.found:
            self.found[meaning] = value
        elif meaning in ("message", "service", "address") and value not in self.found[meaning]:
            self.found[meaning] += ("\n" if meaning == "message" else ", ") + value
        elif meaning == "address_more" or value != self.found[meaning]:
            self._answer(label, value)

    def _answer(self, label: str, value: str) -> None:
        label, value = label[:100], value[: LONGEST["answers"]]
        if label in self.answers:
            self.answers[label] = f"{self.answers[label]}, {value}"[: LONGEST["answers"]]
        elif len(self.answers) < MAX_ANSWERS:
            self.answers[label] = value

    def finish(self) -> FormReading:
        alone = not self.phones and not self.emails
        for meaning, one in self.foreign:
            if alone and meaning in ("phone", "email", "name", "first_name", "last_name"):
                self._keep(meaning, one.names[0], one.value.strip())
            else:
                self._answer(one.names[0], one.value.strip())
        self._by_shape()
        self._names()
        if more := self.found.pop("address_more", ""):
            self.found["address"] = f"{self.found['address']}, {more}" if "address" in self.found else more
        self._place_of_address()
        numbers = self._numbers()
        emails = self._emails()
        reading = FormReading(fields=self.count)
        personal: dict[str, Any] = {name: self.found[name] for name in _PERSONAL if name in self.found}
        reading.personal = personal | ({"phones": numbers} if numbers else {}) | ({"emails": emails} if emails else {})
        if self.answers:
            reading.personal["answers"] = dict(self.answers)
        reading.facts = {name: self.found[name] for name in (*_FACTS, *sorted(labels.CAMPAIGN)) if name in self.found}
        if consent := self._consent():
            reading.facts["consent"] = consent
        if "honeypot" in self.found:
            reading.facts["spam_hint"] = True
        if self.spanish:
            reading.facts["language"] = "es"
        telling = " ".join(self.found.get(name, "") for name in ("form", "page_url", "service", "subject"))
        reading.wants_quote = self.quote or bool(_QUOTE.search(telling))
        return reading

    def _by_shape(self) -> None:
        """Fields without a meaning: an address or a number is what it looks like; a name and a message only where the key says nothing."""
        left: list[Field] = []
        numbered = self._numbered()
        shaped = 0
        for one in self.unknown:
            value = one.value.strip()
            if id(one) in numbered:
                self._keep(numbered[id(one)], one.names[0], value)
                continue
            shaped += 1
            if shaped <= MOST_SHAPED and len(value) <= 254 and not labels.is_of_others(one.names[0]):
                if not self.emails and "@" in value and clean_email(value) and " " not in value:
                    self.emails.append((one.names[0], value))
                    continue
                if not self.phones and not labels.is_id(one.names[0]) and _NUMBER_SHAPE.match(value) and _is_american(value):
                    self.phones.append((one.names[0], value))
                    continue
            left.append(one)
        silent = [one for one in left if all(labels.says_nothing(name) for name in one.names)]
        taken: set[int] = set()
        if not any(name in self.found for name in ("name", "first_name", "last_name")):
            named = next((one for one in silent[:20] if _reads_as_name(one.value.strip()) and first_name(one.value.strip())), None)
            if named is not None:
                self.found["name"] = named.value.strip()
                taken.add(id(named))
        if "message" not in self.found:
            spoken = [one for one in silent if id(one) not in taken and len(one.value.split()) >= 3]
            if spoken:
                longest = max(spoken, key=lambda one: len(one.value))
                self.found["message"] = longest.value.strip()[: LONGEST["message"]]
                taken.add(id(longest))
        for one in left:
            if id(one) not in taken:
                self._answer(one.names[0], one.value.strip())

    def _numbered(self) -> dict[int, str]:
        """Meanings of "1.3" and its like: parts of the first name and the first address among numbered fields."""
        groups: dict[str, dict[str, Field]] = {}
        for one in self.unknown:
            if part := _NUMBERED.match(one.names[0]):
                groups.setdefault(part.group(1), {}).setdefault(part.group(2), one)
        meanings: dict[int, str] = {}
        named = "name" in self.found or "first_name" in self.found
        placed = "address" in self.found or "postal_code" in self.found
        for _, parts in sorted(groups.items(), key=lambda group: int(group[0])):
            values = {part: one.value.strip() for part, one in parts.items()}
            first = values.get("3", "")
            half = not named and "1" not in parts and "5" not in parts and _reads_as_name(first)
            if half and ("6" in parts or first_name(first)):
                meanings |= {id(parts[part]): ours for part, ours in (("3", "first_name"), ("6", "last_name")) if part in parts}
                named = True
                continue
            if not placed and "1" in parts and ("5" in parts or "4" in parts) and any(char.isdigit() for char in values["1"]):
                meanings |= {id(parts[part]): ours for part, ours in _ADDRESS_PARTS.items() if part in parts}
                placed = True
        return meanings

    def _names(self) -> None:
        """A form's own name is its source label, unless nobody else has a name and it is somebody's. "Nombre" beside "Apellido" is half."""
        if self.outer:
            whole = " ".join(self.found.get(name, "") for name in ("first_name", "last_name")).strip()
            if not any(name in self.found for name in ("name", "first_name", "last_name")) and first_name(self.outer):
                self.found["name"] = self.outer
            elif self.outer not in (self.found.get("name"), whole):
                self.found.setdefault("form", self.outer)
        name, last = self.found.get("name", ""), self.found.get("last_name", "")
        first = self.found.get("first_name", "")
        if name and first and labels.plain(first) not in labels.plain(name):
            self._answer("name", self.found.pop("name"))  # of something else
        elif name and last and not first and labels.plain(last) not in labels.plain(name):
            self.found["first_name"] = self.found.pop("name")

    def _place_of_address(self) -> None:
        """State and ZIP at the end of an address written in one line."""
        if "state" in self.found or "postal_code" in self.found:
            return
        if ends := _STATE_AND_ZIP.search(self.found.get("address", "")[-80:]):
            self.found["state"], self.found["postal_code"] = ends.group(1), ends.group(2)

    def _numbers(self) -> list[str]:
        """Sets the first readable number as it was written where it stood alone; returns the further ones (E.164)."""
        read = [(label, raw, read_numbers(raw=raw)) for label, raw in self.phones[:MOST_OF_A_KIND]]
        first = next((row for row in read if row[2].first.e164), read[0] if read else None)
        further: list[str] = []
        for row in read:
            label, raw, numbers = row
            if row is first:
                self.found["phone"] = raw
            elif numbers.first.e164:
                further.append(numbers.first.e164)
                if _words(numbers):
                    self._answer(label, raw)
            else:
                self._answer(label, raw)
            further += numbers.further
        return [number for number in dict.fromkeys(further) if first is None or number != first[2].first.e164][:5]

    def _emails(self) -> list[str]:
        read = [(label, raw, read_emails(raw)[0]) for label, raw in self.emails[:MOST_OF_A_KIND]]
        first = next((row for row in read if row[2]), read[0] if read else None)
        further: list[str] = []
        for row in read:
            if row is first:
                self.found["email"] = row[1]
                further += row[2][1:]
            elif row[2]:
                further += row[2]
            else:
                self._answer(row[0], row[1])
        return [address for address in dict.fromkeys(further) if first is None or address not in first[2][:1]][:5]

    def _consent(self) -> dict[str, Any]:
        """What the form's questions about texts and mails were answered, together: one refusal outweighs every yes."""
        wording = self.found.get("consent_wording", "")
        texts = [key for key in self.asked if key.startswith("consent:")]
        read = []
        for key, value in self.asked.items():
            label = key.partition(":")[2]
            shown = wording or (label if len(label.split()) >= 4 else "")
            wish = wishes.read_wish(value=value, wording=shown, own=wishes.SMS if key in texts else wishes.EMAIL)
            read.append((key in texts, wishes.of_field(wish=wish, name=label)))
        refused = {channel for _, wish in read for channel in wish.refused}
        read_words = [wish.words for _, wish in read if wish.refused]
        for value in self.wishes.values():
            # How somebody likes to be reached says no only where it says so: "Phone" is a preference, "no texts" a refusal.
            wish = wishes.read_wish(value=value, own=wishes.SMS) if len(value.split()) > 1 else wishes.Wish()
            refused |= wish.refused
            read_words += [wish.words] if wish.refused else []
        if refused:
            fact = wishes.as_fact(wishes.Wish(refused=frozenset(refused), words=" / ".join(dict.fromkeys(filter(None, read_words)))))
            return fact
        if not texts:
            return {}
        wish = next((wish for ours, wish in read if ours and wish.granted), next(wish for ours, wish in read if ours))
        return wishes.as_fact(wish)


def _words(numbers: Numbers) -> bool:
    return bool(numbers.left)


def _is_american(value: str) -> bool:
    number = read_number(raw=value)
    return number.kind in ("ok", "toll-free")


def _reads_as_name(value: str) -> bool:
    return len(value) <= 60 and bool(_NAME_SHAPE.match(value)) and bool(clean_name(value))
