"""Which version of the code this is."""

from __future__ import annotations

import hashlib

from zartsalgo.embedded.state import ROOT

HASHED_NOT = {"tests", "node_modules"}


def fingerprint(database: str) -> str:
    """Of what migrating depends on: the code (migrations, and the rows that it seeds), the packages, and which database it is."""
    digest = hashlib.sha256(database.encode())
    for path in sorted([*ROOT.glob("*/**/*.py"), ROOT / "requirements.lock"]):
        inside = path.relative_to(ROOT).parts
        if inside[0].startswith(".") or inside[0] in HASHED_NOT:
            continue
        digest.update(f"{'/'.join(inside)}\0".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()
