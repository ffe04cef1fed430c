#!/usr/bin/env python
"""Django's command line; `script/manage` joins it to the servers that run for a data folder."""

import os
import runpy
import sys
from pathlib import Path

if __name__ == "__main__":
    # These two look after processes that may hang, and load nothing of them; the second one hardly anything.
    if sys.argv[1:2] == ["watched"]:
        from zartsalgo.embedded.watched import run_watched

        raise SystemExit(run_watched(sys.argv[2:]))
    if sys.argv[1:2] == ["alive"]:
        check = runpy.run_path(str(Path(__file__).parent / "zartsalgo" / "embedded" / "alive.py"))["run_alive"]
        raise SystemExit(check(sys.argv[2:]))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "zartsalgo.settings")
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)
