"""Requests of the edge: who answers, who doesn't, and that they don't wait for each other."""

import asyncio
import json
from datetime import timedelta
from uuid import uuid4

import aio_pika
import pytest
from aiormq.exceptions import ChannelLockedResource
from yarl import URL

from chassis.messaging.publisher import Publisher
from chassis.messaging.rpc import NobodyThere, NoReply, RequestRefused, Requests, UnreadableReply
from chassis.service import Service
from chassis.settings import Settings
from contracts.replies import PendingEvaluation
from contracts.requests import ListEvaluations, SubmitEvaluation
from contracts.topology import REPLIES, REPLY_BY
from tests.doors import Door
from tests.eventually import eventually
from tests.system import System


def a_query(customer: str = "ana") -> ListEvaluations:
    return ListEvaluations(request_id=uuid4(), customer_id=customer)


async def on_list_evaluations(query: ListEvaluations) -> object:
    return {"for": query.customer_id}


def a_feedback(settings: Settings) -> Service:
    service = Service("feedback", settings)
    service.answers(ListEvaluations, on_list_evaluations)
    return service


async def test_replies_find_their_callers_and_nobody_waits_for_another(system: System) -> None:
    together = asyncio.Barrier(40)

    async def on_list_evaluations(query: ListEvaluations) -> object:
        # all forty must be under way at once, or this never returns
        await together.wait()
        return {"for": query.customer_id}

    def build(settings: Settings) -> Service:
        service = Service("feedback", settings)
        service.answers(ListEvaluations, on_list_evaluations)
        return service

    await system.run(build, Settings)
    answers = await asyncio.gather(*(system.answer(a_query(f"c{n}")) for n in range(40)))

    assert [answer["for"] for answer in answers] == [f"c{n}" for n in range(40)]


async def test_what_is_answered_has_the_type_that_the_contract_promises(system: System) -> None:
    pending = {"evaluation_id": str(uuid4()), "protocol": "p", "closed_at": "2026-01-05T12:00:00Z"}

    async def on_list_evaluations(query: ListEvaluations) -> object:
        answers = {"ana": [pending | {"expires_at": "2026-01-19T12:00:00Z"}], "bia": [pending | {"score": "segredo"}]}
        if query.customer_id not in answers:
            raise LookupError("Não há.")
        return answers[query.customer_id]

    def build(settings: Settings) -> Service:
        service = Service("feedback", settings)
        service.answers(ListEvaluations, on_list_evaluations, refuses={LookupError: 404})
        return service

    await system.run(build, Settings)
    within = timedelta(seconds=60)

    [evaluation] = await system.requests.ask(a_query("ana"), within=within, confirm_within=within)
    with pytest.raises(UnreadableReply) as unreadable:
        await system.requests.ask(a_query("bia"), within=within, confirm_within=within)
    with pytest.raises(RequestRefused) as refused:
        await system.requests.ask(a_query("eva"), within=within, confirm_within=within)

    assert isinstance(evaluation, PendingEvaluation)
    assert unreadable.value.fields == ["0.expires_at"]
    assert "segredo" not in str(unreadable.value)
    assert refused.value.problem.status == 404


async def test_a_query_that_nobody_answers_expires_and_leaves_nothing(system: System) -> None:
    with pytest.raises(NoReply):
        await system.ask(a_query(), within=timedelta(milliseconds=300))

    await eventually(lambda: is_empty(system, "feedback.queries"))


async def is_empty(system: System, queue: str) -> bool:
    return await system.depth(queue) == 0


async def test_a_query_to_a_service_without_replicas_fails_at_once(system: System) -> None:
    channel = await system.connection.channel()
    await channel.queue_delete("feedback.queries")

    with pytest.raises(NobodyThere):
        await system.ask(a_query(), within=timedelta(seconds=30))


async def test_a_command_that_nobody_answers_stays_to_be_handled(system: System) -> None:
    command = SubmitEvaluation(request_id=uuid4(), customer_id="ana", evaluation_id=uuid4(), score=5)

    with pytest.raises(NoReply):
        await system.ask(command, within=timedelta(milliseconds=300))

    assert await system.depth("feedback.commands") == 1


@pytest.mark.parametrize("by", ["", REPLIES])
async def test_an_answer_goes_the_way_that_its_asker_can_hear_it(system: System, by: str) -> None:
    await system.run(a_feedback, Settings)
    channel = await system.connection.channel()
    own = await channel.declare_queue("asker.own", exclusive=True, robust=False)
    if by:
        await own.bind(by, "asker.hears", robust=False)
    question = aio_pika.Message(
        a_query().model_dump_json().encode(),
        reply_to="asker.hears" if by else own.name,
        correlation_id="c1",
        headers={REPLY_BY: by} if by else {},
    )

    for _ in range(3):
        await channel.default_exchange.publish(question, "feedback.queries")
        answer = await eventually(lambda: own.get(fail=False, no_ack=True, timeout=60))

        assert json.loads(answer.body)["ok"] == {"for": "ana"}
        assert (answer.exchange, answer.correlation_id) == (by, "c1")


async def test_an_asker_whose_lost_connection_still_holds_its_reply_queue_asks_on(
    system: System, amqp_url: str
) -> None:
    await system.run(a_feedback, Settings)
    door = Door(amqp_url)
    await door.open()
    url = URL(amqp_url).with_host("127.0.0.1").with_port(door.port)
    publisher = Publisher(str(url), app_id="edge")
    await publisher.start()
    requests = Requests(publisher)
    await requests.start()
    held = requests.queue.name

    door.lose()

    answer = await eventually(lambda: answer_to(requests), timedelta(seconds=60))
    assert answer == {"for": "ana"}
    await requests.queue.check()
    channel = await system.connection.channel()
    with pytest.raises(ChannelLockedResource):
        await channel.declare_queue(held, passive=True, robust=False)
    await publisher.stop()
    await door.shut()


async def answer_to(requests: Requests) -> object:
    try:
        return (await requests.reply(a_query(), within=timedelta(seconds=5))).ok
    except (NobodyThere, NoReply):
        return None
