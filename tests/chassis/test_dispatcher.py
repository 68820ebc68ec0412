"""Delivery on a real broker: what a handler raises becomes a retry, a dead letter or an answer, and nothing is lost."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from chassis.messaging.envelope import Envelope
from chassis.messaging.registry import Patience
from chassis.persistence.documents import Conflict
from chassis.service import Service
from chassis.settings import Settings
from contracts import mk, tickets
from contracts.requests import ListEvaluations
from contracts.topology import RETRY_LADDER
from tests.chassis.closing import a_closing
from tests.eventually import eventually
from tests.system import System, emitted, is_well

Handle = Callable[[Any], Awaitable[object]]


class Recorder:
    """A handler that fails as it is told, and remembers what it was given."""

    def __init__(self, *failures: Exception) -> None:
        self.failures = list(failures)
        self.tries = 0
        self.done: list[str] = []

    async def on_ticket_closed(self, event: tickets.TicketClosed) -> None:
        """Fail, or remember."""
        self.tries += 1
        if self.failures:
            raise self.failures.pop(0)
        self.done.append(event.ticket_id)


async def listening(system: System, handle: Handle, patience: Patience | None = None) -> Service:
    def build(settings: Settings) -> Service:
        service = Service("feedback", settings)
        service.on(tickets.TicketClosed, handle, patience=patience)
        service.permanent(PermissionError)
        return service

    return await system.run(build, Settings)


async def empty(system: System, queue: str) -> bool:
    return await system.depth(queue) == 0


async def test_an_error_that_passes_is_tried_again_in_place(system: System) -> None:
    recorder = Recorder(OSError("away"), OSError("away"))
    await listening(system, recorder.on_ticket_closed)

    await system.publish(a_closing())

    await eventually(lambda: recorder.done == ["t1"])
    assert recorder.tries == 3


async def test_a_lost_race_is_run_again_at_once_and_is_no_failure(system: System) -> None:
    recorder = Recorder(*[Conflict("t1")] * 10)
    await listening(system, recorder.on_ticket_closed)

    await system.publish(a_closing())

    await eventually(lambda: recorder.done == ["t1"])
    assert await system.dead("feedback") == []


async def test_what_fails_longer_climbs_the_ladder_and_comes_back_to_its_queue(system: System) -> None:
    recorder = Recorder(*[OSError("away")] * 4)
    service = await listening(system, recorder.on_ticket_closed)

    await system.publish(a_closing())

    await eventually(lambda: recorder.done == ["t1"])
    assert recorder.tries == 5
    assert service.metrics.registry.get_sample_value("atendo_retries_total", {"rung": "5s"}) == 1
    assert await system.dead("feedback") == []


async def test_the_end_of_the_ladder_is_a_dead_letter_that_says_everything(system: System) -> None:
    recorder = Recorder(*[OSError("still away")] * 4)
    await listening(system, recorder.on_ticket_closed)
    event = a_closing()
    first_failure = datetime(2026, 1, 5, 11, tzinfo=UTC).isoformat()

    await system.publisher.publish(
        Envelope(
            exchange="",
            routing_key="feedback",
            body=event.model_dump_json().encode(),
            type=event.type_name(),
            headers={
                "x-atendo-exchange": "atendo",
                "x-atendo-key": event.routing_key(),
                "x-atendo-attempts": len(RETRY_LADDER),
                "x-atendo-first-failure": first_failure,
            },
        )
    )

    await eventually(lambda: waiting(system, "feedback.dead", 1))
    (letter,) = await system.dead("feedback")
    assert letter.body == event.model_dump_json().encode()
    marks = {name[len("x-atendo-") :]: value for name, value in letter.headers.items() if name.startswith("x-atendo-")}
    assert marks.pop("died-at")
    assert marks == {
        "reason": "retries_exhausted",
        "exception": "OSError: still away",
        "handler": "on_ticket_closed",
        "attempts": len(RETRY_LADDER) + 1,
        "waits": 0,
        "first-failure": first_failure,
        "exchange": "atendo",
        "key": "tickets.ticket_closed.v1",
        "queue": "feedback",
    }


async def test_a_sender_cannot_say_that_its_message_came_from_somebody_else(system: System) -> None:
    recorder = Recorder()
    await listening(system, recorder.on_ticket_closed)
    channel = await system.connection.channel()
    await (await channel.get_queue("feedback", ensure=False)).bind("atendo", "contacts.anything.v1")
    event = a_closing()

    await system.publisher.publish(
        Envelope(
            exchange="atendo",
            routing_key="contacts.anything.v1",
            body=event.model_dump_json().encode(),
            type=event.type_name(),
            headers={"x-atendo-exchange": "atendo", "x-atendo-key": event.routing_key(), "x-atendo-queue": "tickets"},
        )
    )

    await eventually(lambda: waiting(system, "feedback.dead", 1))
    (letter,) = await system.dead("feedback")
    assert letter.headers["x-atendo-key"] == "contacts.anything.v1"
    assert letter.headers["x-atendo-queue"] == "feedback"
    assert recorder.done == []


async def waiting(system: System, queue: str, count: int) -> bool:
    return await system.depth(queue) == count


async def test_a_permanent_error_is_a_dead_letter_at_once(system: System) -> None:
    recorder = Recorder(PermissionError("never"))
    await listening(system, recorder.on_ticket_closed)

    await system.publish(a_closing())

    await eventually(lambda: waiting(system, "feedback.dead", 1))
    assert recorder.tries == 1


@pytest.mark.parametrize(
    ("body", "type_", "reason"),
    [
        (b"{not json", "TicketClosed.v1", "unreadable"),
        (b"[]", "TicketClosed.v1", "unreadable"),
        (b'{"event_id": 7}', "TicketClosed.v1", "unreadable"),
        (b"\xff\xfe", "TicketClosed.v1", "unreadable"),
        (b"{}", "TicketVanished.v1", "unknown_type"),
        (b"x" * 5_000_000, "TicketClosed.v1", "unreadable"),
    ],
    ids=["no JSON", "a list", "missing fields", "no UTF-8", "unknown type", "5 MB"],
)
async def test_poison_is_a_dead_letter_and_its_neighbours_are_handled(
    system: System, body: bytes, type_: str, reason: str
) -> None:
    recorder = Recorder()
    await listening(system, recorder.on_ticket_closed)

    await system.publish(a_closing("before"))
    await system.publish_raw("atendo", "tickets.ticket_closed.v1", body, type=type_)
    await system.publish(a_closing("after"))

    await eventually(lambda: sorted(recorder.done) == ["after", "before"])
    await eventually(lambda: waiting(system, "feedback.dead", 1))
    (letter,) = await system.dead("feedback")
    assert letter.headers["x-atendo-reason"] == reason
    assert letter.body == body


async def test_r28_a_dead_letter_tells_which_field_is_wrong_without_what_stood_there(system: System) -> None:
    await listening(system, Recorder().on_ticket_closed)

    await system.publish_raw("atendo", "tickets.ticket_closed.v1", b'{"closed_by": {"name": "Ana Ramos"}}')

    await eventually(lambda: waiting(system, "feedback.dead", 1))
    (letter,) = await system.dead("feedback")
    exception = str(letter.headers["x-atendo-exception"])
    assert "closed_by" in exception
    assert "Ana" not in exception


class NotThereYet(Exception):
    """What a message refers to isn't known."""


