"""`atendo explain` and `atendo resolve`: why a customer heard what they heard, and where a contact would go."""

from typing import Any
from uuid import UUID, uuid4

from rich.table import Table

from contracts.operating import ExplainContact, ExplainTicket
from contracts.requests import ResolveTicket
from contracts.rpc import Request
from ops.console import console
from ops.session import ask, visit

_COLUMNS = (
    *("when", "event", "channel", "to", "decision", "because"),
    *("outcome", "attempts", "last answer", "notification"),
)
_UNSENT = {"send": "waiting", "defer": "waiting", "skip": "skipped"}
"""What became of a decision that nothing was sent by, so far."""
_STATES = {"queued": "waiting"}
_COLOURS = {"send": "green", "skip": "yellow", "defer": "cyan"}


def explain(protocol_or_contact: str) -> int:
    """Print every notification decision about a ticket or a contact (R17): one line per event, channel and recipient.

    Each says what became of it, how often it was tried and when, and what the channel's server answered last. The
    number at its end is what `atendo send again` takes.

    Args:
        protocol_or_contact: A ticket's protocol; or a contact's id, with a ticket or without one.
    """

    async def work() -> None:
        lines: Any = await ask(_explaining(protocol_or_contact))
        table = Table(*_COLUMNS, title=protocol_or_contact)
        for line in lines:
            decision = str(line["decision"])
            table.add_row(
                str(line["occurred_at"])[:19].replace("T", " "),
                str(line["type"]),
                str(line["channel"]),
                str(line["recipient"]),
                f"[{_COLOURS.get(decision, 'white')}]{decision}[/]",
                str(line["reason"] or ""),
                *_outcome(line),
            )
        console().print(table)

    return visit(work)


def _outcome(line: dict[str, Any]) -> tuple[str, str, str, str]:
    """What became of it, a line for each address or device: in a word, how often tried, the answer, the number."""
    sendings = line.get("sendings") or ()
    if not sendings:
        return (_UNSENT[line["decision"]], "", "", "")
    return (
        "\n".join(_shown(_STATES.get(one["state"], one["state"]), one["reason"]) for one in sendings),
        "\n".join(_shown(str(one["attempts"]), _hours(one)) for one in sendings),
        "\n".join(one["answer"] or "—" for one in sendings),
        "\n".join(one["notification_id"] for one in sendings),
    )


def _shown(*parts: str | None) -> str:
    return " ".join(part for part in parts if part)


def _hours(sending: dict[str, Any]) -> str | None:
    hours = [str(at)[11:19] for name in ("first_at", "last_at") if (at := sending[name])]
    return f"({' to '.join(dict.fromkeys(hours))})" if hours else None


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
