"""Where a person in the United States may be: every time zone and every state that their address or number leaves open.

The window for a text is the intersection over all candidates, so a doubt makes it narrower, never wider. Numbers are ported
and people move: an address decides before a number, and an address that cannot be read is a doubt: somebody lives elsewhere than their
area code says. Zones are IANA names, never offsets (Arizona keeps no summer time).
"""

# ruff: noqa: SIM905 (tables of words read better as text)

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal

import phonenumbers
from phonenumbers import timezone as phone_timezones

from zartsalgo.lib.names import means_nothing
from zartsalgo.lib.patterns import linear

EASTERN: Final = "America/New_York"
CENTRAL: Final = "America/Chicago"
MOUNTAIN: Final = "America/Denver"
ARIZONA: Final = "America/Phoenix"
PACIFIC: Final = "America/Los_Angeles"
ALASKA: Final = "America/Anchorage"
HAWAII: Final = "Pacific/Honolulu"
BOISE: Final = "America/Boise"
ADAK: Final = "America/Adak"

ALL_ZONES: Final = (EASTERN, CENTRAL, MOUNTAIN, ARIZONA, PACIFIC, ALASKA, HAWAII)
"""What is left open when nothing is known. Boise keeps Denver's time and Adak lies between Alaska and Hawaii: they add nothing here."""

Source = Literal["zip", "state", "number", "unknown"]


@dataclass(frozen=True, slots=True)
class Place:
    """Candidate `zones` (IANA, east to west, never empty) and `states` (two letters; empty when none is known), and what they rest on.

    With `doubt` an address was given that cannot be read: they may be in any other state too, and the strictest rules bind as well.
    """

    zones: tuple[str, ...]
    states: tuple[str, ...]
    source: Source
    doubt: bool = False

    @property
    def known_states(self) -> tuple[str, ...]:
        """The states whose rules alone may be relied on; none where it may be yet another state."""
        return () if self.doubt else self.states


UNKNOWN: Final = Place(zones=ALL_ZONES, states=(), source="unknown")

_ORDER: Final = (
    "America/Puerto_Rico", "America/St_Thomas", EASTERN, CENTRAL, MOUNTAIN, BOISE, ARIZONA, PACIFIC, ALASKA, ADAK, HAWAII,
    "Pacific/Pago_Pago", "Pacific/Saipan", "Pacific/Guam",
)  # fmt: skip
# The phone library's names for zones whose clocks have agreed with these since 1992 or longer.
_SAME_CLOCK: Final = {"America/North_Dakota/Center": CENTRAL, "America/Juneau": ALASKA}

# All zones of a state. 49 CFR 71 draws the lines, and they cut through 13 states.
STATE_ZONES: Final[dict[str, tuple[str, ...]]] = {
    **dict.fromkeys("CT DC DE GA MA MD ME NC NH NJ NY OH PA RI SC VA VT WV".split(), (EASTERN,)),
    **dict.fromkeys("AL AR IA IL LA MN MO MS OK WI".split(), (CENTRAL,)),
    **dict.fromkeys("CO MT NM UT WY".split(), (MOUNTAIN,)),
    **dict.fromkeys("CA WA".split(), (PACIFIC,)),
    **dict.fromkeys("FL IN KY MI TN".split(), (EASTERN, CENTRAL)),
    **dict.fromkeys("KS ND NE SD TX".split(), (CENTRAL, MOUNTAIN)),
    "AZ": (MOUNTAIN, ARIZONA),  # the Navajo Nation keeps summer time
    "ID": (BOISE, PACIFIC),
    "OR": (BOISE, PACIFIC),
    "NV": (MOUNTAIN, PACIFIC),
    "AK": (ALASKA, ADAK),
    "HI": (HAWAII,),
    "PR": ("America/Puerto_Rico",),
    "VI": ("America/St_Thomas",),
    "AS": ("Pacific/Pago_Pago",),
    "GU": ("Pacific/Guam",),
    "MP": ("Pacific/Saipan",),
}

