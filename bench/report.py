"""Makes page, chart and the README's table anew of the kept results.

python -m bench.report            # writes results.md, chart.svg, chart.png and the table in the README
python -m bench.report --check    # writes nothing; fails where page or README are not what results.json gives
"""

import argparse
import json
import sys

from bench.kept import FOLDER, README, Run, draw, page, run_of, with_summary
from bench.picture import png


def kept() -> Run | None:
    """The run whose results are kept, or None before the first."""
    results = FOLDER / "results.json"
    return run_of(json.loads(results.read_text())) if results.exists() else None


def is_current() -> bool:
    """Whether page and README are what the kept results give; so they are where none are kept."""
    run = kept()
    if run is None:
        return True
    return (
        with_summary(README.read_text(), run) == README.read_text() and page(run) == (FOLDER / "results.md").read_text()
    )


def main() -> int:
    """Make them, or check them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--check", action="store_true", help="write nothing")
    if parser.parse_args().check:
        return int(not is_current())
    run = kept()
    if run is None:
        print("bench: no results are kept: run `make bench` first", file=sys.stderr)
        return 1
    draw(run)
    if problem := png(FOLDER):
        print(f"bench: {problem}", file=sys.stderr)
    README.write_text(with_summary(README.read_text(), run))
    return 0


if __name__ == "__main__":
    sys.exit(main())
