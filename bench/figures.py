"""Turns what was timed into the few numbers that are quoted."""

import math
from collections.abc import Sequence
from dataclasses import dataclass


def percentile(values: Sequence[float], rank: float) -> float:
    """Return the smallest value that `rank` percent of all are at or below (nearest rank, nothing interpolated).

    Raises: ValueError where there are no values, or where the rank is not above 0 and up to 100.
    """
    if not values or not 0 < rank <= 100:  # noqa: PLR2004 - percent
        raise ValueError("a percentile needs values, and a rank above 0 and up to 100")
    return sorted(values)[math.ceil(len(values) * rank / 100) - 1]


@dataclass(frozen=True, slots=True)
class Spread:
    """How long something took, over many times: milliseconds."""

    p50: float
    p99: float
    p999: float
    max: float

    @classmethod
    def of(cls, seconds: Sequence[float]) -> "Spread":
        """Raises: ValueError where nothing was timed."""
        return cls(*(percentile(seconds, rank) * 1000 for rank in (50, 99, 99.9, 100)))


def median(values: Sequence[float]) -> float:
    """Return the middle value, the lower one of two. Raises: ValueError where there are no values."""
    return percentile(values, 50)
