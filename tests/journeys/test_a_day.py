"""What customers and operators live through, over HTTP, the broker, the database and real mails."""

import random
from datetime import UTC, datetime, timedelta
from typing import Any

from contracts import contacts, mk, tickets
from contracts.message import Message
from tests.eventually import eventually
from tests.journeys.provider import ANA, BIA, Provider, link_in
from tests.system import emitted

NOW = datetime.now(UTC)


async def both_mails(provider: Provider, protocol: str) -> bool:
    return len([mail for mail in provider.mailbox.messages if protocol in mail["Subject"]]) >= 2


async def inbox_types(provider: Provider, customer: str) -> list[str]:
    return [item["type"] for item in await provider.inbox(customer)]


async def test_a_contact_becomes_a_ticket_is_followed_closed_and_rated(provider: Provider) -> None:
    await provider.start()

    protocol = (await provider.write(ANA)).json()["protocol"]
    ticket = await provider.ticket_of(protocol)
    (opened,) = provider.system.received_of(tickets.TicketOpened)
    assert (opened["process"], opened["process_from"]) == ("Processo VIP", "person_group:vip")
    assert (opened["classification"], opened["classification_from"]) == ("Sem conexão", "sector:tecnico")
    await eventually(lambda: both_mails(provider, protocol))

    await provider.system.publish(
        emitted(mk.ServiceOrderCreated, at=datetime.now(UTC), ticket_id=ticket, service_order_id="os1"),
        emitted(
            mk.TicketClosed,
            at=datetime.now(UTC) + timedelta(seconds=1),
            ticket_id=ticket,
            closed_by="joana",
            request_evaluation=True,
            defect_found="Conector oxidado",
        ),
    )
    expected = ["evaluation_requested", "service_order_created", "ticket_opened"]
    await eventually(lambda: inbox_is(provider, ANA, expected))
    mail = await eventually(
        lambda: [one for one in provider.mailbox.to("ana@cliente.example") if has_link(one)] or None
    )

    browser = provider.app(ANA)
    del browser.headers["Authorization"]
    path = link_in(mail[0])
    assert (await browser.get(path)).status_code == 200
    assert (await browser.post(path, data={"score": "3", "comment": " "})).status_code == 422
    assert (await browser.post(path, data={"score": "3", "comment": "Demorou"})).status_code in {200, 201}
    assert (await browser.post(path, data={"score": "5"})).status_code == 409

    shown = (await provider.app(ANA).get(f"/v1/tickets/{protocol}")).json()
    assert (shown["status"], shown["defect_found"]) == ("closed", "Conector oxidado")
    assert (await provider.app(ANA).get("/v1/tickets")).json()["items"] == []
    assert (await provider.app(ANA).get("/v1/evaluations")).json() == []
    assert (await provider.app(BIA).get(f"/v1/tickets/{protocol}")).status_code == 404
    await provider.system.quiet()
    assert await inbox_types(provider, ANA) == expected


def has_link(mail: Any) -> bool:  # noqa: ANN401 - a mail
    return "/avaliacao/" in mail.get_body(("plain",)).get_content()


async def inbox_is(provider: Provider, customer: str, types: list[str]) -> bool:
    return await inbox_types(provider, customer) == types


async def test_r12_a_double_tap_is_one_contact_one_ticket_and_one_pair_of_mails(provider: Provider) -> None:
    await provider.start(replicas=2)

    answers = [(await provider.write(ANA, key="tap")).json() for _ in range(3)]

    assert len({answer["contact_id"] for answer in answers}) == 1
    await eventually(lambda: len(provider.mailbox.messages) >= 2)
    await provider.system.quiet()
    assert len(provider.mailbox.messages) == 2
    assert len({body["ticket_id"] for body in provider.system.received_of(tickets.TicketOpened)}) == 1


