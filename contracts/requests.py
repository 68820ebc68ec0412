"""What the edge asks of the services: commands, which are durable, and queries, which expire.

A request names the model of its answer: `GetMenu(Request[Menu])`. The models stand in `contracts.replies`.
"""

from typing import ClassVar, Literal, Self
from uuid import UUID, uuid5

from pydantic import Field, JsonValue, model_validator

from contracts.message import Channel, Frozen, Identifier, Moment, Optional
from contracts.replies import (
    Allowed,
    ChangedTicket,
    Channels,
    ContactForm,
    ContactProgress,
    DeviceId,
    Devices,
    Done,
    Evaluation,
    Explained,
    Inbox,
    InboxItemRead,
    LinkedEvaluation,
    Menu,
    MessageCounts,
    PendingEvaluation,
    Preferences,
    Rated,
    Reached,
    RecentNotifications,
    Resolved,
    SentAgain,
    TelegramInvitation,
    TelegramLink,
    TicketList,
    TicketPage,
    UndeliveredList,
    UnreachableList,
)
from contracts.rpc import Request

_UPDATES = UUID("0c2ff6a6-5d1f-4f49-8a39-6c4b6c1f2a77")


class SubmitContact(Request[ContactProgress]):
    """Write to a sector (R6 to R8, R12)."""

    service: ClassVar[str] = "contacts"
    durable: ClassVar[bool] = True

    customer_id: Identifier
    sector_id: str
    connection_id: Optional = None
    text: str
    channel: Channel = Channel.SAC_PLUS


class GetMenu(Request[Menu]):
    """Which options the app shows (R1)."""

    service: ClassVar[str] = "contacts"


class GetContactForm(Request[ContactForm]):
    """What a customer may choose from (R6, R7)."""

    service: ClassVar[str] = "contacts"

    customer_id: Identifier


class GetContact(Request[ContactProgress]):
    """How far a contact got."""

    service: ClassVar[str] = "contacts"

    customer_id: Identifier
    contact_id: UUID


class ListTickets(Request[TicketList]):
    """A customer's tickets, newest first (R3)."""

    service: ClassVar[str] = "tickets"

    customer_id: Identifier
    status: Literal["pending", "closed"] = "pending"
    limit: int = Field(default=20, ge=1, le=100)
    cursor: Optional = None


class GetTicket(Request[TicketPage]):
    """One ticket with its timeline (R4)."""

    service: ClassVar[str] = "tickets"

    customer_id: Identifier
    protocol: str


class ResolveTicket(Request[Resolved]):
    """R10's dry run: what a contact of this customer to this sector would resolve to, and why."""

    service: ClassVar[str] = "tickets"

    customer_id: Identifier
    sector_id: Identifier


class ListEvaluations(Request[list[PendingEvaluation]]):
    """A customer's pending evaluations."""

    service: ClassVar[str] = "feedback"

    customer_id: Identifier


class GetEvaluation(Request[Evaluation]):
    """One evaluation of a customer's, whatever became of it."""

    service: ClassVar[str] = "feedback"

    customer_id: Identifier
    evaluation_id: UUID


class SubmitEvaluation(Request[Rated]):
    """Rate a closed ticket, logged in (R22, R24)."""

    service: ClassVar[str] = "feedback"
    durable: ClassVar[bool] = True

    customer_id: Identifier
    evaluation_id: UUID
    score: int
    comment: Optional = None
    channel: str = "sac_plus"


class OpenEvaluationLink(Request[LinkedEvaluation]):
    """What the signed link's page shows; records nothing (R23)."""

    service: ClassVar[str] = "feedback"

    token: str


class SubmitEvaluationByLink(Request[Rated]):
    """Rate a closed ticket through its signed link (R23)."""

    service: ClassVar[str] = "feedback"
    durable: ClassVar[bool] = True

    token: str
    score: int
    comment: Optional = None


class ListNotifications(Request[Inbox]):
    """A customer's inbox, newest first."""

    service: ClassVar[str] = "notifier"

    customer_id: Identifier
    limit: int = Field(default=20, ge=1, le=100)
    cursor: Optional = None


class MarkNotificationRead(Request[InboxItemRead]):
    """The customer read one item of the inbox."""

    service: ClassVar[str] = "notifier"
    durable: ClassVar[bool] = True

    customer_id: Identifier
    notification_id: UUID


class ExplainTicket(Request[list[Explained]]):
    """Every notification decision about a ticket (R17), by its protocol."""

    service: ClassVar[str] = "notifier"

    protocol: str


class ExplainContact(Request[list[Explained]]):
    """Every notification decision about a contact, with a ticket or without one (R17)."""

    service: ClassVar[str] = "notifier"

    contact_id: UUID


