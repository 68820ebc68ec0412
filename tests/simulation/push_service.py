"""The browsers' push service: what it was handed for each customer's device, and what it answers."""

from collections import Counter
from collections.abc import Callable
from datetime import timedelta

import httpx2

from services.notifier.deliver.channels.outcomes import Away, Unconfirmed
from services.notifier.deliver.channels.webpush import Subscription, _judge
from tests.chaos.evidence import Pushed
from tests.simulation.weather import Weather

HOST = "push.example"
TROUBLES = ("away", "lost", "busy", "broken")
_WAITS_AT_MOST = 90


class PushService:
    """In the place of `WebPush`, behind the notifier's real `BrowserSender`: nothing is encrypted."""

    def __init__(self, weather: Weather, arrived: Callable[[str, str], None]) -> None:
        self.weather = weather
        self._arrived = arrived
        self.gone: dict[str, int] = {}
        """What is answered for the devices that are gone, by their customers: 404 or 410."""

        self.shown: Counter[tuple[str, str]] = Counter()

    @staticmethod
    def endpoint(customer_id: str) -> str:
        """Where this customer's browser is reached."""
        return f"https://{HOST}/{customer_id}"

    async def send(
        self, subscription: Subscription, _payload: bytes, *, topic: str, urgency: str, lasts: timedelta
    ) -> None:
        """Take one message. Raises: as `WebPush.send`, by its own judgement of the answer."""
        del urgency, lasts
        match await self.weather.passes():
            case "away":
                raise Away("ConnectError")
            case "lost" if _customer_of(subscription) not in self.gone:
                self._show(subscription, topic)
                raise Unconfirmed("ReadTimeout")
            case "busy":
                headers = {"retry-after": str(self.weather.seconds(_WAITS_AT_MOST))}
                return _judge(httpx2.Response(429, headers=headers))
            case "broken":
                return _judge(httpx2.Response(503))
        status = self.gone.get(_customer_of(subscription))
        if status is not None:
            return _judge(httpx2.Response(status))
        self._show(subscription, topic)
        return _judge(httpx2.Response(201))

    def _show(self, subscription: Subscription, topic: str) -> None:
        customer_id = _customer_of(subscription)
        self._arrived(topic, customer_id)
        self.shown[customer_id, topic] += 1

    def pushed(self) -> list[Pushed]:
        """What every browser shows."""
        return [Pushed(customer_id, topic, times) for (customer_id, topic), times in self.shown.items()]


def _customer_of(subscription: Subscription) -> str:
    return subscription.endpoint.rpartition("/")[2]
