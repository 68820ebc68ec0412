"""The golden mails, made of these dues; `python -m tests.services.notifier.mails.golden` writes them anew."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from contracts.contacts import ContactReceived
from contracts.notifier import About, EmailDue
from services.notifier.deliver.render import Writer

FOLDER = Path(__file__).parent

_WRITER = Writer(
    sender="Provedor Exemplo <atendimento@provedor.example>", domain="provedor.example", timezone="America/Sao_Paulo"
)
_CONTACT = {
    "customer": "Ana Souza",
    "customer_email": "ana@cliente.example",
    "connection": "Casa, Rua das Flores 12",
    "sector": "Técnico",
    "sector_email": "tecnico@provedor.example",
    "text": "Estou sem conexão desde ontem à noite.\nJá reiniciei o roteador e a luz continua vermelha.",
    "occurred_at": "2026-01-05T12:00:00+00:00",
    "promise": "yes",
}
_TICKET = {"protocol": "20260105000001"}
_FILED = {"process": "Suporte técnico", "classification": "Sem sinal"}
_EVALUATION = {
    "evaluation_id": "5b0f4a3e-1111-4222-8333-444455556666",
    "link": "https://sac.provedor.example/avaliacao/eyJpZCI6IjViMGY0YTNlIiwidiI6MX0.aV6xkQ.3mWq0l0yS0mY1cJfC2kq7Z9",
    "expires_at": "2026-01-22T15:00:00+00:00",
    "occurred_at": "2026-01-08T15:00:00+00:00",
}
_LONG = {
    "customer": "Dona Francisquinha " + "de Almeida " * 6,
    "text": "Olhem <b>isto</b>:\n" + "https://exemplo.example/" + "a" * 120 + "\n\n" + "Não funciona. " * 10,
}


def _due(template: str, recipient: str, facts: Mapping[str, str]) -> EmailDue:
    contact = template == "contact_received"
    return EmailDue(
        event_id=UUID(int=1),
        occurred_at=datetime(2026, 1, 5, 12, 0, 1, tzinfo=UTC),
        correlation_id="golden",
        notification_id=UUID("aaaaaaaa-bbbb-5ccc-8ddd-eeeeeeeeeeee"),
        about=About(event_id=UUID(int=2), type=ContactReceived.type_name() if contact else "EvaluationRequested.v1"),
        ticket_id="t1" if "protocol" in facts else None,
        customer_id="ana",
        recipient=recipient,
        address="tecnico@provedor.example" if recipient == "sector" else "ana@cliente.example",
        template=template,
        facts=dict(facts),
    )


_UNREACHABLE = {name: text for name, text in _CONTACT.items() if name not in {"promise", "sector_email"}}
_BARE = {name: _CONTACT[name] for name in ("sector", "text", "occurred_at")}

DUES = {
    "receipt-customer": _due("contact_received", "customer", {**_CONTACT, **_TICKET}),
    "receipt-customer-without-ticket": _due("contact_received", "customer", _UNREACHABLE),
    "receipt-sector": _due("contact_received", "sector", {**_CONTACT, **_TICKET, **_FILED}),
    "receipt-sector-bare": _due("contact_received", "sector", _BARE),
    "receipt-sector-long": _due("contact_received", "sector", {**_CONTACT, **_TICKET, **_LONG}),
    "evaluation-requested": _due("evaluation_requested", "customer", {**_EVALUATION, **_TICKET, "closed": "yes"}),
    "evaluation-reminded": _due("evaluation_reminded", "customer", {**_EVALUATION, **_TICKET}),
}
"""One of each kind, and what is missing or too long."""


def written() -> dict[str, bytes]:
    """Every golden mail as it is made today, by its name."""
    return {name: _WRITER.mail(due) for name, due in DUES.items()}


def main() -> None:
    """Write them anew."""
    for name, mail in written().items():
        (FOLDER / f"{name}.eml").write_bytes(mail)


if __name__ == "__main__":
    main()
