"""The same request again: one contact, one answer; and what was refused for a passing reason may succeed (R12)."""

from datetime import timedelta

import pytest

from contracts import mk
from contracts.message import Message
from services.contacts.domain.register import Known
from tests.services.contacts.memory import RegisterInMemory, Running
from tests.services.contacts.provider import (
    A_DAY_LATER,
    ANA,
    CASA,
    CONTACT,
    LOJA,
    NO_ANA,
    OPTIONS,
    TECNICO,
    a_contact,
    progress,
)
from tests.system import emitted


async def test_r12_the_same_request_again_is_the_same_answer_and_nothing_more(running: Running) -> None:
    first = await running.answer(a_contact())

    assert await running.answer(a_contact()) == first
    assert len(running.contacts.emitted) == 2


async def test_r12_another_body_under_the_same_key_is_refused(running: Running) -> None:
    await running.answer(a_contact())

    problem = await running.problem(a_contact(text="Outra coisa"))

    assert (problem.status, problem.type) == (422, "urn:atendo:problem:key-reused")
    assert (await running.answer(progress(CONTACT)))["state"] == "received"


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("", "text-required"),
        (" \n\t ", "text-required"),
        ("\u200b", "text-required"),
        ("\u3164\u2800", "text-required"),
        ("\ufe0f", "text-required"),
        ("x" * 4001, "text-too-long"),
        ("\u200b" + "é" * 4001 + " ", "text-too-long"),
    ],
)
async def test_r7_a_text_that_is_refused_stays_refused_under_its_key(running: Running, text: str, kind: str) -> None:
    problems = [await running.problem(a_contact(text=text)) for _ in range(2)]

    assert [(one.status, one.type) for one in problems] == [(422, f"urn:atendo:problem:{kind}")] * 2
    assert [one.field for one in problems[0].errors or ()] == ["text"]
    assert (await running.problem(a_contact(text="Sem conexão"))).type == "urn:atendo:problem:key-reused"
    assert (await running.answer(progress(CONTACT)))["state"] == "refused"
    assert running.contacts.emitted == []


OFF = emitted(mk.SacOptionsSaved, at=A_DAY_LATER, mobile_menu=["tickets"])
ON = emitted(mk.SacOptionsSaved, at=A_DAY_LATER + timedelta(days=1), mobile_menu=["contacts"])
CLOSED = emitted(
    mk.SectorSaved, at=A_DAY_LATER, sector_id="tecnico", name="Técnico", generate_ticket=True, active=False
)
OPEN = emitted(
    mk.SectorSaved, at=A_DAY_LATER + timedelta(days=1), sector_id="tecnico", name="Técnico", generate_ticket=True
)
MOVED = emitted(mk.CustomerSaved, at=A_DAY_LATER, customer_id="ana", name="Ana", connections=[CASA | {"active": False}])
BACK = emitted(mk.CustomerSaved, at=A_DAY_LATER + timedelta(days=1), customer_id="ana", name="Ana", connections=[CASA])
TWO = emitted(mk.CustomerSaved, at=A_DAY_LATER, customer_id="ana", name="Ana", connections=[CASA, LOJA])


@pytest.mark.parametrize(
    ("before", "after", "status", "connection"),
    [
        (OFF, ON, 403, None),
        (NO_ANA, BACK, 404, None),
        (CLOSED, OPEN, 422, None),
        (MOVED, BACK, 422, "c1"),
        (TWO, BACK, 422, None),
    ],
    ids=["option off", "customer unknown", "sector off", "connection not active", "connection to choose"],
)
async def test_r12_what_was_refused_for_a_passing_reason_succeeds_later_under_the_same_key(
    running: Running, before: Message, after: Message, status: int, connection: str | None
) -> None:
    await running.publish(before)
    command = a_contact(connection_id=connection)

    problems = [await running.problem(command) for _ in range(2)]
    shown = await running.answer(progress(CONTACT))
    await running.publish(after)
    accepted = await running.answer(command)

    assert [one.status for one in problems] == [status, status]
    assert shown == {"contact_id": str(CONTACT), "state": "refused"}
    assert accepted["state"] == (await running.answer(progress(CONTACT)))["state"] == "received"
    assert running.contacts.emitted_types() == ["ContactReceived.v1", "TicketRequested.v1"]


async def test_r12_a_passing_refusal_leaves_its_key_free_for_another_body(running: Running) -> None:
    await running.problem(a_contact(sector_id="unknown"))

    assert (await running.answer(a_contact(text="Outra coisa")))["state"] == "received"


class Behind(RegisterInMemory):
    """A replica that MK's news reach late; another accepts the contact while this one looks."""

    def __init__(self, other: Running) -> None:
        super().__init__()
        self._other = other

    async def known(self, customer_id: str, sector_id: str) -> Known:
        """Nothing yet."""
        await self._other.answer(a_contact())
        return await super().known(customer_id, sector_id)


async def test_r12_of_two_replicas_that_disagree_the_one_that_accepts_counts(running: Running) -> None:
    late = Running(running.contacts, Behind(running))

    answer = await late.answer(a_contact())

    assert answer["state"] == "received"
    assert len(running.contacts.emitted) == 2


class Between(RegisterInMemory):
    """A register as another replica accepts another body under the same key."""

    def __init__(self, other: Running) -> None:
        super().__init__()
        self._other = other

    async def known(self, customer_id: str, sector_id: str) -> Known:
        """All of it, when the other is done."""
        await self._other.answer(a_contact(text="Outra coisa"))
        return await super().known(customer_id, sector_id)


async def test_r12_of_two_bodies_at_once_one_is_accepted_and_the_other_is_told_so(running: Running) -> None:
    second = Running(running.contacts, Between(running))
    await second.publish(OPTIONS, TECNICO, ANA)

    problem = await second.problem(a_contact())

    assert problem.type == "urn:atendo:problem:key-reused"
    assert len(running.contacts.emitted) == 2
