"""The notifier as a whole on real parts: happy, duplicate, out of order, poison, and two replicas at once."""

import random
from uuid import uuid4

import pytest

from contracts import mk, tickets
from contracts.message import Message
from contracts.notifier import ContactAcknowledged, NotificationSent
from contracts.operating import ExplainTicket
from contracts.requests import ListNotifications, MarkNotificationRead
from services.notifier.decide.domain import CARRIES, OPTIONAL
from tests.eventually import eventually
from tests.services.notifier.world import (
    ANA,
    EVALUATION,
    PROTOCOL,
    SECTOR,
    a_closing,
    a_contact,
    a_notifier,
    a_request,
    a_step,
    an_opening,
    ana,
    explanation,
    inbox,
    inbox_types,
)
from tests.smtp import Mailbox
from tests.system import LONG_AGO, System, emitted


def a_whole_life(level: str) -> list[Message]:
    """Everything that happens to a ticket of Ana's, in order."""
    steps = {"level": level}
    return [
        an_opening(level=level),
        a_step(tickets.ServiceOrderCreated, minute=10, service_order_id="so1", scheduled_for=LONG_AGO, **steps),
        a_step(tickets.PhaseChanged, minute=20, process="Suporte", phase="visita", customer_label="Visita", **steps),
        a_step(tickets.PhaseChanged, minute=21, process="Suporte", phase="fila", visible=False, **steps),
        a_step(tickets.ResponsibleAdded, minute=30, responsible_id="r1", name="Rui Melo", **steps),
        a_step(tickets.DefectFound, minute=35, defect_found="Fibra rompida", **steps),
        a_closing(minute=40, level=level),
        a_step(tickets.TicketReopened, minute=45, **steps),
        a_closing(minute=50, level=level, request_evaluation=True),
        a_request(minute=51),
    ]


INBOX = {
    "none": ["evaluation_requested"],
    "start_end": ["evaluation_requested", "ticket_reopened", "ticket_closed", "ticket_opened"],
    "all": [
        "evaluation_requested",
        "ticket_reopened",
        "ticket_closed",
        "responsible_added",
        "phase_changed",
        "service_order_created",
        "ticket_opened",
    ],
}


@pytest.mark.parametrize("level", ["none", "start_end", "all"])
async def test_r15_a_ticket_s_life_reaches_the_inbox_as_its_level_says_in_any_order(
    system: System, mailbox: Mailbox, level: str
) -> None:
    await a_notifier(system, mailbox)
    await system.publish(ana())
    life = a_whole_life(level)
    shuffled = random.sample(life * 2, k=2 * len(life))

    await system.publish(*shuffled)

    await eventually(lambda: decided(system, len(CARRIES) * len(life)))
    await system.quiet()
    page = await inbox(system)
    assert [item["type"] for item in page["items"]] == INBOX[level]
    assert page["unread"] == len(INBOX[level])
    assert len(system.received_of(NotificationSent, channel="inbox")) == len(INBOX[level])


async def decided(system: System, lines: int) -> bool:
    reply = await system.ask(ExplainTicket(request_id=uuid4(), protocol=PROTOCOL))
    return isinstance(reply.ok, list) and len(reply.ok) == lines


async def test_r4_the_inbox_names_the_team_or_the_first_name_and_the_phase_s_customer_label(
    system: System, mailbox: Mailbox
) -> None:
    await a_notifier(system, mailbox)

    await system.publish(
        a_step(tickets.ResponsibleAdded, minute=1, responsible_id="r1", name="Rui Melo"),
        a_step(tickets.ResponsibleAdded, minute=2, responsible_id="r2", name="Eva Lima", team="Equipe Norte"),
        a_step(tickets.PhaseChanged, minute=3, process="Suporte", phase="FASE-7", customer_label="Visita marcada"),
    )

    await eventually(lambda: has_items(system, 3))
    phase, team, person = [item["body"] for item in (await inbox(system))["items"]]
    assert "Visita marcada" in phase
    assert team.startswith("Equipe Norte agora")
    assert person.startswith("Rui agora")


async def has_items(system: System, count: int) -> bool:
    return len(await inbox_types(system)) == count


async def test_r11_the_ticket_before_its_contact_and_everything_twice_gives_each_mail_once(
    system: System, mailbox: Mailbox
) -> None:
    await a_notifier(system, mailbox)
    contact = a_contact()
    opening = an_opening(contact.contact_id, level="none")

    await system.publish(opening, opening, contact, contact, opening)

    await eventually(lambda: len(mailbox.messages) == 2)
    await system.quiet()
    assert sorted(message.recipients[0] for message in mailbox.messages) == sorted([ANA, SECTOR])
    assert await inbox_types(system) == ["contact_received"]
    assert PROTOCOL in (await inbox(system))["items"][0]["body"]


