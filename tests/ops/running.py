"""The whole product with MK's stand-in, for the commands that look after it."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from contracts import feedback, mk
from tests.eventually import eventually
from tests.journeys.provider import ANA, Provider
from tests.mk.running import mk_runs
from tests.services.edge.surroundings import Issuer
from tests.smtp import Mailbox
from tests.system import System, emitted


class Running(Provider):
    """A provider whose MK is there too; its key lies in `folder`."""

    def __init__(self, system: System, mailbox: Mailbox, issuer: Issuer, *, folder: Path) -> None:
        super().__init__(system, mailbox, issuer)
        self._folder = folder

    async def again(self, name: str) -> None:
        """Start a replica of any service, MK's stand-in too."""
        await (mk_runs(self.system, self._folder) if name == "mk" else self.run(name))


async def a_day(provider: Running) -> tuple[str, str]:
    """Live one contact from its text to its rating; give protocol and ticket."""
    protocol, ticket = await a_closed_ticket(provider)
    await rated(provider)
    await provider.system.quiet()
    return protocol, ticket


async def a_closed_ticket(provider: Running) -> tuple[str, str]:
    protocol = (await provider.write(ANA)).json()["protocol"]
    ticket = await provider.ticket_of(protocol)
    await close(provider, ticket)
    await eventually(lambda: len(provider.system.received_of(feedback.EvaluationRequested)) == 1)
    # an answer that the notifier learns of before the question leaves nothing to ask
    await provider.system.quiet()
    return protocol, ticket


async def close(provider: Running, ticket: str) -> None:
    await provider.system.publish(
        emitted(mk.ServiceOrderCreated, at=datetime.now(UTC), ticket_id=ticket, service_order_id="os1"),
        emitted(
            mk.TicketClosed,
            at=datetime.now(UTC) + timedelta(seconds=1),
            ticket_id=ticket,
            closed_by="joana",
            request_evaluation=True,
        ),
    )


async def rated(provider: Running) -> None:
    (evaluation,) = provider.system.received_of(feedback.EvaluationRequested)
    path = f"/v1/evaluations/{evaluation['evaluation_id']}"
    answer = await provider.app(ANA).post(path, json={"score": 4, "comment": "Demorou"})
    assert answer.status_code == 201, answer.text
    await eventually(lambda: len(provider.system.received_of(feedback.EvaluationSubmitted)) == 1)
