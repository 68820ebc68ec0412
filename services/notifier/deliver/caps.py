"""How many mails one customer gets within an hour, at most: a guard against loops, not an exact account."""

from collections import defaultdict, deque
from datetime import datetime, timedelta

HOUR = timedelta(hours=1)
_REPLICAS = 10
_MOST_CUSTOMERS = 50_000


class HourlyCap:
    """What this replica sent to whom within the hour, so that the database is asked of few.

    Up to ten replicas that share the work, no customer comes near the cap before one of them has sent a tenth of it.
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self._sent: dict[str, deque[datetime]] = defaultdict(deque)

    def is_near(self, customer_id: str, *, now: datetime) -> bool:
        """Whether it is worth asking how many mails a customer got."""
        sent = self._sent.get(customer_id, deque())
        while sent and sent[0] <= now - HOUR:
            sent.popleft()
        return len(sent) >= self.most // _REPLICAS

    def note(self, customer_id: str, *, at: datetime) -> None:
        """Note a mail that was sent."""
        self._sent[customer_id].append(at)
        if len(self._sent) > _MOST_CUSTOMERS:
            # the longest known: those that were mailed first
            del self._sent[next(iter(self._sent))]