async def test_r11_a_contact_to_a_sector_without_tickets_is_told_at_once(system: System, mailbox: Mailbox) -> None:
    await a_notifier(system, mailbox)

    await system.publish(a_contact(generate_ticket=False))

    await eventually(lambda: len(mailbox.messages) == 2)
    await eventually(lambda: has_items(system, 1))
    assert await inbox_types(system) == ["contact_received"]


async def test_r18_two_replicas_and_everything_said_three_times_give_one_of_each(
    system: System, mailbox: Mailbox
) -> None:
    await a_notifier(system, mailbox)
    await a_notifier(system, mailbox)
    await system.publish(ana())
    asked = [a_contact() for _ in range(5)]
    others = [a_contact(generate_ticket=False) for _ in range(5)]
    openings = [
        an_opening(contact.contact_id).model_copy(update={"ticket_id": f"t{number}", "protocol": f"{number}"})
        for number, contact in enumerate(asked)
    ]
    everything = [*asked, *others, *openings, a_closing().model_copy(update={"ticket_id": "t0"})] * 3
    random.shuffle(everything)

    await system.publish(*everything)

    await eventually(lambda: len(mailbox.messages) == 20)
    await eventually(lambda: has_items(system, 11))
    await system.quiet()
    assert len({message["Message-ID"] for message in mailbox.messages}) == len(mailbox.messages) == 20
    assert sorted(await inbox_types(system)) == ["contact_received"] * 5 + ["ticket_closed"] + ["ticket_opened"] * 5
    # what a crash or a race has said twice is one event, by its id
    assert len({word["event_id"] for word in system.received_of(NotificationSent)}) == 31
    assert await system.dead("notifier") == []


async def test_r16_an_evaluation_request_goes_to_inbox_and_mail_with_what_opens_it(
    system: System, mailbox: Mailbox
) -> None:
    await a_notifier(system, mailbox)
    await system.publish(ana())
    await eventually(lambda: knows_ana(system))

    await system.publish(an_opening(), a_closing(request_evaluation=True), a_request())

    await eventually(lambda: len(mailbox.to(ANA)) == 1)
    await eventually(lambda: has_items(system, 2))
    item = (await inbox(system))["items"][0]
    assert (item["type"], item["evaluation_id"], item["protocol"]) == (
        "evaluation_requested",
        str(EVALUATION),
        PROTOCOL,
    )
    assert item["body"].startswith(f"O atendimento {PROTOCOL} foi encerrado.")


async def knows_ana(system: System) -> bool:
    return bool(await system.services[0].database["customers"].find_one({"_id": "ana"}))


async def test_r17_an_operator_reads_every_decision_and_how_it_ended(system: System, mailbox: Mailbox) -> None:
    await a_notifier(system, mailbox)
    contact = a_contact(sector_email=None)
    order = a_step(tickets.ServiceOrderCreated, service_order_id="so1", level="start_end")

    await system.publish(contact, an_opening(contact.contact_id), order)

    await eventually(lambda: len(mailbox.messages) == 1)
    await eventually(lambda: decided(system, 5 + 2 * 4))
    await eventually(lambda: len(system.received_of(NotificationSent)) == 2)
    lines = {
        (line["type"], line["channel"], line["recipient"]): (line["decision"], line["reason"], line["state"])
        for line in await explanation(system)
    }
    assert lines == {
        ("ContactReceived.v1", "email", "customer"): ("send", "always told", "sent"),
        ("ContactReceived.v1", "email", "sector"): ("skip", "no address", None),
        ("ContactReceived.v1", "inbox", "customer"): ("skip", "told in the ticket's opening", None),
        ("TicketOpened.v1", "inbox", "customer"): ("send", "level start_end", "sent"),
        ("TicketOpened.v1", "email", "customer"): ("skip", "not carried by email", None),
        ("ServiceOrderCreated.v1", "inbox", "customer"): ("skip", "level start_end", None),
        ("ServiceOrderCreated.v1", "email", "customer"): ("skip", "not carried by email", None),
        **{
            (event, channel, "customer"): ("skip", reason.format(channel), None)
            for channel in OPTIONAL
            for event, reason in (
                ("ContactReceived.v1", "not carried by {}"),
                ("TicketOpened.v1", "not set up"),
                ("ServiceOrderCreated.v1", "not set up"),
            )
        },
    }
    problem = await system.problem(ExplainTicket(request_id=uuid4(), protocol="20260105999999"))
    assert problem.status == 404


