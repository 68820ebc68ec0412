"""Writes down what a release says, reads and stores, by running it: `python -m tests.upgrades.record FOLDER`.

Run once, in the release's own tree (copy this file there), and never again: later code is held against what is written.
"""

import asyncio
import hashlib
import importlib
import inspect
import json
import sys
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bson import json_util
from bson.binary import UuidRepresentation
from pydantic import BaseModel

from chassis.service import Service
from contracts import feedback, mk, notifier, tickets, topology
from contracts.catalogue import all_requests, messages
from contracts.requests import SubmitContact, SubmitEvaluation
from contracts.rpc import Reply
from tests.eventually import eventually
from tests.infra import shared_infra
from tests.smtp import Mailbox
from tests.system import LONG_AGO, System, emitted

NAMES = ("contacts", "tickets", "notifier", "feedback")
STORED = json_util.JSONOptions(
    json_mode=json_util.JSONMode.CANONICAL, uuid_representation=UuidRepresentation.STANDARD, tz_aware=True
)
"""How documents are written down: exactly, types and all."""

EXAMPLES = Path(__file__).parents[2] / "contracts" / "examples"


def the_wire() -> dict[str, Any]:
    """Every model of the wire as a JSON schema, under its name on the wire."""
    models: dict[str, type[BaseModel]] = {message.routing_key(): message for message in messages()}
    models |= {f"{request.queue()} {request.name()}": request for request in all_requests()}
    return {name: model.model_json_schema() for name, model in (models | {"Reply": Reply}).items()}


def the_topology() -> dict[str, Any]:
    """Exchanges and queues, with what can't be changed of them."""
    return {
        "exchanges": sorted(topology.EXCHANGES),
        "queues": {
            queue.name: {
                "service": queue.service,
                "kind": queue.kind,
                "arguments": dict(queue.arguments),
                "bindings": sorted(map(list, queue.bindings)),
            }
            for queue in topology.queues()
        },
    }


def the_steps() -> dict[str, list[list[str]]]:
    """Every service's migrations, each with a digest of its code; none in a release that had none."""
    found = {}
    for name in NAMES:
        try:
            steps = importlib.import_module(f"services.{name}.migrations").STEPS
        except ModuleNotFoundError:
            steps = ()
        found[name] = [[step.__name__, hashlib.sha256(inspect.getsource(step).encode()).hexdigest()] for step in steps]
    return found


def the_examples() -> dict[str, Any]:
    """The golden examples that the release was published with."""
    return {str(path.relative_to(EXAMPLES)): json.loads(path.read_text()) for path in sorted(EXAMPLES.rglob("*.json"))}


async def start(system: System, mailbox: Mailbox) -> None:
    """Start one replica of every service."""
    for name in NAMES:
        build: Callable[..., Service] = importlib.import_module(f"services.{name}.app").build
        settings = importlib.import_module(f"services.{name}.settings").Settings
        await system.run(build, settings, smtp_url=mailbox.url, link_secret="s" * 32)


def registers() -> list[mk.CustomerSaved | mk.SectorSaved | mk.PersonGroupSaved | mk.SacOptionsSaved]:
    """What MK tells first."""
    connection = {"connection_id": "c1", "label": "Fibra", "address": "Rua Um, 1", "active": True}
    ana: dict[str, Any] = {
        "customer_id": "ana",
        "name": "Ana",
        "email": "ana@cliente.example",
        "person_group_id": "rural",
    }
    leo: dict[str, Any] = {"customer_id": "leo", "name": "Leo", "email": None, "connections": []}
    sector: dict[str, Any] = {
        "sector_id": "tecnico",
        "name": "Técnico",
        "responsible_email": "tecnico@provedor.example",
    }
    return [
        emitted(mk.SacOptionsSaved, mobile_menu=["tickets", "contacts"]),
        emitted(mk.PersonGroupSaved, person_group_id="rural", name="Rural", process="Suporte"),
        emitted(mk.SectorSaved, **sector, generate_ticket=True, default_notification_level="all"),
        emitted(mk.SectorSaved, sector_id="comercial", name="Comercial", generate_ticket=False),
        emitted(mk.CustomerSaved, **ana, connections=[connection]),
        emitted(mk.CustomerSaved, **leo),
    ]


async def a_contact(system: System, customer: str, sector: str, *, text: str) -> str:
    """Write to a sector, and give the contact's id."""
    command = SubmitContact(
        request_id=uuid.uuid4(), correlation_id="app", customer_id=customer, sector_id=sector, text=text
    )
    answered = await system.answer(command)
    return str(answered["contact_id"])


