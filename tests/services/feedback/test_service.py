"""feedback on a real broker and a real database: happy, duplicate, out of order, poison."""

import asyncio
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from bson import json_util
from bson.binary import UuidRepresentation

from contracts import feedback, mk
from contracts.requests import OpenEvaluationLink, SubmitEvaluationByLink
from services.feedback.store import MongoEvaluations
from tests.eventually import eventually
from tests.services.feedback.running import (
    a_recent_closing,
    a_recent_reopening,
    an_answer,
    asked,
    feedback_runs,
    look,
    pending,
    token_of,
)
from tests.system import LONG_AGO, System, emitted
from tests.upgrades.today import as_asked_today

RELEASE = Path(__file__).parents[2] / "upgrades" / "v0.1"
AS_STORED = json_util.JSONOptions(uuid_representation=UuidRepresentation.STANDARD, tz_aware=True)


async def test_r21_a_closing_with_the_tick_asks_and_its_customer_answers(system: System) -> None:
    await feedback_runs(system)
    closing = a_recent_closing()

    request = await asked(system, closing)
    listed = await pending(system)
    answer = await system.answer(an_answer(request["evaluation_id"], 4, " Bom, mas demorou "))

    assert listed == [
        {
            "evaluation_id": request["evaluation_id"],
            "protocol": closing.protocol,
            "closed_at": listed[0]["closed_at"],
            "expires_at": request["expires_at"],
        }
    ]
    assert datetime.fromisoformat(listed[0]["expires_at"]) - datetime.fromisoformat(
        listed[0]["closed_at"]
    ) == timedelta(days=14)
    assert answer == {"evaluation_id": request["evaluation_id"], "score": 4, "created": True}
    submitted = await eventually(lambda: system.received_of(feedback.EvaluationSubmitted))
    assert submitted[0]["comment"] == "Bom, mas demorou"
    assert submitted[0]["channel"] == "sac_plus"
    assert await pending(system) == []


async def test_r21_without_the_tick_or_by_the_machine_nothing_is_asked(system: System) -> None:
    await feedback_runs(system)

    await system.publish(a_recent_closing(request_evaluation=False), a_recent_closing(automatic=True))
    await asked(system, a_recent_closing(customer_id="rui"))

    assert await pending(system) == []
    assert len(system.received_of(feedback.EvaluationRequested)) == 1


async def test_r21_a_closing_told_twice_asks_once_and_another_closing_asks_anew(system: System) -> None:
    await feedback_runs(system)
    first, second = (a_recent_closing(ticket_id="t1", cycle=cycle) for cycle in (1, 2))
    first_again = first.model_copy(update={"event_id": uuid4()})

    await system.publish(second, first, first, second, first_again)

    await eventually(lambda: len(system.received_of(feedback.EvaluationRequested)) == 2)
    await system.quiet()
    requests = system.received_of(feedback.EvaluationRequested)
    assert sorted(request["cycle"] for request in requests) == [1, 2]
    assert len(await pending(system)) == 2


async def test_r21_two_replicas_withdraw_once_whatever_order_closing_and_reopening_come_in(system: System) -> None:
    await feedback_runs(system)
    await feedback_runs(system)
    tickets = [f"t{number}" for number in range(12)]
    closings = [a_recent_closing(ticket_id=one) for one in tickets]
    reopenings = [a_recent_reopening(ticket_id=one) for one in tickets]

    await asyncio.gather(*(system.publish(one) for pair in zip(closings, reopenings, strict=True) for one in pair))
    await system.publish(*reopenings)

    await eventually(lambda: len(system.received_of(feedback.EvaluationWithdrawn)) >= len(tickets))
    await system.quiet()
    # what another replica hasn't cleared yet may be published again, as the same event
    withdrawn = {one["event_id"]: one["ticket_id"] for one in system.received_of(feedback.EvaluationWithdrawn)}
    assert sorted(withdrawn.values()) == sorted(tickets)
    assert await pending(system) == []