async def test_the_inbox_is_turned_page_by_page_and_read_once(system: System, mailbox: Mailbox) -> None:
    await a_notifier(system, mailbox)
    await system.publish(*(a_step(tickets.TicketReopened, minute=minute) for minute in (1, 2, 2, 3, 3)))
    await eventually(lambda: has_items(system, 5))

    first = await inbox(system, limit=2)
    second = await inbox(system, limit=2, cursor=first["next_cursor"])
    third = await inbox(system, limit=2, cursor=second["next_cursor"])

    items = [*first["items"], *second["items"], *third["items"]]
    assert items == (await inbox(system))["items"]
    assert len({item["id"] for item in items}) == 5
    assert third["next_cursor"] is None
    read = MarkNotificationRead(request_id=uuid4(), customer_id="ana", notification_id=items[0]["id"])
    for _ in range(2):
        assert (await system.answer(read))["read"] is True
    page = await inbox(system)
    assert (page["unread"], page["items"][0]["read"], page["items"][1]["read"]) == (4, True, False)
    foreign = read.model_copy(update={"customer_id": "rui", "request_id": uuid4()})
    assert (await system.problem(foreign)).status == 404


@pytest.mark.parametrize("cursor", ["?", "YWJj", "é", "MjAyNi0wMS0wNVQxMjowMDowMHxh", "A" * 5000])
async def test_a_cursor_of_somebody_s_own_making_is_refused(system: System, mailbox: Mailbox, cursor: str) -> None:
    await a_notifier(system, mailbox)

    problem = await system.problem(ListNotifications(request_id=uuid4(), customer_id="ana", cursor=cursor))

    assert problem.status == 422
    assert problem.errors
    assert problem.errors[0].field == "cursor"


async def test_r27_an_erased_customer_leaves_decisions_and_states_and_nothing_personal(
    system: System, mailbox: Mailbox
) -> None:
    await a_notifier(system, mailbox)
    contact = a_contact(text="Segredo da Ana")
    opening = an_opening(contact.contact_id)
    await system.publish(ana(), contact, opening)
    await eventually(lambda: len(mailbox.messages) == 2)
    await eventually(lambda: has_items(system, 1))
    await eventually(lambda: outboxes_are_clear(system))
    # after both mails were noted as sent
    await eventually(lambda: system.received_of(ContactAcknowledged))
    before = await explanation(system)

    await system.publish(emitted(mk.CustomerErased, customer_id="ana", at=LONG_AGO.replace(year=2027)))

    await eventually(lambda: is_blank(system))
    stored = str(await everything_stored(system))
    for personal in ("Segredo", "Ana Souza", ANA):
        assert personal not in stored
    after = await explanation(system)
    assert [(line["decision"], line["state"]) for line in after] == [
        (line["decision"], line["state"]) for line in before
    ]

    await system.publish(a_contact(text="Outro segredo"), a_closing())
    await eventually(lambda: decided(system, 5 + 2 * 4))
    await system.quiet()
    assert len(mailbox.messages) == 2
    assert "segredo" not in str(await everything_stored(system))


async def is_blank(system: System) -> bool:
    return not (await inbox(system))["items"]


async def everything_stored(system: System) -> list[object]:
    database = system.services[0].database
    return [document for name in await database.list_collection_names() async for document in database[name].find({})]


async def outboxes_are_clear(system: System) -> bool:
    database = system.services[0].database
    left = [await database[name].count_documents({"outbox.0": {"$exists": True}}) for name in ("contacts", "tickets")]
    return left == [0, 0]


async def test_poison_is_a_dead_letter_with_its_reason_and_stops_nothing(system: System, mailbox: Mailbox) -> None:
    await a_notifier(system, mailbox)

    await system.publish_raw("atendo", "contacts.contact_received.v1", b"{not json", type="ContactReceived.v1")
    await system.publish_raw("atendo", "notifier.email_due.v1", b"{}", type="EmailDue.v1")
    await system.publish_raw("atendo", "notifier.inbox_due.v1", b"[]", type="InboxDue.v9")
    await system.publish(a_contact(generate_ticket=False))

    await eventually(lambda: len(mailbox.messages) == 2)
    await eventually(lambda: depth_is(system, "notifier.dead", 3))
    reasons = sorted(str(letter.headers["x-atendo-reason"]) for letter in await system.dead("notifier"))
    assert reasons == ["unknown_type", "unreadable", "unreadable"]


async def depth_is(system: System, queue: str, depth: int) -> bool:
    return await system.depth(queue) == depth
