"""What a flawless product makes of a history, in cases that can be read."""

from dataclasses import replace
from uuid import UUID

from tests.chaos import expected
from tests.chaos.expected import Ticket
from tests.chaos.history import Said, Wrote
from tests.chaos.provider import SECTORS, Customer

ANA = Customer("ana", "ana@chaos.test")
BIA = Customer("bia", None)


def a_step(kind: str, minute: int, **body: object) -> Said:
    event_id = f"00000000-0000-4000-8000-0000000000{minute:02d}"
    return Said(0.0, kind, event_id, f"2026-01-05T12:{minute:02d}:00+00:00", "t1", {"ticket_id": "t1", **body})


def a_closing(minute: int, *, asks: bool = False, automatic: bool = False) -> Said:
    body = {"request_evaluation": asks, "automatic": automatic, "defect_found": None}
    return a_step(expected.CLOSED, minute, **body)


def a_ticket(level: str, *steps: Said) -> Ticket:
    return Ticket("t1", UUID(int=1), "ana", level, steps)


def a_contact(sector: str) -> Wrote:
    return Wrote(0.0, str(UUID(int=2)), str(UUID(int=3)), "ana", sector, "Sem conexão", acknowledged=True)


def told(ticket: Ticket, customer: Customer = ANA) -> list[tuple[str, str]]:
    return [(notice.type, notice.channel) for notice in expected.notices_of_ticket(ticket, customer)]


def test_a_ticket_stands_as_its_last_steps_say() -> None:
    steps = [
        a_step(expected.PHASE, 1, visible=True, phase="f1", customer_label="Visita"),
        a_step(expected.PHASE, 2, visible=False, phase="f2", customer_label=None),
        a_step(expected.RESPONSIBLE, 3, responsible_id="r1", name="Olga"),
        a_step(expected.RESPONSIBLE, 4, responsible_id="r2", name="Rui"),
        a_step(expected.RESPONSIBLE, 5, responsible_id="r1", name="Olga Prado"),
        a_step(expected.DEFECT, 6, defect_found="Cabo"),
        a_closing(7),
        a_step(expected.REOPENED, 8),
        a_closing(9),
    ]

    stands = expected.standing("none", [(step.type, step.body) for step in steps])

    assert (stands.status, stands.cycle, stands.phase, stands.defect_found) == ("closed", 2, "Visita", "Cabo")
    assert stands.responsibles == ("r2", "r1")


def test_r15_a_step_is_told_by_the_level_in_force_when_it_occurred() -> None:
    raised = a_step(expected.LEVEL_CHANGED, 2, notification_level="all")

    ticket = a_ticket(
        "start_end",
        a_step(expected.RESPONSIBLE, 1, responsible_id="r1", name="Olga"),
        raised,
        a_step(expected.RESPONSIBLE, 3, responsible_id="r2", name="Rui"),
    )

    assert told(ticket) == [(expected.OPENED, "inbox"), (expected.RESPONSIBLE, "inbox")]


def test_r18_a_closing_that_asks_is_told_by_its_request_alone() -> None:
    assert told(a_ticket("none", a_closing(1, asks=True))) == [(expected.ASKED, "inbox"), (expected.ASKED, "email")]
    assert told(a_ticket("none", a_closing(1, asks=True)), BIA) == [(expected.ASKED, "inbox")]


def test_r21_an_automatic_closing_asks_nobody_and_is_told_itself() -> None:
    assert (expected.CLOSED, "inbox") in told(a_ticket("all", a_closing(1, asks=True, automatic=True)))


def test_r11_a_contact_is_two_mails_and_an_inbox_item_where_no_opening_tells_of_it() -> None:
    places = {
        sector: {(one.recipient, one.channel) for one in expected.notices_of_contact(a_contact(sector), ANA)}
        for sector in SECTORS
    }

    both = {("sector", "email"), ("customer", "email")}
    assert places["tecnico"] == places["financeiro"] == both
    assert places["comercial"] == both | {("customer", "inbox")}
    assert places["cobranca"] == {("customer", "email"), ("customer", "inbox")}


def test_steps_count_in_the_order_in_which_they_occurred() -> None:
    opened = a_step(expected.OPENED, 0, customer_id="ana", notification_level="all")
    closed, reopened = a_closing(1), a_step(expected.REOPENED, 2)

    found = expected.tickets([], [reopened, closed, opened])

    assert [step.type for step in found["t1"].steps] == [expected.CLOSED, expected.REOPENED]


def test_r15b_closing_what_is_closed_and_reopening_what_is_open_change_nothing_and_reach_nobody() -> None:
    steps = [a_step(expected.REOPENED, 1), a_closing(2), a_closing(3), a_step(expected.REOPENED, 4), a_closing(5)]

    ticket = a_ticket("all", *steps)

    assert [step.event_id[-1] for step in steps if UUID(step.event_id) in expected.turns(steps)] == ["2", "4", "5"]
    assert list(expected.turns(steps).values()) == [1, 1, 2]
    assert [kind for kind, _ in told(ticket)] == [expected.OPENED, expected.CLOSED, expected.REOPENED, expected.CLOSED]
    stands = expected.standing("all", [(step.type, step.body) for step in steps])
    assert (stands.status, stands.cycle) == ("closed", 2)


def test_steps_of_one_moment_are_ordered_by_kind() -> None:
    opened = a_step(expected.OPENED, 0, customer_id="ana", notification_level="all")
    moment = "2026-01-05T12:05:00+00:00"
    reopened, closed, phase = (
        replace(one, occurred_at=moment)
        for one in (a_step(expected.REOPENED, 1), a_closing(2), a_step(expected.PHASE, 3))
    )

    found = expected.tickets([], [reopened, closed, phase, opened])

    assert [step.type for step in found["t1"].steps] == [expected.PHASE, expected.CLOSED, expected.REOPENED]
