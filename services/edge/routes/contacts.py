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
from contracts import rpc
from contracts.replies import ContactProgress
from contracts.requests import GetContact, SubmitContact
from contracts.rpc import request_id
from services.edge.dependencies import TOKEN, Calls, Given, Protected, count_contact
from services.edge.errors.problems import Refused, declared
from services.edge.gateway import Caller
from services.edge.live import News
from services.edge.models import NewContact

router = APIRouter(tags=["contacts"], route_class=Protected, dependencies=[TOKEN])

LONGEST_WAIT = timedelta(seconds=5)
LOOK_AFTER = timedelta(milliseconds=300)
"""What no event answered by then may have been over before anybody waited: that is asked for, once."""

_AT_AN_END = {"emailed", "refused"}
_UNKNOWN_AS_YET = {404, 503}

Key = Annotated[str, Header(alias="Idempotency-Key", min_length=1, max_length=128, pattern=r"^[\x21-\x7e]+$")]
_ACCEPTED: dict[int | str, dict[str, Any]] = {
    202: {
        "headers": {
            "Location": {"schema": {"type": "string"}},
            "Preference-Applied": {"schema": {"type": "string"}},
        }
    }
}


@router.post(
    "/v1/contacts",
    status_code=HTTP_202_ACCEPTED,
    dependencies=[Depends(count_contact)],
    responses=_ACCEPTED | declared(401, 403, 404, 415, 422, 503),
)
async def submit(  # noqa: PLR0913, PLR0917 - FastAPI passes each by name
    caller: Calls,
    given: Given,
    response: Response,
    contact: NewContact,
    key: Key,
    prefer: Annotated[str, Header()] = "",
) -> ContactProgress:
    """Take a contact: the same key and body once more is the same contact."""
    started, wait = time.monotonic(), preferred_wait(prefer)
    command = caller.makes(SubmitContact, request_id=request_id(caller.customer_id, key), **contact.model_dump())
    contact_id = rpc.contact_id(command.request_id)
    if wait is None:
        progress = await _hand_over(caller, command)
    else:
        with given.live.following(contact_id) as news:
            progress = await _hand_over(caller, command)
            progress = await _follow(caller, progress, news, until=started + wait.total_seconds())
        response.headers["Preference-Applied"] = f"wait={int(wait.total_seconds())}"
    receipt = given.receipts.sign(caller.customer_id, contact_id)
    response.headers["Location"] = f"/v1/contacts/{contact_id}?receipt={receipt}"
    return progress


@router.get("/v1/contacts/{contact_id}", responses=declared(401, 404, 503))
async def contact(caller: Calls, given: Given, contact_id: UUID, receipt: str = "") -> ContactProgress:
    """Show how far a contact got; with its receipt it is queued while contacts doesn't know it."""
    try:
        return await caller.read(GetContact, contact_id=contact_id)
    except Refused as refused:
        if refused.problem.status in _UNKNOWN_AS_YET and given.receipts.holds(receipt, caller.customer_id, contact_id):
            return _queued(contact_id)
        raise


def _queued(contact_id: UUID) -> ContactProgress:
    return ContactProgress(contact_id=contact_id, state="queued")


async def _hand_over(caller: Caller, command: SubmitContact) -> ContactProgress:
    try:
        return await caller.ask(command)
    except NoReply:
        # the broker has it, and will until contacts is back (R13)
        return _queued(rpc.contact_id(command.request_id))


async def _follow(caller: Caller, progress: ContactProgress, news: News, *, until: float) -> ContactProgress:
    """What is known when the protocol is there, or no more comes, or it is `until`."""
    if _is_final(progress):
        return progress
    await _wait(news, until=min(until, time.monotonic() + LOOK_AFTER.total_seconds()))
    if not news.done() and progress.state != "queued":
        looking = asyncio.create_task(_look(caller, progress, until=until))
        await _wait(news, looking, until=until)
        if looking.done():
            progress = looking.result()
        looking.cancel()
    if not _is_final(progress):
        await _wait(news, until=until)
    return news.result() if news.done() else progress


def _is_final(progress: ContactProgress) -> bool:
    return bool(progress.protocol) or progress.state in _AT_AN_END


async def _wait(*what: "asyncio.Future[ContactProgress]", until: float) -> None:
    left = max(until - time.monotonic(), 0)
    await asyncio.wait(what, timeout=left, return_when=asyncio.FIRST_COMPLETED)


async def _look(caller: Caller, progress: ContactProgress, *, until: float) -> ContactProgress:
    query = caller.makes(GetContact, contact_id=progress.contact_id)
    try:
        return await caller.gateway.ask(query, within=timedelta(seconds=max(until - time.monotonic(), 0.01)))
    except (NoReply, Refused):
        # nobody there: what was accepted stays accepted
        return progress


def preferred_wait(prefer: str) -> timedelta | None:
    """The wait that the `Prefer` header asks for (RFC 7240), cut at the longest; None without a readable one."""
    for preference in prefer.split(","):
        found = re.fullmatch(r'\s*wait\s*=\s*"?(\d{1,9})"?\s*(;.*)?', preference, re.IGNORECASE | re.ASCII)
        if found:
            return min(timedelta(seconds=int(found[1])), LONGEST_WAIT)
    return None