STATE_NAMES: Final[dict[str, str]] = dict(
    row.rsplit(" ", 1)[::-1]
    for row in (
        "Alabama AL,Alaska AK,American Samoa AS,Arizona AZ,Arkansas AR,California CA,Colorado CO,Connecticut CT,Delaware DE,"
        "Washington DC DC,Florida FL,"
        "Georgia GA,Guam GU,Hawaii HI,Idaho ID,Illinois IL,Indiana IN,Iowa IA,Kansas KS,Kentucky KY,Louisiana LA,Maine ME,"
        "Maryland MD,Massachusetts MA,Michigan MI,Minnesota MN,Mississippi MS,Missouri MO,Montana MT,Nebraska NE,Nevada NV,"
        "New Hampshire NH,New Jersey NJ,New Mexico NM,New York NY,North Carolina NC,North Dakota ND,Northern Mariana Islands MP,Ohio OH,"
        "Oklahoma OK,Oregon OR,Pennsylvania PA,Puerto Rico PR,Rhode Island RI,South Carolina SC,South Dakota SD,Tennessee TN,Texas TX,"
        "Utah UT,Vermont VT,Virgin Islands VI,Virginia VA,Washington WA,West Virginia WV,Wisconsin WI,Wyoming WY"
    ).split(",")
)  # fmt: skip


def _letters(text: str) -> str:
    """Small letters without accents, and nothing else."""
    plain = unicodedata.normalize("NFKD", text).casefold()
    return "".join(char for char in plain if "a" <= char <= "z")


_CODE_BY_NAME: Final = {_letters(name): code for code, name in STATE_NAMES.items()} | {
    "districtofcolumbia": "DC", "usvirginislands": "VI", "washingtonstate": "WA", "newyorkcity": "NY", "nyc": "NY",
    "calif": "CA", "colo": "CO", "conn": "CT", "fla": "FL", "ill": "IL", "mass": "MA", "mich": "MI", "minn": "MN",
    "tenn": "TN", "tex": "TX",    "wash": "WA",
    "penn": "PA", "penna": "PA", "ariz": "AZ", "okla": "OK", "ore": "OR", "wis": "WI", "wisc": "WI", "alab": "AL", "alas": "AK",
    "cal": "CA", "ind": "IN", "kan": "KS", "kans": "KS", "neb": "NE", "nebr": "NE", "nev": "NV", "oreg": "OR", "pr": "PR", "tn": "TN", "virg": "VA",
    "wva": "WV", "ncar": "NC", "scar": "SC", "ndak": "ND", "sdak": "SD", "nmex": "NM", "wyo": "WY", "mont": "MT", "miss": "MS", "dela": "DE",
    # In Spanish.
    "nuevayork": "NY", "nuevajersey": "NJ", "nuevomexico": "NM", "carolinadelnorte": "NC", "carolinadelsur": "SC", "luisiana": "LA",
    "pensilvania": "PA", "misisipi": "MS", "misuri": "MO", "tejas": "TX", "oregon": "OR", "hawai": "HI", "virginiaoccidental": "WV",
    "dakotadelnorte": "ND", "dakotadelsur": "SD", "nuevohampshire": "NH",
}  # fmt: skip
# A country beside the state says nothing, but one of ours says that it is one of our states.
_COUNTRY: Final = frozenset("us usa unitedstates unitedstatesofamerica america eeuu estadosunidos".split())
_BEFORE_STATE: Final = ("stateof", "estadode", "usdash", "us")