async def test_everything_three_times_in_any_order_on_two_replicas_each_is_told_once(provider: Provider) -> None:
    await provider.start(replicas=2)
    moments = iter(NOW + timedelta(seconds=n) for n in range(100))
    story: list[Message] = [
        emitted(
            mk.TicketOpened,
            at=next(moments),
            ticket_id="t1",
            customer_id=ANA,
            complaint="Lenta",
            notification_level="all",
            opened_by="joana",
        ),
        *(
            emitted(mk.ServiceOrderCreated, at=next(moments), ticket_id="t1", service_order_id=f"os{n}")
            for n in range(5)
        ),
        emitted(mk.PhaseChanged, at=next(moments), ticket_id="t1", process="P", phase="Campo"),
        emitted(mk.PhaseChanged, at=next(moments), ticket_id="t1", process="P", phase="Interna", visible=False),
        emitted(mk.ResponsibleAdded, at=next(moments), ticket_id="t1", responsible_id="r1", name="Carlos Souza"),
        emitted(mk.DefectFound, at=next(moments), ticket_id="t1", defect_found="Cabo"),
        emitted(mk.TicketClosed, at=next(moments), ticket_id="t1", closed_by="joana"),
        emitted(mk.TicketReopened, at=next(moments), ticket_id="t1"),
        emitted(mk.TicketClosed, at=next(moments), ticket_id="t1", closed_by="joana", request_evaluation=True),
    ]
    shuffled = story * 3
    random.Random(7).shuffle(shuffled)

    await provider.system.publish(*shuffled)

    once = ["ticket_opened", "phase_changed", "responsible_added", "ticket_closed", "ticket_reopened"]
    expected = sorted([*once, "evaluation_requested", *["service_order_created"] * 5])

    async def all_told() -> bool:
        return sorted(await inbox_types(provider, ANA)) == expected

    await eventually(all_told)
    await provider.system.quiet()
    assert await all_told()
    (shown,) = (await provider.app(ANA).get("/v1/tickets", params={"status": "closed"})).json()["items"]
    assert (shown["defect_found"], shown["phase"]) == ("Cabo", "Campo")
    for service in ("contacts", "tickets", "notifier", "feedback"):
        assert await provider.system.dead(service) == []


async def test_r13_a_contact_waits_while_contacts_is_down_and_is_handled_when_it_returns(provider: Provider) -> None:
    await provider.start()
    await provider.stop(provider.of("contacts"))

    answer = await provider.write(ANA, key="bad-network", wait=0)

    assert answer.status_code == 202, answer.text
    assert answer.json()["state"] == "queued"
    await provider.run("contacts")
    await eventually(lambda: len(provider.mailbox.messages) == 2)
    again = (await provider.write(ANA, key="bad-network")).json()
    assert again["contact_id"] == answer.json()["contact_id"]
    assert again["protocol"]


async def test_r8_a_sector_without_tickets_gets_its_mail_and_nothing_else(provider: Provider) -> None:
    await provider.start()

    contact = (await provider.write(ANA, wait=0, sector_id="comercial")).json()["contact_id"]

    await eventually(lambda: len(provider.mailbox.messages) == 2)
    await eventually(lambda: state_is(provider, contact, "emailed"))
    await provider.system.quiet()
    assert provider.system.received_of(tickets.TicketOpened) == []
    assert provider.system.received_of(contacts.TicketRequested) == []
    assert await inbox_types(provider, ANA) == ["contact_received"]


async def state_is(provider: Provider, contact: str, state: str) -> bool:
    answer = await provider.app(ANA).get(f"/v1/contacts/{contact}")
    assert answer.is_success, answer.text
    return bool(answer.json()["state"] == state)


async def test_what_customers_write_stays_text_everywhere(provider: Provider) -> None:
    await provider.start()

    answer = await provider.write(BIA, connection_id="c2", text="<script>alert('x')</script>\r\nBcc: eva@x.example")

    await eventually(lambda: both_mails(provider, answer.json()["protocol"]))
    for mail in provider.mailbox.messages:
        html = mail.get_body(("html",))
        assert html is not None
        assert "<script" not in html.get_content()
        assert mail["Bcc"] is None
        assert len(mail.recipients) == 1


async def test_restarting_every_service_loses_and_doubles_nothing(provider: Provider) -> None:
    await provider.start()
    keys = [f"k{n}" for n in range(12)]

    for n, key in enumerate(keys):
        await provider.write(ANA, key=key, wait=0)
        if n % 3 == 0:
            name = ("contacts", "tickets", "notifier", "feedback")[n // 3]
            await provider.stop(provider.of(name))
            await provider.run(name)

    async def all_have_protocols() -> bool:
        answers = [(await provider.write(ANA, key=key, wait=0)).json() for key in keys]
        return all(answer.get("protocol") for answer in answers)

    await eventually(all_have_protocols)
    await eventually(lambda: len(provider.mailbox.messages) >= 24)
    await provider.system.quiet()
    assert len(provider.mailbox.messages) == 24
    assert len((await provider.app(ANA).get("/v1/tickets", params={"limit": 100})).json()["items"]) == 12
