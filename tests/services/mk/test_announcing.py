"""What MK announces of its register, it knows from then on; what was not announced, it doesn't."""

from pathlib import Path

import pytest

from chassis.messaging.publisher import BrokerDown
from contracts import mk
from mk.publishing import Announcer
from tests.mk.fakes import Published, handle, mk_in_memory, stores_in_memory
from tests.mk.register import Register
from tests.mk.running import http
from tests.services.mk.console.browser import NOON
from tests.services.mk.console.provider import customer, sector
from tests.system import emitted


async def test_playing_a_scenario_fills_the_register_and_undoes_nothing_when_played_again() -> None:
    register = Register()
    announcer = Announcer(Published(), register, clock=lambda: NOON)
    await announcer.play("provider")

    await announcer.publish(emitted(mk.SectorSaved, at=NOON, sector_id="tecnico", name="Suporte", generate_ticket=True))
    await announcer.play("provider")

    assert [one.name for one in await register.sectors()] == ["Comercial", "Financeiro", "Suporte"]
    assert len(await register.groups()) == 4
    found = await register.customer("1002")
    assert found is not None
    assert [one.label for one in found.connections] == ["Fibra 1 Gb (loja)", "Fibra 300 Mb (depósito)"]
    assert await register.options() == ("tickets", "contacts")


async def test_what_the_broker_did_not_take_is_not_in_the_register() -> None:
    register = Register()
    announcer = Announcer(Published(BrokerDown()), register, clock=lambda: NOON)

    with pytest.raises(BrokerDown):
        await announcer.publish(sector())

    assert await register.sectors() == []


async def test_what_is_posted_over_http_is_recorded_too(tmp_path: Path) -> None:
    service = mk_in_memory(tmp_path, stores=(stores := stores_in_memory()))

    async with http(service) as client:
        await client.post("/events/PersonGroupSaved.v1", json={"person_group_id": "rural", "name": "Rural"})

    assert [one.name for one in await stores.register.groups()] == ["Rural"]


async def test_r27_an_erasure_that_others_announced_empties_the_register_too(tmp_path: Path) -> None:
    service = mk_in_memory(tmp_path, stores=(stores := stores_in_memory()))
    await stores.register.record(customer())

    await handle(service, emitted(mk.CustomerErased, at=NOON, customer_id="1001"))

    assert await stores.register.customer("1001") is None
