"""R10 from MK's console to the tickets service and back, over a real broker."""

from contextlib import suppress
from uuid import uuid4

from contracts.replies import Resolved
from contracts.requests import ResolveTicket
from mk.asking import AsksByBroker, Refused
from services.tickets.app import build
from services.tickets.settings import Settings
from tests.eventually import eventually
from tests.services.mk.console.provider import customer, group, sector
from tests.system import System


async def test_r10_mk_asks_the_tickets_service_what_a_contact_would_resolve_to(system: System) -> None:
    await system.run(build, Settings)
    await system.publish(sector(), group(process="Suporte residencial"), customer())
    asks = AsksByBroker(system.publisher)
    await asks.start()

    async def everything_is_known() -> Resolved | None:
        # the sector, or the group, may not have come yet
        with suppress(Refused):
            found = await asks.ask(ResolveTicket(request_id=uuid4(), customer_id="1001", sector_id="tecnico"))
            return found if found.group else None
        return None

    found = await eventually(everything_is_known)

    assert (found.process, found.process_from) == ("Suporte residencial", "person_group:residencial")
    assert (found.classification, found.classification_from) == ("Sem conexão", "sector:tecnico")
    assert found.sector is not None
    assert found.sector.process == "Suporte técnico"
