"""The tests with the machine's date moved ahead: `ZARTS_TEST_DAYS_AHEAD=400 script/test [pytest arguments]`.

libfaketime is preloaded into Postgres, the broker and Python alike, so that all read one date. Only what tells the date is moved: what
counts seconds goes on as it was (with it moved too a sleep never ends), and files keep their true times (compiled Python is known by them).
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
from pathlib import Path

from zartsalgo.embedded.trouble import Trouble

DAYS = "ZARTS_TEST_DAYS_AHEAD"


def read_days() -> int:
    """How many days ahead was asked for; 0 is the true date. Raises Trouble for what is no whole number."""
    given = os.environ.get(DAYS, "").strip() or "0"
    try:
        return int(given)
    except ValueError as error:
        raise Trouble(f"{DAYS}={given}: a whole number of days is wanted, such as 40 or 400.", code=2) from error


def missing() -> str:
    """Why the date cannot be moved here; empty where it can."""
    if sys.platform != "linux":
        return "the date of single programs can be moved on Linux only"
    return "" if _library() else "libfaketime is not in .venv"


def moved_date(*, days: int, folder: Path) -> dict[str, str]:
    """What a program's environment must hold so that it reads a date that many days ahead; empty for the true one."""
    return _preloaded(folder) | {"FAKETIME": f"{days:+d}d"} if days else {}


def date_of_a_file(*, file: Path, folder: Path) -> dict[str, str]:
    """The same for a date that may jump while the program runs: it is always as far ahead as the file says, "+0d" or "+400d"."""
    return _preloaded(folder) | {"FAKETIME_TIMESTAMP_FILE": str(file), "FAKETIME_NO_CACHE": "1"}


def _preloaded(folder: Path) -> dict[str, str]:
    """The library is copied into `folder`, where the uid that runs Postgres can read it.

    This goes into the environment of a program that starts under its last uid: the library makes a semaphore at its start, for that uid
    alone, and names it in FAKETIME_SHARED for the programs that follow.
    """
    if (library := _library()) is None:
        raise Trouble(f"The date cannot be moved: {missing()}.")
    copy = folder / library.name
    if not copy.exists():
        shutil.copyfile(library, copy)
        copy.chmod(0o644)
    return {"LD_PRELOAD": str(copy), "DONT_FAKE_MONOTONIC": "1", "NO_FAKE_STAT": "1"}


def _library() -> Path | None:
    spec = importlib.util.find_spec("libfaketime")  # importing it would change this process's environment
    for place in spec.submodule_search_locations or () if spec else ():
        for found in Path(place).glob("vendor/libfaketime/src/libfaketime.so.*"):
            return found
    return None
