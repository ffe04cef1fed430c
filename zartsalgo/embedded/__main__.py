"""`python -m zartsalgo.embedded up|test|manage|backup|restore ...`: what the commands in script/ call once `.venv` is there."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from zartsalgo.embedded.trouble import Trouble


def main(arguments: Sequence[str]) -> int:
    command, *rest = arguments or [""]
    try:
        if command == "up":
            from zartsalgo.embedded.up import run_up

            return run_up(rest)
        if command == "test":
            from zartsalgo.embedded.testing import run_tests

            return run_tests(rest)
        if command == "manage":
            from zartsalgo.embedded.joined import run_manage

            return run_manage(rest)
        if command in ("backup", "restore"):
            from zartsalgo.embedded.backup import run_backup, run_restore

            return run_backup(rest) if command == "backup" else run_restore(rest)
    except Trouble as trouble:
        print(trouble, file=sys.stderr)
        return trouble.code
    except OSError as error:
        if not error.strerror:
            raise
        print(f"ZartsAlgo cannot go on: {error.strerror} ({error.filename or 'no file named'}).", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    print("usage: python -m zartsalgo.embedded up|test|manage|backup|restore ...", file=sys.stderr)
    return 2


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
