"""What a metric is, as data."""

from dataclasses import dataclass
from typing import Literal

Kind = Literal["counter", "gauge", "histogram"]


@dataclass(frozen=True, slots=True)
class Label:
    """One label: its values, all shown as zero from the start, or in `of` the words for what they are taken from."""

    name: str
    values: tuple[str, ...] = ()
    of: str = ""


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric under the name that queries use; `bounds` are a histogram's, in its unit."""

    name: str
    kind: Kind
    meaning: str
    shown_by: tuple[str, ...]
    unit: str = ""
    labels: tuple[Label, ...] = ()
    bounds: tuple[float, ...] = ()
