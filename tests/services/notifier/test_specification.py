"""The whole notifier on fakes, in the customer's words: who is informed of what, once, and what becomes of it."""

import base64
from datetime import datetime, timedelta
from itertools import permutations
from uuid import uuid4

import pytest

from chassis.persistence import cursor
from contracts import mk, tickets
from contracts.notifier import (
    ContactAcknowledged,
    EmailDue,
    InboxDue,
    NotificationFailed,
    NotificationSent,
    NotificationSkipped,
)
from contracts.operating import ExplainContact
from contracts.replies import RecentNotifications
from contracts.requests import ListNotifications, ListRecentNotifications, MarkNotificationRead
from services.notifier.decide.domain import notification_id
from services.notifier.errors import MailRefused, MailServerAway
from tests.services.notifier.whole import Whole, plain
from tests.services.notifier.world import (
    ANA,
    PROTOCOL,
    SECTOR,
    a_closing,
    a_contact,
    a_reminder,
    a_request,
    a_step,
    a_withdrawal,
    an_answer,
    an_opening,
    ana,
)
from tests.system import LONG_AGO, emitted

PROMISE = "A equipe do setor vai responder em breve."
OFF = MailRefused("SMTP 550 5.1.1 (address): no such user", by_mailbox=True)
ERASED = emitted(mk.CustomerErased, customer_id="ana", at=LONG_AGO.replace(year=2027))


@pytest.fixture
def whole() -> Whole:
    return Whole()


def a_sector(email: str | None) -> mk.SectorSaved:
    return emitted(mk.SectorSaved, sector_id="tecnico", name="Técnico", responsible_email=email, generate_ticket=False)


# The flow of a contact


async def test_r11_a_contact_with_its_ticket_is_two_mails_and_one_item_and_is_acknowledged_once(whole: Whole) -> None:
    for order in permutations([0, 1]):
        whole = Whole()
        contact = a_contact()
        both = [contact, an_opening(contact.contact_id)]

        await whole.publish(*(both[place] for place in order), *both)

        assert sorted(to for to, _ in whole.mail.took) == sorted([ANA, SECTOR])
        assert [one.type for one in await whole.items()] == ["ticket_opened"]
        (acknowledged,) = whole.emitted(ContactAcknowledged)
        assert (acknowledged.contact_id, acknowledged.customer_id) == (contact.contact_id, "ana")
        assert {(one.recipient, one.outcome, one.reason) for one in acknowledged.receipts} == {
            ("sector", "sent", None),
            ("customer", "sent", None),
        }


async def test_an_item_is_put_by_who_decides_and_by_no_message(whole: Whole) -> None:
    opening = an_opening()

    await whole.handle(opening)

    (item,) = await whole.items()
    assert item.id == notification_id(opening.event_id, "customer", "inbox")
    assert whole.emitted(InboxDue) == []
    assert [one.channel for one in whole.emitted(NotificationSent)] == ["inbox"]


async def test_an_item_that_a_crash_kept_from_the_inbox_is_put_when_its_event_comes_again(whole: Whole) -> None:
    order = a_step(tickets.ServiceOrderCreated, minute=20, service_order_id="so1", level="start_end")
    raised_before = a_step(tickets.NotificationLevelChanged, minute=10, level="all")
    await whole.publish(an_opening(), order, raised_before)
    lost = notification_id(order.event_id, "customer", "inbox")
    del whole.deliveries.kept[lost]

    await whole.publish(raised_before)

    assert lost in {one.id for one in await whole.items()}
    assert whole.inbox.puts == 3


async def test_what_v0_1_left_in_its_inbox_queue_is_put_and_never_twice(whole: Whole) -> None:
    opening = an_opening()
    name = notification_id(opening.event_id, "customer", "inbox")
    due = emitted(
        InboxDue,
        notification_id=name,
        about={"event_id": opening.event_id, "type": "TicketOpened.v1"},
        ticket_id="t1",
        customer_id="ana",
        template="ticket_opened",
        facts={"protocol": PROTOCOL, "occurred_at": LONG_AGO.isoformat()},
    )

    await whole.publish(due, opening, due)

    assert [one.id for one in await whole.items()] == [name]