async def test_r21_a_withdrawn_one_is_refused_and_leads_to_the_newest(system: System) -> None:
    await feedback_runs(system)
    old = await asked(system, a_recent_closing(ticket_id="t1", cycle=1))
    await system.publish(a_recent_reopening(ticket_id="t1", cycle=1))
    await eventually(lambda: system.received_of(feedback.EvaluationWithdrawn))
    new = await asked(system, a_recent_closing(ticket_id="t1", cycle=2))

    problem = await system.problem(an_answer(old["evaluation_id"]))
    by_link = await system.problem(SubmitEvaluationByLink(request_id=uuid4(), token=token_of(old), score=5))
    screen = await system.answer(look(old["evaluation_id"]))
    page = await system.answer(OpenEvaluationLink(request_id=uuid4(), token=token_of(old)))

    assert (problem.status, problem.type) == (410, "urn:atendo:problem:evaluation-withdrawn")
    assert (problem.newest, by_link.newest) == (new["evaluation_id"], new["link"])
    assert (screen["state"], screen["newest"]) == ("withdrawn", new["evaluation_id"])
    assert (page["state"], page["newest"]) == ("withdrawn", new["link"])
    assert [one["evaluation_id"] for one in await pending(system)] == [new["evaluation_id"]]


async def test_r24_the_same_answer_is_the_same_success_and_another_is_refused(system: System) -> None:
    await feedback_runs(system)
    evaluation = (await asked(system, a_recent_closing()))["evaluation_id"]
    command = an_answer(evaluation, 5)

    first, redelivered = await system.answer(command), await system.answer(command)
    again = await system.answer(an_answer(evaluation, 5, "  "))
    other = await system.problem(an_answer(evaluation, 1, "Ruim"))

    assert [first["created"], redelivered["created"], again["created"]] == [True, False, False]
    assert (other.status, other.type) == (409, "urn:atendo:problem:already-answered")
    await system.quiet()
    assert len(system.received_of(feedback.EvaluationSubmitted)) == 1


async def test_r24_of_many_answers_at_once_exactly_one_wins(system: System) -> None:
    await feedback_runs(system)
    await feedback_runs(system)
    evaluation = (await asked(system, a_recent_closing()))["evaluation_id"]

    replies = await asyncio.gather(
        *(system.ask(an_answer(evaluation, score, "Comentário")) for score in (1, 2, 3, 4, 5) for _ in (1, 2))
    )

    kept = [reply.ok for reply in replies if isinstance(reply.ok, dict)]
    refused = [reply.problem.status for reply in replies if reply.problem]
    assert [answer["created"] for answer in kept].count(True) == 1
    assert len({answer["score"] for answer in kept}) == 1
    assert refused == [409] * 8
    await system.quiet()
    assert len(system.received_of(feedback.EvaluationSubmitted)) == 1


async def test_r22_what_is_wrong_is_told_with_its_field(system: System) -> None:
    await feedback_runs(system)
    evaluation = (await asked(system, a_recent_closing()))["evaluation_id"]

    problems = [
        await system.problem(an_answer(evaluation, score, comment))
        for score, comment in [(4, " "), (6, "Ótimo"), (5, "x" * 2001)]
    ]

    assert [(problem.status, problem.type.rsplit(":", 1)[1]) for problem in problems] == [
        (422, "comment-required"),
        (422, "score-out-of-range"),
        (422, "comment-too-long"),
    ]
    assert [problem.errors[0].field for problem in problems if problem.errors] == ["comment", "score", "comment"]
    assert len(await pending(system)) == 1


async def test_a_foreign_evaluation_looks_like_one_that_does_not_exist(system: System) -> None:
    await feedback_runs(system)
    evaluation = (await asked(system, a_recent_closing()))["evaluation_id"]

    foreign = await system.problem(an_answer(evaluation, by="rui"))
    unknown = await system.problem(an_answer(str(uuid4())))

    assert foreign == unknown
    assert foreign.status == 404


async def test_r23_opening_the_link_records_nothing_and_answering_by_it_does(system: System) -> None:
    await feedback_runs(system)
    link = (await asked(system, a_recent_closing()))["link"]
    token = link.removeprefix("https://sac.provedor.example/avaliacao/")
    opening = OpenEvaluationLink(request_id=uuid4(), token=token)

    opened = [await system.answer(opening), await system.answer(opening)]
    still_pending = await pending(system)
    await system.answer(SubmitEvaluationByLink(request_id=uuid4(), token=token, score=5))
    afterwards = await system.answer(opening)

    assert [one["state"] for one in opened] == ["open", "open"]
    assert len(still_pending) == 1
    assert (afterwards["state"], afterwards["score"]) == ("answered", 5)
    submitted = await eventually(lambda: system.received_of(feedback.EvaluationSubmitted))
    assert submitted[0]["channel"] == "link"


