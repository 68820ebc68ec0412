"""What customers send of their devices and of what channels may do, strictly checked."""

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from chassis.http.problems import problem
from contracts.channels import ChannelSwitches, Preferences, QuietHours
from contracts.problems import FieldError
from contracts.text import is_visible
from services.edge.errors.problems import Refused
from services.edge.written import WITHOUT_NUL

_LOCAL_TIME = r"^([01][0-9]|2[0-3]):[0-5][0-9]$"


def _blank_is_none(value: object) -> object:
    return None if isinstance(value, str) and "\0" not in value and not is_visible(value) else value


Label = Annotated[
    Annotated[str, StringConstraints(max_length=100, pattern=WITHOUT_NUL)] | None, BeforeValidator(_blank_is_none)
]
Endpoint = Annotated[str, StringConstraints(max_length=2_000, pattern=r"^https?://[\x21-\x7e]+$")]
Token = Annotated[str, StringConstraints(max_length=4_096, pattern=r"^[\x21-\x7e]+$")]
Key = Annotated[str, StringConstraints(max_length=200, pattern=r"^[A-Za-z0-9_-]+={0,2}$")]


class SubscriptionKeys(BaseModel):
    """A browser's keys, base64url."""

    p256dh: Key
    auth: Key


def _needed_by_kind(schema: dict[str, Any]) -> None:
    web_push, fcm = ({"kind": {"const": kind}} for kind in ("web_push", "fcm"))
    endpoint, keys = {"type": "string", "pattern": "^https?://"}, {"type": "object"}
    schema["anyOf"] = [
        {"required": ["endpoint", "keys"], "properties": {**web_push, "endpoint": endpoint, "keys": keys}},
        {"required": ["token"], "properties": {**fcm, "token": {"type": "string"}}},
    ]


class NewDevice(BaseModel):
    """A browser's subscription, with its endpoint and keys, or a phone, with its FCM token."""

    model_config = ConfigDict(json_schema_extra=_needed_by_kind)

    kind: Literal["web_push", "fcm"]
    endpoint: Endpoint | None = None
    keys: SubscriptionKeys | None = None
    token: Token | None = None
    label: Label = None

    def check(self) -> None:
        """Refuse a device that lacks what its kind needs. Raises: Refused."""
        needed = {"web_push": ("endpoint", "keys"), "fcm": ("token",)}[self.kind]
        lacking = [FieldError(field=name, message="Campo obrigatório.") for name in needed if not getattr(self, name)]
        if lacking:
            raise Refused(problem(422, "Device refused", lacking[0].message, errors=lacking))


class Registered(BaseModel):
    """The device's id, by which it can be removed."""

    id: UUID


class PushKey(BaseModel):
    """The VAPID key as a browser's `applicationServerKey`: base64url of 65 bytes."""

    public_key: str


class ChosenSwitches(BaseModel):
    """Whether channels may be used."""

    push: Annotated[bool, Field(strict=True)]
    telegram: Annotated[bool, Field(strict=True)]


class ChosenQuietHours(BaseModel):
    """Local time from `from` (included) to `to` (excluded), over midnight where `from` is later."""

    begins: Annotated[str, Field(alias="from", pattern=_LOCAL_TIME)]
    ends: Annotated[str, Field(alias="to", pattern=_LOCAL_TIME)]


class ChosenPreferences(BaseModel):
    """All that a customer chooses: nothing that is left out stays as it was."""

    channels: ChosenSwitches
    quiet_hours: ChosenQuietHours | None

    def chosen(self) -> Preferences:
        """As the contracts have it. Raises: Refused for quiet hours without length."""
        hours = self.quiet_hours
        if hours and hours.begins == hours.ends:
            same = FieldError(field="quiet_hours.to", message="O fim deve ser diferente do início.")
            raise Refused(problem(422, "Invalid", same.message, errors=[same]))
        return Preferences(
            channels=ChannelSwitches(push=self.channels.push, telegram=self.channels.telegram),
            quiet_hours=QuietHours(begins=hours.begins, ends=hours.ends) if hours else None,
        )
