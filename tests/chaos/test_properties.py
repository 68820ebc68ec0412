"""The properties that hang on what the services announced: what contradicts each of them, and what doesn't."""

import json
from uuid import UUID, uuid4

import pytest

from tests.chaos import expected
from tests.chaos.announcing import ACKNOWLEDGED, contacts_are_acknowledged_once, one_closing_per_cycle
from tests.chaos.case import Case
from tests.chaos.evaluating import (
    SUBMITTED,
    WITHDRAWN,
    open_questions_are_about_closed_tickets,
    withdrawn_is_never_answered,
)
from tests.chaos.evidence import Document, Evidence
from tests.chaos.history import History, Rated, Said, Wrote
from tests.chaos.notifying import one_delivery_per_channel
from tests.chaos.provider import Customer

ANA = Customer("ana", "ana@chaos.test")
CONTACT = str(UUID(int=3))
QUESTION = UUID(int=9)
RECEIPTS = [{"recipient": who, "outcome": "sent"} for who in ("customer", "sector")]


def event(kind: str, **body: object) -> Document:
    event_id = uuid4()
    return {"event_id": event_id, "type": kind, "body": json.dumps({"event_id": str(event_id), **body}).encode()}


def step(kind: str, minute: int, **body: object) -> Said:
    at = f"2026-01-05T12:{minute:02d}:00+00:00"
    return Said(0.0, kind, str(uuid4()), at, "t1", {"ticket_id": "t1", **body})


OPENING = step(expected.OPENED, 0, customer_id="ana", notification_level="all")
CLOSING = step(expected.CLOSED, 1, request_evaluation=True, automatic=False, defect_found=None)
REOPENING = step(expected.REOPENED, 2)


def case(*records: object, **evidence: list[Document]) -> Case:
    history = History()
    history.records.extend(records)
    return Case.of(history, Evidence(**evidence), {"ana": ANA})  # type: ignore[arg-type]


def written(*acknowledgements: Document, mails: tuple[str, ...] = ("customer", "sector")) -> Case:
    wrote = Wrote(0.0, str(UUID(int=2)), CONTACT, "ana", "tecnico", "Sem conexão", acknowledged=True)
    kept = {"_id": UUID(CONTACT), "refusal": None, "mails": dict.fromkeys(mails, "sent")}
    return case(wrote, contacts=[kept], notified_contacts=[{"_id": UUID(CONTACT), "told": list(acknowledgements)}])


def test_r11_a_contact_is_acknowledged_once_with_both_receipts_and_contacts_knows_it() -> None:
    once = event(ACKNOWLEDGED, contact_id=CONTACT, receipts=RECEIPTS)
    again = event(ACKNOWLEDGED, contact_id=CONTACT, receipts=RECEIPTS)
    half = event(ACKNOWLEDGED, contact_id=CONTACT, receipts=RECEIPTS[:1])

    assert list(contacts_are_acknowledged_once(written(once))) == []
    assert list(contacts_are_acknowledged_once(written(once, once))) == []
    assert len(list(contacts_are_acknowledged_once(written()))) == 1
    assert len(list(contacts_are_acknowledged_once(written(once, again)))) == 1
    assert len(list(contacts_are_acknowledged_once(written(half)))) == 1
    assert len(list(contacts_are_acknowledged_once(written(once, mails=("sector",))))) == 1


def closings(*cycles: int) -> list[Document]:
    told = [
        event(expected.CLOSED, ticket_id="t1", customer_id="ana", cycle=cycle, occurred_at=CLOSING.occurred_at)
        for cycle in cycles
    ]
    return [{"_id": "t1", "told": told, "openings": []}]


@pytest.mark.parametrize(("cycles", "violations"), [((1,), 0), ((), 1), ((1, 1), 1), ((1, 2), 1), ((2,), 1)])
def test_r15b_a_closing_is_announced_once_for_each_cycle(cycles: tuple[int, ...], violations: int) -> None:
    closed = case(OPENING, CLOSING, tickets=closings(*cycles))

    assert len(list(one_closing_per_cycle(closed))) == violations


def evaluation(*told: Document, **state: object) -> Document:
    usual: Document = {"_id": QUESTION, "ticket_id": "t1", "cycle": 1, "answer": None, "expired": False}
    return {**usual, "told": list(told), **state}


def test_r21_a_withdrawn_question_is_never_answered() -> None:
    withdrawal, answer = event(WITHDRAWN), event(SUBMITTED)
    given = {"score": 5, "comment": None}
    rating = Rated(0.0, str(QUESTION), "ana", 5, None, acknowledged=True)

    def violations(one: Document, *records: object) -> int:
        return len(list(withdrawn_is_never_answered(case(*records, evaluations=[one]))))

    assert violations(evaluation(withdrawal, withdrawn=True)) == 0
    assert violations(evaluation(answer, answer=given), rating) == 0
    assert violations(evaluation(withdrawal, answer, answer=given)) == 1
    assert violations(evaluation(withdrawal, answer, withdrawn=True, answer=given)) == 1
    assert violations(evaluation(withdrawal, withdrawn=True), rating) == 1
    assert violations(evaluation(withdrawn=True)) == 1


def test_r21_no_question_is_open_on_a_ticket_that_is_not_closed() -> None:
    def violations(one: Document, *said: Said) -> int:
        return len(list(open_questions_are_about_closed_tickets(case(OPENING, *said, evaluations=[one]))))

    assert violations(evaluation(), CLOSING) == 0
    assert violations(evaluation(), CLOSING, REOPENING) == 1
    assert violations(evaluation(withdrawn=True), CLOSING, REOPENING) == 0
    assert violations(evaluation(cycle=2), CLOSING) == 1


def test_r21_a_question_that_was_withdrawn_needs_no_mail_any_more_and_one_that_was_not_does() -> None:
    asked = event(expected.ASKED, evaluation_id=str(QUESTION), ticket_id="t1", customer_id="ana")

    open_case = case(evaluations=[evaluation(asked)])
    withdrawn_case = case(evaluations=[evaluation(asked, withdrawn=True)])

    assert len(list(one_delivery_per_channel(open_case))) == 2
    assert list(one_delivery_per_channel(withdrawn_case)) == []


def test_r15_a_turn_is_expected_as_it_was_announced_at_the_level_in_force() -> None:
    quiet = step(expected.OPENED, 0, customer_id="ana", notification_level="none")
    silent = step(expected.CLOSED, 1, request_evaluation=False, automatic=False, defect_found=None)

    loud_case = case(OPENING, silent, tickets=closings(1))
    quiet_case = case(quiet, silent, tickets=closings(1))

    assert expected.CLOSED in {notice.type for notice in loud_case.notices}
    assert expected.CLOSED not in {notice.type for notice in quiet_case.notices}
