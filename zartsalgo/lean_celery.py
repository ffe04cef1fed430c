"""Celery's own command line, without the terminal that its `amqp` subcommand brings along: prompt_toolkit, 9 MB in each worker and in beat.

`python -m zartsalgo.lean_celery -A zartsalgo worker ...`; everything but `amqp` and `shell` is as ever.
"""

import sys
from types import ModuleType

if __name__ == "__main__":
    terminal = ModuleType("click_repl")
    terminal.register_repl = lambda group: None  # type: ignore[attr-defined]
    sys.modules.setdefault("click_repl", terminal)

    from celery.__main__ import main

    main()
