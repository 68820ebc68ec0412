"""The devices of a customer: which they are, and how many (contracts.md)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID, uuid5

from contracts.channels import RegisterDevice
from services.notifier.deliver.channels.push_hosts import HostNotAllowed, PushHosts
from services.notifier.deliver.channels.webpush import Subscription, UnusableKey

MOST = 20
"""Devices of one customer; of more the oldest go."""

_DEVICES = UUID("5f4f0d5e-36a5-4a05-9d55-0c1f5f7f3d10")
_LONGEST_TOKEN = 4_096
_LONGEST_LABEL = 100

Kind = Literal["web_push", "fcm"]


class DeviceRefused(Exception):
    """No message can go to such a device; `field` says what is wrong with what was sent."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(reason)
        self.field = field


class DeviceNotFound(Exception):
    """There is no such device of this customer."""


@dataclass(frozen=True, slots=True)
class Device:
    """Where push messages go: `address` is a browser's endpoint or a phone's token; keys are a browser's."""

    id: UUID
    customer_id: str
    kind: Kind
    address: str
    registered_at: datetime
    p256dh: str = ""
    auth: str = ""
    label: str | None = None


def device_of(request: RegisterDevice, hosts: PushHosts, *, now: datetime) -> Device:
    """The device that a request describes; one address is one device, whoever has it. Raises: DeviceRefused."""
    label = request.label[:_LONGEST_LABEL] if request.label else None
    if request.device == "fcm":
        if not request.token or len(request.token) > _LONGEST_TOKEN:
            raise DeviceRefused("token", "Envie o token do aparelho.")
        return Device(_id("fcm", request.token), request.customer_id, "fcm", request.token, now, label=label)
    if not request.endpoint:
        raise DeviceRefused("endpoint", "Envie o endereço da inscrição.")
    if request.keys is None:
        raise DeviceRefused("keys", "Envie as chaves da inscrição.")
    try:
        hosts.check(request.endpoint)
        Subscription.of(request.endpoint, p256dh=request.keys.p256dh, auth=request.keys.auth)
    except HostNotAllowed as error:
        raise DeviceRefused("endpoint", "Este serviço de avisos não é aceito.") from error
    except UnusableKey as error:
        raise DeviceRefused("keys", "As chaves da inscrição não servem.") from error
    return Device(
        id=_id("web_push", request.endpoint),
        customer_id=request.customer_id,
        kind="web_push",
        address=request.endpoint,
        registered_at=now,
        p256dh=request.keys.p256dh,
        auth=request.keys.auth,
        label=label,
    )


def too_many(devices: Sequence[Device]) -> list[Device]:
    """Of a customer's devices those that have to go, the oldest first."""
    return sorted(devices, key=lambda device: (device.registered_at, device.id))[: max(len(devices) - MOST, 0)]


def _id(kind: Kind, address: str) -> UUID:
    return uuid5(_DEVICES, f"{kind}\n{address}")
