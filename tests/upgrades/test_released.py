"""What a released version said, and what it stored, is read and carried on by today's."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from bson import json_util
from pydantic import BaseModel

from chassis.persistence.migrations import NOTED
from chassis.persistence.mongo import Database
from contracts import feedback, mk, notifier, tickets
from contracts.catalogue import all_requests, messages
from contracts.operating import ExplainTicket
from contracts.requests import (
    GetContact,
    GetContactForm,
    GetTicket,
    ListEvaluations,
    ListNotifications,
    ListTickets,
    SubmitEvaluation,
)
from contracts.rpc import Reply
from tests.contracts.losses import missing
from tests.eventually import eventually
from tests.smtp import Mailbox
from tests.system import System, emitted
from tests.upgrades.record import NAMES, STORED, a_contact, start
from tests.upgrades.today import as_asked_today

RELEASES = sorted(Path(__file__).parent.glob("v[0-9]*"))
MODELS: dict[str, type[BaseModel]] = {
    **{f"{message.publisher}/{message.type_name()}": message for message in messages()},
    **{f"requests/{request.name()}": request for request in all_requests()},
    "requests/reply_ok": Reply,
    "requests/reply_problem": Reply,
}


def examples() -> list[Any]:
    return [
        pytest.param(name, example, id=f"{folder.name}/{name}")
        for folder in RELEASES
        for name, example in json.loads((folder / "examples.json").read_text()).items()
    ]


@pytest.mark.parametrize(("name", "example"), examples())
def test_a_released_example_is_read_without_loss(name: str, example: dict[str, Any]) -> None:
    model = MODELS[name.removesuffix(".json").removesuffix(".minimal")]

    read = model.model_validate_json(json.dumps(example)).model_dump(mode="json")

    assert missing(example, read) == []


@pytest.mark.parametrize("folder", RELEASES, ids=lambda folder: folder.name)
def test_what_a_release_really_said_is_read_without_loss(folder: Path) -> None:
    types = {message.routing_key(): message for message in messages()}
    spoken = json.loads((folder / "said.json").read_text())

    lost = {
        one["key"]: missing(one["body"], types[one["key"]].model_validate(one["body"]).model_dump(mode="json"))
        for one in spoken
    }

    assert len(spoken) > 40
    assert {key: what for key, what in lost.items() if what} == {}


class Upgraded:
    """Today's services on databases that a release left behind."""

    def __init__(self, system: System, stored: dict[str, Any], release: Path) -> None:
        self.system = system
        self.release = release
        self.stored = stored

    def documents(self, service: str, collection: str) -> list[dict[str, Any]]:
        """What the release stored."""
        found: list[dict[str, Any]] = self.stored[service][collection]["documents"]
        return found

    def database(self, service: str) -> Database:
        """Where today's version finds it."""
        return next(one.database for one in self.system.services if one.name == service)

    def ticket(self, of: str) -> dict[str, Any]:
        """A stored ticket: `contact` or `operator` tells who opened it."""
        opened = [one for one in self.documents("tickets", "tickets") if one["openings"]]
        return next(one for one in opened if one["openings"][0]["origin"] == of)


async def load(stored: dict[str, Any], system: System) -> None:
    """Put the documents where they were."""
    service = system.services[0]
    for name, collections in stored.items():
        database = service.client.get_database(
            f"{system.environment['database_prefix']}{name}", codec_options=service.database.codec_options
        )
        for collection, kept in collections.items():
            # what was migrated there is not: the indexes are made anew here
            if collection != NOTED:
                await database[collection].insert_many(kept["documents"])


@pytest.fixture(params=RELEASES, ids=lambda folder: folder.name)
async def upgraded(system: System, mailbox: Mailbox, request: pytest.FixtureRequest) -> Upgraded:
    stored = json_util.loads((request.param / "stored.json").read_text(), json_options=STORED)
    evaluations = stored["feedback"]["evaluations"]
    evaluations["documents"] = [as_asked_today(one) for one in evaluations["documents"]]
    await start(system, mailbox)
    for name in NAMES:
        await system.services[0].client.drop_database(f"{system.environment['database_prefix']}{name}")
    await load(stored, system)
    for service in system.services:
        assert service.migrations is not None
        await service.migrations.settle(service.database)
    return Upgraded(system, stored, request.param)


async def test_the_old_indexes_are_there_again(upgraded: Upgraded) -> None:
    for name, collections in upgraded.stored.items():
        for collection, kept in collections.items():
            there = await upgraded.database(name)[collection].index_information()
            assert set(kept["indexes"]) <= set(there), (name, collection)