# State -> its area codes; derived from the phone library's region labels, with the overlays opened in 2024 to 2026 added by hand.
_AREA_CODES: Final[dict[str, str]] = {
    "AK": "907", "AL": "205 251 256 334 483 659 938", "AR": "327 479 501 870", "AZ": "480 520 602 623 928",
    "CA": "209 213 279 310 323 341 350 357 369 408 415 424 442 510 530 559 562 619 626 628 650 657 661 669 707 714 738 747 "
    "760 805 818 820 831 837 840 858 909 916 925 949 951",
    "CO": "303 719 720 748 970 983", "CT": "203 475 860 959", "DC": "202 771", "DE": "302",
    "FL": "239 305 321 324 352 386 407 448 561 645 656 689 727 728 754 772 786 813 850 863 904 941 954",
    "GA": "229 404 470 478 678 706 762 770 912 943", "HI": "808", "IA": "319 515 563 641 712", "ID": "208 986",
    "IL": "217 224 309 312 331 447 464 618 630 708 730 773 779 815 847 861 872", "IN": "219 260 317 463 574 765 812 930",
    "KS": "316 620 785 913", "KY": "270 364 502 606 859", "LA": "225 318 337 457 504 985", "MA": "339 351 413 508 617 774 781 857 978",
    "MD": "227 240 301 410 443 667", "ME": "207", "MI": "231 248 269 313 517 586 616 679 734 810 906 947 989",
    "MN": "218 320 507 612 651 763 952", "MO": "235 314 417 557 573 636 660 816 975", "MS": "228 471 601 662 769", "MT": "406",
    "NC": "252 336 472 704 743 828 910 919 980 984", "ND": "701", "NE": "308 402 531", "NH": "603",
    "NJ": "201 551 609 640 732 848 856 862 908 973", "NM": "505 575", "NV": "702 725 775",
    "NY": "212 315 329 332 347 363 465 516 518 585 607 624 631 646 680 716 718 838 845 914 917 929 934",
    "OH": "216 220 234 283 326 330 380 419 436 440 513 567 614 740 937", "OK": "405 539 572 580 918", "OR": "458 503 541 971",
    "PA": "215 223 267 272 412 445 484 570 582 610 717 724 814 835 878", "RI": "401", "SC": "803 821 839 843 854 864", "SD": "605",
    "TN": "423 615 629 729 731 865 901 931",
    "TX": "210 214 254 281 325 346 361 409 430 432 469 512 621 682 713 726 737 806 817 830 832 903 915 936 940 945 956 972 979",
    "UT": "385 435 801", "VA": "276 434 540 571 686 703 757 804 826 948", "VT": "802", "WA": "206 253 360 425 509 564",
    "WI": "262 274 353 414 534 608 715 920", "WV": "304 681", "WY": "307",
}  # fmt: skip
STATE_BY_AREA_CODE: Final[dict[str, str]] = {code: state for state, codes in _AREA_CODES.items() for code in codes.split()}

# Area codes that a zone line cuts, or where the phone library is known to name only one side (it puts all of 850 and 812 Eastern in
# many exchanges, 423 Central, and 689, which is Orlando, Central). All of the state's zones count there, whatever the exchange says.
_SPLIT_AREA_CODES: Final = frozenset(
    "850 448 689 219 574 812 930 270 364 502 606 906 423 729 931 308 402 531 605 701 620 785 432 915 928 208 986 458 541 775 907".split()
)

# First three digits of a ZIP -> state (USPS Publication 65 / L002). Military mail (090-098, 340, 962-966) names no place.
_ZIP_RANGES: Final = (
    "005-005 NY,006-007 PR,008-008 VI,009-009 PR,010-027 MA,028-029 RI,030-038 NH,039-049 ME,050-054 VT,055-055 MA,056-059 VT,"
    "060-069 CT,070-089 NJ,100-149 NY,150-196 PA,197-199 DE,200-200 DC,201-201 VA,202-205 DC,206-219 MD,220-246 VA,247-268 WV,"
    "270-289 NC,290-299 SC,300-319 GA,320-339 FL,341-349 FL,350-369 AL,370-385 TN,386-397 MS,398-399 GA,400-427 KY,430-459 OH,"
    "460-479 IN,480-499 MI,500-528 IA,530-549 WI,550-567 MN,569-569 DC,570-577 SD,580-588 ND,590-599 MT,600-629 IL,630-658 MO,"
    "660-679 KS,680-693 NE,700-714 LA,716-729 AR,730-732 OK,733-733 TX,734-749 OK,750-799 TX,800-816 CO,820-831 WY,832-838 ID,"
    "840-847 UT,850-865 AZ,870-884 NM,885-885 TX,889-898 NV,900-961 CA,967-968 HI,969-969 GU,970-979 OR,980-994 WA,995-999 AK"
)
# Prefixes of a split state that lie wholly in one zone; the others keep all zones of their state.
_ZIP_ONE_ZONE: Final = (
    (EASTERN, "320-323 326-339 341-349 374-374 376-376 379-379 400-400 402-406 410-410 460-462 473-473 480-497"),
    (CENTRAL, "325-325 370-372 380-384 463-464 477-477 420-420 580-584 570-573 660-676 680-689 733-733 750-797"),
    (MOUNTAIN, "577-577 799-799 885-885"),
    (BOISE, "832-834 837-837"),
    (ARIZONA, "850-857 863-864"),
    (PACIFIC, "838-838 889-897 970-978"),
)
# Central by law, but Phenix City and Lanett keep Georgia's time.
_ZIP_EXTRA_ZONES: Final = {"368": (EASTERN,)}