async def test_r11_a_contact_that_nobody_can_be_written_to_is_acknowledged_at_once(whole: Whole) -> None:
    await whole.publish(a_contact(generate_ticket=False, email=None, sector_email="?"))

    (acknowledged,) = whole.emitted(ContactAcknowledged)
    assert {(one.recipient, one.outcome, one.reason) for one in acknowledged.receipts} == {
        ("sector", "skipped", "unusable address"),
        ("customer", "skipped", "no address"),
    }


async def test_r11_a_contact_is_not_acknowledged_while_a_mail_is_on_its_way(whole: Whole) -> None:
    whole.sends = False
    await whole.publish(a_contact(generate_ticket=False))
    first, second = whole.waiting

    await whole.handle(first)
    assert whole.emitted(ContactAcknowledged) == []
    await whole.handle(second)

    assert len(whole.emitted(ContactAcknowledged)) == 1


async def test_r11_a_mail_that_an_operator_has_sent_again_acknowledges_nothing_twice(whole: Whole) -> None:
    whole.sends = False
    await whole.publish(a_contact(generate_ticket=False))
    first, second = whole.waiting
    route = whole.service.registry.messages[EmailDue.routing_key()]
    assert route.given_up
    await route.given_up(first)
    await whole.handle(second)
    (acknowledged,) = whole.emitted(ContactAcknowledged)
    assert {(one.outcome, one.reason) for one in acknowledged.receipts} == {("failed", "given up"), ("sent", None)}

    await whole.handle(first)

    assert len(whole.mail.took) == 2
    assert len(whole.emitted(ContactAcknowledged)) == 1


async def test_r11_a_crash_between_a_mail_s_end_and_its_note_is_made_good_when_it_comes_again(whole: Whole) -> None:
    whole.sends = False
    contact = a_contact(generate_ticket=False)
    await whole.publish(contact)
    dues = list(whole.waiting)
    before = whole.contacts.kept[contact.contact_id]
    for due in dues:
        await whole.handle(due)
    whole.contacts.kept[contact.contact_id] = before
    whole.contacts._applied = {one for one in whole.contacts._applied if one[1] == contact.event_id}  # noqa: SLF001

    for due in dues:
        await whole.handle(due)

    assert len(whole.mail.took) == 2
    assert whole.contacts.kept[contact.contact_id].acknowledged


# Addresses


@pytest.mark.parametrize(
    ("typed", "written_to"),
    [
        ("x@y.example ", ["x@y.example"]),
        ("\tx@y.example\r\n", ["x@y.example"]),
        ("a@x.example;b@y.example", ["a@x.example", "b@y.example"]),
        ("a@x.example, b@y.example", ["a@x.example", "b@y.example"]),
        ("a@x.example / b@y.example", ["a@x.example", "b@y.example"]),
        ("a@x.example; A@X.example", ["a@x.example"]),
        ("Comercial <a@x.example>", ["a@x.example"]),
        ('"Comercial, Vendas" <a@x.example>', ["a@x.example"]),
        ("mailto:a@x.example?subject=oi", ["a@x.example"]),
        ("ana@açúcar.example", ["ana@xn--acar-0oa8i.example"]),
        ("a@x.test", ["a@x.test"]),
        ("a@correio.local", ["a@correio.local"]),
        ("ana..x@y.example; b@y.example", ["b@y.example"]),
        ("ana..x@y.example", []),
        ("joao silva@y.example", []),
    ],
)
async def test_r11_addresses_are_taken_as_people_type_them(whole: Whole, typed: str, written_to: list[str]) -> None:
    await whole.publish(a_contact(generate_ticket=False, sector_email=typed))

    assert [to for to, _ in whole.mail.took if to != ANA] == written_to
    assert {one.address for one in whole.emitted(EmailDue)} == {*written_to, ANA}