async def the_life(system: System) -> None:
    """A contact that becomes a ticket, worked on, closed and rated; one without a ticket; a ticket still open."""
    await system.publish(*registers())
    await eventually(lambda: _knows(system))
    contact = await a_contact(system, "ana", "tecnico", text="Sem conexão")
    await a_contact(system, "leo", "comercial", text="Quero mudar de plano")
    (opened,) = await eventually(lambda: system.received_of(tickets.TicketOpened, contact_id=contact) or None)
    ticket = opened["ticket_id"]
    await system.publish(
        emitted(mk.ServiceOrderCreated, ticket_id=ticket, service_order_id="o1", scheduled_for=LONG_AGO),
        emitted(mk.PhaseChanged, ticket_id=ticket, process="Suporte", phase="Visita", customer_label="Visita marcada"),
        emitted(mk.ResponsibleAdded, ticket_id=ticket, responsible_id="r1", name="Rui Melo", team="Campo"),
        emitted(mk.DefectFound, ticket_id=ticket, defect_found="Cabo rompido"),
        *(_opened_by_an_operator(name) for name in ("open", "waiting")),
    )
    now = system.services[0].clock()
    for one in (ticket, "waiting"):
        closing = {"ticket_id": one, "closed_by": "Rui", "request_evaluation": True}
        await system.publish(emitted(mk.TicketClosed, at=now, **closing))
    asked = await eventually(
        lambda: found if len(found := system.received_of(feedback.EvaluationRequested)) == 2 else None
    )
    await system.answer(_answer_to(next(one for one in asked if one["ticket_id"] == ticket)))
    await system.publish(emitted(mk.PhaseChanged, ticket_id="not opened yet", process="Suporte", phase="Triagem"))
    await eventually(lambda: len(system.received_of(notifier.NotificationSent, channel="email")) >= 3 or None)
    await system.quiet()


def _opened_by_an_operator(ticket_id: str) -> mk.TicketOpened:
    more: dict[str, Any] = {"complaint": "Lentidão", "notification_level": "all", "opened_by": "Rui"}
    return emitted(mk.TicketOpened, ticket_id=ticket_id, customer_id="ana", sector_id="tecnico", **more)


def _answer_to(asked: dict[str, Any]) -> SubmitEvaluation:
    known = {"customer_id": "ana", "evaluation_id": asked["evaluation_id"]}
    return SubmitEvaluation.model_validate({"request_id": uuid.uuid4(), **known, "score": 4, "comment": "Demorou"})


async def _knows(system: System) -> bool:
    ask = SubmitContact(request_id=uuid.uuid4(), customer_id="leo", sector_id="comercial", text="Oi")
    return (await system.ask(ask)).problem is None


async def the_store(system: System) -> dict[str, Any]:
    """Every document and every index of every service."""
    found: dict[str, Any] = {}
    for service in system.services:
        await service.outbox.clear()
        found[service.name] = {
            name: {
                "documents": [one async for one in service.database[name].find({}).sort("_id", 1)],
                "indexes": sorted(await service.database[name].index_information()),
            }
            for name in sorted(await service.database.list_collection_names())
        }
    return found


async def record(folder: Path) -> None:
    """Run the release and write everything down."""
    infra = shared_infra()
    broker, prefix = infra.broker(), f"record-{uuid.uuid4().hex[:8]}"
    system = System(amqp_url=broker.make_vhost(prefix), mongo_url=infra.mongo_url(), database_prefix=f"{prefix}_")
    mailbox = Mailbox()
    mailbox.start()
    await system.open()
    try:
        await start(system, mailbox)
        await the_life(system)
        stored = await the_store(system)
        kept = {"examples": the_examples(), "wire": the_wire(), "topology": the_topology(), "steps": the_steps()}
        for name, what in (kept | {"said": system.received}).items():
            (folder / f"{name}.json").write_text(json.dumps(what, indent=1, ensure_ascii=False, sort_keys=True) + "\n")
        canonical = json_util.dumps(stored, json_options=STORED, indent=1, ensure_ascii=False)
        (folder / "stored.json").write_text(canonical + "\n")
    finally:
        for service in system.services:
            await service.client.drop_database(service.database.name)
        await system.close()
        mailbox.stop()
        broker.drop_vhost(prefix)
        infra.stop()


if __name__ == "__main__":
    asyncio.run(record(Path(sys.argv[1])))