_ZIP_WORDS: Final = linear(r"(?:^|[^\p{L}\p{N}])([0-9OoIl]{3,5})(?:[-– ]?([0-9]{4}))?(?:\.0)?(?:[^\p{L}\p{N}.]|\z)")
_NINE: Final = linear(r"^([0-9]{4,5})([0-9]{4})\z")
_AMERICAN: Final = linear(r"^\+1[2-9]\d{9}\z")
_DIGITS: Final = str.maketrans("OoIl", "0011")
_LONGEST_STATE: Final = 60
_LONGEST_ZIP: Final = 40


def _expand(ranges: str) -> list[str]:
    spans = (span.split("-") for span in ranges.split())
    return [f"{prefix:03d}" for first, last in spans for prefix in range(int(first), int(last) + 1)]


_STATE_BY_ZIP3: Final[dict[str, str]] = {prefix: row[-2:] for row in _ZIP_RANGES.split(",") for prefix in _expand(row[:-3])}
_ZONE_BY_ZIP3: Final[dict[str, str]] = {prefix: zone for zone, ranges in _ZIP_ONE_ZONE for prefix in _expand(ranges)}


def locate(*, e164: str, state: str = "", postal_code: str = "") -> Place:
    """Candidate zones and states of a person, from the address's ZIP, else its state, else the number; `UNKNOWN` when none says anything.

    A ZIP and a state field that contradict each other both stay candidates. A number from elsewhere than the address widens
    nothing: people keep their numbers when they move, and the address is where the work is. But an address that says something nobody can
    read, or a ZIP that lost a digit, never leaves the number alone: whoever gave it lives somewhere, and it need not be there.
    """
    codes, certain = read_zip(postal_code)
    states = read_states(state)
    by_zip = _from_zips(codes)
    if by_zip is not None and certain:
        others = set(states) - set(by_zip.states) if not states or not set(states) & set(by_zip.states) else set()
        zones = set(by_zip.zones).union(*(STATE_ZONES[code] for code in others))
        return _place(zones=zones, states={*by_zip.states, *others}, source="zip")
    if states:
        zones = set().union(*(STATE_ZONES[code] for code in states))
        if by_zip is not None:
            return _place(zones=zones | set(by_zip.zones), states={*states, *by_zip.states}, source="state")
        return _place(zones=zones, states=set(states), source="state")
    by_number = _from_number(e164)
    if by_zip is not None:
        doubt = not by_number.states
        return _place(zones={*by_zip.zones, *by_number.zones}, states={*by_zip.states, *by_number.states}, source="zip", doubt=doubt)
    if _says_something(postal_code) or _says_something(state):
        if not by_number.states:
            return UNKNOWN
        return _place(zones={*ALL_ZONES, *by_number.zones}, states=set(by_number.states), source="unknown", doubt=True)
    return by_number


def read_zip(raw: str) -> tuple[tuple[str, ...], bool]:
    """The ZIPs (five digits) that a field may mean, none when it holds none, and whether it is one written as it must be.

    A spreadsheet takes a leading zero away, and a hurried hand the last digit: of four digits both are meant.
    """
    text = unicodedata.normalize("NFKC", raw[:_LONGEST_ZIP]).strip()
    if nine := _NINE.match(text):
        text = f"{nine.group(1)}-{nine.group(2)}"
    found = [word.group(1).translate(_DIGITS) for word in _ZIP_WORDS.finditer(text) if any(char.isdigit() for char in word.group(1))]
    whole = [code for code in found if len(code) == 5]
    if whole or not found:
        return (whole[0],) if whole else (), bool(whole)
    short = found[0]
    return (short.zfill(5), f"{short}0") if len(short) == 4 else (short.zfill(5),), False


def read_state(raw: str) -> str:
    """Two-letter code of a state, district or territory; "" when there is none, or more than one that it may be."""
    states = read_states(raw)
    return states[0] if len(states) == 1 else ""