async def test_every_old_contact_ticket_and_item_is_found(upgraded: Upgraded) -> None:
    system = upgraded.system
    for contact in upgraded.documents("contacts", "contacts"):
        found = await system.answer(
            GetContact(request_id=uuid4(), customer_id=contact["customer_id"], contact_id=contact["_id"])
        )
        assert found.get("protocol") == contact["protocol"]

    listed = [
        item["protocol"]
        for status in ("pending", "closed")
        for item in (await system.answer(ListTickets(request_id=uuid4(), customer_id="ana", status=status)))["items"]
    ]
    opened = [one for one in upgraded.documents("tickets", "tickets") if one["openings"]]
    assert sorted(listed) == sorted(one["protocol"] for one in opened)
    for protocol in listed:
        page = await system.answer(GetTicket(request_id=uuid4(), customer_id="ana", protocol=protocol))
        assert page["timeline"]
        assert await system.answer(ExplainTicket(request_id=uuid4(), protocol=protocol))

    inbox = await system.answer(ListNotifications(request_id=uuid4(), customer_id="ana", limit=100))
    items = [one for one in upgraded.documents("notifier", "deliveries") if one["channel"] == "inbox"]
    assert len(inbox["items"]) == len([one for one in items if one["customer_id"] == "ana"]) > 0
    form = await system.answer(GetContactForm(request_id=uuid4(), customer_id="ana"))
    assert [one["sector_id"] for one in form["sectors"]] == ["comercial", "tecnico"]


async def test_an_old_ticket_goes_on_and_new_protocols_are_new(upgraded: Upgraded) -> None:
    system, ticket = upgraded.system, upgraded.ticket("operator")
    old = {one["protocol"] for one in upgraded.documents("tickets", "tickets") if one["openings"]}

    await system.publish(
        emitted(mk.PhaseChanged, ticket_id=ticket["_id"], process="Suporte", phase="Fim", customer_label="Fim")
    )
    contact = await a_contact(system, "ana", "tecnico", text="Ainda sem conexão")

    (published,) = await eventually(lambda: system.received_of(tickets.PhaseChanged, ticket_id=ticket["_id"]) or None)
    assert published["protocol"] == ticket["protocol"]
    assert published["version"] > ticket["version"]
    (opened,) = await eventually(lambda: system.received_of(tickets.TicketOpened, contact_id=contact) or None)
    assert opened["protocol"] not in old


async def test_what_waited_for_its_opening_still_takes_effect(upgraded: Upgraded) -> None:
    system, more = upgraded.system, {"complaint": "Lentidão", "notification_level": "all", "opened_by": "Rui"}

    opening = mk.TicketOpened.model_validate(
        emitted(mk.TicketOpened, ticket_id="not opened yet", customer_id="ana", **more).model_dump()  # type: ignore[arg-type]
    )
    await system.publish(opening)

    await eventually(lambda: system.received_of(tickets.PhaseChanged, ticket_id="not opened yet") or None)


async def test_an_evaluation_that_was_asked_for_can_be_answered_and_an_answer_stands(upgraded: Upgraded) -> None:
    system = upgraded.system
    waiting = await system.answer(ListEvaluations(request_id=uuid4(), customer_id="ana"))
    answered = next(one for one in upgraded.documents("feedback", "evaluations") if one["answer"])

    def answer(evaluation: object, score: int) -> SubmitEvaluation:
        known = {"customer_id": "ana", "evaluation_id": UUID(str(evaluation))}
        return SubmitEvaluation.model_validate({"request_id": uuid4(), **known, "score": score, "comment": "Bom"})

    await system.answer(answer(waiting[0]["evaluation_id"], 5))

    assert len(waiting) == 1
    assert (await system.problem(answer(answered["_id"], 1))).status == 409
    (published,) = await eventually(lambda: system.received_of(feedback.EvaluationSubmitted) or None)
    assert published["evaluation_id"] == waiting[0]["evaluation_id"]


async def test_messages_of_the_release_that_come_again_change_nothing(upgraded: Upgraded) -> None:
    system = upgraded.system
    mails = [one for one in upgraded.documents("notifier", "deliveries") if one["channel"] == "email"]
    events = {message.routing_key(): message for message in messages()}
    spoken = json.loads((upgraded.release / "said.json").read_text())
    before = await counted(upgraded)

    await system.publish(*(events[one["key"]].model_validate(one["body"]) for one in spoken))
    await system.quiet()

    assert await counted(upgraded) == before
    assert len([one for one in mails if one["state"] == "sent"]) > 0
    for service in NAMES:
        assert await system.dead(service) == []


async def counted(upgraded: Upgraded) -> dict[str, Any]:
    """How many documents there are, and how many mails were sent."""
    found = {
        f"{name}.{collection}": await upgraded.database(name)[collection].count_documents({})
        for name, collections in upgraded.stored.items()
        for collection in collections
    }
    deliveries = upgraded.database("notifier")["deliveries"]
    return found | {"attempts": [one["attempts"] async for one in deliveries.find({"channel": "email"}).sort("_id", 1)]}


async def test_an_outbox_that_the_release_left_is_swept(upgraded: Upgraded) -> None:
    system, contacts = upgraded.system, upgraded.database("contacts")["contacts"]
    left = next(one for one in upgraded.documents("contacts", "contacts") if one.get("told"))
    await contacts.update_one({"_id": left["_id"]}, {"$set": {"outbox": left["told"]}})
    service = next(one for one in system.services if one.name == "contacts")

    swept = await service.sweeper.sweep(older_than=timedelta())

    assert swept == len(left["told"])
    await eventually(lambda: len(system.received) >= swept or None)
    assert system.received_of(notifier.NotificationFailed) == []
