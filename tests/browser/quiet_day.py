"""What services answer on a quiet day."""

from datetime import UTC, datetime
from uuid import UUID, uuid4

from contracts import notifier
from contracts.replies import InboxItem
from tests.services.edge.fakes import FakeServices

PROTOCOL = "20261126000418"
PUSH_KEY = "BNcRdreALRFXTkOOUHK1EtK2wtaz5Ry4YfYCA_0QTpQtUbVlUls0VJXg7A8u-Ts1XbjhazAkj7I99e8QcYP7DkM"


def usual(services: FakeServices) -> None:
    """Let all services answer as on a quiet day."""
    at, evaluation = "2026-11-26T14:20:00Z", str(uuid4())
    line = {
        "protocol": PROTOCOL,
        "opened_at": at,
        "complaint": "Sem conexão desde ontem",
        "defect_found": None,
        "status": "pending",
        "phase": "Visita técnica",
    }
    waiting = {"evaluation_id": evaluation, "protocol": PROTOCOL, "closed_at": at, "expires_at": "2026-12-10T14:20:00Z"}
    notice = {"id": str(uuid4()), "at": at, "type": "ticket_opened", "title": "Atendimento aberto", "body": "Anote."}
    services.says("get_menu", {"options": ["tickets", "contacts"]})
    services.says("list_tickets", {"items": [line], "pending": 1, "next_cursor": None})
    timeline = [{"at": at, "type": "opened", "text": "Atendimento aberto por você"}]
    services.says("get_ticket", line | {"timeline": timeline, "version": 1})
    services.says("list_evaluations", [waiting])
    services.says("get_evaluation", waiting | {"state": "open"})
    services.says("submit_evaluation", {"evaluation_id": evaluation, "score": 5})
    inbox = {"items": [notice | {"protocol": PROTOCOL, "read": False}], "unread": 1, "next_cursor": None}
    services.says("list_notifications", inbox)
    services.says("mark_notification_read", {"id": notice["id"]})
    form = {
        "connections": [{"connection_id": "c1", "label": "Rua A, 1"}, {"connection_id": "c2", "label": "Rua B, 2"}],
        "sectors": [{"sector_id": "tecnico", "name": "Suporte técnico"}],
    }
    services.says("get_contact_form", form | {"connection_required": True, "max_length": 4000})
    sent = {"contact_id": str(uuid4()), "state": "ticket_opened", "protocol": PROTOCOL}
    services.says("submit_contact", sent)
    services.says("get_contact", sent)
    services.says("get_channels", {"push_public_key": PUSH_KEY, "telegram": True})
    services.says("get_preferences", {"channels": {"push": True, "telegram": True}, "quiet_hours": None})
    device = {"id": str(uuid4()), "kind": "web_push", "label": "Chrome no Android", "registered_at": at}
    services.says("list_devices", {"items": [device]})
    services.says("get_telegram_link", {"linked": False})
    # nothing was missed while the live stream was away
    services.says("list_recent_notifications", {"items": [], "put_at": []})
    services.says("list_changed_tickets", [])


def news(number: int) -> notifier.NotificationSent:
    """Something that is put into Ana's inbox now."""
    at, title = datetime.now(UTC), f"Novidade {number}"
    item = InboxItem(id=UUID(int=number), at=at, type="phase_changed", title=title, body="…", read=False)
    return notifier.NotificationSent(
        event_id=uuid4(),
        occurred_at=at,
        correlation_id="c",
        notification_id=item.id,
        about=notifier.About(event_id=uuid4(), type="PhaseChanged.v1"),
        customer_id="ana",
        channel="inbox",
        item=item,
    )
