"""The order in which a ticket's events are heard, and how often, decides nothing (R17, R18)."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import permutations
from typing import Any
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from contracts import tickets
from contracts.notifier import EmailDue, NotificationSkipped
from services.notifier.decide import receipts, timeline
from services.notifier.decide.domain import Decision
from services.notifier.decide.facts import event_of
from services.notifier.decide.notices import Arrival, Notice
from services.notifier.decide.reach import NOBODY, OptionalChannels
from services.notifier.decide.receipts import Contact, Opening, settle
from services.notifier.decide.timeline import Ticket, note
from tests.services.notifier.world import ANA, SECTOR, a_closing, a_contact, a_request, a_step, an_opening, at

LEVELS = st.sampled_from(["none", "start_end", "all"])
MINUTES = st.integers(1, 8)


Draw = tuple[int, str, bool]


def a_draw(of: Callable[[Draw], Any]) -> st.SearchStrategy[Any]:
    return st.tuples(MINUTES, LEVELS, st.booleans()).map(of)


def steps() -> st.SearchStrategy[Any]:
    """Any step of a ticket but one that sets its level."""
    return st.one_of(
        a_draw(lambda by: a_step(tickets.ServiceOrderCreated, minute=by[0], level=by[1], service_order_id="so1")),
        a_draw(
            lambda by: a_step(tickets.PhaseChanged, minute=by[0], level=by[1], process="P", phase="F", visible=by[2])
        ),
        a_draw(lambda by: a_step(tickets.ResponsibleAdded, minute=by[0], level=by[1], responsible_id="r", name="Rui")),
        a_draw(lambda by: a_step(tickets.DefectFound, minute=by[0], level=by[1], defect_found="Fibra")),
        a_draw(lambda by: a_step(tickets.TicketReopened, minute=by[0], level=by[1])),
        a_draw(lambda by: a_closing(minute=by[0], level=by[1], request_evaluation=by[2])),
        a_draw(lambda by: a_request(minute=by[0])),
    )


def changes() -> st.SearchStrategy[Any]:
    return st.builds(
        lambda minute, level: a_step(tickets.NotificationLevelChanged, minute=minute, level=level), MINUTES, LEVELS
    )


def hear_all(messages: Sequence[Any]) -> tuple[Ticket, list[Any]]:
    ticket, said = Ticket("t1", "ana", "20260105000001"), []
    for message in messages:
        ticket, more = note(ticket, event_of(message, {"customer": ANA}, erased=False), now=at(1000))
        said += [*more, *timeline.notices(ticket, message.event_id)]
    return ticket, said


def dues(said: list[Any]) -> list[UUID]:
    # an item that is put again is the same item
    items = {one.id for one in said if isinstance(one, Notice)}
    return sorted([*items, *(one.notification_id for one in said if isinstance(one, EmailDue))])


def without_texts(ticket: Ticket) -> Ticket:
    # what a request says of its closing is by what was known of the level when it came, and stays so
    events = (replace(one, facts={k: v for k, v in one.facts.items() if k != "closed"}) for one in ticket.events)
    return replace(ticket, events=tuple(events))


def words(said: list[Any]) -> list[UUID]:
    return sorted(one.event_id for one in said if isinstance(one, NotificationSkipped))


@settings(deadline=None)
@given(st.lists(steps(), min_size=1, max_size=6), LEVELS, st.data())
def test_r17_any_order_and_repetition_ends_in_the_same_decisions_and_messages(
    messages: list[Any], level: str, data: st.DataObject
) -> None:
    messages = [an_opening(level=level), *messages]
    # what a step itself says of the level is what the tickets service knew: the same
    messages = [
        one.model_copy(update={"notification_level": messages[0].notification_level})
        if "notification_level" in type(one).model_fields
        else one
        for one in messages
    ]
    shuffled = data.draw(st.permutations(messages + data.draw(st.lists(st.sampled_from(messages), max_size=6))))

    ticket, said = hear_all(messages)
    other, said_otherwise = hear_all(shuffled)

    assert without_texts(ticket) == without_texts(other)
    assert dues(said) == dues(said_otherwise)
    assert words(said) == words(said_otherwise)
    assert len(set(dues(said))) == len(dues(said))


@settings(deadline=None)
@given(st.lists(steps(), min_size=1, max_size=5), st.lists(changes(), max_size=3), LEVELS, st.data())
def test_r17_late_news_of_the_level_can_only_add_messages(
    messages: list[Any], news: list[Any], level: str, data: st.DataObject
) -> None:
    everything = [an_opening(level=level), *news, *messages]
    shuffled = data.draw(st.permutations(everything + data.draw(st.lists(st.sampled_from(everything), max_size=5))))

    # with all that is to be known of the level known first, nothing is ever decided anew
    ticket, _ = hear_all(everything)
    other, said = hear_all(shuffled)

    for expected, found in zip(ticket.decisions, other.decisions, strict=True):
        assert found.place == expected.place
        if not found.note:
            assert (found.verdict, found.reason) == (expected.verdict, expected.reason)
        else:
            assert (found.verdict, expected.verdict) == ("send", "skip")
    assert dues(said) == sorted(one.notification_ids[0] for one in other.decisions if one.verdict == "send")


@settings(deadline=None)
@given(st.lists(st.one_of(steps(), changes()), min_size=1, max_size=6), LEVELS, st.data())
def test_r17_what_is_decided_of_one_event_alone_is_what_a_look_at_all_of_them_decides(
    messages: list[Any], level: str, data: st.DataObject
) -> None:
    ticket, _ = hear_all(data.draw(st.permutations([an_opening(level=level), *messages])))

    again = timeline.release(ticket, NOBODY, OptionalChannels(), Arrival(messages[0].event_id, at(1000)))

    assert again == (ticket, [])


def receive(contact: Contact, message: Any) -> Contact:  # noqa: ANN401 - either message
    if isinstance(message, tickets.TicketOpened):
        return replace(contact, opening=Opening.of(message))
    received = event_of(message, {"customer": ANA, "sector": SECTOR}, erased=False)
    return replace(contact, received=received, generates_ticket=message.sector.generate_ticket)


def settled(messages: Sequence[Any]) -> tuple[tuple[Decision, ...], list[UUID], list[Any]]:
    contact, said = Contact(messages[0].contact_id, "ana"), []
    for message in messages:
        contact, more = settle(receive(contact, message), Arrival(message.event_id, at(1000)))
        said += [*more, *receipts.notices(contact, message.event_id)]
    carried = tuple(one for one in contact.decisions if not one.reason.startswith("not carried"))
    return carried, dues(said), said


@settings(deadline=None)
@given(LEVELS)
def test_r11_a_contact_and_its_ticket_give_two_mails_and_one_inbox_item_whichever_comes_first(level: str) -> None:
    contact = a_contact()
    opening = an_opening(contact.contact_id, level=level)

    results = [settled(order) for order in permutations([contact, opening, contact, opening])]

    for decisions, sent, said in results:
        assert (decisions, sent) == results[0][:2]
        assert sorted(one.recipient for one in said if isinstance(one, EmailDue)) == ["customer", "sector"]
        _, of_ticket = hear_all([opening])
        inbox = {one.template for one in (*said, *of_ticket) if isinstance(one, Notice)}
        assert inbox == {"contact_received" if level == "none" else "ticket_opened"}


def test_r11_a_contact_without_a_ticket_waits_for_nothing() -> None:
    decisions, sent, _ = settled([a_contact(generate_ticket=False)])

    assert {one.verdict for one in decisions} == {"send"}
    assert len(sent) == 3


def test_r11_a_contact_whose_ticket_is_not_opened_yet_is_deferred() -> None:
    decisions, sent, _ = settled([a_contact()])

    assert {(one.verdict, one.reason) for one in decisions} == {("defer", "waits for the ticket's opening")}
    assert sent == []