async def test_r18_each_of_several_addresses_gets_a_mail_of_its_own_once_and_one_that_arrives_is_enough(
    whole: Whole,
) -> None:
    whole.mail.refuses["a@x.example"] = OFF
    contact = a_contact(generate_ticket=False, sector_email="a@x.example; b@y.example")

    await whole.publish(contact, contact)

    ids = {one.notification_id for one in whole.emitted(EmailDue)}
    assert len(ids) == len(whole.emitted(EmailDue)) == 3
    assert notification_id(contact.event_id, "sector", "email") in ids
    (acknowledged,) = whole.emitted(ContactAcknowledged)
    assert {(one.recipient, one.outcome) for one in acknowledged.receipts} == {("sector", "sent"), ("customer", "sent")}
    line = (await whole.explained(contact.contact_id))["ContactReceived.v1", "email", "sector"]
    assert (line.decision, line.state) == ("send", "sent")


async def test_r19_a_refused_mailbox_is_switched_off_and_told_addresses_and_time_switch_it_on(whole: Whole) -> None:
    whole.mail.refuses[SECTOR] = OFF
    await whole.publish(a_contact(generate_ticket=False))
    whole.mail.refuses.clear()

    await whole.publish(a_contact(generate_ticket=False))

    assert whole.mails(SECTOR) == []
    assert [one.reason for one in whole.emitted(NotificationSkipped)] == [f"address refused: {OFF.reason}"]
    assert [one.reason for one in whole.emitted(NotificationFailed)] == [OFF.reason]
    await whole.publish(a_sector(SECTOR))
    await whole.publish(a_contact(generate_ticket=False))
    assert whole.mails(SECTOR) == []
    await whole.publish(a_sector("outro@provedor.example"), a_sector(SECTOR))
    await whole.publish(a_contact(generate_ticket=False))
    assert len(whole.mails(SECTOR)) == 1


async def test_r19_a_mail_refused_for_what_it_says_concerns_that_mail_alone(whole: Whole) -> None:
    whole.mail.refuses[SECTOR] = MailRefused("SMTP 554 5.7.1 spam", by_mailbox=False)
    await whole.publish(a_contact(generate_ticket=False))
    whole.mail.refuses.clear()

    await whole.publish(a_contact(generate_ticket=False))

    assert len(whole.mails(SECTOR)) == 1
    assert [one.reason for one in whole.emitted(NotificationFailed)] == ["SMTP 554 5.7.1 spam"]
    assert whole.addresses.kept == {}


async def test_r19_another_customer_s_refused_address_switches_nobody_else_s_off(whole: Whole) -> None:
    whole.mail.refuses[ANA] = OFF
    await whole.publish(a_contact(generate_ticket=False))
    whole.mail.refuses.clear()
    of_rui = a_contact(generate_ticket=False)
    of_rui = of_rui.model_copy(update={"customer": of_rui.customer.model_copy(update={"id": "rui"})})

    await whole.publish(of_rui)

    assert len(whole.mails(ANA)) == 1


async def test_r27_an_erasure_removes_what_is_kept_of_a_customer_s_address(whole: Whole) -> None:
    whole.mail.refuses[ANA] = OFF
    await whole.publish(ana(), a_contact(generate_ticket=False))
    assert ANA in str(whole.addresses.kept)

    await whole.publish(ERASED)

    assert ANA not in str(whole.addresses.kept)


async def test_r27_a_refusal_that_comes_after_the_erasure_leaves_no_address(whole: Whole) -> None:
    whole.sends = False
    await whole.publish(ana(), a_contact(generate_ticket=False))
    due = next(one for one in whole.waiting if one.recipient == "customer")

    async def erase() -> None:
        await whole.publish(ERASED)

    whole.mail.meanwhile, whole.mail.refuses[ANA] = erase, OFF
    await whole.handle(due)

    assert ANA not in str(whole.addresses.kept)


