"""What the peers have in common: where everything is, what a contact writes, and its two mails.

It takes PyMongo alone: the peers run in an environment of their own.
"""

import os
import smtplib
import threading
from email.message import EmailMessage
from functools import cache
from typing import Any

from pymongo import MongoClient, WriteConcern
from pymongo.errors import DuplicateKeyError

AMQP_URL = os.environ.get("AMQP_URL", "amqp://guest:guest@127.0.0.1/")
MONGO_URL = os.environ.get("MONGO_URL", "mongodb://127.0.0.1/")
SMTP_PORT = int(os.environ.get("SMTP_PORT", "25"))
DATABASE = "peers"
DURABLE = WriteConcern("majority", j=True)
"""The product's own durability."""

Contact = dict[str, str]
"""`id`, `customer` (an address), `sector` (an address), `text`."""

Document = dict[str, Any]


def ticket_of(contact: Contact) -> Document:
    """The ticket that a contact opens."""
    return {"customer": contact["customer"], "complaint": contact["text"], "process": "p", "classification": "c"}


def mails_of(contact: Contact) -> list[EmailMessage]:
    """The mails to the sector and to the customer."""
    known = f"Protocolo {contact['id']}\nCliente {contact['customer']}\n\n{contact['text']}\n"
    return [_mail(contact[to], known) for to in ("sector", "customer")]


def _mail(address: str, text: str) -> EmailMessage:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "sac@isp.test", address, "Contato recebido"
    mail.set_content(text)
    return mail


class Stored:
    """The writes for threads and processes that block: one pool of connections a process."""

    def __init__(self) -> None:
        client = MongoClient[Document](MONGO_URL)
        self._database = client.get_database(DATABASE, write_concern=DURABLE)

    def once(self, collection: str, key: str, document: Document) -> bool:
        """Insert a document unless one has its key; whether it was inserted."""
        try:
            self._database[collection].insert_one({"_id": key, **document})
        except DuplicateKeyError:
            return False
        return True


@cache
def stored() -> Stored:
    """This process's, made at its first use: clients of a database must not be carried over a fork."""
    return Stored()


_lines = threading.local()


def send(mail: EmailMessage) -> None:
    """Send a mail on this thread's connection, which stays open."""
    if not hasattr(_lines, "smtp"):
        _lines.smtp = smtplib.SMTP("127.0.0.1", SMTP_PORT)
    _lines.smtp.send_message(mail)


def notify(contact: Contact) -> None:
    """Send both mails, each unless it was noted as sent before."""
    for mail in mails_of(contact):
        if stored().once("deliveries", f"{contact['id']} {mail['To']}", {"to": mail["To"], "state": "sent"}):
            send(mail)
