"""Gathers what the product left behind in the simulated world."""

from chassis.messaging import envelope as headers
from contracts import topology
from tests.chaos.evidence import COLLECTIONS, DeadLetter, Evidence
from tests.chaos.poison import MARK
from tests.simulation.rest import unready
from tests.simulation.world import World


async def find(world: World) -> Evidence:
    """Everything as it is now, and as customers are shown it."""
    found = Evidence(
        mirror=world.mirror.documents(),
        mails=list(world.mail.mails),
        pushed=world.push.pushed(),
        written=world.chats.written(),
        dead=_dead(world),
        queues=world.waiting(),
        outboxes=world.unsent(),
    )
    for part, place in COLLECTIONS.items():
        # MK's own is given above: this one is no service's
        if part != "mirror":
            setattr(found, part, world.store.documents(*place))
    for customer_id in world.customers:
        for status in ("pending", "closed"):
            for line in await world.workload.app.tickets(customer_id, status):
                found.shown[line.protocol] = line.model_dump(mode="json")
    found.down = [f"{name} ({missing})" for name, missing in (await unready(world)).items()]
    return found


def _dead(world: World) -> list[DeadLetter]:
    return [
        DeadLetter(
            service,
            str(entry.message.headers.get(MARK, "")),
            str(entry.message.headers.get(headers.REASON, "given up by the broker")),
            entry.message.type,
        )
        for service in topology.LISTENS
        for entry in world.broker.queues[topology.dead_queue(service)].entries
    ]
