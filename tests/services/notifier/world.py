"""What is said to the notifier in its tests: Ana, her contact, her ticket and what happens to it."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from contracts import contacts, feedback, mk, tickets
from contracts.notifier import EmailDue
from contracts.operating import ExplainTicket
from contracts.requests import ListNotifications
from services.notifier.app import build
from services.notifier.decide.domain import notification_id
from services.notifier.settings import Settings
from tests.smtp import Mailbox
from tests.system import LONG_AGO, System, emitted

ANA = "ana@cliente.example"
SECTOR = "tecnico@provedor.example"
PROTOCOL = "20260105000001"
LINK = "https://atendo.example/avaliacao/abc"
EVALUATION = UUID("5b0f4a3e-1111-4222-8333-444455556666")


async def a_notifier(system: System, mailbox: Mailbox, **more: object) -> None:
    """One replica, which sends its mails to `mailbox`."""
    await system.run(build, Settings, smtp_url=mailbox.url, **more)


def a_contact(
    contact_id: UUID | None = None, *, generate_ticket: bool = True, name: str = "Ana Souza", **more: str | None
) -> contacts.ContactReceived:
    """Ana writes to Técnico; `more` are `text`, `email` (hers) and `sector_email`."""
    return emitted(
        contacts.ContactReceived,
        contact_id=contact_id or uuid4(),
        channel="sac_plus",
        customer={"id": "ana", "name": name, "email": more.get("email", ANA)},
        connection={"id": "c1", "label": "Casa"},
        sector={
            "id": "tecnico",
            "name": "Técnico",
            "responsible_email": more.get("sector_email", SECTOR),
            "generate_ticket": generate_ticket,
        },
        text=more.get("text", "Estou sem conexão desde ontem"),
    )


def an_opening(contact_id: UUID | None = None, *, level: str = "start_end") -> tickets.TicketOpened:
    return emitted(
        tickets.TicketOpened,
        ticket_id="t1",
        protocol=PROTOCOL,
        origin="contact" if contact_id else "operator",
        contact_id=contact_id,
        customer_id="ana",
        process="Suporte",
        classification="Sem sinal",
        process_from="sector:tecnico",
        classification_from="sector:tecnico",
        notification_level=level,
        complaint="Estou sem conexão desde ontem",
        opened_at=LONG_AGO,
    )


def a_step(of: type[Any], *, minute: int = 10, level: str = "all", **fields: object) -> Any:  # noqa: ANN401 - any step
    """A step of Ana's ticket, so many minutes after its opening."""
    common = {"ticket_id": "t1", "protocol": PROTOCOL, "customer_id": "ana", "version": 2, "notification_level": level}
    return emitted(of, at=at(minute), **common, **fields)


def a_closing(*, minute: int = 50, level: str = "all", request_evaluation: bool = False) -> tickets.TicketClosed:
    closing: tickets.TicketClosed = a_step(
        tickets.TicketClosed,
        minute=minute,
        level=level,
        closed_at=at(minute),
        closed_by="joana",
        request_evaluation=request_evaluation,
        cycle=1,
    )
    return closing


def a_request(*, minute: int = 51) -> feedback.EvaluationRequested:
    return emitted(
        feedback.EvaluationRequested,
        at=at(minute),
        evaluation_id=EVALUATION,
        ticket_id="t1",
        protocol=PROTOCOL,
        customer_id="ana",
        cycle=1,
        expires_at=at(minute) + timedelta(days=14),
        link=LINK,
    )


def a_reminder(*, minute: int = 90) -> feedback.EvaluationReminded:
    return emitted(
        feedback.EvaluationReminded,
        at=at(minute),
        evaluation_id=EVALUATION,
        ticket_id="t1",
        protocol=PROTOCOL,
        customer_id="ana",
    )


def an_answer(*, minute: int = 60) -> feedback.EvaluationSubmitted:
    return emitted(
        feedback.EvaluationSubmitted,
        at=at(minute),
        evaluation_id=EVALUATION,
        ticket_id="t1",
        protocol=PROTOCOL,
        customer_id="ana",
        cycle=1,
        score=5,
        channel="link",
    )


def a_withdrawal(*, minute: int = 60) -> feedback.EvaluationWithdrawn:
    return emitted(
        feedback.EvaluationWithdrawn,
        at=at(minute),
        evaluation_id=EVALUATION,
        ticket_id="t1",
        protocol=PROTOCOL,
        customer_id="ana",
        cycle=1,
    )


def ana(*, email: str | None = ANA) -> mk.CustomerSaved:
    return emitted(mk.CustomerSaved, customer_id="ana", name="Ana Souza", email=email, connections=[])


def at(minute: int) -> datetime:
    return (LONG_AGO + timedelta(minutes=minute)).astimezone(UTC)


def a_mail(template: str = "contact_received", address: str = ANA, **facts: str) -> EmailDue:
    """A mail to Ana that was decided about."""
    event = uuid4()
    common = {"customer": "Ana", "sector": "Técnico", "text": "Oi", "occurred_at": LONG_AGO.isoformat()}
    return emitted(
        EmailDue,
        notification_id=notification_id(event, "customer", "email"),
        about={"event_id": event, "type": contacts.ContactReceived.type_name()},
        customer_id="ana",
        address=address,
        template=template,
        facts={**common, "protocol": PROTOCOL, "expires_at": LONG_AGO.isoformat(), "link": LINK, **facts},
    )


async def inbox(system: System, **more: object) -> Any:  # noqa: ANN401 - JSON
    return await system.answer(ListNotifications.model_validate({"request_id": uuid4(), "customer_id": "ana", **more}))


async def inbox_types(system: System) -> list[str]:
    return [item["type"] for item in (await inbox(system))["items"]]


async def explanation(system: System) -> Any:  # noqa: ANN401 - JSON
    return await system.answer(ExplainTicket(request_id=uuid4(), protocol=PROTOCOL))