@pytest.mark.parametrize(("address", "reason"), [(None, "no_address"), ("?", "unusable_address"), (SECTOR, "refused")])
async def test_r11_a_sector_that_cannot_be_reached_is_counted_and_listed(
    whole: Whole, address: str | None, reason: str
) -> None:
    whole.mail.refuses[SECTOR] = OFF
    contact = a_contact(generate_ticket=False, sector_email=address)

    await whole.publish(contact)

    whole.service.outbox.committed(whole.emitted(ContactAcknowledged))
    registry = whole.service.metrics.registry
    assert registry.get_sample_value("atendo_sector_mails_unsent_total", {"reason": reason}) == 1
    assert "sector:tecnico" in whole.addresses.kept


async def test_r11_the_customer_is_promised_an_answer_only_where_the_sector_can_be_reached(whole: Whole) -> None:
    await whole.publish(a_contact(generate_ticket=False))
    await whole.publish(a_contact(generate_ticket=False, sector_email=None))
    whole.mail.refuses[SECTOR] = OFF
    await whole.publish(a_contact(generate_ticket=False), a_contact(generate_ticket=False))

    assert [PROMISE in plain(mail) for mail in whole.mails(ANA)] == [True, False, True, False]


# Evaluations


async def test_r24_a_mail_about_a_question_that_was_answered_meanwhile_is_skipped(whole: Whole) -> None:
    whole.sends = False
    await whole.publish(ana(), an_opening(), a_closing(request_evaluation=True), a_request())
    whole.sends = True

    await whole.publish(an_answer())

    assert whole.mail.took == []
    line = (await whole.explained())["EvaluationRequested.v1", "email", "customer"]
    assert (line.state, line.state_reason) == ("skipped", "evaluation answered")


async def test_r21_a_mail_about_a_withdrawn_question_that_is_not_sent_yet_is_skipped(whole: Whole) -> None:
    whole.sends = False
    await whole.publish(ana(), an_opening(), a_closing(request_evaluation=True), a_request())
    shown = [one.type for one in await whole.items()]
    whole.sends = True

    await whole.publish(a_withdrawal(), a_reminder())

    assert whole.mail.took == []
    assert {one.reason for one in whole.emitted(NotificationSkipped) if one.channel == "email"} == {
        "evaluation withdrawn"
    }
    assert [one.type for one in await whole.items()] == shown == ["evaluation_requested", "ticket_opened"]
    line = (await whole.explained())["EvaluationRequested.v1", "email", "customer"]
    assert (line.state, line.state_reason) == ("skipped", "evaluation withdrawn")


@pytest.mark.parametrize("order", list(permutations(range(3))))
async def test_r21_nothing_is_sent_about_a_question_after_its_withdrawal_in_any_order(
    whole: Whole, order: tuple[int, ...]
) -> None:
    await whole.publish(ana(), an_opening())
    messages = [a_request(), a_reminder(), a_withdrawal()]

    await whole.publish(*(messages[place] for place in order))

    sent = {(one.about.event_id, one.channel) for one in whole.emitted(NotificationSent)}
    for asking in (messages[0], messages[1]):
        in_time = order.index(messages.index(asking)) < order.index(2)
        assert ((asking.event_id, "inbox") in sent) is in_time
    assert ((messages[0].event_id, "email") in sent) is (order.index(0) < order.index(2))


# Texts


async def test_r4_a_responsible_without_a_name_is_a_sentence_without_one(whole: Whole) -> None:
    await whole.publish(
        a_step(tickets.ResponsibleAdded, minute=1, responsible_id="r1", name="Dr."),
        a_step(tickets.ResponsibleAdded, minute=2, responsible_id="r2", name="SILVA, João"),
        a_step(tickets.ResponsibleAdded, minute=3, responsible_id="r3", name="Eva", team="Equipe Norte"),
    )

    assert [one.body for one in await whole.items()] == [
        f"Equipe Norte agora cuida do atendimento {PROTOCOL}.",
        f"João agora cuida do atendimento {PROTOCOL}.",
        f"O atendimento {PROTOCOL} tem um novo responsável.",
    ]


