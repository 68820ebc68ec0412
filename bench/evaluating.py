"""Evaluations: how many answers feedback takes a second, put straight into its queue of commands."""

import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from pymongo import MongoClient

from bench import steps
from bench.burst import Command, burst
from bench.product import Product
from bench.waiting import until
from contracts.requests import SubmitEvaluation
from contracts.rpc import request_id
from contracts.tickets import TicketClosed

_WITHIN = timedelta(minutes=5)
_LOOK_EVERY = timedelta(milliseconds=100)


@dataclass(frozen=True, slots=True)
class Evaluated:
    """Answers a second until the last one was kept, and feedback's processor milliseconds for each."""

    per_second: float
    cpu_ms: float


def measure(product: Product, *, evaluations: int) -> Evaluated:
    """Have so many asked for, and answered. Raises: BurstFailed, TookTooLong."""
    run, amqp_url = secrets.token_hex(4), product.addresses["AMQP_URL"]
    tickets = [f"bench-rated-{run}-{number:06}" for number in range(evaluations)]
    with burst(amqp_url, "feedback", [_asking(one) for one in tickets]):
        _await(product, {"ticket_id": {"$in": tickets}}, evaluations, "all evaluations are asked for")
    product.settle()
    commands = [_answering(one["_id"], one["ticket_id"]) for one in _asked(product, tickets)]
    before = product.cpu()["feedback"]
    with burst(amqp_url, SubmitEvaluation.queue(), commands) as began:
        wanted = {"ticket_id": {"$in": tickets}, "answer": {"$ne": None}}
        _await(product, wanted, evaluations, "all answers are kept")
        ended = time.monotonic()
    product.settle()
    used = product.cpu()["feedback"] - before
    return Evaluated(evaluations / (ended - began), used * 1000 / evaluations)


def _asking(ticket: str) -> Command:
    now = datetime.now(UTC)
    return steps.from_exchange(
        TicketClosed(
            event_id=uuid4(),
            occurred_at=now,
            correlation_id="bench",
            ticket_id=ticket,
            protocol="20260105000001",
            # nobody the notifier could write to
            customer_id=_customer(ticket),
            notification_level="none",
            version=2,
            closed_at=now,
            closed_by="Ana",
            request_evaluation=True,
            cycle=1,
        )
    )


def _answering(evaluation: UUID, ticket: str) -> Command:
    customer = _customer(ticket)
    command = SubmitEvaluation(
        request_id=request_id(customer, str(evaluation)),
        customer_id=customer,
        evaluation_id=evaluation,
        score=4,
        comment="Demorou um pouco, mas resolveu.",
    )
    return Command(command.model_dump_json().encode(), "SubmitEvaluation.v1", str(command.request_id))


def _customer(ticket: str) -> str:
    return f"customer-of-{ticket}"


def _asked(product: Product, tickets: Sequence[str]) -> list[dict[str, Any]]:
    with _database(product) as client:
        return list(client["feedback"]["evaluations"].find({"ticket_id": {"$in": tickets}}, {"ticket_id": 1}))


def _await(product: Product, wanted: dict[str, Any], count: int, what: str) -> None:
    with _database(product) as client:
        found = client["feedback"]["evaluations"]
        until(lambda: found.count_documents(wanted) >= count, within=_WITHIN, what=what, pause=_LOOK_EVERY)


def _database(product: Product) -> MongoClient[dict[str, Any]]:
    return MongoClient(product.addresses["MONGO_URL"], uuidRepresentation="standard")