@lru_cache(maxsize=4096)
def read_states(raw: str) -> tuple[str, ...]:
    """Every state that a field may name, as code, name or common short form, also behind a city ("Boston, MA"); empty when none is read."""
    text = unicodedata.normalize("NFKC", raw[:_LONGEST_STATE])
    if whole := _code(text):
        return (whole,)
    parts = [
        part
        for part in text.replace("/", ",").replace("|", ",").replace("(", ",").replace(")", ",").replace(" - ", ",").split(",")
        if _letters(part)
    ]
    parts = [part for part in parts if _letters(part) not in _COUNTRY]
    # "MA or NH", "NY and NJ": both.
    choices = [_code(word) for part in parts for word in part.replace(" and ", " or ").replace("&", " or ").split(" or ")]
    if len(choices) > 1 and all(choices):
        return tuple(sorted(set(choices)))
    if len(parts) > 1 and (last := _code(parts[-1])):
        # "New York, NY" and "Kansas City, MO": what stands behind decides.
        return (last,)
    for part in reversed(parts):
        words = part.split()
        while words and (words[-1].strip("-.").isdecimal() or _letters(words[-1]) in _COUNTRY):
            words.pop()
        for length in (3, 2, 1):
            # "Boston MA 02134", "City of Boston Massachusetts"; but a code of two letters must be written as one: "come in", "or".
            tail = words[-length:]
            if len(tail) == length and (code := _code(" ".join(tail))) and (len(_letters(" ".join(tail))) > 2 or tail[-1].isupper()):
                return (code,)
        if words and (code := _code(words[0])) and words[0].isupper() and len(words) > 1:
            return (code,)
    return ()


def _code(text: str) -> str:
    letters = _letters(text)
    if len(letters) == 2 and letters.upper() in STATE_ZONES:
        return letters.upper()
    if letters in _CODE_BY_NAME:
        return _CODE_BY_NAME[letters]
    for before in _BEFORE_STATE:
        rest = letters.removeprefix(before)
        if rest != letters and (rest in _CODE_BY_NAME or (len(rest) == 2 and rest.upper() in STATE_ZONES)):
            return _CODE_BY_NAME.get(rest) or rest.upper()
    return ""


def _says_something(raw: str) -> bool:
    """Whether somebody wrote something there: not blank, not "n/a", not a dash."""
    return (
        not means_nothing(raw)
        and any(char.isalnum() for char in raw)
        and _letters(raw) not in ("na", "none", "null", "nil", "no", "tbd", "unknown")
    )


def _from_zips(codes: tuple[str, ...]) -> Place | None:
    places = [place for code in codes if (place := _from_zip(code)) is not None]
    if len(places) < 2:
        return places[0] if places else None
    return _place(
        zones={zone for place in places for zone in place.zones}, states={state for place in places for state in place.states}, source="zip"
    )


@lru_cache(maxsize=4096)
def _from_zip(zip_code: str) -> Place | None:
    prefix = zip_code[:3]
    state = _STATE_BY_ZIP3.get(prefix)
    if state is None:
        return None
    zones = {_ZONE_BY_ZIP3[prefix]} if prefix in _ZONE_BY_ZIP3 else set(STATE_ZONES[state])
    return _place(zones=zones | set(_ZIP_EXTRA_ZONES.get(prefix, ())), states={state}, source="zip")


@lru_cache(maxsize=4096)
def _from_number(e164: str) -> Place:
    if not _AMERICAN.match(e164):
        return UNKNOWN
    area = e164[2:5]
    state = STATE_BY_AREA_CODE.get(area)
    if state is None:
        return UNKNOWN
    zones = set(STATE_ZONES[state]) if area in _SPLIT_AREA_CODES else set()
    number = phonenumbers.PhoneNumber(country_code=1, national_number=int(e164[2:]))
    named = {_SAME_CLOCK.get(zone, zone) for zone in phone_timezones.time_zones_for_number(number)}
    # More zones than a state can have means the library does not know the code and answers for the whole country code.
    if len(named) <= 4:
        zones |= {zone for zone in named if zone in _ORDER}
    return _place(zones=zones or set(STATE_ZONES[state]), states={state}, source="number")


def _place(*, zones: set[str], states: set[str], source: Source, doubt: bool = False) -> Place:
    return Place(zones=tuple(sorted(zones, key=_ORDER.index)), states=tuple(sorted(states)), source=source, doubt=doubt)
