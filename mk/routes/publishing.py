"""The routes by which MK's stand-in is made to publish: single messages, and scenarios."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Path
from pydantic import BaseModel

from chassis.clock import Clock
from mk import scenario
from mk.problems import declared
from mk.publishing import Announcer, message_of
from mk.routes import body
from mk.scenario import Fields

CORRELATION_BYTES = 255
"""AMQP's limit of a message's `correlation_id`."""


class Published(BaseModel):
    """A message that the broker has."""

    event_id: UUID


class Played(BaseModel):
    """A scenario whose messages the broker has."""

    scenario: str
    event_ids: list[UUID]


def publishing(announcer: Announcer, *, clock: Clock) -> APIRouter:
    """`POST /events/{type}`, `GET /scenarios`, `POST /scenarios/{name}`."""
    router = APIRouter(tags=["MK publica"])

    @router.post("/events/{type}", status_code=202, responses=declared(404, 422, 503), openapi_extra=body.DECLARED)
    async def publish(
        type_name: Annotated[str, Path(alias="type")], fields: Annotated[Fields, Depends(body.json_object)]
    ) -> Published:
        """Publish a message, as `TicketClosed.v1`; what identifies it is made where it is missing."""
        message = message_of(type_name, fields, now=clock())
        if len(message.correlation_id.encode()) > CORRELATION_BYTES:
            raise body.invalid("Input should be text that the broker can carry", "correlation_id")
        await announcer.publish(message)
        return Published(event_id=message.event_id)

    @router.get("/scenarios")
    async def scenarios() -> list[str]:
        """The scenarios that can be played."""
        return scenario.names()

    @router.post("/scenarios/{name}", status_code=202, responses=declared(404, 503))
    async def play(name: str) -> Played:
        """Publish all that a scenario holds; again, it changes nothing."""
        messages = await announcer.play(name)
        return Played(scenario=name, event_ids=[message.event_id for message in messages])

    return router
