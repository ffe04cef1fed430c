"""What Twilio's API description says of the two calls we make: create a text, list texts. Facts, in a notation of our own.

Twilio publishes the whole description (github.com/twilio/twilio-oai, `twilio_api_v2010`). Only what the mock of these tests needs stands
here; test_twilio_description.py reads the whole one into the same shape where it is present and demands that both are equal.
"""

from dataclasses import dataclass
from typing import Any

PATH = "/2010-04-01/Accounts/{AccountSid}/Messages.json"
HOST = "https://api.twilio.com"
FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True, kw_only=True)
class Field:
    """One parameter, or one property of an answer. Empty means the description says nothing."""

    kind: str
    format: str = ""
    pattern: str = ""
    length: tuple[int | None, int | None] = (None, None)
    range: tuple[int | None, int | None] = (None, None)
    one_of: tuple[str, ...] = ()
    required: bool = False
    nullable: bool = False
    each: "Field | None" = None


def _read(table: str) -> dict[str, Field]:
    """Lines of `name kind words...`; words: a format, `required`, `null`, `=a|b` one of, `1..5` range, `sid:XX` an id, `of:kind/format`."""
    return {name: _field(*words) for name, *words in (line.split() for line in table.strip().splitlines())}


def _field(kind: str, *words: str) -> Field:
    found: dict[str, Any] = {"kind": kind}
    for word in words:
        if word in ("required", "null"):
            found["required" if word == "required" else "nullable"] = True
        elif word.startswith("="):
            found["one_of"] = tuple(word[1:].split("|"))
        elif word.startswith("sid:"):
            found |= {"pattern": f"^{word[4:]}[0-9a-fA-F]{{32}}$", "length": (34, 34)}
        elif word.startswith("of:"):
            found["each"] = _field(*word[3:].split("/"))
        elif ".." in word:
            least, most = word.split("..")
            found["range"] = (int(least) if least else None, int(most) if most else None)
        else:
            found["format"] = word
    return Field(**found)


IN_PATH = _read("AccountSid string sid:AC required")

CREATE = _read("""
To                  string phone-number required
From                string phone-number
FallbackFrom        string phone-number
MessagingServiceSid string sid:MG
ApplicationSid      string sid:AP
ContentSid          string sid:HX
ContentVariables    string
Body                string
MediaUrl            array of:string/uri
StatusCallback      string uri
ValidityPeriod      integer
Attempt             integer
MaxPrice            number
SendAt              string date-time
ScheduleType        string =fixed
PersistentAction    array of:string
ContentRetention    string =retain|discard
AddressRetention    string =retain|obfuscate
TrafficType         string =free
RiskCheck           string =enable|disable
ProvideFeedback     boolean
ForceDelivery       boolean
SmartEncoded        boolean
ShortenUrls         boolean
SendAsMms           boolean
""")

LIST = _read("""
To        string phone-number
From      string phone-number
DateSent  string date-time
DateSent< string date-time
DateSent> string date-time
PageSize  integer int64 1..1000
Page      integer 0..
PageToken string
""")

# What the description says in sentences only, with words of those sentences: the comparison looks for them.
BODY_MOST, BODY_WORDS = 1600, "up to 1,600 characters"
VALIDITY, VALIDITY_WORDS = (1, 36_000), "from `1` to `36000`"
CALLBACK_WORDS = "valid hostname and underscores are not allowed"
DAY_WORDS = "`YYYY-MM-DD`"
PAGE_SIZE, PAGE_SIZE_WORDS = 50, "The default is 50"

STATUSES = "queued|sending|sent|failed|delivered|undelivered|receiving|received|accepted|scheduled|read|partially_delivered|canceled"
MESSAGE = _read(f"""
sid                   string sid:(SM|MM) null
account_sid           string sid:AC null
messaging_service_sid string sid:MG null
api_version           string null
from                  string phone-number null
to                    string null
body                  string null
status                string ={STATUSES}
direction             string =inbound|outbound-api|outbound-call|outbound-reply
error_code            integer null
error_message         string null
num_segments          string null
num_media             string null
price                 string null
price_unit            string currency null
date_created          string date-time-rfc-2822 null
date_sent             string date-time-rfc-2822 null
date_updated          string date-time-rfc-2822 null
uri                   string null
subresource_uris      object uri-map null
""")

PAGE = _read("""
messages          array of:object
uri               string uri
first_page_uri    string uri
next_page_uri     string uri null
previous_page_uri string uri null
page              integer
page_size         integer
start             integer
end               integer
""")


@dataclass(frozen=True, kw_only=True)
class Description:
    """All of the above as one value, so that two can be compared."""

    in_path: dict[str, Field]
    create: dict[str, Field]
    list: dict[str, Field]
    message: dict[str, Field]
    page: dict[str, Field]
    content_types: tuple[str, ...]
    created: tuple[str, ...]
    listed: tuple[str, ...]
    security: tuple[str, str]
    hosts: tuple[str, ...]


EXTRACT = Description(
    in_path=IN_PATH,
    create=CREATE,
    list=LIST,
    message=MESSAGE,
    page=PAGE,
    content_types=(FORM,),
    created=("201",),
    listed=("200",),
    security=("http", "basic"),
    hosts=(HOST,),
)


def from_openapi(document: dict[str, Any]) -> Description:
    """The same facts out of an OpenAPI document. Raises KeyError where the document does not describe our two calls."""
    schemas = document["components"]["schemas"]

    def field(schema: dict[str, Any], *, required: bool = False, shallow: bool = False) -> Field:
        name = schema.get("$ref", "").rpartition("/")[2]
        if name:
            schema = schemas[name]
        each = schema.get("items")
        return Field(
            kind=schema["type"],
            format=schema.get("format", ""),
            pattern=schema.get("pattern", ""),
            length=(schema.get("minLength"), schema.get("maxLength")),
            range=(schema.get("minimum"), schema.get("maximum")),
            one_of=tuple(schema.get("enum", ())),
            required=required,
            nullable=schema.get("nullable", False),
            each=(Field(kind=field(each).kind) if shallow else field(each)) if each else None,
        )

    def properties(schema: dict[str, Any], *, shallow: bool = False) -> dict[str, Field]:
        needed = schema.get("required", ())
        return {name: field(one, required=name in needed, shallow=shallow) for name, one in schema["properties"].items()}

    def parameters(operation: dict[str, Any], place: str) -> dict[str, Field]:
        found = [one for one in operation["parameters"] if one["in"] == place]
        return {one["name"]: field(one["schema"], required=one.get("required", False)) for one in found}

    post, get = document["paths"][PATH]["post"], document["paths"][PATH]["get"]
    content = post["requestBody"]["content"]
    page = get["responses"]["200"]["content"]["application/json"]["schema"]
    message = post["responses"]["201"]["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
    (scheme,) = {name for operation in (post, get) for way in operation["security"] for name in way}
    secured = document["components"]["securitySchemes"][scheme]
    if parameters(post, "path") != parameters(get, "path") or parameters(post, "query"):
        raise KeyError("the two calls are not addressed alike")
    return Description(
        in_path=parameters(post, "path"),
        create=properties(content[FORM]["schema"]),
        list=parameters(get, "query"),
        message=properties(schemas[message]),
        page=properties(page, shallow=True),
        content_types=tuple(content),
        created=tuple(post["responses"]),
        listed=tuple(get["responses"]),
        security=(secured["type"], secured["scheme"]),
        hosts=tuple(server["url"] for server in document["paths"][PATH]["servers"]),
    )
