"""A contact on Celery: three tasks, each on a quorum queue of its own, each queue with one worker.

As its manual advises for work that must not be lost: `acks_late`, `task_reject_on_worker_lost`, publisher confirms,
persistent messages, results ignored, gossip and mingling off. A worker is a node with 16 threads, which have a
database pool and an SMTP connection each; prefetching is Celery's default of four tasks a thread. Threads, because the
work waits for broker, database and mail server: 2 and 8 processes of its default pool took more processor time here and
did less a second, 32 threads did no more.

Caveats: a crash between the write and the next message repeats both, and of a mail that was noted as sent but wasn't
nobody knows. It validates nothing, looks up no customer and gives out no protocol, which the product does.
"""

from celery import Celery
from kombu import Queue

from bench.peers.work import AMQP_URL, Contact, notify, stored, ticket_of

ROLES = ("contacts", "tickets", "notifier")

app = Celery("peers", broker=AMQP_URL)
app.conf.update(
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    task_ignore_result=True,
    task_queues=[Queue(f"celery.{role}", queue_arguments={"x-queue-type": "quorum"}) for role in ROLES],
    task_routes={f"peers.{role}": {"queue": f"celery.{role}"} for role in ROLES},
    broker_transport_options={"confirm_publish": True},
    broker_connection_retry_on_startup=True,
)


@app.task(name="peers.contacts")
def receive(contact: Contact) -> None:
    """Keep the contact, and ask for its ticket."""
    stored().once("contacts", contact["id"], contact)
    open_ticket.delay(contact)


@app.task(name="peers.tickets")
def open_ticket(contact: Contact) -> None:
    """Open the ticket, and ask for its mails."""
    stored().once("tickets", contact["id"], ticket_of(contact))
    inform.delay(contact)


@app.task(name="peers.notifier")
def inform(contact: Contact) -> None:
    """Send both mails."""
    notify(contact)
