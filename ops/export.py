"""`atendo export`: all that is held about a customer, as JSON (R27)."""

import sys

from pydantic_core import to_json

from chassis.clock import utc_now
from ops.databases import databases
from ops.dead_letters import Choice, DeadLetter, chosen
from ops.held import held_about, ids_in
from ops.session import RefusedError, broker, visit


def export(customer: str) -> int:
    """Print all that is held about a customer as one JSON object; exit code 1 where nothing is.

    `held` are the documents of every service, `dead_letters` what lies there about the customer, or about a ticket,
    contact, evaluation, device or chat of theirs.
    It is personal data, all of it: hand it to nobody else. What MK holds, MK exports.
    """

    async def work() -> None:
        async with databases() as of:
            held = await held_about(of, customer)
        about = ids_in(held, of=customer)
        async with broker() as publisher, chosen(publisher, Choice(about=about)) as dead_letters:
            dead = [_described(dead_letter) for dead_letter in dead_letters]
        if not held and not dead:
            raise RefusedError(f"nothing is held about a customer {customer!r}.")
        whole = {"customer_id": customer, "exported_at": utc_now(), "held": held, "dead_letters": dead}
        sys.stdout.write(to_json(whole, indent=2).decode() + "\n")

    return visit(work)


def _described(dead_letter: DeadLetter) -> dict[str, object]:
    return {
        "id": dead_letter.id,
        "service": dead_letter.service,
        "type": dead_letter.type,
        "reason": dead_letter.reason,
        "died_at": dead_letter.died_at,
        "body": dead_letter.body,
    }
