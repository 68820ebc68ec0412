"""What customers choose of their channels: devices, preferences and the chat, each as asked for and as answered."""

from typing import ClassVar, Literal, Self
from uuid import UUID, uuid5

from pydantic import ConfigDict, Field, JsonValue, model_validator

from contracts.message import Frozen, Identifier, Moment, Optional
from contracts.replies import Known
from contracts.rpc import Request

_UPDATES = UUID("0c2ff6a6-5d1f-4f49-8a39-6c4b6c1f2a77")


class ChannelSwitches(Frozen):
    """What a customer lets the channels do that can be switched off (R20)."""

    push: bool = True
    telegram: bool = True


class QuietHours(Frozen):
    """Local time from `from` (included) to `to` (excluded), as `22:00`; over midnight where `from` is later."""

    model_config = ConfigDict(frozen=True, extra="ignore", validate_by_name=True, serialize_by_alias=True)

    begins: str = Field(alias="from", pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")
    ends: str = Field(alias="to", pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")

    @model_validator(mode="after")
    def _lasts(self) -> Self:
        if self.begins == self.ends:
            raise ValueError("`from` and `to` are the same")
        return self


class Preferences(Frozen):
    """What a customer chose (R20); by default every channel, and no quiet hours."""

    channels: ChannelSwitches = ChannelSwitches()
    quiet_hours: QuietHours | None = None


class Channels(Frozen):
    """Which channels the provider has set up: the VAPID key as browsers take it, and whether there is a bot."""

    push_public_key: str | None = Known
    telegram: bool = False


class DeviceId(Frozen):
    """A registered device; `created` is false where it was known before."""

    id: UUID
    created: bool = True


class Device(Frozen):
    """One device of a customer that push messages go to."""

    id: UUID
    kind: Literal["web_push", "fcm"]
    label: str | None = Known
    registered_at: Moment


class Devices(Frozen):
    """A customer's devices, the newest first."""

    items: list[Device]


class TelegramInvitation(Frozen):
    """Where a customer links their chat: the bot's start link, with a token that is good once."""

    url: str
    expires_at: Moment


class TelegramLink(Frozen):
    """Whether a chat is linked."""

    linked: bool


class Done(Frozen):
    """What was asked for is so now."""


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
