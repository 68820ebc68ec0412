"""Devices and preferences over HTTP, strictly checked before anybody is asked (contracts.md)."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import httpx2
import pytest
import pytest_asyncio

from contracts.channels import RegisterDevice, SavePreferences
from ops.embedded.push.devices import Browser
from services.edge.settings import Settings
from tests.services.edge.fakes import FakeServices, client_of
from tests.services.edge.surroundings import Issuer

DEVICE = str(uuid4())
SUBSCRIPTION = Browser().subscription("https://updates.push.services.mozilla.com")
WEB_PUSH = {"kind": "web_push", "endpoint": SUBSCRIPTION["endpoint"], "keys": SUBSCRIPTION["keys"]}
FCM = {"kind": "fcm", "token": "abc:def"}
CHOSEN = {"channels": {"push": True, "telegram": False}, "quiet_hours": {"from": "22:00", "to": "07:00"}}
PROBLEM = "application/problem+json"


@pytest.fixture
def services() -> FakeServices:
    return FakeServices()


@pytest_asyncio.fixture
async def app(services: FakeServices, issuer: Issuer) -> AsyncIterator[httpx2.AsyncClient]:
    rates = dict.fromkeys(("rate_limit", "contact_rate_limit", "address_rate_limit"), "9999/second")
    async with client_of(services, issuer, **rates, reply_within="PT0.2S") as client:
        yield client


@pytest.mark.parametrize(("created", "status"), [(True, 201), (False, 200)])
@pytest.mark.parametrize("body", [WEB_PUSH, FCM | {"label": "Celular"}, WEB_PUSH | {"expirationTime": None}])
async def test_a_device_is_registered_and_the_same_again_is_the_same(
    app: httpx2.AsyncClient,
    services: FakeServices,
    body: dict[str, Any],
    created: bool,  # noqa: FBT001 - as pytest has it
    status: int,
) -> None:
    services.says("register_device", {"id": DEVICE, "created": created})

    answer = await app.post("/v1/devices", json=body)

    assert (answer.status_code, answer.json()) == (status, {"id": DEVICE})
    (asked,) = services.asked
    assert isinstance(asked, RegisterDevice)
    assert (asked.device, asked.endpoint, asked.token) == (body["kind"], body.get("endpoint"), body.get("token"))
    assert asked.durable


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "kind"),
        ({"kind": "apns", "token": "abc"}, "kind"),
        ({"kind": "web_push", "keys": SUBSCRIPTION["keys"]}, "endpoint"),
        ({"kind": "web_push", "endpoint": SUBSCRIPTION["endpoint"]}, "keys"),
        (WEB_PUSH | {"keys": {"p256dh": "a"}}, "keys.auth"),
        (WEB_PUSH | {"keys": {"p256dh": "não", "auth": "a"}}, "keys.p256dh"),
        (WEB_PUSH | {"endpoint": "file:///etc/passwd"}, "endpoint"),
        (WEB_PUSH | {"endpoint": "https://a.example/" + "x" * 2_000}, "endpoint"),
        (WEB_PUSH | {"endpoint": "https://a.example/\r\nHost: b"}, "endpoint"),
        (WEB_PUSH | {"label": "x" * 101}, "label"),
        ({"kind": "fcm"}, "token"),
        ({"kind": "fcm", "token": ""}, "token"),
        ({"kind": "fcm", "token": "x" * 4_097}, "token"),
    ],
)
async def test_what_is_no_device_is_refused_with_its_field_and_asks_nobody(
    app: httpx2.AsyncClient, services: FakeServices, body: dict[str, Any], field: str
) -> None:
    answer = await app.post("/v1/devices", json=body)

    assert (answer.status_code, answer.headers["content-type"]) == (422, PROBLEM)
    assert field in [one["field"] for one in answer.json()["errors"]]
    assert services.asked == []


async def test_devices_are_listed_and_removed(app: httpx2.AsyncClient, services: FakeServices) -> None:
    listed = {"id": DEVICE, "kind": "fcm", "registered_at": "2026-01-05T12:00:00Z"}
    services.says("list_devices", {"items": [listed]})
    services.says("remove_device", {})

    assert (await app.get("/v1/devices")).json() == {"items": [listed]}
    assert (await app.delete(f"/v1/devices/{DEVICE}")).status_code == 204
    services.refuses("remove_device", 404)
    assert (await app.delete(f"/v1/devices/{DEVICE}")).status_code == 404
    assert (await app.delete("/v1/devices/x")).status_code == 404


async def test_the_key_is_shown_where_push_is_set_up(app: httpx2.AsyncClient, services: FakeServices) -> None:
    services.says("get_channels", {"push_public_key": "B" * 87, "telegram": False})
    assert (await app.get("/v1/devices/key")).json() == {"public_key": "B" * 87}

    services.says("get_channels", {"telegram": False})
    assert (await app.get("/v1/devices/key")).status_code == 404


@pytest.mark.parametrize("chosen", [CHOSEN, CHOSEN | {"quiet_hours": None}])
async def test_r20_a_choice_is_saved_whole_and_what_holds_is_answered(
    app: httpx2.AsyncClient, services: FakeServices, chosen: dict[str, Any]
) -> None:
    services.answers["save_preferences"] = lambda asked: asked.model_dump(mode="json", by_alias=True)["preferences"]
    services.says("get_preferences", chosen)

    answer = await app.put("/v1/preferences", json=chosen)

    assert (answer.status_code, answer.json()) == (200, chosen)
    assert (await app.get("/v1/preferences")).json() == chosen
    assert isinstance(services.asked[0], SavePreferences)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "channels"),
        ({"channels": {"push": True, "telegram": True}}, "quiet_hours"),
        (CHOSEN | {"channels": {"push": True}}, "channels.telegram"),
        (CHOSEN | {"channels": {"push": "yes", "telegram": True}}, "channels.push"),
        (CHOSEN | {"quiet_hours": {"from": "25:00", "to": "07:00"}}, "quiet_hours.from"),
        (CHOSEN | {"quiet_hours": {"from": "7:00", "to": "08:00"}}, "quiet_hours.from"),
        (CHOSEN | {"quiet_hours": {"from": "22:00", "to": "07:60"}}, "quiet_hours.to"),
        (CHOSEN | {"quiet_hours": {"from": "22:00", "to": "07:00\n"}}, "quiet_hours.to"),
        (CHOSEN | {"quiet_hours": {"from": "22:00"}}, "quiet_hours.to"),
        (CHOSEN | {"quiet_hours": {"from": "22:00", "to": "22:00"}}, "quiet_hours.to"),
    ],
)
async def test_r20_what_is_no_choice_is_refused_with_its_field_and_asks_nobody(
    app: httpx2.AsyncClient, services: FakeServices, body: dict[str, Any], field: str
) -> None:
    answer = await app.put("/v1/preferences", json=body)

    assert (answer.status_code, answer.headers["content-type"]) == (422, PROBLEM)
    assert field in [one["field"] for one in answer.json()["errors"]]
    assert services.asked == []


async def test_a_notifier_that_is_silent_is_503_with_a_time_to_come_back(app: httpx2.AsyncClient) -> None:
    answers = [
        await app.post("/v1/devices", json=FCM),
        await app.put("/v1/preferences", json=CHOSEN),
        await app.get("/v1/devices"),
    ]

    assert [(answer.status_code, "retry-after" in answer.headers) for answer in answers] == [(503, True)] * 3


@pytest.mark.parametrize("path", ["/v1/devices", "/v1/devices/key", "/v1/preferences"])
async def test_nobody_sees_devices_or_choices_without_a_token(app: httpx2.AsyncClient, path: str) -> None:
    assert (await app.get(path, headers={"Authorization": ""})).status_code == 401


def test_the_edge_knows_no_push_key() -> None:
    assert not {name for name in Settings.model_fields if "vapid" in name or "fcm" in name}
