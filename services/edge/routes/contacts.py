"""Writing to a sector, and how far that got (R6 to R8, R12, R13)."""

import asyncio
import re
import time
from datetime import timedelta
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Response
from starlette.status import HTTP_202_ACCEPTED

from chassis.messaging.rpc import NoReply
from contracts import requests
from contracts.requests import GetContact, GetContactForm, SubmitContact, request_id
from services.edge.answers import Contact, ContactForm
from services.edge.dependencies import TOKEN, Calls, Protected, count_contact
from services.edge.errors.problems import Refused, declared
from services.edge.gateway import Caller
from services.edge.models import NewContact

router = APIRouter(tags=["contacts"], route_class=Protected, dependencies=[TOKEN])

LONGEST_WAIT = timedelta(seconds=5)
FIRST_PAUSE = timedelta(milliseconds=20)
LONGEST_PAUSE = timedelta(milliseconds=250)
_AT_AN_END = {"emailed", "refused"}

Key = Annotated[str, Header(alias="Idempotency-Key", min_length=1, max_length=128, pattern=r"^[\x21-\x7e]+$")]
_ACCEPTED: dict[int | str, dict[str, Any]] = {
    202: {
        "headers": {
            "Location": {"schema": {"type": "string"}},
            "Preference-Applied": {"schema": {"type": "string"}},
        }
    }
}


@router.get("/v1/contact-form", responses=declared(401, 403, 404, 503))
async def contact_form(caller: Calls) -> ContactForm:
    """Tell what the customer may choose from."""
    return await caller.ask(caller.says(GetContactForm), ContactForm)


@router.post(
    "/v1/contacts",
    status_code=HTTP_202_ACCEPTED,
    response_model_exclude_none=True,
    dependencies=[Depends(count_contact)],
    responses=_ACCEPTED | declared(401, 403, 404, 415, 422, 503),
)
async def submit(
    caller: Calls, response: Response, contact: NewContact, key: Key, prefer: Annotated[str, Header()] = ""
) -> Contact:
    """Take a contact: the same key and body once more is the same contact."""
    started = time.monotonic()
    wait = preferred_wait(prefer)
    command = caller.says(SubmitContact, request_id=request_id(caller.customer_id, key), **contact.model_dump())
    accepted = await _hand_over(caller, command)
    if wait is not None:
        accepted = await _follow(caller, accepted, until=started + wait.total_seconds())
        response.headers["Preference-Applied"] = f"wait={int(wait.total_seconds())}"
    response.headers["Location"] = f"/v1/contacts/{accepted.contact_id}"
    return accepted


@router.get("/v1/contacts/{contact_id}", response_model_exclude_none=True, responses=declared(401, 404, 503))
async def contact(caller: Calls, contact_id: UUID) -> Contact:
    """Tell how far a contact got."""
    try:
        return await caller.ask(caller.says(GetContact, contact_id=contact_id), Contact)
    except Refused:
        if caller.queued.holds(caller.customer_id, contact_id):
            return Contact(contact_id=contact_id, state="queued")
        raise


async def _hand_over(caller: Caller, command: SubmitContact) -> Contact:
    try:
        return Contact.model_validate(await caller.services.ask(command))
    except NoReply:
        # the broker has it, and will until contacts is back (R13)
        queued = Contact(contact_id=requests.contact_id(command.request_id), state="queued")
        caller.queued.add(caller.customer_id, queued.contact_id)
        return queued


async def _follow(caller: Caller, accepted: Contact, *, until: float) -> Contact:
    pause = FIRST_PAUSE
    while not (accepted.protocol or accepted.state in _AT_AN_END):
        left = until - time.monotonic()
        if left <= 0:
            break
        await asyncio.sleep(min(pause.total_seconds(), left))
        pause = min(pause * 2, LONGEST_PAUSE)
        accepted = await _look(caller, accepted, within=max(until - time.monotonic(), 0.01))
    return accepted


async def _look(caller: Caller, accepted: Contact, *, within: float) -> Contact:
    query = caller.says(GetContact, contact_id=accepted.contact_id)
    try:
        return Contact.model_validate(await caller.services.ask(query, within=timedelta(seconds=within)))
    except (NoReply, Refused):
        # not handled yet, or nobody there: what was accepted stays accepted
        return accepted


def preferred_wait(prefer: str) -> timedelta | None:
    """The wait that the `Prefer` header asks for (RFC 7240), cut at the longest; None without a readable one."""
    for preference in prefer.split(","):
        found = re.fullmatch(r'\s*wait\s*=\s*"?(\d{1,9})"?\s*(;.*)?', preference, re.IGNORECASE | re.ASCII)
        if found:
            return min(timedelta(seconds=int(found[1])), LONGEST_WAIT)
    return None
