"""Who turns to the demo's businesses: named people of mixed origins, with fiction numbers (555-01xx) and addresses of example.com only."""

# ruff: noqa: SIM905 (a table of names reads better as text)

import random
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

# First names, then family names, by where a family once came from.
_ORIGINS = (
    ("Emily Jack Nora Walter Hannah Owen Peggy Doug", "Miller Thompson Baker Whitaker O'Brien Carlson Hughes Lindgren"),
    ("Lucía Mateo Ximena Héctor Paola Rubén Yolanda Esteban", "Hernández Castillo Peña Morales Ibarra Fuentes Delgado Quintero"),
    ("Kwame Imani Chidi Zuri Abena Malik Simone Darnell", "Mensah Okoye Washington Boateng Freeman Diallo Baptiste Greene"),
    ("Mei Jun Hana Minh Soo-jin Kenji Linh Wei", "Chen Nguyen Tanaka Park Tran Liu Yamamoto Kim"),
    ("Arjun Deepa Farah Imran Sunita Vikram Leila Omar", "Sharma Patel Khan Rahimi Iyer Hosseini Banerjee Haddad"),
    ("Agnieszka Dmitri Katya Tomasz Ilona Marek Zofia Pavel", "Kowalska Volkov Horvat Nowicki Sokolova Dvořák Zielinski Petrov"),
    ("Keoni Talia Dakota Winona Sione Leilani Joaquin Marisol", "Kealoha Begay Faleafa Yazzie Cruz Manu Aguilar Reyes"),
)
_FIRMS = (
    "Birchwood Kitchens",
    "Lakeshore Builders",
    "Prairie Stone Works",
    "Northside Countertops",
    "Fox River Masonry",
    "Evergreen Landscapes",
    "Halsted Design Studio",
    "Cornerstone Remodeling",
    "Blue Heron Homes",
    "Maple Street Interiors",
    "Ridgeline Contractors",
    "Union Tile and Bath",
)
# What the simulator's newcomers use too; each client's life takes only a part of it.
_LAST_TWO = tuple(range(20, 90))
# Kept free: the people who can be played in the simulator.
_TAKEN = frozenset({"+13035550123", "+17205550142", "+19705550117", "+13035550164", "+12125550135"})


@dataclass(frozen=True, kw_only=True)
class Person:
    """Somebody invented. `number` is E.164 and fiction; `firm` is empty for a private person."""

    name: str
    number: str
    email: str
    firm: str = ""

    @property
    def first_name(self) -> str:
        return self.name.split(" ")[0]


def crowd(*, rng: random.Random, area_codes: tuple[str, ...], b2b: bool) -> Iterator[Person]:
    """People of a region, each once, until its fiction numbers are used up."""
    numbers = [f"+1{code}55501{last:02d}" for code in area_codes for last in _LAST_TWO]
    numbers = [number for number in numbers if number not in _TAKEN]
    rng.shuffle(numbers)
    names = [f"{first} {last}" for firsts, lasts in _ORIGINS for first in firsts.split() for last in lasts.split()]
    rng.shuffle(names)
    for place, (name, number) in enumerate(zip(names, numbers, strict=False)):
        firm = _FIRMS[place % len(_FIRMS)] if b2b else ""
        yield Person(name=name, number=number, email=_address(name=name, firm=firm), firm=firm)


def _address(*, name: str, firm: str) -> str:
    """first.last@example.com, or @firm.example.com."""
    plain = unicodedata.normalize("NFKD", name.lower()).encode("ascii", "ignore").decode().replace("'", "").replace("-", "")
    host = f"{firm.lower().replace(' ', '-')}.example.com" if firm else "example.com"
    return f"{plain.replace(' ', '.')}@{host}"
