"""What may go wrong at any single request, each with its share of them; what befalls the whole store is `Store`'s."""

from dataclasses import dataclass


@dataclass(slots=True)
class Faults:
    """Shares are of 1; times are seconds. A seed's schedule may change them at any moment."""

    fastest: float = 0.0002
    slowest: float = 0.003
    """How long a request is on its way, and so its answer."""

    delayed: float = 0.0
    """Requests that take `delay` longer each way."""
    delay: float = 1.0

    lost_requests: float = 0.0
    """Connections that end before the request has arrived."""

    lost_answers: float = 0.0
    """Connections that end after the request was carried out."""

    broken_bulks: float = 0.0
    """Connections that end when a part of a bulk was carried out."""

    refused_writes: float = 0.0
    """Writes of a bulk that are refused by themselves: no room on the disk."""

    retries: bool = True
    """Whether the driver asks again by itself until its time is over, as it does for all but `update_many` and such."""

    @property
    def any_single(self) -> bool:
        """Whether a request has anything to fear."""
        return bool(self.delayed or self.lost_requests or self.lost_answers or self.broken_bulks)
