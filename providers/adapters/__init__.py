"""The adapters, found by file name: `callrail.py` here serves `/hooks/callrail/<token>/`.

A module whose name starts with an underscore belongs to the adapter named after it and is not one itself.
"""

import importlib
import pkgutil
from functools import cache

from providers.contract import Adapter


class UnknownProvider(LookupError):
    """There is no adapter of that name."""


@cache
def names() -> frozenset[str]:
    """The providers that have an adapter."""
    return frozenset(module.name for module in pkgutil.iter_modules(__path__) if not module.name.startswith("_"))


@cache
def load(provider: str) -> Adapter:
    """The adapter of a provider. Raises `UnknownProvider`, a LookupError; the name is never used as a path."""
    if provider not in names():
        raise UnknownProvider("There is no adapter for this provider.")
    adapter = importlib.import_module(f"{__name__}.{provider}").ADAPTER
    if not isinstance(adapter, Adapter) or adapter.provider != provider:
        raise TypeError(f"providers/adapters/{provider}.py must define ADAPTER, an Adapter whose provider is {provider!r}.")
    return adapter


def all_adapters() -> list[Adapter]:
    """Every adapter, by name."""
    return [load(name) for name in sorted(names())]
