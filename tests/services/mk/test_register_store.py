"""The register in the database: the newest counts, customers are found and listed, and an erased one leaves a mark."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest_asyncio

from contracts import mk
from mk.app import build
from mk.domain.register import Customer, Group, Names, Sector, folded
from mk.migrations import STEPS
from mk.ports import Sought
from mk.register_store import MongoRegister
from mk.settings import Settings
from tests.services.mk.console.provider import LONG_BEFORE, customer, group, sector
from tests.system import emitted

LATER = LONG_BEFORE + timedelta(days=1)


@pytest_asyncio.fixture
async def register(amqp_url: str, mongo_url: str, database_prefix: str) -> AsyncIterator[MongoRegister]:
    """Give the store, after the migrations."""
    given = {"amqp_url": amqp_url, "mongo_url": mongo_url, "database_prefix": database_prefix}
    service = build(Settings.model_validate(given))
    for step in STEPS:
        await step(service.database)
    yield MongoRegister(service)
    await service.stop()


def names(found: list[Customer]) -> list[str]:
    return [one.name for one in found]


async def test_what_was_saved_last_counts_whatever_order_it_comes_in(register: MongoRegister) -> None:
    newest = customer(name="Ana Prado", email=None).model_copy(update={"occurred_at": LATER})

    await register.record(newest)
    await register.record(customer())
    await register.record(sector())
    await register.record(group(process="P1"))
    await register.record(emitted(mk.SacOptionsSaved, at=LATER, mobile_menu=["tickets"]))
    await register.record(emitted(mk.SacOptionsSaved, at=LONG_BEFORE, mobile_menu=[]))

    found = await register.customer("1001")
    assert found is not None
    assert (found.name, found.email, found.connections[0].label) == ("Ana Prado", None, "Casa")
    assert await register.sector("tecnico") == Sector(
        "tecnico", "Técnico", "tecnico@provedor.example", process="Suporte técnico", classification="Sem conexão"
    )
    assert await register.group("residencial") == Group("residencial", "Residencial", "P1")
    assert await register.options() == ("tickets",)
    assert await register.names(customers=["1001", "nobody"]) == Names(
        {"1001": "Ana Prado"}, {"tecnico": "Técnico"}, {"residencial": "Residencial"}
    )


async def test_r27_an_erased_customer_leaves_a_mark_that_outlives_late_news(register: MongoRegister) -> None:
    await register.record(customer())
    await register.record(emitted(mk.CustomerErased, at=LATER, customer_id="1001"))

    await register.record(customer())

    assert await register.customer("1001") is None
    assert await register.customers(Sought(), limit=10) == []
    assert await register.names(customers=["1001"]) == Names({}, {}, {})
    kept: Any = await register._customers.collection.find_one({"_id": "1001"})  # noqa: SLF001 - what is left of it
    assert set(kept) == {"_id", "occurred_at", "event_id"}


async def test_r27_who_was_erased_and_comes_back_is_a_customer_again(register: MongoRegister) -> None:
    await register.record(emitted(mk.CustomerErased, at=LONG_BEFORE, customer_id="1001"))

    await register.record(customer().model_copy(update={"occurred_at": LATER}))

    assert names(await register.customers(Sought(), limit=10)) == ["Ana Beatriz Souza"]


async def test_customers_are_listed_by_name_in_pages_and_found_by_what_their_names_begin_with(
    register: MongoRegister,
) -> None:
    for number, name in enumerate(("Zeca", "álvaro Reis", "Ana Lúcia", "Ana Beatriz", "Éder")):
        group_id = "rural" if name == "Éder" else None
        await register.record(customer(str(number), name, email=None, person_group_id=group_id))

    first = await register.customers(Sought(), limit=3)
    behind = await register.customers(Sought(), limit=3, behind=(folded(first[-1].name), first[-1].id))

    assert names([*first, *behind]) == ["álvaro Reis", "Ana Beatriz", "Ana Lúcia", "Éder", "Zeca"]
    before = await register.customers(Sought(), limit=2, before=(folded(behind[0].name), behind[0].id))
    assert names(before) == ["Ana Beatriz", "Ana Lúcia"]
    assert names(await register.customers(Sought(("lu", "ana")), limit=9)) == ["Ana Lúcia"]
    assert names(await register.customers(Sought(("x.",)), limit=9)) == []
    assert names(await register.customers(Sought(("lu",), ids=("0",)), limit=9)) == ["Ana Lúcia", "Zeca"]
    assert names(await register.customers(Sought(group_id="rural"), limit=9)) == ["Éder"]
    assert await register.count_customers(Sought(("ana",)), limit=9) == 2
    assert await register.count_customers(Sought(), limit=4) == 4


async def test_sectors_and_groups_come_in_portuguese_order(register: MongoRegister) -> None:
    for sector_id, name in (("z", "Técnico"), ("a", "Água"), ("b", "comercial"), ("c", "Azul")):
        await register.record(sector(sector_id, name, active=sector_id != "c"))
        await register.record(group(sector_id, name))

    assert [one.name for one in await register.sectors()] == ["Água", "Azul", "comercial", "Técnico"]
    assert [one.name for one in await register.groups()] == ["Água", "Azul", "comercial", "Técnico"]


async def test_every_list_of_customers_comes_from_an_index(register: MongoRegister) -> None:
    await register.record(customer())
    seen = []

    for wanted in ({"group_id": "residencial"}, {"terms": {"$regex": "^ana"}}):
        cursor = register._customers.collection.find(wanted).sort([("by", 1), ("_id", 1)])  # noqa: SLF001 - its plan
        plan: Any = await cursor.explain()
        seen.append("COLLSCAN" in str(plan["queryPlanner"]["winningPlan"]))

    assert seen == [False, False]
