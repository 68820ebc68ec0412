"""What the notifier announces: what it sent, what it left out and what it had to give up, each with its reason."""

from typing import ClassVar, Literal
from uuid import UUID

from contracts.message import Frozen, Identifier, Message, Optional
from contracts.replies import InboxItem


class _FromNotifier(Message):
    publisher: ClassVar[str] = "notifier"


class About(Frozen):
    """The event that a notification tells of."""

    event_id: UUID
    type: str


class _Notification(_FromNotifier):
    notification_id: UUID
    about: About
    ticket_id: Optional = None
    customer_id: Identifier | None = None
    channel: str
    recipient: str = "customer"
    reason: Optional = None


class NotificationSent(_Notification):
    """A recipient (`customer` or `sector`) was informed; `item` is what the inbox shows, on the channel `inbox`."""

    item: InboxItem | None = None


class NotificationSkipped(_Notification):
    """It was decided not to tell, for `reason` (R17)."""


class NotificationFailed(_Notification):
    """Telling was given up, for `reason` (R19)."""


class Receipt(Frozen):
    """How one of the two mails of R11 came to its end."""

    recipient: Literal["customer", "sector"]
    outcome: Literal["sent", "skipped", "failed", "unknown"]
    reason: Optional = None


class ContactAcknowledged(_FromNotifier):
    """Both mails of R11 came to their end; said once a contact."""

    contact_id: UUID
    customer_id: Identifier
    receipts: tuple[Receipt, ...]


class EvaluationAnswered(_FromNotifier):
    """The answer that a customer gave in a chat; feedback records or refuses it. `reply_to` comes back in a refusal."""

    evaluation_id: UUID
    customer_id: Identifier
    score: int
    comment: Optional = None
    channel: Literal["telegram"] = "telegram"
    reply_to: str


class _Due(_FromNotifier):
    """The notifier's note to itself: one message for one recipient on one channel, not yet made.

    `template` names what to write and `facts` what to write it with.
    """

    notification_id: UUID
    about: About
    ticket_id: Optional = None
    customer_id: Identifier | None = None
    recipient: str = "customer"
    address: Optional = None
    template: str
    facts: dict[str, str]


class EmailDue(_Due):
    """An e-mail to make and hand over to the mail server; one of R11 names its contact and sector."""

    contact_id: UUID | None = None
    sector_id: Optional = None


class InboxDue(_Due):
    """An item to put into the app's inbox. Emitted until v0.1, and read on: it may still wait in a queue."""


class PushDue(_Due):
    """A message to every device of a customer."""


class TelegramDue(_Due):
    """A message to a customer's linked chat."""
