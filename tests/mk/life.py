"""One ticket's life as the services announce it."""

from datetime import timedelta
from typing import TypeVar
from uuid import NAMESPACE_OID, UUID, uuid5

from contracts import feedback, notifier, tickets
from contracts.message import Message
from tests.system import LONG_AGO, emitted

M = TypeVar("M", bound=Message)

PROTOCOL = "20260105000001"
OF_TICKET = {"ticket_id": "t1", "protocol": PROTOCOL, "customer_id": "ana"}


def evaluation_id(cycle: int) -> UUID:
    """Give the evaluation of a closing."""
    return uuid5(NAMESPACE_OID, f"evaluation {cycle}")


def closing_id(cycle: int) -> UUID:
    """Give the id of a closing's event."""
    return uuid5(NAMESPACE_OID, f"closing {cycle}")


def event(kind: type[M], *, hour: int, **fields: object) -> M:
    """Give an event of the ticket's at some hour of its life."""
    step = {"notification_level": "all", "version": hour} if "version" in kind.model_fields else {}
    return emitted(kind, at=LONG_AGO + timedelta(hours=hour), **(OF_TICKET | step | fields))


def opened() -> tickets.TicketOpened:
    """Give the ticket's beginning."""
    return event(
        tickets.TicketOpened,
        hour=0,
        origin="operator",
        sector_id="tecnico",
        process_from="none",
        classification_from="none",
        notification_level="all",
        complaint="Sem internet na casa da Ana",
        opened_at=LONG_AGO,
    )


def closed(*, hour: int, cycle: int = 1, **fields: object) -> tickets.TicketClosed:
    """Give a closing that asks for an evaluation."""
    usual = {
        "event_id": closing_id(cycle),
        "closed_at": LONG_AGO + timedelta(hours=hour),
        "closed_by": "Bruno",
        "request_evaluation": True,
        "cycle": cycle,
    }
    return event(tickets.TicketClosed, hour=hour, **(usual | fields))


def reopened(*, hour: int, cycle: int | None = 1, **fields: object) -> tickets.TicketReopened:
    """Give a reopening that undoes a closing; without a `cycle`, as the last release announced it."""
    return event(tickets.TicketReopened, hour=hour, cycle=cycle, **fields)


def withdrawn(*, hour: int, cycle: int = 1) -> feedback.EvaluationWithdrawn:
    """Give the withdrawal of a closing's evaluation."""
    return event(feedback.EvaluationWithdrawn, hour=hour, evaluation_id=evaluation_id(cycle), cycle=cycle)


def expired(*, hour: int, cycle: int = 1) -> feedback.EvaluationExpired:
    """Give the end of an evaluation that nobody answered."""
    return event(feedback.EvaluationExpired, hour=hour, evaluation_id=evaluation_id(cycle))


def requested(*, hour: int, cycle: int = 1) -> feedback.EvaluationRequested:
    """Give the request to rate a closing."""
    return event(
        feedback.EvaluationRequested,
        hour=hour,
        cause_id=closing_id(cycle),
        evaluation_id=evaluation_id(cycle),
        cycle=cycle,
        expires_at=LONG_AGO + timedelta(days=14),
        link="https://sac.provedor.example/avaliacao/x",
    )


def submitted(*, hour: int, cycle: int = 1, score: int = 4) -> feedback.EvaluationSubmitted:
    """Give the customer's answer."""
    return event(
        feedback.EvaluationSubmitted,
        hour=hour,
        evaluation_id=evaluation_id(cycle),
        cycle=cycle,
        score=score,
        comment="Bom, mas demorou",
        channel="link",
    )


def failed(about: Message, *, hour: int, channel: str = "email") -> notifier.NotificationFailed:
    """Give a message about `about` that was given up."""
    return event(
        notifier.NotificationFailed,
        hour=hour,
        notification_id=uuid5(NAMESPACE_OID, f"{about.event_id} {channel}"),
        about={"event_id": about.event_id, "type": about.type_name()},
        channel=channel,
        reason="550",
    )
