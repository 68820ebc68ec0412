"""A contact on dramatiq: three actors, each on a quorum queue of its own, each queue with one worker.

As its manual advises: publisher confirms, persistent messages, acknowledged once the actor has ended, its default
middleware with retries. A worker is one process with 8 threads, dramatiq's default (16 were no better here), which
have a database pool and an SMTP connection each; prefetching is dramatiq's default of two messages a thread.

Caveats: a crash between the write and the next message repeats both, and of a mail that was noted as sent but wasn't
nobody knows. It validates nothing, looks up no customer and gives out no protocol, which the product does.
"""

import dramatiq
from dramatiq.brokers.rabbitmq import RabbitmqBroker

from bench.peers.work import AMQP_URL, Contact, notify, stored, ticket_of


class _Broker(RabbitmqBroker):
    def _build_queue_arguments(self, queue_name: str) -> dict[str, object]:
        # it has no option for it
        return {**super()._build_queue_arguments(queue_name), "x-queue-type": "quorum"}


dramatiq.set_broker(_Broker(url=AMQP_URL, confirm_delivery=True))


@dramatiq.actor(queue_name="dramatiq.contacts")
def receive(contact: Contact) -> None:
    """Keep the contact, and ask for its ticket."""
    stored().once("contacts", contact["id"], contact)
    open_ticket.send(contact)


@dramatiq.actor(queue_name="dramatiq.tickets")
def open_ticket(contact: Contact) -> None:
    """Open the ticket, and ask for its mails."""
    stored().once("tickets", contact["id"], ticket_of(contact))
    inform.send(contact)


@dramatiq.actor(queue_name="dramatiq.notifier")
def inform(contact: Contact) -> None:
    """Send both mails."""
    notify(contact)