async def test_r23_a_forged_link_is_refused_for_reading_and_for_answering(system: System) -> None:
    await feedback_runs(system)
    forged = "A" * 43

    opened = await system.problem(OpenEvaluationLink(request_id=uuid4(), token=forged))
    answered = await system.problem(SubmitEvaluationByLink(request_id=uuid4(), token=forged, score=5))

    assert opened == answered
    assert (opened.status, opened.type) == (404, "urn:atendo:problem:link-invalid")


async def test_r27_an_erased_customers_comments_go_and_scores_stay_whatever_comes_first(system: System) -> None:
    service = await feedback_runs(system)
    before = await asked(system, a_recent_closing())
    await system.answer(an_answer(before["evaluation_id"], 2, "Sou a Ana"))

    erased = emitted(mk.CustomerErased, at=LONG_AGO, customer_id="ana")
    await system.publish(erased, erased)

    async def comment_is_gone() -> bool:
        found = await service.database["evaluations"].find_one({"_id": UUID(before["evaluation_id"])})
        return bool(found["answer"] == {"score": 2, "comment": None})

    await eventually(comment_is_gone)
    after = await asked(system, a_recent_closing())
    await system.answer(an_answer(after["evaluation_id"], 3, "Ainda sou a Ana"))
    last = await eventually(lambda: system.received_of(feedback.EvaluationSubmitted, cycle=1, score=3))
    assert last[0]["comment"] is None


async def test_r25_what_is_stored_is_read_back_whole(system: System) -> None:
    service = await feedback_runs(system)
    carla = {"responsible_id": "7", "name": "Carla", "team": "Campo"}
    request = await asked(system, a_recent_closing(sector_id="tecnico", responsibles=[carla]))

    found = await MongoEvaluations(service).find(UUID(request["evaluation_id"]))

    assert found is not None
    assert found.snapshot.sector_id == "tecnico"
    assert found.snapshot.closed_by == "bruno"
    assert [(one.id, one.name, one.team) for one in found.snapshot.responsibles] == [("7", "Carla", "Campo")]
    assert found.expires_at - found.closed_at == timedelta(days=14)


async def test_what_release_0_1_stored_is_found_withdrawn_and_never_asked_again(system: System) -> None:
    service = await feedback_runs(system)
    stored = json_util.loads((RELEASE / "stored.json").read_text(), json_options=AS_STORED)["feedback"]["evaluations"]
    evaluations = [as_asked_today(one) for one in stored["documents"]]
    await service.database["evaluations"].insert_many(evaluations)
    answered = next(one for one in evaluations if one["answer"])
    waiting = next(one for one in evaluations if not one["answer"])
    of_waiting = {name: waiting[name] for name in ("ticket_id", "protocol", "customer_id", "cycle", "closed_at")}

    # its closing comes once more, and so does another of the same cycle
    await system.publish(
        a_recent_closing(**of_waiting), a_recent_reopening(**without(of_waiting, "closed_at", "cycle"))
    )
    await eventually(lambda: system.received_of(feedback.EvaluationWithdrawn))
    await system.publish(a_recent_reopening(ticket_id=answered["ticket_id"], cycle=answered["cycle"]))
    await system.quiet()

    assert system.received_of(feedback.EvaluationRequested) == []
    [withdrawn] = system.received_of(feedback.EvaluationWithdrawn)
    assert withdrawn["evaluation_id"] == str(waiting["_id"])
    shown = await system.answer(look(str(answered["_id"]), by=answered["customer_id"]))
    assert (shown["state"], shown["score"], shown["comment"]) == ("answered", 4, "Demorou")
    assert await system.dead("feedback") == []


def without(fields: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if name not in names}


async def test_poison_goes_to_the_dead_letters_with_its_reason_and_stops_nothing(system: System) -> None:
    await feedback_runs(system)

    await system.publish_raw("atendo", "tickets.ticket_closed.v1", b"{not json", type="TicketClosed.v1")
    await system.publish_raw("atendo", "tickets.ticket_closed.v1", b'{"ticket_id": "t1"}', type="TicketClosed.v1")
    await system.publish_raw("", "feedback.commands", b'{"kind": "fly"}')

    assert await asked(system, a_recent_closing())
    await eventually(lambda: three_died(system))
    dead = await system.dead("feedback")
    assert sorted(str(one.headers["x-atendo-reason"]) for one in dead) == [
        "unknown_type",
        "unreadable",
        "unreadable",
    ]


async def three_died(system: System) -> bool:
    return await system.depth("feedback.dead") == 3
