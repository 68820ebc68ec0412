"""How much is measured."""

from dataclasses import dataclass
from typing import Annotated

from cyclopts import Parameter
from cyclopts.validators import Number

LARGE = 1_000_000
HOUR_MINUTES = 60


def _from_1_to(highest: int) -> Parameter:
    return Parameter(validator=Number(gte=1, lte=highest))


@Parameter(name="*")
@dataclass(frozen=True, slots=True)
class Options:
    """How much is measured; the defaults are those of the whole run."""

    rounds: Annotated[int, _from_1_to(20)] = 5
    "Bursts of each, in turn; the median is shown."

    burst: Annotated[int, _from_1_to(20_000)] = 1000
    "Contacts of one burst: ours, the floor's and each peer's."

    rates: tuple[int, ...] = (10, 50, 100)
    "Contacts posted a second, one rate after the other."

    posts: Annotated[int, _from_1_to(20_000)] = 2000
    "Contacts posted at the higher rates; at 10 a second half as many."

    starts: Annotated[int, _from_1_to(20)] = 5
    "Starts of each service."

    streams: Annotated[int, _from_1_to(5000)] = 500
    "Live streams that are open at once."

    stored: tuple[int, ...] = (1_000, 10_000, 100_000)
    "Stored tickets, ever more."

    timelines: tuple[int, ...] = (10, 100, 1_000)
    "Lengths of a ticket's timeline."

    reads: Annotated[int, _from_1_to(10_000)] = 400
    "Reads of each kind."

    seed: int = 1
    "Which tickets are read."


QUICK = Options(
    rounds=1,
    burst=200,
    rates=(50,),
    posts=150,
    starts=1,
    streams=100,
    stored=(1_000, 10_000),
    timelines=(10, 20),
    reads=100,
)
"""A little of everything, to see that it works."""
