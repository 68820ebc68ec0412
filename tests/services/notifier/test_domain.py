"""Who is told what, without a broker or a database (R15 to R18, R20)."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

import pytest

from contracts import tickets
from contracts.addresses import lacking
from contracts.message import NotificationLevel
from contracts.notifier import EmailDue, NotificationSkipped
from services.notifier.decide.domain import CARRIES, NOTIFIES, Decision, Known, decide, notification_id, weigh
from services.notifier.decide.facts import Step, event_of
from services.notifier.decide.notices import Notice
from services.notifier.decide.timeline import Ticket, level_for, note, notices
from tests.services.notifier.world import (
    ANA,
    LINK,
    a_closing,
    a_contact,
    a_reminder,
    a_request,
    a_step,
    a_withdrawal,
    an_opening,
    at,
)

NOW = at(1000)
EVENT = UUID("11111111-2222-4333-8444-555555555555")

R15 = {
    "ticket opened": (an_opening(), "- yes yes"),
    "service order created": (a_step(tickets.ServiceOrderCreated, service_order_id="so1"), "- - yes"),
    "phase changed": (a_step(tickets.PhaseChanged, process="Suporte", phase="Visita"), "- - yes"),
    "responsible added": (a_step(tickets.ResponsibleAdded, responsible_id="r1", name="Rui Melo"), "- - yes"),
    "ticket closed": (a_closing(), "- yes yes"),
    "ticket reopened": (a_step(tickets.TicketReopened), "- yes yes"),
    "evaluation requested": (a_request(), "yes yes yes"),
    "evaluation reminded": (a_reminder(), "yes yes yes"),
    "contact received": (a_contact(), "yes yes yes"),
    "defect found": (a_step(tickets.DefectFound, defect_found="Fibra rompida"), "- - -"),
    "level changed": (a_step(tickets.NotificationLevelChanged), "- - -"),
    "evaluation withdrawn": (a_withdrawal(), "- - -"),
}
CELLS = [
    pytest.param(message, level, cell == "yes", id=f"{name} at {level}")
    for name, (message, row) in R15.items()
    for level, cell in zip(("none", "start_end", "all"), row.split(), strict=True)
]


def event(message: Any, *, email: str | None = ANA, erased: bool = False) -> Any:  # noqa: ANN401 - any message
    return event_of(message, {"customer": email}, erased=erased)


def heard(*messages: Step, email: str | None = ANA) -> tuple[Ticket, list[Any]]:
    ticket, said = Ticket("t1", "ana", "20260105000001"), []
    for message in messages:
        ticket, more = note(ticket, event(message, email=email), now=NOW)
        said += [*more, *notices(ticket, message.event_id)]
    return ticket, said


def decision_of(ticket: Ticket, message: Step, channel: str = "inbox") -> Decision:
    (found,) = [one for one in ticket.decisions if one.event_id == message.event_id and one.channel == channel]
    return found


def items_of(said: Sequence[Any], message: Step) -> list[str]:
    return [one.template for one in said if isinstance(one, Notice) and one.about.event_id == message.event_id]


@pytest.mark.parametrize(("message", "level", "told"), CELLS)
def test_r15_the_level_decides_which_events_reach_the_inbox(message: Any, level: str, told: bool) -> None:  # noqa: ANN401, FBT001
    verdict, reason = decide(event(message), "inbox", "customer", Known(level=NotificationLevel(level)))

    assert verdict == ("send" if told else "skip")
    assert reason in {f"level {level}", "always told", "never told"}


def test_r15_every_kind_of_event_stands_in_the_table() -> None:
    assert {event(message).kind for message, _ in R15.values()} == set(NOTIFIES)


def test_r15_a_phase_marked_not_visible_is_told_at_no_level() -> None:
    hidden = a_step(tickets.PhaseChanged, process="Suporte", phase="Fila", visible=False)

    ticket, _ = heard(an_opening(level="all"), hidden)

    assert decision_of(ticket, hidden).verdict == "skip"
    assert decision_of(ticket, hidden).reason == "not visible"


def test_r15_defects_and_level_changes_are_stored_as_never_told() -> None:
    defect = a_step(tickets.DefectFound, defect_found="Fibra rompida")
    change = a_step(tickets.NotificationLevelChanged)

    ticket, _ = heard(an_opening(level="all"), defect, change)

    assert {decision_of(ticket, one).reason for one in (defect, change)} == {"never told"}


def test_r15_the_level_in_force_when_it_happened_counts_not_the_one_it_was_covered_by() -> None:
    closing = a_closing(minute=50, level="none")
    lowered_later = a_step(tickets.NotificationLevelChanged, minute=55, level="none")

    ticket, _ = heard(an_opening(level="all"), lowered_later, closing)

    assert decision_of(ticket, closing).verdict == "send"
    assert decision_of(ticket, closing).reason == "level all"


@pytest.mark.parametrize("minute", [5, 15, 25])
def test_r15_an_opening_by_a_clock_that_is_ahead_sets_no_level_anew(minute: int) -> None:
    changed = a_step(tickets.NotificationLevelChanged, minute=10, level="all")
    order = a_step(tickets.ServiceOrderCreated, minute=20, service_order_id="so1")
    opening = an_opening(level="start_end").model_copy(update={"occurred_at": at(minute)})

    ticket, _ = heard(opening, changed, order)

    assert decision_of(ticket, order).reason == "level all"


def test_r15_without_news_of_the_level_the_event_s_own_counts() -> None:
    closing = a_closing(level="start_end")

    ticket, _ = heard(closing)

    assert level_for(ticket, event(closing)) == "start_end"
    assert decision_of(ticket, closing).verdict == "send"


def test_r17_news_of_a_higher_level_that_comes_late_has_a_skipped_event_sent() -> None:
    order = a_step(tickets.ServiceOrderCreated, minute=20, level="start_end", service_order_id="so1")
    raised_before = a_step(tickets.NotificationLevelChanged, minute=10, level="all")
    ticket, _ = heard(an_opening(), order)
    assert decision_of(ticket, order).reason == "level start_end"

    ticket, said = note(ticket, event(raised_before), now=NOW)

    assert decision_of(ticket, order).verdict == "send"
    assert said == []
    assert items_of(notices(ticket, raised_before.event_id), order) == ["service_order_created"]


def test_r17_news_of_a_lower_level_that_comes_late_unsends_nothing_and_is_noted() -> None:
    order = a_step(tickets.ServiceOrderCreated, minute=20, service_order_id="so1")
    lowered_before = a_step(tickets.NotificationLevelChanged, minute=10, level="none")
    ticket, _ = heard(an_opening(level="all"), order)

    ticket, said = note(ticket, event(lowered_before), now=NOW)

    assert decision_of(ticket, order).verdict == "send"
    assert decision_of(ticket, order).note == "sent before this was known: level none"
    assert said == []
    assert notices(ticket, lowered_before.event_id) == []


def test_r17_there_is_one_decision_for_every_event_and_channel() -> None:
    messages = [message for message, _ in R15.values() if not isinstance(message, type(a_contact()))]

    ticket, _ = heard(*messages)

    places = [(decision.event_id, decision.channel) for decision in ticket.decisions]
    assert sorted(places, key=str) == sorted(
        ((message.event_id, channel) for message in messages for channel in CARRIES), key=str
    )


def test_r18_a_closing_with_a_request_is_told_once_with_the_request() -> None:
    closing, request = a_closing(request_evaluation=True), a_request()

    ticket, said = heard(an_opening(level="all"), closing, request)

    assert decision_of(ticket, closing).verdict == "skip"
    assert decision_of(ticket, closing).reason == "told with the evaluation request"
    (due,) = [one for one in said if isinstance(one, Notice) and one.template == "evaluation_requested"]
    assert due.facts["closed"] == "yes"


def test_r21_an_automatic_closing_never_asks_and_is_told_itself() -> None:
    closing = a_closing(request_evaluation=True).model_copy(update={"automatic": True})

    ticket, said = heard(an_opening(level="all"), closing)

    assert decision_of(ticket, closing).verdict == "send"
    assert [one.template for one in said if isinstance(one, Notice)] == ["ticket_opened", "ticket_closed"]


def test_r18_a_request_for_a_ticket_at_level_none_says_nothing_of_the_closing() -> None:
    ticket, said = heard(an_opening(level="none"), a_closing(level="none", request_evaluation=True), a_request())

    (due,) = [one for one in said if isinstance(one, Notice)]
    assert due.template == "evaluation_requested"
    assert "closed" not in due.facts
    assert ticket.has_one_event is False


@pytest.mark.parametrize(("known", "late"), [("all", "none"), ("none", "all")])
def test_r18_a_request_keeps_its_text_whatever_comes_late_of_the_level(known: str, late: str) -> None:
    request, changed = a_request(), a_step(tickets.NotificationLevelChanged, minute=10, level=late)
    ticket, emitted_before = heard(an_opening(level=known), request)
    (before,) = [one for one in emitted_before if isinstance(one, Notice) and one.template == "evaluation_requested"]

    # as a redelivery does, after a crash between the decision and the inbox
    ticket, _ = note(ticket, event(changed), now=NOW)
    (after,) = notices(ticket, request.event_id)

    assert after.facts == before.facts


def test_r16_an_evaluation_request_goes_by_mail_too_with_its_link() -> None:
    _, said = heard(an_opening(), a_request())

    (mail,) = [one for one in said if isinstance(one, EmailDue)]
    assert (mail.address, mail.facts["link"]) == (ANA, LINK)


def test_r16_an_evaluation_request_to_nobody_s_address_is_skipped_with_the_reason() -> None:
    request = a_request()

    ticket, said = heard(an_opening(), request, email=None)

    assert decision_of(ticket, request, "email").reason == "no address"
    words = [one for one in said if isinstance(one, NotificationSkipped)]
    assert [(word.channel, word.reason) for word in words] == [("email", "no address")]


def test_a_reminder_that_comes_before_its_request_waits_for_the_link() -> None:
    reminder = a_reminder()
    ticket, _ = heard(an_opening(), reminder)
    assert decision_of(ticket, reminder, "email").verdict == "defer"

    ticket, said = note(ticket, event(a_request()), now=NOW)

    assert decision_of(ticket, reminder, "email").verdict == "send"
    mails = {mail.template: mail.facts["link"] for mail in said if isinstance(mail, EmailDue)}
    assert mails == {"evaluation_requested": LINK, "evaluation_reminded": LINK}


def test_r18_one_event_recipient_and_channel_is_one_notification() -> None:
    ids = {
        notification_id(EVENT, recipient, channel)
        for recipient in ("customer", "sector")
        for channel in ("email", "inbox")
        for _ in range(2)
    }

    assert len(ids) == 4


def test_r27_of_an_erased_customer_nothing_is_taken_over_and_nobody_is_told() -> None:
    contact = event_of(a_contact(), {"customer": ANA, "sector": "x@y.example"}, erased=True)

    assert (contact.facts, contact.addresses) == ({}, {})
    assert decide(contact, "email", "sector", Known()) == ("skip", "customer erased")


def test_r27_an_event_that_was_erased_after_its_decision_shows_nothing_when_it_comes_again() -> None:
    request = a_request()
    ticket, _ = heard(an_opening(level="all"), request)
    assert items_of(notices(ticket, request.event_id), request) == ["evaluation_requested"]

    # as `Tickets.erase` leaves them, whose caller may die before the inbox has what was decided
    erased = replace(ticket, events=tuple(replace(one, facts={}, withheld="customer erased") for one in ticket.events))

    assert notices(erased, request.event_id) == []


@pytest.mark.parametrize(
    "address",
    [
        "a b@c.example",
        "a@b..example",
        "a@-b.example",
        "ana@exa mple.br",
        "a@b.example\r\nBcc: x@y.example",
        "@b.example",
        "é@b.br",
    ],
)
def test_an_address_that_could_not_be_one_is_not_used(address: str) -> None:
    assert lacking(address) == "unusable address"


def test_an_address_of_255_characters_is_not_used() -> None:
    assert lacking("a" * 243 + "@b.example") is None
    assert lacking("a" * 244 + "@b.example") is None
    assert lacking("a" * 245 + "@b.example") == "unusable address"


def a_decision(verdict: Any, decided_at: datetime = NOW) -> Decision:  # noqa: ANN401 - a verdict
    return Decision(EVENT, "TicketClosed.v1", at(1), "inbox", "customer", verdict, f"because {verdict}", decided_at)


def test_r17_what_was_deferred_or_skipped_gives_way_to_what_is_known_now() -> None:
    later = a_decision("send", at(2000))

    assert weigh(a_decision("defer"), later) == later
    assert weigh(a_decision("skip"), later) == later
    assert weigh(a_decision("send"), later).decided_at == NOW


STEP = UUID("6f1f7f5e-6f5b-4b52-9d57-0d9a3f0c5b01")


@pytest.mark.parametrize("swapped", [False, True])
def test_r18_one_closing_that_is_announced_for_two_cycles_is_one_notification(swapped: bool) -> None:  # noqa: FBT001
    closing = a_closing().model_copy(update={"cause_id": STEP})
    again = a_closing().model_copy(update={"cause_id": STEP, "cycle": 2})
    announced = [again, closing] if swapped else [closing, again]

    ticket, said = heard(an_opening(level="all"), *announced)

    assert [items_of(said, message) for message in announced] == [["ticket_closed"], []]
    assert decision_of(ticket, announced[1]).reason == "told before"


def test_r18_a_level_that_is_raised_late_sends_a_repeated_closing_once() -> None:
    closing = a_closing(level="none").model_copy(update={"cause_id": STEP})
    again = a_closing(level="none").model_copy(update={"cause_id": STEP, "cycle": 2})
    ticket, said = heard(an_opening(level="none"), closing, again)
    assert [one for one in said if isinstance(one, Notice) and one.template == "ticket_closed"] == []

    raised = a_step(tickets.NotificationLevelChanged, minute=10, level="all")
    ticket, _ = note(ticket, event(raised), now=NOW)

    sent = [one for one in ticket.decisions if one.channel == "inbox" and one.verdict == "send"]
    assert len([one for one in sent if one.event_id in {closing.event_id, again.event_id}]) == 1


def test_r15_two_closings_are_two_notifications() -> None:
    closings = [a_closing().model_copy(update={"cause_id": UUID(int=n), "cycle": n}) for n in (1, 2)]

    _, said = heard(an_opening(level="all"), *closings)

    assert [items_of(said, closing) for closing in closings] == [["ticket_closed"], ["ticket_closed"]]
