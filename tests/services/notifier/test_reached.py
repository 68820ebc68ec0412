"""How customers can be reached, as operators ask it (R16, R19, R20)."""

from datetime import UTC, datetime
from uuid import uuid4

import pytest

from contracts import mk
from contracts.channels import Preferences, SavePreferences
from contracts.operating import ListReached, Reached
from services.notifier.decide.owners import of_customer
from services.notifier.deliver.devices import Device
from services.notifier.deliver.reached import ReachedHandlers
from tests.eventually import eventually
from tests.services.notifier.fakes import Addresses, Customers
from tests.services.notifier.world import a_notifier, ana
from tests.smtp import Mailbox
from tests.system import System, emitted

ADDRESS = "ana@cliente.example"
BOTH = frozenset({"push", "telegram"})


@pytest.fixture
async def customers() -> Customers:
    """Give Ana, with an address, a device and a chat."""
    customers = Customers(with_chat={"ana"})
    await customers.save(emitted(mk.CustomerSaved, customer_id="ana", name="Ana", email=ADDRESS, connections=[]))
    await customers.devices.save(Device(uuid4(), "ana", "fcm", "token", datetime(2026, 11, 27, tzinfo=UTC)))
    return customers


async def reached(customers: Customers, addresses: Addresses, *, set_up: frozenset[str] = BOTH) -> list[Reached]:
    handlers = ReachedHandlers(customers, addresses, set_up)
    return await handlers.on_list_reached(ListReached(request_id=uuid4(), customer_ids=["ana", "rui"]))


async def test_every_way_to_a_customer_is_listed_and_whoever_is_unknown_has_the_inbox(customers: Customers) -> None:
    assert await reached(customers, Addresses()) == [
        Reached(customer_id="ana", channels=["inbox", "push", "telegram", "email"], refused=[], declined=[]),
        Reached(customer_id="rui", channels=["inbox"], refused=[], declined=[]),
    ]


async def test_r19_an_address_that_is_switched_off_is_no_way(customers: Customers) -> None:
    addresses = Addresses()
    await addresses.switch_off(of_customer("ana"), ADDRESS, reason="550", at=datetime(2026, 11, 27, tzinfo=UTC))

    [ana, _] = await reached(customers, addresses)

    assert (ana.channels, ana.refused) == (["inbox", "push", "telegram"], ["email"])


async def test_r20_what_a_customer_switched_off_is_no_way(customers: Customers) -> None:
    preferences = Preferences.model_validate({"channels": {"push": False, "telegram": True}})
    await customers.chosen.save(
        SavePreferences(
            request_id=uuid4(),
            customer_id="ana",
            preferences=preferences,
            saved_at=datetime(2026, 11, 27, tzinfo=UTC),
        )
    )

    [ana, _] = await reached(customers, Addresses())

    assert (ana.channels, ana.declined) == (["inbox", "telegram", "email"], ["push"])


async def test_a_channel_that_is_not_set_up_is_no_way(customers: Customers) -> None:
    [ana, _] = await reached(customers, Addresses(), set_up=frozenset({"push"}))

    assert ana.channels == ["inbox", "push", "email"]


async def test_the_notifier_answers_over_the_broker(system: System, mailbox: Mailbox) -> None:
    await a_notifier(system, mailbox, optional_channels="push,telegram")
    await system.publish(ana())

    async def has_an_address() -> bool:
        asked = ListReached(request_id=uuid4(), customer_ids=["ana", "rui"])
        ways = asked.answer().validate_python(await system.answer(asked))
        return [one.channels for one in ways] == [["inbox", "email"], ["inbox"]]

    await eventually(has_an_address)
