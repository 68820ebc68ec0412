"""Makes page, chart and the README's table anew of the kept results.

python -m bench.report            # writes results.md, chart.svg, chart.png and the table in the README
python -m bench.report --check    # writes nothing; fails where page or README are not what results.json gives
"""

import argparse
import json
import sys

from bench.kept import FOLDER, README, draw, page, run_of, with_summary


def main() -> int:
    """Make them, or check them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--check", action="store_true", help="write nothing")
    only_check = parser.parse_args().check
    run = run_of(json.loads((FOLDER / "results.json").read_text()))
    readme = with_summary(README.read_text(), run)
    if only_check:
        return int(readme != README.read_text() or page(run) != (FOLDER / "results.md").read_text())
    for problem in draw(run):
        print(f"bench: {problem}", file=sys.stderr)
    README.write_text(readme)
    return 0


if __name__ == "__main__":
    sys.exit(main())
