"""What is sent again on channels other than mail: found where it was made due, for the devices that don't have it."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from chassis.persistence.outbox import Entry
from contracts.notifier import PushDue
from contracts.operating import SendAgain
from tests.eventually import eventually
from tests.services.notifier.world import PROTOCOL, a_notifier, at
from tests.smtp import Mailbox
from tests.system import System, emitted

HAS_IT, HAS_IT_NOT = uuid4(), uuid4()


@pytest.fixture
async def due(system: System, mailbox: Mailbox) -> PushDue:
    """A push message that one of two devices refused, as it is stored."""
    await a_notifier(system, mailbox)
    event = uuid4()
    due = emitted(
        PushDue,
        notification_id=uuid4(),
        about={"event_id": event, "type": "TicketClosed.v1"},
        ticket_id="t1",
        customer_id="ana",
        template="ticket_closed",
        facts={"protocol": PROTOCOL},
    )
    database = system.services[0].database
    told = [Entry.of(due, cause=event, at=at(0)).document()]
    await database["tickets"].insert_one({"_id": "t1", "customer_id": "ana", "version": 1, "told": told})
    await database["deliveries"].insert_one(
        {
            "_id": due.notification_id,
            "version": 3,
            "about": due.about.model_dump(),
            "ticket_id": "t1",
            "customer_id": "ana",
            "channel": "push",
            "recipient": "customer",
            "template": "ticket_closed",
            "state": "failed",
            "reason": "push 413",
            "state_at": at(1),
            "not_before": at(0) + timedelta(days=400),
            "devices": [
                {"id": HAS_IT, "fate": "sent", "reason": None},
                {"id": HAS_IT_NOT, "fate": "refused", "reason": "push 413"},
            ],
        }
    )
    return due


async def again(system: System, due: PushDue, *, anyway: bool = False) -> dict[str, Any]:
    """Have it sent again; give what is stored of it then."""
    await system.answer(SendAgain(request_id=uuid4(), notification_id=due.notification_id, anyway=anyway))
    found = await system.services[0].database["deliveries"].find_one({"_id": due.notification_id})
    assert found is not None
    return dict(found)


async def test_r18_only_devices_that_do_not_have_it_are_tried_again_and_at_once(system: System, due: PushDue) -> None:
    stored = await again(system, due)

    # the answer may come before what it led to
    (resent,) = await eventually(lambda: system.received_of(PushDue))
    assert UUID(resent["notification_id"]) == due.notification_id
    assert resent["facts"] == due.facts
    assert resent["event_id"] != str(due.event_id)
    assert [one["id"] for one in stored["devices"]] == [HAS_IT]
    # it may be under way again already
    assert stored["state"] != "failed"
    assert (stored["reason"], stored["not_before"]) != ("push 413", at(0) + timedelta(days=400))


async def test_every_device_gets_it_where_that_is_wanted_anyway(system: System, due: PushDue) -> None:
    assert (await again(system, due, anyway=True))["devices"] == []
