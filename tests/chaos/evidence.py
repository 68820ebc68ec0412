"""What the product left behind: databases, queues, dead letters, what customers are shown, and the mails."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

Document = dict[str, Any]

COLLECTIONS = {
    "contacts": ("contacts", "contacts"),
    "tickets": ("tickets", "tickets"),
    "notified_contacts": ("notifier", "contacts"),
    "notified_tickets": ("notifier", "tickets"),
    "deliveries": ("notifier", "deliveries"),
    "evaluations": ("feedback", "evaluations"),
    "mirror": ("mk", "tickets"),
    "person_groups": ("tickets", "person_groups"),
}
"""Where each part of the evidence is kept, as (service, collection)."""


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail as the mail server took it; `at` on the clock of the history."""

    at: float
    message_id: str
    recipient: str


@dataclass(frozen=True, slots=True)
class Pushed:
    """What a customer's browser shows under one topic, and how often that came."""

    customer_id: str
    topic: str
    times: int


@dataclass(frozen=True, slots=True)
class Written:
    """One message of the bot's in a customer's chat; `asks` is the evaluation that its buttons are about."""

    chat: int
    text: str
    asks: str | None = None


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """One message that was given up; `mark` is the undecodable message's own, or empty."""

    service: str
    mark: str
    reason: str
    type: str


@dataclass(slots=True)
class Evidence:
    """Everything that the checker may look at; documents as MongoDB has them."""

    contacts: list[Document] = field(default_factory=list)
    tickets: list[Document] = field(default_factory=list)
    notified_contacts: list[Document] = field(default_factory=list)
    notified_tickets: list[Document] = field(default_factory=list)
    deliveries: list[Document] = field(default_factory=list)
    evaluations: list[Document] = field(default_factory=list)
    mirror: list[Document] = field(default_factory=list)
    person_groups: list[Document] = field(default_factory=list)
    shown: dict[str, Document] = field(default_factory=dict)
    mails: list[Mail] = field(default_factory=list)
    pushed: list[Pushed] = field(default_factory=list)
    written: list[Written] = field(default_factory=list)
    dead: list[DeadLetter] = field(default_factory=list)
    queues: dict[str, int] = field(default_factory=dict)
    outboxes: dict[str, int] = field(default_factory=dict)
    down: list[str] = field(default_factory=list)


REPLY = "chat_reply"
"""The template of what the bot writes because a customer wrote or pressed: part of their talk, and no notification."""


def notifications(evidence: Evidence) -> list[Document]:
    """The deliveries that are about what happened."""
    return [one for one in evidence.deliveries if one["template"] != REPLY]


def announced(documents: Iterable[Document], kind: str) -> list[Document]:
    """The bodies of all events of one kind that these documents led to, once for each event's id."""
    # `told` is the stored name of what a document emitted
    events = [event for document in documents for event in document.get("told", []) if event["type"] == kind]
    return list({event["event_id"]: json.loads(event["body"]) for event in events}.values())
