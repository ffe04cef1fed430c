"""The linters of `script/test`, as a process of its own beside the tests, for those often wait: `python -m zartsalgo.embedded.linters FILE`.

What they said is in FILE once all of them have ended; exit code 1 where one found something. pytest prints the file before its closing line
and removes it (tests/parallel.py); where pytest did not come so far, `script/test` prints it.
"""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from zartsalgo.embedded.joined import placeholders
from zartsalgo.embedded.process import death_watch
from zartsalgo.embedded.state import ROOT

CHECKS = (
    ("ruff check", ("ruff", "check", ".")),
    ("ruff format", ("ruff", "format", "--check", ".")),
    ("lint-imports", ()),  # has no module to run with -m, so its script is
    ("mypy", ("mypy",)),
)


def main(file: Path) -> int:
    """One linter after the other; one line each in the file when they find nothing."""
    env = _idle(file.parent)
    said, found = [], []
    for name, command in CHECKS:
        code, output = _check(name, command, env)
        said.append(f"{name}: {'FAILED' if code else 'ok'}")
        if code:
            said.append(output)
            found.append(name)
    if found:
        said.append(f"\n{', '.join(found)}: see above.")
    fresh = file.with_suffix(".new")
    fresh.write_text("\n".join(said) + "\n", encoding="utf-8")
    fresh.rename(file)
    return 1 if found else 0


def _idle(base: Path) -> dict[str, str]:
    """What the settings need to load while no server runs."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONPATH"} | placeholders() | {"ZARTS_DATA": str(base)}


def _check(name: str, command: Sequence[str], env: Mapping[str, str]) -> tuple[int, str]:
    """One linter: its exit code and what it said. One run at a time, for their caches are shared."""
    with open(ROOT / ".venv" / "checks.lock", "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        script = [str(ROOT / ".venv/bin" / "lint-imports")] if name == "lint-imports" else ["-m", *command]
        done = subprocess.run(
            [sys.executable, *script],
            cwd=ROOT,
            env=env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            preexec_fn=death_watch(signal.SIGTERM),
        )
    return done.returncode, done.stdout + done.stderr


if __name__ == "__main__":
    raise SystemExit(main(Path(sys.argv[1])))
