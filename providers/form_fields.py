"""What the fields of a web form mean: names as website builders and plumbers write them, mapped to ours.

Used by every adapter that receives forms. A field we do not know is kept under `answers`, which counts as personal: nobody can tell
what a stranger's "Other" field holds.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from zartsalgo.lib import form_body

# Ours, then how others call it: lower case, letters and digits only.
_ALIASES = """
name:           name fullname yourname contactname customername clientname firstandlastname nameofcontact leadname whatisyourname
                whatsyourname
first_name:     firstname fname first givenname yourfirstname customerfirstname
last_name:      lastname lname last surname familyname yourlastname customerlastname
phone:          phone phonenumber phoneno tel telephone telephonenumber mobile mobilephone mobilenumber cell cellphone cellnumber
                contactnumber contactphone yourphone yourtel yourphonenumber callbacknumber daytimephone homephone customerphone
                customerphonenumber phone1 bestphone
email:          email emailaddress mail youremail contactemail customeremail youremailaddress emailid
address:        address streetaddress street address1 addressline1 serviceaddress propertyaddress projectaddress jobaddress youraddress
                line1 street1
city:           city town addresscity customercity
state:          state province region addressstate customerstate stateprovince
postal_code:    zip zipcode postalcode postcode zippostalcode zippostal addresszip
country:        country addresscountry customercountry
message:        message comments comment yourmessage description details projectdetails projectdescription jobdescription howcanwehelp
                howcanwehelpyou notes note question questions inquiry enquiry text body additionalinformation tellusaboutyourproject
service:        service services serviceneeded serviceneed servicetype servicerequested serviceinterest typeofservice interestedin
                projecttype jobtype typeofproject typeofjob whatservicedoyouneed
subject:        subject yoursubject topic reason reasonforcontact requesttype inquirytype typeofinquiry
consent:        consent smsconsent consentsms textconsent consenttotext smsoptin optinsms textoptin smspermission agreetotexts
                agreetosms tcpaconsent tcpa smsagreement textmessageconsent
consent_wording:
                consentwording consenttext consentlabel smsconsenttext smsconsentwording smsconsentlabel tcpatext tcpalanguage
                disclosure
page_url:       pageurl page sourceurl formurl pagelink referer referrer landingpage landingpageurl embedurl metapageurl
form:           form formname formtitle
form_id:        formid
source:         source leadsource howdidyouhear howdidyouhearaboutus howdidyoufindus heardfrom
honeypot:       honeypot hp hpfield gotcha botcheck botfield leaveblank leavethisblank leavethisfieldblank dontfill donotfill nobots
"""


def _meanings() -> dict[str, str]:
    meanings, ours = {}, ""
    for word in _ALIASES.split():
        if word.endswith(":"):
            ours = word[:-1]
        else:
            meanings[word] = ours
    return meanings


_MEANING = _meanings()
_CAMPAIGN = frozenset(
    {"utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content", "gclid", "gbraid", "wbraid", "fbclid", "msclkid"}
)
# Wrappers that form builders put around the field's own name, and the parts of a field that are not its value.
_WRAPPERS = re.compile(r"(fields?|formfields|formdata|data|values?|answers|submission|entry|wpforms|input|meta|your|[0-9]+)\Z")
_NOT_VALUES = frozenset({"id", "type", "title", "label", "rawvalue", "required"})
_PERSONAL = ("name", "first_name", "last_name", "phone", "email", "address", "city", "state", "postal_code", "country", "message")
_FACTS = ("form", "form_id", "page_url", "service", "subject", "source")
_QUOTE = re.compile(r"quote|quotation|estimate|budget", re.IGNORECASE)
_YES = frozenset({"1", "on", "yes", "y", "true", "checked", "accepted", "agree", "agreed", "iagree", "ok"})
_REFUSED = re.compile(r"^\s*(no\b|not\b|i do ?n[o']t|do not|don'?t|false|off|declin|unchecked|0$)", re.IGNORECASE)

PERSONAL_NAMES = frozenset(_PERSONAL) | {"text", "transcript", "recording", "ip", "answers", "birthday", "note", "notes"}
MAX_ANSWERS = 100


@dataclass
class FormReading:
    """What a form said. `usable` means that somebody could be reached or at least named."""

    facts: dict[str, Any] = field(default_factory=dict)
    personal: dict[str, Any] = field(default_factory=dict)
    wants_quote: bool = False

    @property
    def usable(self) -> bool:
        return any(self.personal.get(name) for name in ("phone", "email", "name", "first_name", "last_name", "message"))


def meaning_of(name: str) -> str:
    """Our name for a field, or "" when we do not know it. Case, spaces, dashes, underscores and brackets do not matter."""
    parts = [re.sub(r"[^a-z0-9]", "", part) for part in re.split(r"[\[\].]+", name.lower())]
    parts = [part for part in parts if part]
    if len(parts) > 1 and parts[-1] in _NOT_VALUES and parts[0] != "form":
        return "ignored"
    if len(parts) > 1:
        parts = [part for part in parts if not _WRAPPERS.match(part)] or parts[-1:]
    joined = "".join(parts).removesuffix("required").removesuffix("optional")
    return _MEANING.get(joined) or (_MEANING.get(parts[-1], "") if len(parts) > 1 and parts[0] != "form" else "")


def read(pairs: Iterable[tuple[str, str]]) -> FormReading:
    """The meaning of a form's fields. The first filled field of a meaning wins, further ones are kept as answers."""
    reading = FormReading()
    found: dict[str, str] = {}
    answers: dict[str, str] = {}
    for name, raw in pairs:
        value = raw.strip()
        if not value:
            continue
        reading.wants_quote = reading.wants_quote or bool(_QUOTE.search(name))
        plain = re.sub(r"[^a-z_]", "", name.lower().rpartition("[")[2])
        meaning = plain if plain in _CAMPAIGN else meaning_of(name)
        if meaning == "ignored":
            continue
        if meaning and meaning not in found:
            found[meaning] = value
        elif meaning in ("message", "service", "address"):
            found[meaning] += ("\n" if meaning == "message" else ", ") + value
        elif len(answers) < MAX_ANSWERS or name in answers:
            label = name[:100]
            answers[label] = f"{answers[label]}, {value}" if label in answers else value
    reading.personal = {name: found[name] for name in _PERSONAL if name in found}
    if answers:
        reading.personal["answers"] = answers
    reading.facts = {name: found[name] for name in (*_FACTS, *sorted(_CAMPAIGN)) if name in found}
    if "consent" in found:
        reading.facts["consent"] = read_consent(value=found["consent"], wording=found.get("consent_wording", ""))
    if "honeypot" in found:
        reading.facts["spam_hint"] = True
    telling = " ".join(found.get(name, "") for name in ("form", "page_url", "service", "subject"))
    reading.wants_quote = reading.wants_quote or bool(_QUOTE.search(telling))
    return reading


def read_consent(*, value: str, wording: str) -> dict[str, Any]:
    """Whether a box was ticked, and the words beside it. A checkbox often sends those words as its value; doubt counts as no."""
    if re.sub(r"[^a-z0-9]", "", value.lower()) in _YES:
        return {"granted": True, "wording": wording}
    sentence = len(value.split()) >= 3
    return {"granted": sentence and not _REFUSED.match(value), "wording": wording or (value if sentence else "")}


def pairs_of(answers: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Pairs from a JSON object of answers, nested ones by bracketed name. Raises `Malformed` when there are far too many."""
    return form_body.flattened(answers)
