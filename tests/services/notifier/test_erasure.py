"""An erasure that comes in the midst of a decision, or between a decision and its sending, leaves nothing (R27)."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from chassis.service import Service
from contracts import mk, tickets
from contracts.notifier import InboxDue, NotificationSkipped
from contracts.requests import ListRecentNotifications
from services.notifier.app import build
from services.notifier.decide.domain import Customer
from services.notifier.decide.handlers import DecisionHandlers
from services.notifier.decide.store import MongoContacts, MongoCustomers, MongoTickets
from services.notifier.deliver.address_store import MongoAddresses
from services.notifier.deliver.handlers import InboxHandlers
from services.notifier.deliver.render import Writer
from services.notifier.deliver.store import MongoDeliveries, MongoInbox
from services.notifier.settings import Settings
from tests.eventually import eventually
from tests.services.notifier.world import a_contact, a_mail, a_step, an_opening, ana
from tests.smtp import Mailbox
from tests.system import LONG_AGO, System, emitted

SECRET = "Segredo da Ana"
ERASED = emitted(mk.CustomerErased, customer_id="ana", at=LONG_AGO.replace(year=2027))


class Meanwhile(MongoCustomers):
    """What is known of customers; something happens right after the first look."""

    def __init__(self, service: Service, happens: Callable[[], Awaitable[None]]) -> None:
        super().__init__(service)
        self._happens: list[Callable[[], Awaitable[None]]] = [happens]

    async def find(self, customer_id: str) -> Customer:
        """Look, and let it happen."""
        found = await super().find(customer_id)
        if self._happens:
            await self._happens.pop()()
        return found


@pytest.fixture
async def service(system: System, mailbox: Mailbox) -> Service:
    service = await system.run(build, Settings, smtp_url=mailbox.url)
    await system.publish(ana())
    await system.quiet()
    return service


def deciding(service: Service) -> DecisionHandlers:
    """Handlers in whose first decision the customer's erasure comes between looking and committing."""

    async def erase() -> None:
        await decides.on_customer_erased(ERASED)

    customers, deliveries = Meanwhile(service, erase), MongoDeliveries(service, lease=timedelta(seconds=60))
    writer = Writer(sender="a@b.example", domain="b.example", timezone="America/Sao_Paulo")
    decides = DecisionHandlers(
        contacts=MongoContacts(service),
        tickets=MongoTickets(service),
        customers=customers,
        addresses=MongoAddresses(service, off_for=timedelta(days=30)),
        deliveries=deliveries,
        inbox=InboxHandlers(
            inbox=MongoInbox(service), customers=customers, deliveries=deliveries, writer=writer, clock=service.clock
        ),
        clock=service.clock,
    )
    return decides


def a_phase(*, minute: int = 10) -> tickets.PhaseChanged:
    phase: tickets.PhaseChanged = a_step(
        tickets.PhaseChanged, minute=minute, process="Suporte", phase="p", customer_label=SECRET
    )
    return phase


async def secrets(service: Service) -> list[str]:
    """The collections in which the secret still stands."""
    names = await service.database.list_collection_names()
    return [name for name in names if SECRET in str([one async for one in service.database[name].find()])]


async def is_free_of_secrets(service: Service) -> bool:
    """Whether none stands anywhere: in an outbox what was published stays until that is cleared."""
    return not await secrets(service)


async def test_r27_of_a_contact_that_was_new(service: Service, system: System, mailbox: Mailbox) -> None:
    await deciding(service).on_contact_received(a_contact(text=SECRET, generate_ticket=False))

    await eventually(lambda: len(system.received_of(NotificationSkipped, reason="customer erased")) == 2)
    await system.quiet()
    await eventually(lambda: is_free_of_secrets(service))
    assert mailbox.messages == []


async def test_r27_of_a_ticket_that_was_new(service: Service, system: System) -> None:
    await deciding(service).on_step(a_phase())

    await system.quiet()
    await eventually(lambda: is_free_of_secrets(service))


async def test_r27_of_a_ticket_that_was_there(service: Service, system: System) -> None:
    await system.publish(an_opening(level="all"))
    await system.quiet()
    decides = deciding(service)

    # the erasure takes the first decision's version away: it is decided once more
    await decides.on_step(a_phase())

    await system.quiet()
    await eventually(lambda: is_free_of_secrets(service))


async def test_r27_what_was_announced_of_an_inbox_goes_too(service: Service, system: System) -> None:
    await system.publish(an_opening(level="all"), a_phase())
    await system.quiet()
    assert "deliveries" in await secrets(service)
    assert [one["item"]["title"] for one in await recent(system)]

    await system.publish(ERASED)
    await system.quiet()

    await eventually(lambda: is_free_of_secrets(service))
    assert await recent(system) == []


async def recent(system: System) -> list[Any]:
    query = ListRecentNotifications(request_id=uuid4(), customer_id="ana", since=LONG_AGO)
    found = await system.answer(query)
    return [{"item": item, "at": at} for item, at in zip(found["items"], found["put_at"], strict=True)]


def an_item() -> InboxDue:
    mail = a_mail(text=SECRET)
    return InboxDue.model_validate(mail.model_dump() | {"address": None})


async def test_r27_what_was_decided_before_is_not_sent_any_more(
    service: Service, system: System, mailbox: Mailbox
) -> None:
    await system.publish(ERASED)
    await system.quiet()

    await system.publish(a_mail(text=SECRET), an_item())

    await eventually(lambda: len(system.received_of(NotificationSkipped, reason="customer erased")) == 1)
    await system.quiet()
    assert mailbox.messages == []
    await eventually(lambda: is_free_of_secrets(service))
