"""The devices that push messages go to, and what the customer lets channels do (R16, R20)."""

from datetime import UTC, datetime
from typing import Any, TypeVar
from uuid import UUID, uuid4

from fastapi import APIRouter, Response
from starlette.status import HTTP_200_OK, HTTP_201_CREATED, HTTP_204_NO_CONTENT

from chassis.messaging.rpc import NoReply
from contracts.channels import (
    Devices,
    GetChannels,
    GetPreferences,
    ListDevices,
    Preferences,
    RegisterDevice,
    RemoveDevice,
    SavePreferences,
)
from contracts.rpc import Request, request_id
from services.edge.dependencies import TOKEN, Calls, Protected
from services.edge.device_models import ChosenPreferences, NewDevice, PushKey, Registered
from services.edge.errors.problems import Refused, declared, known, unavailable
from services.edge.gateway import Caller

A = TypeVar("A")

router = APIRouter(tags=["devices"], route_class=Protected, dependencies=[TOKEN])

_KNOWN_BEFORE: dict[int | str, dict[str, Any]] = {
    200: {"model": Registered, "description": "This device was registered before"},
}


async def _done(caller: Caller, command: Request[A]) -> A:
    try:
        return await caller.ask(command)
    except NoReply as error:
        # the broker has it; doing it once more changes nothing
        raise unavailable() from error


@router.get("/v1/devices/key", responses=declared(401, 404, 503))
async def key(caller: Calls) -> PushKey:
    """Show the key that a browser subscribes with; there is none where push isn't set up."""
    channels = await caller.read(GetChannels)
    if channels.push_public_key is None:
        raise Refused(known(404))
    return PushKey(public_key=channels.push_public_key)


@router.post(
    "/v1/devices",
    status_code=HTTP_201_CREATED,
    responses=_KNOWN_BEFORE | declared(401, 404, 415, 422, 503),
)
async def register(caller: Calls, response: Response, device: NewDevice) -> Registered:
    """Push to a device from now on; the same one again is the same device."""
    device.check()
    address = device.endpoint if device.kind == "web_push" else device.token
    command = caller.makes(
        RegisterDevice,
        request_id=request_id(caller.customer_id, f"device\n{device.kind}\n{address}"),
        device=device.kind,
        endpoint=device.endpoint,
        keys=device.keys.model_dump() if device.keys else None,
        token=device.token,
        label=device.label,
    )
    registered = await _done(caller, command)
    response.status_code = HTTP_201_CREATED if registered.created else HTTP_200_OK
    return Registered(id=registered.id)


@router.get("/v1/devices", responses=declared(401, 503))
async def devices(caller: Calls) -> Devices:
    """List the customer's devices, the newest first."""
    return await caller.read(ListDevices)


@router.delete("/v1/devices/{device_id:uuid}", status_code=HTTP_204_NO_CONTENT, responses=declared(401, 404, 503))
async def remove(caller: Calls, device_id: UUID) -> None:
    """Push to a device no more."""
    await _done(caller, caller.makes(RemoveDevice, request_id=uuid4(), device_id=device_id))


@router.get("/v1/preferences", responses=declared(401, 503))
async def preferences(caller: Calls) -> Preferences:
    """Show what the customer lets channels do."""
    return await caller.read(GetPreferences)


@router.put("/v1/preferences", responses=declared(401, 404, 415, 422, 503))
async def choose(caller: Calls, chosen: ChosenPreferences) -> Preferences:
    """Choose anew what channels may do; of two choices the later one holds."""
    command = caller.makes(SavePreferences, request_id=uuid4(), preferences=chosen.chosen(), saved_at=datetime.now(UTC))
    return await _done(caller, command)
