"""What can bring messages to a customer beside the inbox and mails, and what they chose of it (R16, R20)."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from contracts.channels import Preferences
from services.notifier.decide.domain import (
    ASKING,
    CARRIED_BY,
    NO_CHAT,
    NO_DEVICE,
    NOT_SET_UP,
    OPTIONAL,
    REFUSED,
    SWITCHED_OFF,
    Event,
)
from services.notifier.decide.quiet_hours import QuietHours


@dataclass(frozen=True, slots=True)
class Reach:
    """What a customer has, and what they chose; by default nothing, and every channel at any hour."""

    has_device: bool = False
    has_chat: bool = False
    preferences: Preferences = field(default_factory=Preferences)


NOBODY = Reach()


@dataclass(frozen=True, slots=True)
class OptionalChannels:
    """The channels that a customer may have: which of them are set up, and in which zone quiet hours are meant."""

    set_up: frozenset[str] = frozenset()
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("UTC"))

    def note(self, event: Event, reach: Reach, *, now: datetime) -> Event:
        """The event with what keeps channels from carrying it now, and until when quiet hours hold it back."""
        bars = with_carrier(event, self._bars(reach))
        may_be_held = not all(channel in bars for channel in OPTIONAL)
        return replace(event, barred=bars, held_until=self.quiet_until(reach, now) if may_be_held else None)

    def _bars(self, reach: Reach) -> Mapping[str, str]:
        switches = reach.preferences.channels
        bars = {
            "push": (None if reach.has_device else NO_DEVICE) or (None if switches.push else SWITCHED_OFF),
            "telegram": (None if reach.has_chat else NO_CHAT) or (None if switches.telegram else SWITCHED_OFF),
        }
        found = {channel: bar if channel in self.set_up else NOT_SET_UP for channel, bar in bars.items()}
        return {channel: bar for channel, bar in found.items() if bar}

    def quiet_until(self, reach: Reach, now: datetime) -> datetime | None:
        """When a customer's quiet hours end in which `now` lies; None outside of them."""
        chosen = reach.preferences.quiet_hours
        return QuietHours.of(chosen.begins, chosen.ends).until(now, self.zone) if chosen else None


def with_carrier(event: Event, bars: Mapping[str, str]) -> Mapping[str, str]:
    """The bars of the channels that a customer may have, and that of the mail where one of those carries it."""
    carrier = next((channel for channel in OPTIONAL if channel not in bars), None)
    return {**bars, "email": CARRIED_BY[carrier]} if carrier is not None and event.kind in ASKING else bars


def refused(event: Event, channel: str) -> Event:
    """The event after a channel turned out not to reach the customer: the next one carries it, or the mail."""
    bars = {name: bar for name, bar in (event.barred or {}).items() if name in OPTIONAL}
    return replace(event, barred=with_carrier(event, {**bars, channel: REFUSED}))
