"""How a push message is put for browsers and for phones, and handed to the services that bring it there."""

from dataclasses import dataclass, replace
from typing import Any

import orjson

from services.notifier.deliver.channels.fcm import Fcm
from services.notifier.deliver.channels.outcomes import Refused
from services.notifier.deliver.channels.push_hosts import HostNotAllowed, PushHosts
from services.notifier.deliver.channels.webpush import MAX_PAYLOAD_BYTES, Subscription, UnusableKey, WebPush
from services.notifier.deliver.devices import Device
from services.notifier.deliver.push.domain import PushMessage

_DECLARATIVE = 8030
"""By this a browser shows the message by itself (Declarative Web Push)."""


@dataclass(frozen=True, slots=True)
class BrowserSender:
    """Web Push, to the hosts that are allowed now: the list may have changed since the device was registered."""

    web_push: WebPush
    hosts: PushHosts

    async def send(self, device: Device, message: PushMessage) -> None:
        """Send one message to one browser. Raises: as `WebPush.send`."""
        try:
            self.hosts.check(device.address)
            subscription = Subscription.of(device.address, p256dh=device.p256dh, auth=device.auth)
        except (HostNotAllowed, UnusableKey) as error:
            raise Refused(str(error)) from error
        await self.web_push.send(
            subscription, payload(message), topic=message.tag, urgency=message.urgency, lasts=message.lasts
        )


@dataclass(frozen=True, slots=True)
class PhoneSender:
    """Firebase Cloud Messaging."""

    fcm: Fcm

    async def send(self, device: Device, message: PushMessage) -> None:
        """Send one message to one phone. Raises: as `Fcm.send`."""
        shown = _shown(fitting(message))
        await self.fcm.send(device.address, shown, topic=message.tag, urgency=message.urgency, lasts=message.lasts)


def payload(message: PushMessage) -> bytes:
    """The body of a Web Push message, within what every push service takes."""
    return orjson.dumps({"web_push": _DECLARATIVE, "notification": {**_shown(fitting(message)), "lang": "pt-BR"}})


def fitting(message: PushMessage) -> PushMessage:
    """The message, its body cut where it is too long for a push service; the inbox has the whole of it."""
    whole: dict[str, Any] = {"web_push": _DECLARATIVE, "notification": {**_shown(message), "lang": "pt-BR"}}
    if len(orjson.dumps(whole)) <= MAX_PAYLOAD_BYTES or len(message.body) <= 1:
        return message
    return fitting(replace(message, body=message.body[: len(message.body) * 9 // 10].rstrip("…") + "…"))


def _shown(message: PushMessage) -> dict[str, str]:
    return {"title": message.title, "body": message.body, "navigate": message.navigate, "tag": message.tag}
