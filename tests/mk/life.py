"""One ticket's story as the services tell it, for the mirror's tests."""

from datetime import timedelta
from typing import TypeVar
from uuid import NAMESPACE_OID, UUID, uuid5

from contracts import feedback, notifier, tickets
from contracts.message import Message
from tests.system import LONG_AGO, said

M = TypeVar("M", bound=Message)

PROTOCOL = "20260105000001"
OF_TICKET = {"ticket_id": "t1", "protocol": PROTOCOL, "customer_id": "ana"}


def evaluation_id(cycle: int) -> UUID:
    """Give the evaluation of a closing."""
    return uuid5(NAMESPACE_OID, f"evaluation {cycle}")


def closing_id(cycle: int) -> UUID:
    """Give the event that told of a closing."""
    return uuid5(NAMESPACE_OID, f"closing {cycle}")


def told(message: type[M], *, hour: int, **fields: object) -> M:
    """Give what is told of the ticket at some hour of its life."""
    step = {"notification_level": "all", "version": hour} if "version" in message.model_fields else {}
    return said(message, at=LONG_AGO + timedelta(hours=hour), **(OF_TICKET | step | fields))


def opened() -> tickets.TicketOpened:
    """Give the ticket's beginning."""
    return told(
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
    return told(tickets.TicketClosed, hour=hour, **(usual | fields))


def requested(*, hour: int, cycle: int = 1) -> feedback.EvaluationRequested:
    """Give the request to rate a closing."""
    return told(
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
    return told(
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
    return told(
        notifier.NotificationFailed,
        hour=hour,
        notification_id=uuid5(NAMESPACE_OID, f"{about.event_id} {channel}"),
        about={"event_id": about.event_id, "type": about.type_name()},
        channel=channel,
        reason="550",
    )
