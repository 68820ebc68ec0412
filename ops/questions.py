"""`atendo explain` and `atendo resolve`: why a customer heard what they heard, and where a contact would go."""

from typing import Any
from uuid import uuid4

from rich.table import Table

from contracts.requests import ExplainTicket, ResolveTicket
from ops.console import console
from ops.session import ask, visit

_COLOURS = {"send": "green", "skip": "yellow", "defer": "cyan"}


def explain(protocol: str) -> int:
    """Print every notification decision about a ticket (R17): one line per event, channel and recipient."""

    async def work() -> None:
        lines: Any = await ask(ExplainTicket(request_id=uuid4(), protocol=protocol))
        table = Table("when", "event", "channel", "to", "decision", "because", "outcome", title=f"Protocol {protocol}")
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