async def test_a_reference_waits_on_the_ladder_and_is_handled_without_it_in_the_end(system: System) -> None:
    recorder, at_last = Recorder(*[NotThereYet()] * 100), Recorder()
    patience = Patience(NotThereYet, timedelta(seconds=4), at_last.on_ticket_closed)
    service = await listening(system, recorder.on_ticket_closed, patience=patience)

    await system.publish(a_closing())

    await eventually(lambda: at_last.done == ["t1"])
    assert recorder.done == []
    assert not service.switches.is_open("feedback")


async def test_the_kill_switch_holds_the_consumers_and_no_message_dies(system: System) -> None:
    recorder = Recorder(*[OSError("database away")] * 10_000)
    service = await listening(system, recorder.on_ticket_closed)

    await system.publish(*(a_closing(f"t{n}") for n in range(40)))
    await eventually(lambda: service.switches.is_open("feedback"))

    assert "held" in (await service.ready())["handlers"]
    recorder.failures.clear()
    await eventually(lambda: len(set(recorder.done)) == 40)
    await is_well(service)
    assert await system.dead("feedback") == []


async def test_stopping_finishes_what_is_in_hand_and_gives_back_the_rest(system: System) -> None:
    begun, release, done = asyncio.Event(), asyncio.Event(), []

    async def on_ticket_closed(event: tickets.TicketClosed) -> None:
        begun.set()
        await release.wait()
        done.append(event.ticket_id)

    def build(settings: Settings) -> Service:
        service = Service("feedback", settings)
        service.on(tickets.TicketClosed, on_ticket_closed)
        return service

    service = await system.run(build, Settings, prefetch=1)
    await system.publish(a_closing("in hand"), a_closing("not yet"))
    await begun.wait()

    stopping = asyncio.create_task(service.stop())
    system.services.remove(service)
    await asyncio.sleep(0)
    release.set()
    await stopping

    assert done == ["in hand"]
    assert await eventually(lambda: waiting(system, "feedback", 1))


async def test_a_request_whose_handler_fails_is_answered_and_not_kept(system: System) -> None:
    async def on_list_evaluations(_query: ListEvaluations) -> object:
        raise OSError("database away")

    def build(settings: Settings) -> Service:
        service = Service("feedback", settings)
        service.answers(ListEvaluations, on_list_evaluations)
        return service

    await system.run(build, Settings)
    problem = await system.problem(
        ListEvaluations(request_id=emitted(mk.CustomerErased, customer_id="a").event_id, customer_id="a")
    )

    assert problem.status == 503
    assert await empty(system, "feedback.queries")
    assert await system.dead("feedback") == []


async def test_ready_asks_the_broker_whether_our_consumers_are_there(system: System) -> None:
    service = await listening(system, Recorder().on_ticket_closed)
    await is_well(service)

    await service.consumer.stop_consuming()

    await eventually(lambda: lacks_consumers(service))


async def lacks_consumers(service: Service) -> bool:
    return "no consumer" in (await service.ready()).get("broker", "")
