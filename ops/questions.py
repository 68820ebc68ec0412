"""`atendo explain` and `atendo resolve`: why a customer heard what they heard, and where a contact would go."""

from typing import Any
from uuid import UUID, uuid4

from rich.table import Table

from contracts.requests import ExplainContact, ExplainTicket, ResolveTicket
from contracts.rpc import Request
from ops.console import console
from ops.session import ask, visit

_COLOURS = {"send": "green", "skip": "yellow", "defer": "cyan"}


def explain(protocol_or_contact: str) -> int:
    """Print every notification decision about a ticket or a contact (R17): one line per event, channel and recipient.

    Args:
        protocol_or_contact: A ticket's protocol; or a contact's id, with a ticket or without one.
    """

    async def work() -> None:
        lines: Any = await ask(_explaining(protocol_or_contact))
        table = Table("when", "event", "channel", "to", "decision", "because", "outcome", title=protocol_or_contact)
        for line in lines:
            decision = str(line["decision"])
            table.add_row(
                str(line["occurred_at"])[:19].replace("T", " "),
                str(line["type"]),
                str(line["channel"]),
                str(line["recipient"]),
                f"[{_COLOURS.get(decision, 'white')}]{decision}[/]",
                str(line["reason"] or ""),
                " ".join(str(line[name]) for name in ("state", "state_reason") if line.get(name)),
            )
        console().print(table)

    return visit(work)


def _explaining(protocol_or_contact: str) -> Request[Any]:
    try:
        return ExplainContact(request_id=uuid4(), contact_id=UUID(protocol_or_contact))
    except ValueError:
        return ExplainTicket(request_id=uuid4(), protocol=protocol_or_contact)


def resolve(customer: str, sector: str) -> int:
    """Tell what a contact of this customer to this sector would resolve to, and why (R10). Nothing is opened."""

    async def work() -> None:
        answer: Any = await ask(ResolveTicket(request_id=uuid4(), customer_id=customer, sector_id=sector))
        table = Table("what", "value", "from", title=f"{customer} → {sector}")
        table.add_row("process", answer["process"] or "—", answer["process_from"])
        table.add_row("classification", answer["classification"] or "—", answer["classification_from"])
        screen = console()
        screen.print(table)
        for sentence in answer["why"]:
            screen.print(f"• {sentence}")

    return visit(work)
