"""What services answer for the pictures of the app: one customer's afternoon, always the same."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from tests.browser.quiet_day import usual
from tests.services.edge.fakes import FakeServices

NOW = datetime(2026, 11, 27, 17, 32, tzinfo=UTC)
OPEN, RATED, CLOSED = "20261126000418", "20261118000097", "20261125000381"
EVALUATION = UUID(int=5)


def _before(**ago: float) -> str:
    return (NOW - timedelta(**ago)).isoformat()


_VISIT = (NOW + timedelta(days=1)).replace(hour=11, minute=0).isoformat()
_TICKETS = [
    {
        "protocol": OPEN,
        "opened_at": _before(hours=20, minutes=45),
        "complaint": "Sem conexão desde a chuva de ontem. A luz LOS da ONU está vermelha.",
        "defect_found": None,
        "status": "pending",
        "phase": "Visita agendada",
    },
    {
        "protocol": "20261124000362",
        "opened_at": _before(days=3, hours=2),
        "complaint": "Segunda via do boleto de novembro não chegou por e-mail.",
        "defect_found": None,
        "status": "pending",
        "phase": None,
    },
]
_TIMELINE = [
    {"at": _before(hours=20, minutes=45), "type": "ticket_opened", "text": "Atendimento aberto por você."},
    {"at": _before(hours=18), "type": "phase_changed", "text": "Fase: Em análise."},
    {"at": _before(hours=3), "type": "responsible_added", "text": "Equipe de campo Norte assumiu o atendimento."},
    {"at": _before(minutes=12), "type": "service_order_created", "text": "Visita técnica.", "scheduled_for": _VISIT},
]
_NOTICES: list[tuple[dict[str, float], str, str, str]] = [
    ({"minutes": 12}, "service_order_created", "Visita técnica marcada", f"Protocolo {OPEN}: sábado, das 8h às 12h."),
    ({"hours": 2}, "evaluation_requested", "Como foi o atendimento?", f"Protocolo {CLOSED}: conte como foi."),
    ({"hours": 3}, "responsible_added", "Equipe de campo Norte assumiu", f"Protocolo {OPEN}."),
    ({"hours": 20.75}, "ticket_opened", "Atendimento aberto", f"Anote o protocolo {OPEN}."),
]


def answer(services: FakeServices) -> None:
    """Let all services answer so."""
    usual(services)
    services.says("list_tickets", {"items": _TICKETS, "pending": 2, "next_cursor": None})
    services.says("get_ticket", _TICKETS[0] | {"timeline": _TIMELINE, "version": 4})
    question = {
        "evaluation_id": str(EVALUATION),
        "protocol": CLOSED,
        "closed_at": _before(hours=2),
        "expires_at": (NOW + timedelta(days=14)).isoformat(),
    }
    services.says("list_evaluations", [question])
    services.says("get_evaluation", question | {"state": "open"})
    items = [
        {"id": str(UUID(int=n)), "at": _before(**ago), "type": kind, "title": title, "body": body, "read": n > 1}
        | {"protocol": CLOSED if kind == "evaluation_requested" else OPEN}
        | ({"evaluation_id": str(EVALUATION)} if kind == "evaluation_requested" else {})
        for n, (ago, kind, title, body) in enumerate(_NOTICES)
    ]
    services.says("list_notifications", {"items": items, "unread": 2, "next_cursor": None})
    services.says("get_contact_form", _FORM)
    services.says("submit_contact", {"contact_id": str(UUID(int=9)), "state": "ticket_opened", "protocol": OPEN})
    hours = {"from": "22:00", "to": "07:00"}
    services.says("get_preferences", {"channels": {"push": True, "telegram": True}, "quiet_hours": hours})
    services.says("get_telegram_link", {"linked": True})


_FORM = {
    "connections": [
        {"connection_id": "c1", "label": "Rua das Palmeiras, 120"},
        {"connection_id": "c2", "label": "Sítio Boa Vista, km 7"},
    ],
    "sectors": [
        {"sector_id": "comercial", "name": "Comercial"},
        {"sector_id": "financeiro", "name": "Financeiro"},
        {"sector_id": "tecnico", "name": "Técnico"},
    ],
    "connection_required": True,
    "max_length": 4000,
}
