"""Tickets that are closed and reopened: what customers are asked and sent of it, and what MK's operators see."""

import random
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2

from chassis.service import Service
from contracts import feedback, mk, tickets
from contracts.message import Message
from mk.app import build as build_mk
from mk.settings import Settings as MkSettings
from tests.eventually import eventually
from tests.journeys.provider import ANA, Provider
from tests.mk.running import get
from tests.system import emitted

NOW = datetime.now(UTC)


def opening(minute: int) -> mk.TicketOpened:
    fields = {"customer_id": ANA, "complaint": "Lenta", "notification_level": "start_end", "opened_by": "joana"}
    return emitted(mk.TicketOpened, at=NOW + timedelta(minutes=minute), ticket_id="t1", **fields)


def closing(minute: int, *, asks: bool = True) -> mk.TicketClosed:
    at = NOW + timedelta(minutes=minute)
    return emitted(mk.TicketClosed, at=at, ticket_id="t1", closed_by="joana", request_evaluation=asks)


def reopening(minute: int) -> mk.TicketReopened:
    return emitted(mk.TicketReopened, at=NOW + timedelta(minutes=minute), ticket_id="t1")


async def started(provider: Provider, folder: Path) -> Service:
    """The provider, and MK beside it."""
    await provider.start()
    return await provider.system.run(build_mk, MkSettings, var_dir=folder)


async def one_question(provider: Provider, *others: str) -> str:
    """The one question that is open, once it is another than these."""

    async def asked() -> str:
        shown = await provider.app(ANA).get("/v1/evaluations")
        assert shown.is_success, shown.text
        pending = [one["evaluation_id"] for one in shown.json()]
        assert len(pending) == 1
        assert pending[0] not in others
        return str(pending[0])

    return await eventually(asked)


async def answer(provider: Provider, evaluation: str, **given: object) -> httpx2.Response:
    return await provider.app(ANA).post(f"/v1/evaluations/{evaluation}", json=given)


async def evaluations(service: Service) -> list[tuple[int, str, Any]]:
    page = await get(service, "/tickets/t1")
    return [(one["cycle"], one["state"], one["comment"]) for one in page["evaluations"]]


async def shows(service: Service, *expected: tuple[int, str, Any]) -> bool:
    return await evaluations(service) == list(expected)


async def test_r21_a_reopening_takes_the_question_back_and_the_next_closing_asks_anew(
    provider: Provider, tmp_path: Path
) -> None:
    service = await started(provider, tmp_path)
    await provider.system.publish(opening(0), closing(1))
    first = await one_question(provider)

    await provider.system.publish(reopening(2))

    await eventually(lambda: shows(service, (1, "withdrawn", None)))
    refused = await answer(provider, first, score=5)
    assert (refused.status_code, refused.json()["type"]) == (410, "urn:atendo:problem:evaluation-withdrawn")
    assert (await provider.app(ANA).get("/v1/evaluations")).json() == []
    await provider.system.publish(closing(3))
    second = await one_question(provider, first)
    assert (await answer(provider, first, score=5)).json()["newest"].endswith(second)
    assert (await answer(provider, second, score=2, comment="Voltou a cair")).status_code == 201
    await eventually(lambda: shows(service, (1, "withdrawn", None), (2, "answered", "Voltou a cair")))
    [line] = await get(service, "/painel/finalizados")
    assert (line["cycle"], line["state"], line["score"]) == (2, "answered", 2)


async def test_r21_an_answer_that_was_given_stands_when_the_ticket_is_reopened(
    provider: Provider, tmp_path: Path
) -> None:
    service = await started(provider, tmp_path)
    await provider.system.publish(opening(0), closing(1))
    assert (await answer(provider, await one_question(provider), score=4, comment="Demorou")).status_code == 201

    await provider.system.publish(reopening(2), closing(3, asks=False))

    await eventually(lambda: shows(service, (1, "answered", "Demorou"), (2, "not_asked", None)))
    assert provider.system.received_of(feedback.EvaluationWithdrawn) == []


async def test_r15b_steps_that_change_nothing_are_announced_to_nobody_in_any_order(
    provider: Provider, tmp_path: Path
) -> None:
    service = await started(provider, tmp_path)
    steps: list[Message] = [opening(0), reopening(1), closing(2), closing(3), reopening(4), reopening(5), closing(6)]
    shuffled = steps * 2
    random.Random(15).shuffle(shuffled)

    await provider.system.publish(*shuffled)

    expected = ["evaluation_requested", "ticket_opened", "ticket_reopened"]
    await eventually(lambda: shows(service, (1, "withdrawn", None), (2, "waiting", None)))
    await provider.system.quiet()
    assert len({body["event_id"] for body in provider.system.received_of(tickets.TicketClosed)}) == 2
    assert len({body["event_id"] for body in provider.system.received_of(tickets.TicketReopened)}) == 1
    # how often the first question was asked before its reopening came hangs on the order
    assert sorted({item["type"] for item in await provider.inbox(ANA)}) == expected
    await one_question(provider)