class SendAgain(Request[SentAgain]):
    """Send a notification again that failed, that nobody knows the fate of, or that was skipped for its address (R19).

    One that was sent goes out again with `anyway` alone.
    """

    service: ClassVar[str] = "notifier"
    durable: ClassVar[bool] = True

    notification_id: UUID
    anyway: bool = False


class ListUndelivered(Request[UndeliveredList]):
    """What didn't arrive since then, or nobody knows of, the newest first (R19)."""

    service: ClassVar[str] = "notifier"

    since: Moment
    limit: int = Field(default=100, ge=1, le=200)


class ListUnreachable(Request[UnreachableList]):
    """Whom no mail reaches: customers and sectors whose address is switched off, and sectors without one (R11, R19)."""

    service: ClassVar[str] = "notifier"

    limit: int = Field(default=100, ge=1, le=200)


class AllowAgain(Request[Allowed]):
    """Have mails sent again to every address of a customer, or of a sector, that is switched off (R19)."""

    service: ClassVar[str] = "notifier"
    durable: ClassVar[bool] = True

    customer_id: Identifier | None = None
    sector_id: Optional = None

    @model_validator(mode="after")
    def _names_one(self) -> Self:
        if (self.customer_id is None) == (self.sector_id is None):
            raise ValueError("name a customer or a sector")
        return self


class CountMessages(Request[MessageCounts]):
    """Notifications by channel and outcome, over the last `days` local days with today."""

    service: ClassVar[str] = "notifier"

    days: int = Field(default=7, ge=1, le=31)


class GetChannels(Request[Channels]):
    """Which channels are set up."""

    service: ClassVar[str] = "notifier"


class WebPushKeys(Frozen):
    """A subscription's keys, base64url."""

    p256dh: str
    auth: str


class RegisterDevice(Request[DeviceId]):
    """Send push messages to a device from now on: `endpoint` and `keys` of a browser, or an FCM `token`."""

    service: ClassVar[str] = "notifier"
    durable: ClassVar[bool] = True

    customer_id: Identifier
    device: Literal["web_push", "fcm"]
    endpoint: Optional = None
    keys: WebPushKeys | None = None
    token: Optional = None
    label: Optional = None


class ListDevices(Request[Devices]):
    """A customer's devices."""

    service: ClassVar[str] = "notifier"

    customer_id: Identifier


class RemoveDevice(Request[Done]):
    """Send nothing more to a device."""

    service: ClassVar[str] = "notifier"
    durable: ClassVar[bool] = True

    customer_id: Identifier
    device_id: UUID


class ListReached(Request[list[Reached]]):
    """How these customers can be reached, in their order; one that nobody knows has the inbox."""

    service: ClassVar[str] = "notifier"

    customer_ids: list[Identifier] = Field(max_length=100)


class GetPreferences(Request[Preferences]):
    """What a customer chose (R20)."""

    service: ClassVar[str] = "notifier"

    customer_id: Identifier


class SavePreferences(Request[Preferences]):
    """What a customer chooses from now on (R20)."""

    service: ClassVar[str] = "notifier"
    durable: ClassVar[bool] = True

    customer_id: Identifier
    preferences: Preferences
    saved_at: Moment


class InviteToTelegram(Request[TelegramInvitation]):
    """Make a start link for a customer's chat."""

    service: ClassVar[str] = "notifier"
    durable: ClassVar[bool] = True

    customer_id: Identifier


class GetTelegramLink(Request[TelegramLink]):
    """Whether a customer's chat is linked."""

    service: ClassVar[str] = "notifier"

    customer_id: Identifier


class UnlinkTelegram(Request[Done]):
    """Write to a customer's chat no more."""

    service: ClassVar[str] = "notifier"
    durable: ClassVar[bool] = True

    customer_id: Identifier


class TakeTelegramUpdate(Request[Done]):
    """One update of Telegram's, as it came."""

    service: ClassVar[str] = "notifier"
    durable: ClassVar[bool] = True

    update: dict[str, JsonValue]

    @classmethod
    def of(cls, update: dict[str, JsonValue]) -> Self:
        """The command that an update is: the same update is the same command, whichever way it comes."""
        number = update.get("update_id")
        return cls(request_id=uuid5(_UPDATES, str(number)), correlation_id=f"telegram-{number}"[:64], update=update)


class ListRecentNotifications(Request[RecentNotifications]):
    """Inbox items that were put there at `since` or later, in that order."""

    service: ClassVar[str] = "notifier"

    customer_id: Identifier
    since: Moment
    limit: int = Field(default=100, ge=1, le=500)


class ListChangedTickets(Request[list[ChangedTicket]]):
    """A customer's tickets that changed at `since` or later, each once as it stands, the latest change last."""

    service: ClassVar[str] = "tickets"

    customer_id: Identifier
    since: Moment