@pytest.mark.parametrize("name", ["", " ", "\u200b"])
async def test_r4_a_customer_without_a_name_is_greeted_without_one(whole: Whole, name: str) -> None:
    await whole.publish(a_contact(generate_ticket=False, name=name))

    assert plain(whole.mails(ANA)[0]).startswith("Olá!")
    assert whole.mails(SECTOR)[0]["Subject"] == "Contato: cliente sem nome (Técnico)"


async def test_r11_words_stay_apart_in_a_mail_s_text(whole: Whole) -> None:
    await whole.publish(a_contact(generate_ticket=False, text="cinco\x0bseis sete\x00oito nove\x85dez"))

    text = plain(whole.mails(SECTOR)[0])
    assert "cinco\nseis sete oito nove\ndez" in text.replace("\r\n", "\n")


async def test_r11_the_mails_of_one_ticket_are_one_thread_and_bear_its_protocol(whole: Whole) -> None:
    contact = a_contact()
    await whole.publish(ana(), contact, an_opening(contact.contact_id), a_request(), a_reminder())
    await whole.publish(a_contact(generate_ticket=False))

    *of_the_ticket, without = whole.mails(ANA)
    assert len(of_the_ticket) == 3
    assert len({mail["References"] for mail in (*of_the_ticket, whole.mails(SECTOR)[0])}) == 1
    assert all(PROTOCOL in mail["Subject"] for mail in of_the_ticket)
    assert all(mail["Auto-Submitted"] == "auto-generated" for mail in of_the_ticket)
    assert of_the_ticket[0]["References"]
    assert without["References"] is None


# What is held back


async def test_r11_nothing_is_sent_to_ourselves_and_the_ledger_says_so() -> None:
    whole = Whole(mail_from="Atendimento <nos@provedor.example>", mail_own_addresses="volta@provedor.example")
    contact = a_contact(generate_ticket=False, email="Nos@provedor.example", sector_email="volta@provedor.example")

    await whole.publish(contact)

    assert whole.mail.took == []
    lines = await whole.explained(contact.contact_id)
    for recipient in ("customer", "sector"):
        line = lines["ContactReceived.v1", "email", recipient]
        assert (line.state, line.state_reason) == ("skipped", "our own address")


async def test_beyond_the_hourly_cap_a_mail_is_skipped_with_its_reason_and_the_inbox_still_has_it() -> None:
    whole = Whole(mail_hourly_cap=2)
    await whole.publish(ana(), an_opening(), a_request(), *(a_reminder(minute=minute) for minute in (90, 91)))

    assert len(whole.mails(ANA)) == 2
    states = sorted(whole.deliveries.states())
    assert states.count("skipped") == 1
    (skipped,) = whole.emitted(NotificationSkipped)
    assert (skipped.channel, skipped.reason) == ("email", "over the hourly cap")
    assert len(await whole.items()) == 4

    whole.now += timedelta(hours=1, seconds=1)
    await whole.publish(a_reminder(minute=92))
    assert len(whole.mails(ANA)) == 3


async def test_r11_receipts_are_always_sent_and_count_for_no_cap() -> None:
    whole = Whole(mail_hourly_cap=1)

    await whole.publish(ana(), *(a_contact(generate_ticket=False) for _ in range(3)), an_opening(), a_request())

    assert len(whole.mails(ANA)) == 4
    assert len(whole.mails(SECTOR)) == 3


# What is read


