"""`manage.py alive <name>`: the health check of a container. Loads nothing but this file, for it is called every few seconds.

Signs of life are empty files, see zartsalgo.lib.progress.
"""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

NAMES = ("web", "worker", "beat", "ticker")
FOLDER = "ZARTS_ALIVE"  # in the environment
HUNG_SECONDS = 60.0  # ZARTS_HUNG_SECONDS in the environment


def alive_folder() -> Path:
    """Where signs of life are: what was named, else those of the embedded start, else a folder for temporary files."""
    if os.environ.get(FOLDER):
        return Path(os.environ[FOLDER])
    data = os.environ.get("ZARTS_DATA") or Path(__file__).resolve().parents[2] / ".data"
    embedded = Path(data) / "home" / "run" / "alive"
    return embedded if embedded.is_dir() else Path(tempfile.gettempdir()) / "zarts-alive"


def hung_seconds() -> float:
    """How long a process may not move before it counts as hung."""
    try:
        return max(2.0, float(os.environ.get("ZARTS_HUNG_SECONDS", HUNG_SECONDS)))
    except ValueError:
        return HUNG_SECONDS


def run_alive(arguments: Sequence[str]) -> int:
    """Exit code 0 while every process of that name gets on; 1 where one does not, or none gives a sign of life."""
    parser = argparse.ArgumentParser(prog="manage.py alive", description="Exit 0 while it gets on, 1 where it does not.")
    parser.add_argument("name", choices=NAMES)
    name = parser.parse_args(list(arguments)).name
    ages = {}
    for file in alive_folder().glob(f"{name}.*"):
        pid = file.suffix[1:]
        if pid.isdigit() and _lives(int(pid)):
            ages[pid] = time.time() - file.stat().st_mtime
    silent = [f"{pid} has not moved for {age:.0f} s" for pid, age in ages.items() if age > hung_seconds()]
    if silent or not ages:
        print(f"{name}: {', '.join(silent) or 'no sign of life'}", file=sys.stderr)
        return 1
    return 0


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True
