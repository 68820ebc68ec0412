"""Which devices are taken, and how many of a customer's are kept (R16, contracts.md)."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from contracts.channels import RegisterDevice
from ops.embedded.push.devices import Browser
from services.notifier.deliver.channels.push_hosts import PushHosts
from services.notifier.deliver.devices import MOST, Device, DeviceRefused, device_of, too_many

NOW = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)
HOSTS = PushHosts.of("127.0.0.1")
SUBSCRIPTION = Browser().subscription("http://127.0.0.1:8084")


def a_request(**fields: object) -> RegisterDevice:
    described = {"device": "web_push", "endpoint": SUBSCRIPTION["endpoint"], "keys": SUBSCRIPTION["keys"]} | fields
    return RegisterDevice.model_validate({"request_id": uuid4(), "customer_id": "1001", **described})


def test_the_same_endpoint_is_the_same_device_whoever_has_it() -> None:
    mine, hers = (device_of(a_request(customer_id=customer), HOSTS, now=NOW) for customer in ("1001", "1002"))

    assert mine.id == hers.id
    assert hers.customer_id == "1002"


def test_a_phone_is_known_by_its_token() -> None:
    device = device_of(a_request(device="fcm", token="abc", endpoint=None, keys=None), HOSTS, now=NOW)

    assert (device.kind, device.address) == ("fcm", "abc")


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"endpoint": "http://169.254.169.254/"}, "endpoint"),
        ({"endpoint": "http://127.0.0.2:8084/push/a"}, "endpoint"),
        ({"endpoint": ""}, "endpoint"),
        ({"keys": None}, "keys"),
        ({"keys": {"p256dh": "AAAA", "auth": SUBSCRIPTION["keys"]["auth"]}}, "keys"),
        ({"keys": {"p256dh": SUBSCRIPTION["keys"]["p256dh"], "auth": "AA"}}, "keys"),
        ({"device": "fcm", "token": ""}, "token"),
        ({"device": "fcm", "token": "x" * 4097}, "token"),
    ],
)
def test_what_no_message_can_go_to_is_refused_with_its_field(fields: dict[str, object], field: str) -> None:
    with pytest.raises(DeviceRefused) as refused:
        device_of(a_request(**fields), HOSTS, now=NOW)

    assert refused.value.field == field


def test_of_more_than_twenty_devices_the_oldest_go() -> None:
    first = Device(UUID(int=0), "1001", "fcm", "a", NOW)
    devices = [replace(first, id=UUID(int=n), registered_at=NOW + timedelta(minutes=n)) for n in range(10_000)]

    gone = too_many(list(reversed(devices)))

    assert gone == devices[: 10_000 - MOST]
    assert too_many(devices[-MOST:]) == []
