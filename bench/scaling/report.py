"""What a scaling run found, as a table for the terminal and as a page with a picture for the repository."""

from collections.abc import Sequence

from rich.table import Table

from bench.scaling.measuring import Measured

_HEAD = ("service", "waits for", "replicas", "a second", "times one replica", "of linear")


def rows(found: Sequence[Measured]) -> list[tuple[str, ...]]:
    """One line a round."""
    alone = {one.load.service: one.per_second / one.replicas for one in reversed(found)}
    return [
        (
            one.load.service,
            f"{one.load.slow}, {one.later.total_seconds() * 1000:g} ms an answer",
            str(one.replicas),
            f"{one.per_second:.0f} {one.load.unit}",
            f"{one.per_second / alone[one.load.service]:.1f}",
            f"{one.per_second / alone[one.load.service] / one.replicas:.0%}",
        )
        for one in found
    ]


def table(found: Sequence[Measured]) -> Table:
    """For the terminal."""
    shown = Table(*_HEAD, title="Scaling", title_justify="left")
    for row in rows(found):
        shown.add_row(*row)
    return shown


def markdown(found: Sequence[Measured], machine: str, command: str) -> str:
    """For the repository."""
    lines = [f"Measured by `{command}` on {machine}.", "", _line(_HEAD), "|" + "---|" * len(_HEAD)]
    lines += [_line(row) for row in rows(found)]
    return "\n".join([*lines, "", *_picture(found)])


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _picture(found: Sequence[Measured]) -> list[str]:
    counts = sorted({one.replicas for one in found})
    services = list(dict.fromkeys(one.load.service for one in found))
    times = {(row[0], int(row[2])): row[4] for row in rows(found)}
    return [
        f"As a multiple of one replica's, for {', '.join(services)} (lines), beside the straight line (bars):",
        "",
        "```mermaid",
        "xychart-beta",
        f"    x-axis replicas [{', '.join(map(str, counts))}]",
        f'    y-axis "times one replica" 0 --> {counts[-1] + 1}',
        f"    bar [{', '.join(map(str, counts))}]",
        *(f"    line [{', '.join(times[service, count] for count in counts)}]" for service in services),
        "```",
    ]
