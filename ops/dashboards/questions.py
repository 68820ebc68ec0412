"""The kinds of questions that dashboards ask, so that each is one line where it is asked."""

from ops.dashboards.grafana import Panel, Query

_INTERVAL = "$__rate_interval"


def number(title: str, expr: str, *, unit: str = "short", alarming: float | None = 1) -> Panel:
    """One number, red from `alarming` on."""
    return Panel(title, (Query(expr),), unit=unit, kind="stat", alarming=alarming)


def lines(title: str, *queries: Query, unit: str = "short") -> Panel:
    """Lines over time."""
    return Panel(title, queries, unit=unit)


def per_second(metric: str, *by: str, where: str = "") -> Query:
    """How often a counter counts, for each value of the labels `by`."""
    return Query(f"sum by ({', '.join(by)}) (rate({metric}{{{where}}}[{_INTERVAL}]))", _called(*by))


def counted(metric: str, *by: str, where: str = "") -> Query:
    """How much a counter counted between two points of the graph."""
    return Query(f"sum by ({', '.join(by)}) (increase({metric}{{{where}}}[{_INTERVAL}]))", _called(*by))


def percentile(percent: int, metric: str, by: str, *, where: str = "") -> Query:
    """The time within which so many of a hundred came to their end."""
    rate = f"rate({metric}_bucket{{{where}}}[{_INTERVAL}])"
    return Query(f"histogram_quantile(0.{percent}, sum by ({by}, le) ({rate}))", f"{_called(by)} p{percent}")


def each(expr: str, *by: str, called: str = "") -> Query:
    """Every series of an expression, called by these labels."""
    return Query(expr, f"{_called(*by)} {called}".strip())


def _called(*by: str) -> str:
    return " ".join(f"{{{{{label}}}}}" for label in by)
