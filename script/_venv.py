"""Make `.venv` and fill it from a hash-pinned lock. Run by script/_bootstrap with any Python 3.11 or newer; standard library only.

Usage: _venv.py LOCK STAMP. What was installed is stamped in .venv, so that the next start skips this. Runs at the same time wait for
each other.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
UV = VENV / "bin" / "uv"


class Trouble(Exception):
    """One sentence that says what to do."""


def main(lock: str, stamp: str) -> int:
    try:
        with open(ROOT / ".venv.lock", "a", encoding="utf-8") as guard:
            fcntl.flock(guard, fcntl.LOCK_EX)
            fill(lock, stamp)
    except PermissionError as error:
        print(
            f"{error.filename or ROOT} cannot be written by this user: clone the repository into a folder of your own and start there.",
            file=sys.stderr,
        )
        return 1
    except OSError as error:
        print(
            f"The packages could not be installed ({error.strerror or error}): free some disk space (1 GB) and start again.",
            file=sys.stderr,
        )
        return 1
    except Trouble as trouble:
        print(trouble, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def fill(lock: str, stamp: str) -> None:
    mark = VENV / f".installed-{lock}"
    if works() and mark.exists() and mark.read_text(encoding="utf-8").strip() == stamp:
        return  # another run did it while we waited
    began = time.monotonic()
    if not works():
        make()
    print(f"Installing the packages of {lock} into .venv ...", file=sys.stderr, flush=True)
    shutil.rmtree(VENV / "compiled", ignore_errors=True)  # see _bootstrap; another version's file may have the same size and time
    install(lock)
    mark.write_text(f"{stamp}\n", encoding="utf-8")
    print(f"Installed in {time.monotonic() - began:.0f} s.", file=sys.stderr, flush=True)


def works() -> bool:
    """Whether `.venv` has a Python that runs and is new enough (a copied clone, or another user's Python, may leave one that does not)."""
    try:
        done = run([str(PYTHON), "-c", "import sys; sys.exit(sys.version_info < (3, 11))"])
    except OSError:
        return False
    return done.returncode == 0


def make() -> None:
    if VENV.exists():
        shutil.rmtree(VENV)
    done = run([sys.executable, "-m", "venv", str(VENV)])
    if done.returncode == 0 and works():
        return
    shutil.rmtree(VENV, ignore_errors=True)
    for other in ("python3.11", "python3.12", "python3.13"):  # Debian keeps the module of each Python in a package of its own
        found = shutil.which(other)
        if (
            found
            and Path(found).resolve() != Path(sys.executable).resolve()
            and run([found, "-m", "venv", str(VENV)]).returncode == 0
            and works()
        ):
            return
        shutil.rmtree(VENV, ignore_errors=True)
    uv = shutil.which("uv")
    if uv and run([uv, "venv", "--python", sys.executable, str(VENV)]).returncode == 0 and works():
        return
    raise Trouble(
        f"{sys.executable} cannot make a virtual environment: install its venv module "
        "(Debian, Ubuntu: apt-get install python3-venv) and start again."
    )


def install(lock: str) -> None:
    """uv in a few seconds; pip, which reads the same hashes, where uv cannot be had or fails."""
    env = dict(os.environ, PIP_DISABLE_PIP_VERSION_CHECK="1", VIRTUAL_ENV=str(VENV))
    env.pop("PYTHONPATH", None)
    home = os.environ.get("HOME", "")
    if not home or not os.access(home, os.W_OK):
        env.update(HOME=str(VENV), UV_NO_CACHE="1", PIP_NO_CACHE_DIR="1")  # an account without a home of its own
    pip = [str(PYTHON), "-m", "pip", "install", "--quiet", "--require-hashes", "-r"]
    uv = str(UV) if UV.exists() else None
    if uv is None and run([*pip, str(ROOT / "script" / "uv.lock")], env).returncode == 0 and UV.exists():
        uv = str(UV)
    uv = uv or shutil.which("uv")
    if uv:
        first = run([uv, "pip", "install", "--quiet", "--python", str(PYTHON), "--require-hashes", "-r", str(ROOT / lock)], env)
        if first.returncode == 0:
            return
    last = run([*pip, str(ROOT / lock)], env)
    if last.returncode:
        reason = (
            [line for line in last.stderr.splitlines() if line.startswith("ERROR")]
            or last.stderr.strip().splitlines()
            or ["no reason given"]
        )
        raise Trouble(
            f"The packages of {lock} could not be installed ({reason[-1].strip()}): "
            "see to the network or the disk, delete .venv, and start again."
        )


def run(command: list[str], env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1], sys.argv[2]))
