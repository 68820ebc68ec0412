"""Measures the mails alone: how many one replica of the notifier sends a second, and what each costs it.

    python -m bench.mailing                    # 4,000 mails of each kind
    python -m bench.mailing --mails 500

It starts the whole product as the bench does, and puts mails that are due straight into the notifier's queue.
"""

import argparse
import os
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.parser import BytesHeaderParser
from uuid import UUID, uuid4, uuid5

from bench import provider
from bench.burst import Command, burst
from bench.figures import median
from bench.mails import Unsound
from bench.product import Product, running
from bench.sink import Sink, sink
from bench.waiting import until
from contracts.contacts import ContactReceived
from contracts.feedback import EvaluationRequested
from contracts.notifier import About, EmailDue

QUEUE = "notifier.email"
KINDS = ("receipt", "evaluation")
"""A receipt (R11) also notes its end at its contact; a request for an evaluation looks whether it still holds."""

_WITHIN = timedelta(minutes=10)
_FACTS = {
    "customer": "Cliente do bench",
    "sector": "Técnico",
    "sector_email": provider.SECTOR_EMAIL,
    "connection": "Fibra 500 Mb",
    "text": provider.text("bench"),
    "protocol": "20260105000001",
    "process": "Suporte",
    "classification": "Sem conexão",
    "promise": "yes",
    "occurred_at": "2026-01-05T12:00:00+00:00",
}
_ASKED = {
    "protocol": "20260105000001",
    "evaluation_id": "5b0f4a3e-1111-4222-8333-444455556666",
    "link": "https://sac.bench.test/avaliacao/eyJpZCI6IjViMGY0YTNlIiwidiI6MX0.aV6xkQ.3mWq0l0yS0mY1cJfC2kq7Z9",
    "expires_at": "2026-01-22T15:00:00+00:00",
    "occurred_at": "2026-01-08T15:00:00+00:00",
}


@dataclass(frozen=True, slots=True)
class Mailing:
    """Mails a second until the last one came, and the notifier's processor milliseconds for each."""

    per_second: float
    cpu_ms: float


def measure(product: Product, mails: Sink, *, kind: str, count: int) -> Mailing:
    """Have so many mails of a kind sent. Raises: Unsound, BurstFailed, TookTooLong."""
    run = uuid4()
    dues = [_due(number, kind, run) for number in range(count)]
    commands = [_command(due) for due in dues]
    product.settle()
    mails.take()
    before = product.cpu()["notifier"]
    with burst(product.addresses["AMQP_URL"], QUEUE, commands) as began:
        until(lambda: mails.waiting >= count, within=_WITHIN, what=f"{count} mails")
    product.settle()
    used = product.cpu()["notifier"] - before
    came = mails.take()
    ids = sorted(str(BytesHeaderParser().parsebytes(mail.content())["Message-ID"]).partition("@")[0] for mail in came)
    if ids != sorted(f"<{due.notification_id}" for due in dues):
        raise Unsound(f"{len(came)} mails came for {count}, {len(set(ids))} of them different")
    return Mailing(count / (max(mail.at for mail in came) - began), used * 1000 / count)


def _due(number: int, kind: str, run: UUID) -> EmailDue:
    is_receipt, to_sector = kind == "receipt", kind == "receipt" and number % 2 == 0
    customer = f"cliente-{number // 2}@bench.test"
    of = ContactReceived if is_receipt else EvaluationRequested
    return EmailDue(
        event_id=uuid4(),
        occurred_at=datetime.now(UTC),
        correlation_id="bench",
        notification_id=uuid4(),
        about=About(event_id=uuid4(), type=of.type_name()),
        ticket_id=f"bench-{number}",
        # each another's, or the hourly cap would hold them back
        customer_id=f"bench-{run}-{number // 2}",
        recipient="sector" if to_sector else "customer",
        sector_id=provider.SECTOR_ID if is_receipt else None,
        # both mails of a contact note their ends at one place
        contact_id=uuid5(run, f"{number // 2}") if is_receipt else None,
        address=provider.SECTOR_EMAIL if to_sector else customer,
        template="contact_received" if is_receipt else "evaluation_requested",
        facts={**_FACTS, "customer_email": customer} if is_receipt else _ASKED,
    )


def _command(due: EmailDue) -> Command:
    origin = (("x-atendo-exchange", due.exchange()), ("x-atendo-key", due.routing_key()))
    return Command(due.model_dump_json().encode(), due.type_name(), due.correlation_id, origin)


def main() -> None:
    """Measure on a product of its own, each kind three times, and print the medians."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--mails", type=int, default=4_000, help="how many mails of each kind")
    parser.add_argument("--rounds", type=int, default=3, help="how often")
    options = parser.parse_args()
    load = os.getloadavg()[0]
    with sink() as mails, running(mails.url) as product:
        measure(product, mails, kind="receipt", count=200)
        for kind in KINDS:
            rounds = [measure(product, mails, kind=kind, count=options.mails) for _ in range(options.rounds)]
            per_second, cpu = median([one.per_second for one in rounds]), median([one.cpu_ms for one in rounds])
            print(f"{kind}: {per_second:.0f} mails/s, {cpu:.2f} ms of the notifier's processor time each")
    print(f"load average before the start: {load:.2f}")


if __name__ == "__main__":
    main()
