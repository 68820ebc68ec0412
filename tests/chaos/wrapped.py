"""Runs one service with places to die at and, if wanted, a planted bug: `python -m tests.chaos.wrapped MODULE`."""

import os
import runpy
import sys
from contextlib import ExitStack
from pathlib import Path

from tests.chaos import bugs
from tests.chaos.points import kills_on_trigger, watched

TRIGGER = "CHAOS_TRIGGER"
"""The file that names the place where this replica dies next."""

BUG = "CHAOS_BUG"
"""The planted bug that this replica has, by its name in `tests.chaos.bugs`; none by default."""


def main() -> None:
    """Run the module that the command line names, as `python -m` would."""
    with ExitStack() as stack:
        if bug := os.environ.get(BUG):
            stack.enter_context(bugs.planted(bug))
        stack.enter_context(watched(kills_on_trigger(Path(os.environ[TRIGGER]))))
        module = sys.argv.pop(1)
        runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
