"""Which version of the code this is."""

from __future__ import annotations

import functools
import hashlib

from zartsalgo.embedded.state import ROOT

HASHED_NOT = {"tests", "node_modules"}


@functools.cache
def fingerprint(database: str) -> str:
    """Of what migrating depends on: the code (migrations, and the rows that it seeds), the packages, and which database it is."""
    digest = hashlib.sha256(database.encode())
    rooms = [room for room in ROOT.iterdir() if room.is_dir() and not room.name.startswith(".") and room.name not in HASHED_NOT]
    for path in sorted([*(file for room in rooms for file in room.glob("**/*.py")), ROOT / "requirements.lock"]):
        digest.update(f"{path.relative_to(ROOT).as_posix()}\0".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()
