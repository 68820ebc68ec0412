"""`python -m ops.demo`: tell the story, and exit 1 where the product does something else."""

import sys

import httpx2

from ops.addresses import NotRunningError
from ops.demo.screen import Screen
from ops.demo.stage import PlotHoleError
from ops.demo.story import play


def main() -> int:
    """Tell the day at the provider."""
    screen = Screen()
    try:
        play(screen)
    except (NotRunningError, PlotHoleError) as problem:
        print(f"demo: {problem}", file=sys.stderr)
        return 1
    except httpx2.HTTPError as problem:
        print(f"demo: {type(problem).__name__}: is the product running? Start it with `make run`.", file=sys.stderr)
        return 1
    screen.describe("\n[bold green]The whole day went as it should.[/]")
    return 0


if __name__ == "__main__":
    sys.exit(main())