async def test_r17_a_contact_without_a_ticket_is_explained_by_its_id(whole: Whole) -> None:
    contact = a_contact(generate_ticket=False, sector_email=None)
    await whole.publish(contact)

    lines = await whole.explained(contact.contact_id)

    assert {place: (one.decision, one.reason, one.state) for place, one in lines.items()} == {
        ("ContactReceived.v1", "email", "customer"): ("send", "always told", "sent"),
        ("ContactReceived.v1", "email", "sector"): ("skip", "no address", None),
        ("ContactReceived.v1", "inbox", "customer"): ("send", "always told", "sent"),
        ("ContactReceived.v1", "push", "customer"): ("skip", "not carried by push", None),
        ("ContactReceived.v1", "telegram", "customer"): ("skip", "not carried by telegram", None),
    }
    assert (await whole.problem(ExplainContact(request_id=uuid4(), contact_id=uuid4()))).status == 404


async def test_r17_a_contact_with_a_ticket_is_explained_with_it(whole: Whole) -> None:
    contact = a_contact()
    await whole.publish(contact, an_opening(contact.contact_id))

    assert await whole.explained(contact.contact_id) == await whole.explained()


async def test_r27_what_an_erasure_emptied_is_not_listed(whole: Whole) -> None:
    await whole.publish(an_opening(), a_closing(), ERASED)

    page = await whole.answer(ListNotifications(request_id=uuid4(), customer_id="ana"))

    assert (page.items, page.unread, page.next_cursor) == ([], 0, None)


async def test_a_cursor_of_v0_1_is_read_on(whole: Whole) -> None:
    await whole.publish(*(a_step(tickets.TicketReopened, minute=minute) for minute in (1, 2, 3)))
    items = await whole.items()
    place = base64.urlsafe_b64encode(f"{items[0].at.isoformat()}|{items[0].id}".encode()).decode().rstrip("=")

    for text in (place, cursor.encode(items[0].at, str(items[0].id))):
        page = await whole.answer(ListNotifications(request_id=uuid4(), customer_id="ana", cursor=text))
        assert [one.id for one in page.items] == [one.id for one in items[1:]]


async def test_an_item_is_read_once_and_by_its_customer_alone(whole: Whole) -> None:
    await whole.publish(an_opening())
    (item,) = await whole.items()
    read = MarkNotificationRead(request_id=uuid4(), customer_id="ana", notification_id=item.id)

    assert [(await whole.answer(read)).read for _ in range(2)] == [True, True]

    assert (await whole.items())[0].read
    assert (await whole.problem(read.model_copy(update={"customer_id": "rui"}))).status == 404


async def test_r19_a_mail_server_that_is_away_keeps_nothing_else_and_gets_the_mail_later(whole: Whole) -> None:
    whole.sends = False
    await whole.publish(a_contact(generate_ticket=False))
    due = whole.waiting[0]
    whole.mail.failures.append(MailServerAway("down"))
    with pytest.raises(MailServerAway):
        await whole.handle(due)

    await whole.handle(due)

    assert len(whole.mail.took) == 1
    assert len(await whole.items()) == 1


async def recent(whole: Whole, since: datetime, **more: int) -> RecentNotifications:
    query = ListRecentNotifications(request_id=uuid4(), customer_id="ana", since=since, **more)
    found: RecentNotifications = await whole.answer(query)
    return found


async def test_what_came_into_the_inbox_is_announced_and_listed_in_that_order(whole: Whole) -> None:
    began = whole.now
    for minute, step in ((5, tickets.TicketReopened), (1, tickets.TicketReopened)):
        whole.now += timedelta(minutes=1)
        await whole.publish(a_step(step, minute=minute))

    found = await recent(whole, began)

    announced = [one for one in whole.emitted(NotificationSent) if one.channel == "inbox"]
    assert [one.item for one in announced] == found.items
    assert found.put_at == [began + timedelta(minutes=1), began + timedelta(minutes=2)]
    assert [one.occurred_at for one in announced] == found.put_at
    assert (await recent(whole, whole.now)).items == found.items[1:]
    assert (await recent(whole, began, limit=1)).items == found.items[:1]


async def test_r27_what_an_erasure_emptied_is_no_news(whole: Whole) -> None:
    began = whole.now
    await whole.publish(an_opening(), a_closing(), ERASED)

    assert (await recent(whole, began)).items == []
